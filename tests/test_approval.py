"""The second checker: decisions hold for bytes, failed tables never leave, a packed release bounds the next one."""

import hashlib
import json
import zipfile

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis import store
from analysis.__main__ import app
from analysis.codebook import StudyError
from analysis.run import approval, outgoing, released
from analysis.run.plan import Step
from analysis.run.releasing import release

STUDY = "samen_in_beweging"
A, B = "all/02_participants__education", "kampen/02_participants__education"


def offer(unit: str, counts: dict[str, int], as_of: str = "", name: str = "education") -> None:
    """Offer a table of people by education, as a notebook does."""
    store.open_case("02_participants", study=STUDY, unit=unit, as_of=as_of)
    frame = pd.DataFrame({"education": list(counts), "count": list(counts.values()), "n": list(counts.values())})
    store.release(frame, name, dims=["education"], measures=["count"], counts_of="persons")


def again() -> None:
    """The release step."""
    release(Step(f"{STUDY}/release", "release", STUDY))


@pytest.fixture
def project(project, monkeypatch):
    """A project in which two tables are released."""
    monkeypatch.setenv("ANALYSIS_RUN", "1")
    offer("all", {"low": 120, "middle": 90, "high": 60})
    offer("kampen", {"low": 40, "middle": 30, "high": 20})
    again()
    return project


def log(project) -> pd.DataFrame:
    path = project / "reports" / STUDY / "release_log.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("table")


def approve(*files: str, decision: str = "approve", checker: str = "C. Hecker", reason: str = "counts seen") -> None:
    outgoing.approve(STUDY, checker, decision, reason, files)


def test_a_release_awaits_its_checker(project):
    found = log(project)
    assert list(found.index) == [A, B] and set(found["status"]) == {"pass"} and set(found["decision"]) == {""}
    content = (project / "reports" / STUDY / "all/tables/02_participants__education.csv").read_bytes()
    assert found.loc[A, "sha256"] == hashlib.sha256(content).hexdigest()


def test_a_decision_lives_as_long_as_the_bytes(project):
    approve()
    again()
    assert set(log(project)["decision"]) == {"approved"} and set(log(project)["checker"]) == {"C. Hecker"}
    offer("kampen", {"low": 52, "middle": 30, "high": 20})
    again()
    assert log(project)["decision"].to_dict() == {A: "approved", B: ""}
    assert len(pd.read_csv(project / "studies" / STUDY / "approvals.csv")) == 2


def test_a_later_decision_counts_and_both_stay_on_record(project):
    approve(A)
    approve(A, decision="reject", reason="wrong year")
    assert log(project).loc[A, "decision"] == "rejected" and log(project).loc[B, "decision"] == ""
    assert len(pd.read_csv(project / "studies" / STUDY / "approvals.csv")) == 2


def test_every_problem_of_a_decision_is_named_and_nothing_is_written(project):
    with pytest.raises(StudyError) as error:
        outgoing.approve(STUDY, " ", "aprove", "", ["all/nothing"])
    assert len(error.value.problems) == 4
    assert not (project / "studies" / STUDY / "approvals.csv").exists()


def test_names_with_folder_and_ending_are_understood(project):
    approve("all/tables/02_participants__education.csv")
    assert log(project)["decision"].to_dict() == {A: "approved", B: ""}


def test_what_is_typed_cannot_compute_or_turn_around(project):
    approve(checker="=cmd()", reason="‮fine\n@x")
    found = log(project).loc[A]
    assert found["checker"] == "'=cmd()" and found["reason_of_checker"] == "fine @x"


def fail(project, key: str) -> None:
    """Make the check of a released table a failed one."""
    unit, stem = key.split("/")
    path = project / "reports" / STUDY / unit / "tables" / f"{stem}.json"
    about = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(about | {"check": about["check"] | {"status": "fail"}}), "utf-8")


def test_a_failed_table_is_neither_approved_nor_packed(project):
    fail(project, B)
    with pytest.raises(StudyError, match="failed the check"):
        approve(B)
    approve(A)
    said = []
    packed = outgoing.pack(STUDY, said.append)
    assert said == [f"not packed: {B} (failed the check)"]
    with zipfile.ZipFile(packed) as found:
        assert [name for name in found.namelist() if "kampen" in name] == []


def test_a_table_that_failed_after_its_approval_is_not_packed(project):
    approve()
    fail(project, B)
    said = []
    outgoing.pack(STUDY, said.append)
    assert said == [f"not packed: {B} (failed the check)"]


