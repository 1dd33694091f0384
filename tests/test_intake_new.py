"""From a received file to a prepared study with two decisions: what `new` recognises, writes and refuses."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from bad_inputs.little_study import KEY
from sav_files import with_multiple_response
from typer.testing import CliRunner

from analysis import __main__, instruments, prepare, store
from analysis.codebook import StudyError
from analysis.intake.checks import IntakeError
from analysis.intake.learnt import Learnt
from analysis.intake.recognition import questionnaires, recognise
from analysis.intake.waves import wide

FREQUENCY = dict(enumerate(["voortdurend", "meestal", "vaak", "soms", "zelden", "nooit"], 1)) | {9: "Onbekend"}
LONELY = {1: "nee", 2: "min of meer", 3: "ja", 8: "Geweigerd", 9: "Onbekend"}
ITEMS = (3, 4, 7, 8, 9, 10)


def answers(persons: int = 150, seed: int = 5) -> pd.DataFrame:
    """Three waves of a monitor: codes as SPSS keeps them, with user-missing codes, people who stop, and an open
    answer.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(persons):
        home, sex, age = rng.integers(1, 4), rng.integers(1, 3), rng.integers(55, 90)
        for wave in range(3):
            if wave and rng.random() < 0.15:
                continue
            row = {
                "respnr": 1000.0 + person,
                "gemeente": home,
                "geslacht": sex,
                "leeftijd": age,
                "meting": wave,
                "datum": dt.date(2021, 1, 10) + dt.timedelta(int(rng.integers(0, 20)) + wave * 183),
            }
            row |= {f"mhi5_{n}": rng.choice([1, 2, 3, 4, 5, 6, 9], p=[0.16] * 6 + [0.04]) for n in range(1, 6)}
            row |= {f"djg{n}": rng.choice([1, 2, 3, 8, 9], p=[0.32, 0.32, 0.32, 0.02, 0.02]) for n in ITEMS}
            row |= {"ervgez": rng.integers(1, 6), "act_fiets": rng.integers(0, 2), "act_zwem": rng.integers(0, 2)}
            rows.append({**row, "opm": f"één café, coördinatie {rng.integers(1, 10**6)}"})
    frame = pd.DataFrame(rows)
    return frame.astype({name: "float64" for name in frame if name not in ("datum", "opm")})


def write_sav(path: Path) -> None:
    labels = (
        {f"mhi5_{n}": FREQUENCY for n in range(1, 6)}
        | {f"djg{n}": LONELY for n in ITEMS}
        | {
            "gemeente": {1: "Súdwest-Fryslân", 2: "Noardeast-Fryslân", 3: "Één"},
            "geslacht": {1: "Man", 2: "Vrouw"},
            "meting": {0: "T0", 1: "T1", 2: "T2"},
            "ervgez": {1: "zeer goed", 2: "goed", 3: "gaat wel", 4: "slecht", 5: "zeer slecht"},
        }
    )
    missing = {f"mhi5_{n}": [9] for n in range(1, 6)} | {f"djg{n}": [{"lo": 8, "hi": 9}] for n in ITEMS}
    pyreadstat.write_sav(
        answers(),
        path,
        column_labels={"mhi5_1": "Voelde u zich erg zenuwachtig? (patiënt)"},
        variable_value_labels=labels,
        missing_ranges=missing,
        variable_format={"datum": "EDATE10"},
    )
    with_multiple_response(path, "$act=D1 1 10 activiteit act_fiets act_zwem")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path / "project"))
    monkeypatch.setenv("ANALYSIS_KEY", KEY)
    monkeypatch.setattr(store, "_open", [])
    write_sav(tmp_path / "monitor.sav")
    return tmp_path


def command(*words: str):
    return CliRunner().invoke(__main__.app, list(words))


def decide(workplace: Path) -> Path:
    """The two decisions that `check` asks for, and no other edit; returns the plan."""
    plan = workplace / "project" / "studies" / "walking" / "study.yaml"
    text = plan.read_text("utf-8").replace("kind: DECIDE", "kind: pre_post").replace("role: DECIDE", "role: primary")
    plan.write_text(text, encoding="utf-8")
    return plan


def check() -> list[str]:
    try:
        store.study("walking")
    except StudyError as error:
        return error.problems
    return []


