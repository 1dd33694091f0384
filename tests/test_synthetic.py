"""The synthetic study is what it says: the committed bytes, the codebook's codes, the declared mistakes, the truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis.synthetic import World, make, make_study, write
from analysis.synthetic.referring import STEPS

ROOT = Path(__file__).parents[1]
STUDY, RAW = ROOT / "studies" / "samen_in_beweging", ROOT / "data" / "raw" / "samen_in_beweging"
PLAN = yaml.safe_load((STUDY / "study.yaml").read_text("utf-8"))
CODEBOOK = pd.read_csv(STUDY / "codebook.csv", dtype=str, keep_default_na=False)
LEVELS = pd.read_csv(STUDY / "levels.csv", dtype=str, keep_default_na=False)
FILE = {name: table["file"] for name, table in PLAN["tables"].items()}


def raw(table: str) -> pd.DataFrame:
    return pd.read_csv(RAW / FILE[table], dtype=str, keep_default_na=False)


def corrected(table: str) -> pd.DataFrame:
    """The raw table with the lines of corrections.csv applied, as a reader would by hand."""
    frame = raw(table)
    lines = pd.read_csv(STUDY / "corrections.csv", dtype=str, keep_default_na=False)
    source = CODEBOOK[CODEBOOK["table"] == table].set_index("name")["source"]
    for line in lines[lines["table"] == table].to_dict("records"):
        rows = frame["respondent"] == line["person"]
        if line["wave"]:
            rows &= "t" + frame["meting"] == line["wave"]
        assert (frame.loc[rows, source[line["variable"]]] == line["from"]).tolist() == [True], line["variable"]
        frame.loc[rows, source[line["variable"]]] = line["to"]
    return frame


def fields(table: str) -> pd.DataFrame:
    """The codebook's rows of one raw column each."""
    rows = CODEBOOK[(CODEBOOK["table"] == table) & (CODEBOOK["source"] != "") & ~CODEBOOK["source"].str.contains(r"\+")]
    return rows.drop_duplicates("source")


def undeclared(values: pd.Series, field: dict) -> int:
    """How many values the codebook does not allow in this column."""
    missing = [part.split("=")[0] for part in field["missing"].split("|") if part]
    given = values[(values != "") & ~values.isin(missing)]
    if field["type"] == "category":
        allowed = LEVELS.loc[(LEVELS["set"] == field["levels"]) & (LEVELS["code"] != ""), "code"]
        return int((~given.isin(allowed)).sum())
    if field["type"] in ("integer", "number"):
        low, high = map(float, field["levels"].split(".."))
        whole = given.astype(float) % 1 == 0 if field["type"] == "integer" else True
        return int((~(given.astype(float).between(low, high) & whole)).sum())
    if field["type"] == "date":
        moments = pd.to_datetime(given, format="%Y-%m-%d")
        low, high = map(pd.Timestamp, PLAN["window"])
        return int((~moments.between(low, high)).sum())
    return 0


@pytest.fixture(scope="module")
def default():
    return make_study()


def test_the_committed_files_are_what_the_code_writes(tmp_path):
    fresh = write(tmp_path / "raw", tmp_path / "corrections.csv")
    committed = {path.name: path.read_bytes() for path in [*RAW.glob("*.csv"), STUDY / "corrections.csv"]}
    assert {path.name: path.read_bytes() for path in fresh} == committed


def test_there_is_a_file_for_every_table_and_no_other():
    assert {path.name for path in RAW.glob("*.csv")} == set(FILE.values())


@pytest.mark.parametrize("table", FILE)
def test_raw_columns_are_those_of_the_codebook(table):
    assert list(raw(table).columns) == list(fields(table)["source"])


@pytest.mark.parametrize("table", FILE)
def test_after_the_corrections_nothing_undeclared_is_left(table):
    frame = corrected(table)
    wrong = {field["source"]: undeclared(frame[field["source"]], field) for field in fields(table).to_dict("records")}
    empty = {
        field["source"]: int((frame[field["source"]] == "").sum())
        for field in fields(table).to_dict("records")
        if field["required"] == "yes"
    }
    assert not any(wrong.values()), wrong
    assert not any(empty.values()), empty


