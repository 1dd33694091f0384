"""Arbitrary bytes and changed valid files: the readers give a frame or the declared error, and nothing else."""

import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from bad_inputs.little_study import deliver, little
from bad_inputs.projects import Coded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.codebook import StudyError
from analysis.intake.learnt import Learnt
from analysis.intake.qualitative import read_codebook, read_project
from analysis.intake.readers import read

SUFFIXES = ["csv", "tsv", "txt", "xlsx", "sav", "zsav", "por", "dta", "parquet", "qdpx"]
HEADS = {"xlsx": b"PK\x03\x04", "qdpx": b"PK\x03\x04", "sav": b"$FL2", "zsav": b"$FL3", "parquet": b"PAR1"}
QUICK = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def only_the_declared_error(content: bytes, suffix: str, conventions: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"hostile.{suffix}"
        path.write_bytes(content)
        try:
            frame, learnt = read(path, conventions)
        except StudyError as error:
            assert error.problems and all("hostile" in problem for problem in error.problems)
            return
        assert isinstance(frame, pd.DataFrame) and isinstance(learnt, Learnt) and len(frame)


@pytest.mark.parametrize("suffix", SUFFIXES)
@QUICK
@given(content=st.binary(max_size=400))
def test_arbitrary_bytes(suffix, content):
    only_the_declared_error(content, suffix)
    only_the_declared_error(HEADS.get(suffix, b"") + content, suffix)


@pytest.mark.parametrize("conventions", ["castor", "limesurvey", "qualtrics"])
@QUICK
@given(text=st.text(alphabet='ab1;,\n"[]#-{}.:= submitdateV1ImportId', max_size=120))
def test_arbitrary_text_under_conventions(conventions, text):
    only_the_declared_error(text.encode(), "csv", conventions)
    only_the_declared_error(b"submitdate,V1,Q1\n" + text.encode(), "csv", conventions)


@cache
def valid(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"valid.{suffix}"
        if suffix == "qdpx":
            return Coded().write(path).read_bytes()
        deliver(little().tables["persons"], path, {})
        return path.read_bytes()


changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "sav", "dta", "parquet", "qdpx"])
@QUICK
@given(changes=changes, keep=st.sampled_from([1.0, 1.0, 0.99, 0.7, 0.3]))
def test_changed_valid_files(suffix, changes, keep):
    content = bytearray(valid(suffix))
    for place, value in changes:
        content[int(place * len(content))] = value
    only_the_declared_error(bytes(content[: int(keep * len(content))]), suffix)


@QUICK
@given(changes=changes)
def test_changed_project_xml(changes):
    xml = bytearray(Coded().xml().encode())
    for place, value in changes:
        xml[int(place * len(xml))] = value
    with tempfile.TemporaryDirectory() as folder:
        project = Coded(members={"project.qde": bytes(xml)}).write(Path(folder) / "p.qdpx")
        (Path(folder) / "c.qdc").write_bytes(bytes(xml))
        for attempt, path in (
            (read_project, project),
            (read_codebook, project),
            (read_codebook, Path(folder) / "c.qdc"),
        ):
            try:
                attempt(path)
            except StudyError as error:
                assert error.problems
