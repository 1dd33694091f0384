"""More than 150 bad inputs: each is named by its own rule at its own place, without a traceback or a person's value;
its clean twin passes.
"""

import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from bad_inputs.cases import Case, ProjectCase, cases, of_projects
from bad_inputs.little_study import SECRET, little, write
from bad_inputs.projects import TEXT, Coded

from analysis import prepare, store
from analysis.intake.checks import IntakeError, Problem
from analysis.intake.qualitative import read_fragments

CASES, PROJECTS = cases(), of_projects()


def problems(case: Case, root: Path, *, spoilt: bool) -> list[Problem]:
    """What the intake says of a case or of its clean twin; anything but problems would fail the test."""
    study = little()
    study.formats[case.table] = case.format
    case.setup(study)
    if spoilt:
        case.spoil(study)
    path = write(study, root)[case.table]
    if spoilt:
        case.after(Path(str(path)))
    plan = store.study("little")
    try:
        if case.whole:
            return list(prepare.prepare(plan).problems)
        return list(prepare.raw_rows(plan, case.table)[1].remarks)
    except IntakeError as error:
        assert not any(found.level == "warning" for found in error.found)
        return list(error.found)


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    return tmp_path


def named(found: list[Problem], case: Case) -> list[Problem]:
    return [
        each
        for each in found
        if (each.rule, each.level, each.table, each.column) == (case.rule, case.level, *case.place)
    ]


def harmless(found: list[Problem]) -> None:
    """No message repeats a cell: neither the marked text, nor a person's key, nor what the privacy cases hold."""
    said = "\n".join(map(str, found))
    held = (
        SECRET,
        "p7f3k",
        "111222333",
        "123456782",
        "kpn.nl",
        "12345678",
        "NL91",
        "145.97",
        "1948-03-02",
        "Bakker",
        "Jansen",
    )
    assert not [text for text in held if text in said], said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_is_named(case, root):
    found = problems(case, root, spoilt=True)
    hits = named(found, case)
    assert len(hits) == 1, "\n".join(
        f"{each.rule} | {each.table} | {each.column} | {each.level} | {each}" for each in found
    )
    if case.rows is not None:
        assert hits[0].example_rows_without_content == case.rows
    assert hits[0].remedy and hits[0].found
    harmless(found)


TWINS = {(case.format, case.setup, case.whole): case for case in CASES}


@cache
def _twin(key) -> tuple[str, ...]:
    import tempfile

    before = os.environ.get("ANALYSIS_ROOT")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ANALYSIS_ROOT"] = folder
        try:
            found = problems(TWINS[key], Path(folder), spoilt=False)
        finally:
            os.environ.pop("ANALYSIS_ROOT") if before is None else os.environ.update(ANALYSIS_ROOT=before)
    return tuple(map(str, found))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_clean_twin_passes(case):
    assert _twin((case.format, case.setup, case.whole)) == ()


def read(case: ProjectCase, path: Path) -> list[Problem]:
    case.project().write(path)
    case.after(path)
    try:
        return list(read_fragments(path)[1].remarks)
    except IntakeError as error:
        return list(error.found)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", PROJECTS, ids=lambda case: case.name)
def test_a_bad_project_is_named(case, tmp_path):
    found = read(case, tmp_path / "interviews.qdpx")
    hits = [each for each in found if (each.rule, each.level, each.table) == (case.rule, case.level, "interviews.qdpx")]
    assert len(hits) == 1, "\n".join(f"{each.rule}: {each}" for each in found)
    assert not any(word in str(hits[0]) for word in ("Bep", "wandelen", "Thuis"))
    assert not list(tmp_path.glob("**/outside.txt")), "a member was unpacked"


def test_the_clean_project_passes(tmp_path):
    found = read(ProjectCase("clean", "", Coded), tmp_path / "interviews.qdpx")
    assert [each.rule for each in found] == ["unit of positions"]
    assert "Bep" in TEXT


def test_the_corpus_is_large_and_varied():
    rules = Counter(case.rule for case in [*CASES, *PROJECTS])
    assert rules.total() >= 150
    assert max(rules.values()) <= 5, rules.most_common(3)
    assert len({case.name for case in [*CASES, *PROJECTS]}) == rules.total()