def test_without_the_corrections_the_typing_errors_are_seen():
    lines = pd.read_csv(STUDY / "corrections.csv", dtype=str, keep_default_na=False)
    seen = sum(
        undeclared(raw(table)[field["source"]], field)
        for table in ("persons", "answers")
        for field in fields(table).to_dict("records")
    )
    assert seen == len(lines) == 8
    assert (lines["reason"] != "").all()


def test_double_forms_and_persons_can_be_settled_by_the_declared_rules():
    forms, persons = raw("answers"), raw("persons")
    double = forms[forms.duplicated(["respondent", "meting"], keep=False)]
    answered = (double != "").sum(axis=1).groupby([double["respondent"], double["meting"]])
    assert answered.size().eq(2).all() and answered.nunique().eq(2).all() and len(answered) == 9
    assert persons.duplicated("respondent").sum() == persons.duplicated().sum() == 3


def test_keys_join_and_sum_to_the_planned_size():
    persons = raw("persons").drop_duplicates()
    known = set(persons["respondent"])
    for table in ("answers", "referrals", "activities", "experience"):
        assert set(raw(table)["respondent"]) <= known, table
    assert set(raw("referrals")["respondent"]) == known
    assert 1600 <= len(known) <= 1700
    assert 1850 <= len(raw("referrals")) <= 1950
    assert raw("referrals")["verwijzing"].is_unique


def test_steps_of_a_referral_are_in_order():
    frame = raw("referrals")
    names = CODEBOOK[CODEBOOK["table"] == "referrals"].set_index("name")["source"]
    moments = frame[[names[step] for step in PLAN["referral_steps"]]].apply(pd.to_datetime)
    assert PLAN["referral_steps"] == STEPS
    latest = moments.cummax(axis=1).ffill(axis=1)
    assert not (moments < latest).any(axis=None)
    ended = pd.to_datetime(frame["d_einde"])
    assert not (ended < moments.drop(columns="d_terugkoppeling").max(axis=1)).any()
    assert ((frame["reden"] != "") == (frame["d_einde"] != "")).all()


def test_forms_are_in_order_and_only_of_who_consented_and_had_an_intake():
    forms = corrected("answers")
    day = forms.assign(day=pd.to_datetime(forms["datum"])).groupby(["respondent", "meting"])["day"].min().unstack()
    assert day["0"].notna().all()
    assert ((day["1"] > day["0"]) | day["1"].isna()).all() and (
        (day["2"] > day["1"]) | day[["1", "2"]].isna().any(axis=1)
    ).all()
    consent = raw("persons").drop_duplicates().set_index("respondent")["toestemming"]
    assert (consent[day.index] == "1").all()


def test_the_waiting_group_has_not_started_by_t1(default):
    waits = pd.concat([sample.asked[sample.asked["waits"]] for sample in default.samples])
    assert 120 <= len(waits) <= 200
    assert not (waits["started"] <= waits["t1"]).any()


def test_lockdowns_are_those_of_the_plan():
    from analysis.synthetic.world import assumed

    assert assumed()["lockdowns"] == [[period["start"], period["end"]] for period in PLAN["periods"]]
    assert [assumed()["window"][edge] for edge in ("first", "last")] == PLAN["window"]
    assert assumed()["outcomes"] == [outcome["id"] for outcome in PLAN["outcomes"]]


def test_another_seed_is_another_draw_and_the_same_seed_the_same():
    one, two, three = make(1), make(1), make(2)
    assert all(one[name].equals(two[name]) for name in one)
    assert not one["measures"].equals(three["measures"])


def test_a_world_that_cannot_be_is_refused_with_all_reasons():
    with pytest.raises(ValueError, match=r"dropout is 0\.9.*; 2 people in 5"):
        World(dropout=0.9, people=2, municipalities=5)


def test_making_is_quick(default):
    from time import perf_counter

    begin = perf_counter()
    make(3)
    assert perf_counter() - begin < 5
    assert sum(path.stat().st_size for path in RAW.glob("*.csv")) < 6_000_000
    assert np.isfinite(default.measures["value"].dropna()).all()