def test_two_decisions_lead_from_an_spss_file_to_processed_tables(workplace):
    assert command("new", "walking", "--from", str(workplace / "monitor.sav")).exit_code == 0
    asked = check()
    assert len(asked) == 2 and "design.kind" in asked[0] and "outcomes[0].role" in asked[1]
    decide(workplace)
    result = command("check", "walking")
    assert result.exit_code == 0 and "No problem found" in result.output, result.output
    made = prepare.write(store.study("walking"))
    study, frame = store.study("walking"), answers()
    assert (
        study.units == ("sudwest_fryslan", "noardeast_fryslan", "een")
        and study.unit_label("sudwest_fryslan", "nl") == "Súdwest-Fryslân"
    )
    assert len(made.tables["persons"]) == 150 and len(made.tables["answers"]) == len(frame)
    assert [wave.month for wave in study.waves] == [0, 6, 12]
    assert study.label("mhi5_1", "nl") == "Voelde u zich erg zenuwachtig? (patiënt)"
    assert {outcome.id for outcome in study.outcomes} == {"mhi5", "self_rated_health", "de_jong_gierveld_6"}
    assert "opm" not in made.tables["answers"] and made.problems == ()


@pytest.mark.slow
def test_the_same_two_decisions_lead_to_a_report(workplace):
    """`new`, the two decisions, `run`: every notebook of the study for all units together, released and published."""
    import shutil

    command("new", "walking", "--from", str(workplace / "monitor.sav"))
    shutil.copytree(Path(__file__).parents[1] / "notebooks", workplace / "project" / "notebooks")
    decide(workplace)
    result = command("run", "walking", "--unit", "all", "--jobs", "1")
    assert result.exit_code == 0, result.output
    page = workplace / "project" / "reports" / "walking" / "index.nl.html"
    assert "0 failed" in result.output and page.exists()


def test_scores_after_new_are_those_of_the_codes(workplace):
    """MHI-5 by hand from the codes: items 1, 2, 4 count from 0, items 3, 5 from 5 down, times 4; any missing item
    leaves none.
    """
    command("new", "walking", "--from", str(workplace / "monitor.sav"))
    decide(workplace)
    measures = prepare.prepare(store.study("walking")).tables["measures"]
    frame = answers()
    points = sum(frame[f"mhi5_{n}"] - 1 for n in (1, 2, 4)) + sum(6 - frame[f"mhi5_{n}"] for n in (3, 5))
    complete = (frame[[f"mhi5_{n}" for n in range(1, 6)]] != 9).all(axis=1)
    expected = (points * 4)[complete]
    got = measures.loc[measures["outcome"] == "mhi5", "value"]
    assert got.notna().sum() == complete.sum() and got.sum() == pytest.approx(expected.sum())


def test_missing_codes_keep_their_reason(workplace):
    command("new", "walking", "--from", str(workplace / "monitor.sav"))
    codebook = pd.read_csv(
        workplace / "project" / "studies" / "walking" / "codebook.csv", keep_default_na=False
    ).set_index("name")
    assert codebook.loc["mhi5_1", "missing"] == "9=unknown"
    assert codebook.loc["de_jong_gierveld_6_3", "missing"] == "8=refused|9=unknown"


def test_nothing_that_exists_is_overwritten(workplace):
    command("new", "walking", "--from", str(workplace / "monitor.sav"))
    folder = workplace / "project" / "studies" / "walking"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = command("new", "walking", "--from", str(workplace / "monitor.sav"))
    assert isinstance(result.exception, IntakeError) and "exist(s) already" in str(result.exception)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_raw_file_of_the_same_name_is_kept(workplace):
    raw = workplace / "project" / "data" / "raw" / "walking"
    raw.mkdir(parents=True)
    (raw / "monitor.sav").write_bytes(b"other")
    assert isinstance(command("new", "walking", "--from", str(workplace / "monitor.sav")).exception, IntakeError)
    assert (raw / "monitor.sav").read_bytes() == b"other" and not (workplace / "project" / "studies").exists()


@pytest.mark.parametrize("name", ["Walking", "../walking", "1st", ""])
def test_an_id_is_an_id(workplace, name):
    assert isinstance(command("new", name, "--from", str(workplace / "monitor.sav")).exception, IntakeError)


