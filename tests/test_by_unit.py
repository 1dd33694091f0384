"""Studies whose raw files come one a unit: prepared unit by unit, the same as from one file, all or nothing."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis import prepare, store
from analysis.codebook import StudyError
from analysis.synthetic import World, write_study

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # validation/ is no part of the installed package

from validation import scale  # noqa: E402

NAME = "world3"
UNITS = ("hardenberg", "kampen", "oost_gelre")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one world of three municipalities, a file each."""
    shutil.copytree(ROOT / "studies" / "samen_in_beweging", tmp_path / "studies" / "samen_in_beweging")
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    assert len(list(write_study(tmp_path, NAME, World(municipalities=3, people=150, seed=4)))) == 3
    return tmp_path


def _as_one_file(project: Path) -> None:
    """The same study with its raw rows in one file a table."""
    raw, plan = project / "data" / "raw" / NAME, project / "studies" / NAME / "study.yaml"
    for name in ("persons", "measures", "referrals"):
        parts = [pd.read_csv(path, dtype="str") for path in sorted(raw.glob(f"*/{name}.csv"))]
        pd.concat(parts).to_csv(raw / f"{name}.csv", index=False)
    plan.write_text(plan.read_text("utf-8").replace("'{unit}/", "'").replace("{unit}/", ""), "utf-8")


def test_unit_by_unit_gives_the_tables_of_one_file(project):
    apart = prepare.prepare(store.study(NAME))
    _as_one_file(project)
    assert not store.study(NAME).by_unit
    whole = prepare.prepare(store.study(NAME))
    for name, table in whole.tables.items():
        pd.testing.assert_frame_equal(apart.tables[name], table)
    keys = list(whole.log.columns[:-1])
    pd.testing.assert_series_equal(
        apart.log.set_index(keys)["rows"].sort_index(), whole.log.set_index(keys)["rows"].sort_index()
    )


def test_written_tables_are_replaced_all_or_none(project):
    prepare.write(store.study(NAME))
    folder = store.processed(NAME) / "tables"
    before = {path: path.read_bytes() for path in folder.rglob("*.parquet")}
    assert {path.stem for path in (folder / "persons").iterdir()} == {f"unit={unit}" for unit in UNITS}
    spoilt = project / "data" / "raw" / NAME / UNITS[2] / "persons.csv"
    spoilt.write_text(spoilt.read_text("utf-8").replace("Oost Gelre", "Hardenberg", 1), "utf-8")
    first = project / "data" / "raw" / NAME / UNITS[0] / "measures.csv"
    first.unlink()
    with pytest.raises(StudyError) as error:
        prepare.write(store.study(NAME))
    said = "\n".join(error.value.problems)
    assert "hardenberg: " in said and "measures.csv" in said  # the problems of all units at once
    assert "oost_gelre: persons.unit: 1 row names another unit than the file is of" in said
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == before
    assert not list(store.processed(NAME).glob(".*"))


def test_a_person_in_two_files_is_found(project):
    raw = project / "data" / "raw" / NAME
    rows = [(raw / unit / "persons.csv").read_text("utf-8").splitlines() for unit in UNITS[:2]]
    twin = rows[0][1].replace("Hardenberg", "Kampen")
    (raw / UNITS[1] / "persons.csv").write_text("\n".join([*rows[1], twin]) + "\n", "utf-8")
    with pytest.raises(
        StudyError, match="kampen: persons.person: 1 row holds a key that another unit's file holds too"
    ):
        prepare.prepare(store.study(NAME))


def test_a_correction_is_looked_for_in_every_unit(project):
    raw = project / "data" / "raw" / NAME
    person = pd.read_csv(raw / UNITS[1] / "persons.csv", dtype="str")
    found = person[person["leeftijd"].notna()].iloc[0]
    lines = [
        "table,person,wave,variable,from,to,reason",
        f"persons,{found['respondent']},,age,{found['leeftijd']},81,typing error",
    ]
    corrections = project / "studies" / NAME / "corrections.csv"
    corrections.write_text("\n".join(lines) + "\n", "utf-8")
    made = prepare.prepare(store.study(NAME))
    assert made.tables["persons"].set_index("person").loc[found["respondent"], "age"] == 81
    corrections.write_text("\n".join([*lines, "persons,nobody,,age,70,71,typing error"]) + "\n", "utf-8")
    with pytest.raises(StudyError, match="1 row fits no row of any unit"):
        prepare.prepare(store.study(NAME))


def test_a_plan_that_mixes_files_by_unit_and_whole_is_refused(project):
    plan = project / "studies" / NAME / "study.yaml"
    plan.write_text(
        plan.read_text("utf-8")
        .replace("'{unit}/measures.csv'", "measures.csv")
        .replace("{unit}/measures.csv", "measures.csv"),
        "utf-8",
    )
    with pytest.raises(StudyError, match="persons, referrals come\\(s\\) in a file a unit"):
        store.study(NAME)


def test_a_world_is_not_written_over_another(project):
    with pytest.raises(FileExistsError, match="is there already"):
        list(write_study(project, NAME, World(municipalities=3, people=150)))


@pytest.mark.slow
def test_what_measures_the_national_size_finds_the_same_tables_here_and_on_two_workers():
    """At a size of seconds; it fails when a table differs, a run fails or a limit is not met."""
    small = ["--municipalities", "3", "--people", "600", "--notebook", "01"]
    done = subprocess.run([sys.executable, ROOT / "validation" / "scale.py", *small], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the same tables, byte by byte" in done.stdout and "two workers: " in done.stdout


@pytest.mark.parametrize(("other", "gigabytes", "status"), [(12, 1, 0), (13, 1, 1), (12, 5, 1)])
def test_a_table_that_differs_on_the_cluster_and_too_much_memory_are_failures(monkeypatch, other, gigabytes, status):
    def fake(root: Path, notebooks: list[str], *words: str) -> scale.Measured:
        place = root / "data" / "processed" / scale.STUDY / "candidates" / "all" / "01_prepare__flow.csv"
        place.parent.mkdir(parents=True)
        place.write_text(f"step,count\nreceived,{other if words else 12}\n")
        return scale.Measured(0, 60.0, gigabytes * 2**30)

    monkeypatch.setattr(scale, "run", fake)
    monkeypatch.setattr(scale, "cluster", lambda folder: contextlib.nullcontext("tcp://127.0.0.1:1"))
    monkeypatch.setattr(sys, "argv", ["scale.py", "--municipalities", "1", "--people", "40"])
    assert scale.main() == status