def test_nothing_is_packed_without_a_decision(project):
    result = CliRunner().invoke(app, ["pack", STUDY])
    assert isinstance(result.exception, StudyError)
    assert [problem.split(":")[0] for problem in result.exception.problems] == [A, B, STUDY]
    assert not (project / "reports" / STUDY / "releases").exists()


def test_pages_go_along_only_when_all_tables_of_the_unit_are_approved(project):
    reports = project / "reports" / STUDY
    for name in ("index.nl.html", "all/report.nl.html", "kampen/report.nl.html", "kampen/figures/a.png"):
        (reports / name).parent.mkdir(exist_ok=True)
        (reports / name).write_text("page")
    approve(A)
    with zipfile.ZipFile(outgoing.pack(STUDY, print)) as found:
        assert {name for name in found.namelist() if "tables" not in name} == {"release_log.csv", "all/report.nl.html"}
    approve(B)
    with zipfile.ZipFile(outgoing.pack(STUDY, print)) as found:
        assert {"index.nl.html", "kampen/report.nl.html", "kampen/figures/a.png"} <= set(found.namelist())


def test_packing_is_byte_identical_and_never_overwrites(project):
    approve(A)
    first = outgoing.pack(STUDY, print)
    before = first.read_bytes()
    assert outgoing.pack(STUDY, print) == first and first.parent.name == "2023-06-30"
    with zipfile.ZipFile(first) as found:
        assert {entry.date_time for entry in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    approve(B)
    second = outgoing.pack(STUDY, print)
    assert second != first and first.read_bytes() == before


def test_the_next_release_is_solved_against_the_packed_one(project):
    """4 people joined in Kampen: beside the packed release the new count would tell of them, so it is hidden."""
    approve()
    outgoing.pack(STUDY, print)
    assert set(released.earlier(STUDY, "2023-06-30")) == {A, B} and released.earlier(STUDY, "2020-01-01") == {}
    offer("kampen", {"low": 44, "middle": 30, "high": 20})
    offer("all", {"low": 124, "middle": 90, "high": 60})
    again()
    table = pd.read_csv(
        project / "reports" / STUDY / "kampen/tables/02_participants__education.csv", index_col="education"
    )
    assert table.loc["low", "status"] == "hidden" and pd.isna(table.loc["low", "value"])
    found = outgoing.audit(
        project / "reports" / STUDY, sorted((project / "reports" / STUDY / "releases").rglob("*.zip"))[0]
    )
    assert set(found["verdict"]) == {"pass"}


def test_an_interim_release_rounds_counts(project):
    for unit, more in (("all", 81), ("kampen", 0)):
        offer(unit, {"low": 43 + more, "middle": 31 + more, "high": 22 + more}, as_of="2021-12-31")
    again()
    table = pd.read_csv(project / "reports" / STUDY / "kampen/tables/02_participants__education.csv")
    assert (table["value"].dropna() % 5 == 0).all() and set(log(project)["rounding"]) == {"5"}


def test_a_cell_without_a_value_tells_no_n(project):
    store.open_case("02_participants", study=STUDY, unit="kampen")
    frame = pd.DataFrame({"education": ["low", "high"], "percent": [40.0, None], "n": [50, 7]})
    store.release(frame, "share", dims=["education"], measures=["percent"], counts_of="persons")
    again()
    table = pd.read_csv(project / "reports" / STUDY / "kampen/tables/02_participants__share.csv", index_col="education")
    assert pd.isna(table.loc["high", "n"])


def test_audit_passes_what_the_release_made_and_fails_what_was_put_back(project):
    offer("kampen", {"low": 40, "middle": 30, "high": 4})
    again()
    folder = project / "reports" / STUDY
    ok = CliRunner().invoke(app, ["audit", str(folder)])
    assert ok.exit_code == 0 and "0 fail" in ok.output
    path = folder / "kampen/tables/02_participants__education.csv"
    open_again = pd.read_csv(path).assign(value=[40, 30, 4], n=[40, 30, 4], status="shown", reason="")
    open_again.to_csv(path, index=False)
    result = CliRunner().invoke(app, ["audit", str(folder)])
    assert result.exit_code == 1 and "small_cell" in result.output


def test_audit_names_a_folder_without_tables(tmp_path):
    with pytest.raises(StudyError, match="no released table"):
        outgoing.audit(tmp_path)
    with pytest.raises(StudyError, match="not found"):
        outgoing.audit(tmp_path / "nowhere")


def test_tables_of_two_studies_are_not_attacked_together(project, tmp_path):
    for study in ("one", "two"):
        (tmp_path / study).mkdir()
        for end in (".csv", ".json"):
            source = project / "reports" / STUDY / f"all/tables/02_participants__education{end}"
            (tmp_path / study / f"a{end}").write_text(source.read_text("utf-8").replace(STUDY, study))
    with pytest.raises(StudyError, match="several studies"):
        outgoing.audit(tmp_path)


def test_a_run_at_work_is_not_disturbed(project):
    from analysis.run.lock import exclusive

    with exclusive(project / "reports"), pytest.raises(StudyError, match="at work"):
        approve()
    assert approval.decisions(STUDY).empty


def open_again(project, key: str, **columns) -> None:
    """Put values back into a released table, as somebody with a text editor could."""
    unit, stem = key.split("/")
    path = project / "reports" / STUDY / unit / "tables" / f"{stem}.csv"
    pd.read_csv(path).assign(**columns).to_csv(path, index=False)


def test_what_was_put_back_is_neither_approved_nor_packed(project):
    offer("kampen", {"low": 40, "middle": 30, "high": 4})
    again()
    approve(A)
    approve(B)
    packed = outgoing.pack(STUDY, print)
    shown = {"value": [40, 30, 4], "n": [40, 30, 4], "status": "shown", "reason": ""}
    open_again(project, B, **shown)
    with pytest.raises(StudyError, match="small_cell"):
        approve(B)
    record = project / "studies" / STUDY / "approvals.csv"
    content = (project / "reports" / STUDY / "kampen/tables/02_participants__education.csv").read_bytes()
    rows = pd.read_csv(record, dtype=str)
    rows.assign(sha256=hashlib.sha256(content).hexdigest()).to_csv(record, index=False)
    with pytest.raises(StudyError, match="nothing to pack|nothing is packed"):
        outgoing.pack(STUDY, print)
    assert list(packed.parent.glob("*.zip")) == [packed]


def test_the_packed_record_says_what_pages_are_made_from(project):
    page = project / "reports" / STUDY / "kampen/report.nl.html"
    page.write_text("page")
    approve()
    with zipfile.ZipFile(outgoing.pack(STUDY, print)) as found:
        record = pd.read_csv(found.open("release_log.csv"), dtype=str, keep_default_na=False).set_index("table")
    assert record.loc["kampen/report.nl.html", "reason"] == "shows released tables of kampen only"
    assert record.loc["kampen/report.nl.html", "sha256"] == hashlib.sha256(b"page").hexdigest()


def receipt(project, unit: str, read: str) -> None:
    """A receipt of the notebook that made the tables of a unit from the file `read`."""
    folder = project / "data" / "processed" / STUDY / "receipts" / unit
    folder.mkdir(parents=True, exist_ok=True)
    known = {read: hashlib.sha256((project / read).read_bytes()).hexdigest()}
    text = json.dumps({"code": {}, "inputs": known, "outputs": {}, "listed": {}})
    (folder / "02_participants.json").write_text(text)


def test_candidates_of_other_units_that_are_out_of_date_stop_a_release(project):
    """A run of Kampen only, after the data changed: what `all` was made from is not what is there now."""
    data = f"data/raw/{STUDY}/persons.csv"
    for unit in ("all", "kampen"):
        receipt(project, unit, data)
    again()
    before = (project / "reports" / STUDY / "release_log.csv").read_bytes()
    assert set(log(project)["data_hash"]) != {""} and set(log(project)["code_hash"]) != {""}
    (project / data).write_text((project / data).read_text("utf-8") + "\n", "utf-8")
    receipt(project, "kampen", data)
    offer("kampen", {"low": 52, "middle": 30, "high": 20})
    with pytest.raises(StudyError, match=r"all/02_participants: was made before persons.csv changed") as error:
        again()
    assert len(error.value.problems) == 2 and "for all units" in error.value.problems[-1]
    assert (project / "reports" / STUDY / "release_log.csv").read_bytes() == before


def test_a_table_without_rows_is_read_with_numbers_as_numbers():
    read = released.frame(b"unit,measure,value,n,status,reason\n")
    assert (read[["value", "n"]].dtypes == "float64").all()