def test_a_wide_file_is_recognised_and_prepared(workplace):
    long = answers()
    items = [name for name in long if name not in ("respnr", "gemeente", "geslacht", "leeftijd", "meting", "opm")]
    wide_frame = long.assign(datum=long["datum"].astype("str"), meting=long["meting"].astype("int64")).pivot(
        index=["respnr", "gemeente", "geslacht", "leeftijd"], columns="meting", values=items
    )
    wide_frame.columns = [f"T{wave}_{name}" for name, wave in wide_frame.columns]
    wide_frame.reset_index().to_csv(workplace / "breed.csv", index=False, sep=";")
    assert command("new", "walking", "--from", str(workplace / "breed.csv")).exit_code == 0
    plan = workplace / "project" / "studies" / "walking" / "study.yaml"
    text = plan.read_text("utf-8")
    assert "shape: wide, pattern: '{wave}_{name}'" in text and "separator: ';'" in text
    plan.write_text(
        text.replace("kind: DECIDE", "kind: pre_post").replace("role: DECIDE", "role: primary"), encoding="utf-8"
    )
    codebook = plan.with_name("codebook.csv")
    table = pd.read_csv(codebook, keep_default_na=False)
    table.loc[table["name"].str.startswith(("mhi5", "de_jong")), "missing"] = (
        "8=refused|9=unknown"  # a csv has no labels
    )
    table.to_csv(codebook, index=False)
    made = prepare.prepare(store.study("walking"))
    assert len(made.tables["answers"]) == len(long) and len(made.tables["persons"]) == 150


def test_a_file_without_a_person_is_refused(workplace):
    (workplace / "x.csv").write_text("kleur,aantal\nrood,1\nblauw,2\n", encoding="utf-8")
    result = command("new", "walking", "--from", str(workplace / "x.csv"))
    assert isinstance(result.exception, IntakeError) and "person" in str(result.exception)


def test_identifying_columns_and_free_text_are_named_and_not_carried(workplace):
    frame = answers(60).assign(contact="j.bakker@kpn.nl")
    frame.to_csv(workplace / "x.csv", index=False)
    command("new", "walking", "--from", str(workplace / "x.csv"))
    folder = workplace / "project" / "studies" / "walking"
    assert "`contact` (e-mail addresses)" in (folder / "README.md").read_text("utf-8")
    assert "contact" not in (folder / "codebook.csv").read_text("utf-8")


# --- recognition --------------------------------------------------------------------------------------------

KNOWN = questionnaires(instruments.load(name) for name in instruments.instruments())


def recognised(columns: dict[str, str], codes=("1", "2", "3")) -> dict[str, str]:
    frame = pd.DataFrame(dict.fromkeys(columns, codes), dtype="str")
    found = recognise(frame, Learnt(labels={name: label for name, label in columns.items() if label}), KNOWN)
    return {each.questionnaire.id: each.by for each in found}


@pytest.mark.parametrize(
    ("names", "instrument"),
    [
        ([f"MHI{n}" for n in range(1, 6)], "mhi5"),
        ([f"GGADB20{n}" for n in range(1, 6)], "mhi5"),
        ([f"who5_{n}" for n in range(1, 6)], "who5"),
        ([f"djg_{n}" for n in range(1, 12)], "de_jong_gierveld_11"),
        ([f"eenz{n:02d}" for n in ITEMS], "de_jong_gierveld_6"),
        (["eq_mob", "eq_zelf", "eq_dag", "eq_pijn", "eq_angst"], "eq5d5l_nl"),
        ([f"regie{n}" for n in range(1, 8)], "mastery"),
        (["ervgez"], "self_rated_health"),
    ],
)
def test_questionnaires_are_known_by_the_names_of_their_items(names, instrument):
    assert recognised(dict.fromkeys(names, "")) == {instrument: "name"}


def test_questionnaires_are_known_by_the_labels_of_their_items():
    labels = [
        "Voelde u zich erg zenuwachtig?",
        "Zat u zo in de put dat niets u kon opvrolijken?",
        "Voelde u zich kalm en rustig?",
        "Voelde u zich neerslachtig en somber?",
        "Voelde u zich een gelukkig mens?",
    ]
    assert recognised({f"v{n}": label for n, label in enumerate(labels)}) == {"mhi5": "label"}


def test_other_codes_or_an_item_short_is_no_questionnaire():
    assert recognised({f"mhi{n}": "" for n in range(1, 5)}) == {}
    assert recognised(dict.fromkeys([f"mhi{n}" for n in range(1, 6)], ""), codes=("1", "7", "12")) == {}


def test_waves_in_names():
    assert wide(["id", "T0_a", "T0_b", "T0_c", "T1_a", "T1_b", "T1_c"]).waves == ("T0", "T1")
    assert wide(["a_t0", "b_t0", "c_t0", "a_t12", "b_t12", "c_t12"]).pattern == "{name}_{wave}"
    assert wide(["id", "t1_a", "b", "c"]) is None
