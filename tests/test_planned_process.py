"""The process analyses that a plan asks for, from tables of a few rows: periods, quarters, loop, network, context."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analysis import planned, store
from analysis.planned import organisations
from analysis.study import Moment

STUDY = store.study("samen_in_beweging")


def dated(rows: list[tuple], columns: list[str], *dates: str) -> pd.DataFrame:
    """Rows as a frame, the columns `dates` as days."""
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates})


def referrals(*rows: tuple) -> pd.DataFrame:
    """Person, unit, day of referral, of feedback and of stopping, reason; the other steps were not taken."""
    columns = ["person", "unit", "referred", "feedback", "ended", "stop_reason"]
    frame = dated(list(rows), columns, "referred", "feedback", "ended")
    others = [step for step in STUDY.referral_steps if step not in frame]
    return frame.assign(**dict.fromkeys(others, pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")))


# --- periods and quarters ---


def test_periods_are_before_during_between_and_after_those_of_the_plan():
    days = ["2020-03-14", "2020-03-15", "2020-06-01", "2020-06-02", "2021-12-20", "2022-01-27"]
    rows = referrals(*[(f"p{at}", "kampen", day, None, None, None) for at, day in enumerate(days)])
    expected = ["before", "during", "during", "between", "during", "after"]
    assert planned.with_period(STUDY, rows)["period"].tolist() == expected


def test_one_period_has_nothing_in_between_and_none_is_one_period():
    rows = referrals(("p", "kampen", "2020-03-01", None, None, None), ("q", "kampen", "2020-07-01", None, None, None))
    one = STUDY.model_copy(update={"periods": STUDY.periods[:1]})
    assert planned.with_period(one, rows)["period"].tolist() == ["before", "after"]
    none = STUDY.model_copy(update={"periods": ()})
    assert planned.with_period(none, rows)["period"].tolist() == ["all_time"] * 2


def test_quarters_without_anything_are_there_and_people_count_once():
    rows = referrals(
        ("p", "kampen", "2020-01-05", None, "2020-08-01", "time"), ("p", "kampen", "2020-05-05", None, None, None)
    )
    table = planned.per_quarter(STUDY, rows).set_index(["event", "quarter"])["count"]
    assert table["referred"].to_dict() == {"2020-Q1": 1, "2020-Q2": 0, "2020-Q3": 0}
    assert table["ended"].to_dict() == {"2020-Q1": 0, "2020-Q2": 0, "2020-Q3": 1}


def test_before_the_first_referral_every_period_states_it_once():
    rows = referrals(("p", "kampen", "2020-03-01", None, None, None)).assign(referred=pd.NaT)
    rows["referred"] = pd.to_datetime(rows["referred"])
    table = planned.months(STUDY, planned.with_period(STUDY, rows.iloc[:0]), by="period", as_of="2019-12-01")
    assert not table.duplicated(["period", "step", "month"]).any()
    assert table["note"].str.startswith("not estimable, because nobody was followed").all()


# --- the loop ---

MEETINGS = dated(
    [("m1", "kampen", "2020-06-01", "yes"), ("m2", "kampen", "2020-09-01", "no"),
     ("m3", "winterswijk", "2020-07-01", "yes")],
    ["meeting", "unit", "date", "held"], "date",
)  # fmt: skip
POINTS = dated(
    [("a1", "kampen", "m1", "feedback", "2020-06-01", "2020-08-01", "2020-07-15", "done"),
     ("a2", "kampen", "m1", "transport", "2020-06-01", "2020-07-01", None, "open"),
     ("a3", "winterswijk", "m3", "feedback", "2020-07-01", "2020-12-01", None, "open"),
     ("a4", "kampen", None, "feedback", "2020-05-01", "2020-12-01", None, "open")],
    ["action", "unit", "meeting", "goal", "opened", "due", "closed", "status"], "opened", "due", "closed",
)  # fmt: skip


def test_the_loop_counts_what_each_meeting_decided_per_goal():
    table = planned.loop(STUDY, POINTS, MEETINGS, as_of="2020-09-30").set_index(["unit", "discussed", "goal"])
    assert table.loc[("kampen", "2020-06-01", "feedback"), ["count", "done", "late"]].tolist() == [1, 1, 0]
    assert table.loc[("kampen", "2020-06-01", "transport"), ["count", "done", "late"]].tolist() == [1, 0, 1]
    assert table.loc[("kampen", "none", "feedback"), "count"] == 1 and len(table) == 4


def test_the_next_data_are_those_after_a_goal_was_first_discussed_in_the_same_unit():
    """Kampen spoke of feedback on 1 May first (its own plan), Winterswijk on 1 July: p and q before, r and s after."""
    rows = referrals(
        ("p", "kampen", "2020-04-01", "2020-04-20", None, None), ("q", "winterswijk", "2020-06-01", None, None, None),
        ("r", "kampen", "2020-06-01", "2020-06-20", None, None),
        ("s", "winterswijk", "2020-07-02", "2020-08-01", None, None),
        ("t", "hardenberg", "2020-07-02", None, None, None),
    )  # fmt: skip
    table = planned.followed(STUDY, POINTS, MEETINGS, rows, as_of="2021-06-30").set_index(["goal", "when"])
    assert table.loc[("feedback", "before"), ["count", "n", "percent"]].tolist() == [1, 2, 50]
    assert table.loc[("feedback", "after"), ["count", "n", "percent"]].tolist() == [2, 2, 100]
    assert table.loc[("transport", "before"), "note"] == "not estimable, because nobody stopped"


def test_news_is_added_up_over_units_with_their_own_previous_meeting():
    rows = referrals(
        ("p", "kampen", "2020-06-15", None, None, None), ("q", "winterswijk", "2020-06-15", None, None, None),
        ("r", "winterswijk", "2020-07-15", None, None, None), ("s", "hardenberg", "2020-01-15", None, None, None),
    )  # fmt: skip
    table = planned.since_steps(STUDY, MEETINGS, rows, as_of="2020-09-15").set_index("step")
    assert table.loc["referred", ["count", "known"]].tolist() == [3, 4]  # p, r, and s: no meeting there yet


# --- organisations, at any number of moments ---

ORGANISATIONS = pd.DataFrame(
    {"organisation": list("abcd"), "unit": "kampen", "domain": ["sport", "sport", "health", "health"],
     "role": "provider", "invited": ["yes", "yes", "yes", "no"], "answered_t0": ["yes", "yes", "yes", "no"],
     "answered_t1": ["yes", "no", "yes", "no"]}
)  # fmt: skip
TIES = pd.DataFrame(
    [("t0", "a", "b"), ("t0", "c", "a"), ("t1", "a", "c"), ("t1", "c", "b"), ("t1", "a", "b")],
    columns=["moment", "source", "target"],
).assign(unit="kampen", trust=3, value=2)


def test_adoption_has_its_numerator_and_denominator_by_domain():
    table = planned.adoption(STUDY, TIES, ORGANISATIONS).set_index(["indicator", "domain"])[["count", "n"]]
    assert table.loc[("organisations_connected", "all")].tolist() == [3, 3]  # d was not invited
    assert table.loc[("organisations_kept", "all")].tolist() == [2, 3]  # a and c of a, b, c
    assert table.loc[("organisations_kept", "sport")].tolist() == [1, 2]


def test_a_third_moment_needs_no_code():
    third = pd.concat([TIES, TIES[TIES["moment"] == "t1"].assign(moment="t2")])
    table = planned.network(STUDY, third, ORGANISATIONS)
    assert table["moment"].tolist() == ["t0", "t1", "t2"] and table["ties"].tolist() == [2, 3, 3]
    assert organisations.at_last(STUDY, third)["moment"].unique().tolist() == ["t2"]
    assert set(planned.network_change(STUDY, third, ORGANISATIONS)["contrast"]) == {"t2 - t0"}


def test_one_moment_has_no_change_and_none_has_no_network():
    one = planned.network_change(STUDY, TIES[TIES["moment"] == "t0"], ORGANISATIONS)
    assert one["note"].tolist() == ["not estimable, because the network was asked at one moment only"]
    none = planned.network(STUDY, TIES.iloc[:0], ORGANISATIONS)
    assert none["note"].tolist() == ["not estimable, because the network was not asked yet"]


def test_ties_that_both_name_stand_beside_those_that_either_names():
    both = pd.concat([TIES, pd.DataFrame([("t0", "b", "a", "kampen", 3, 2)], columns=TIES.columns)])
    row = planned.network(STUDY, both, ORGANISATIONS).iloc[0]
    assert row["density"] == pytest.approx(2 / 6) and row["density_confirmed"] == pytest.approx(1 / 6)
    assert row["cross_domain_share"] == 0.5 and row["cross_domain_confirmed"] == 0


def test_a_moment_is_not_known_before_its_date():
    early, late = Moment(id="t0", date=dt.date(2020, 7, 15)), Moment(id="t1", date=dt.date(2022, 12, 31))
    study = STUDY.model_copy(update={"moments": (early, late)})
    assert study.moments_by(dt.date(2020, 7, 14)) == () and study.moments_by(dt.date(2021, 1, 1)) == ("t0",)
    here = store.Case(study, "all", "en", dt.date(2021, 1, 1), "test")
    assert store.known(TIES, "ties", here)["moment"].unique().tolist() == ["t0"]
    without = study.model_copy(update={"moments": ()})
    assert len(store.known(TIES, "ties", store.Case(without, "all", "en", dt.date(2021, 1, 1), "test"))) == len(TIES)
    assert "ties" in without.undated and "ties" not in study.undated and "costs" in study.undated


def test_a_deadline_is_known_before_it_comes():
    here = store.Case(STUDY, "all", "en", dt.date(2020, 6, 30), "test")
    known = store.known(POINTS, "actions", here).set_index("action")
    assert known.loc["a1", "due"] == pd.Timestamp("2020-08-01") and pd.isna(known.loc["a1", "closed"])
    assert "a3" not in known.index  # made in July


# --- the checklist ---


def test_a_dimension_of_the_checklist_is_the_mean_of_people():
    """The first dimension has statements 1 to 4: x answers 5 and 3 (mean 4), y answers 2."""
    answers = pd.DataFrame([("x", 1, 5.0), ("x", 4, 3.0), ("y", 1, 2.0)], columns=["respondent", "item", "answer"])
    row = planned.dimensions(STUDY, answers.assign(moment="t0")).iloc[0]
    assert row["dimension_of_checklist"] == STUDY.checklist[0].id
    assert (row["mean"], row["n"]) == (3.0, 2) and row["agreeing"] == pytest.approx(100 / 3)


# --- public figures ---


def figures(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["unit", "indicator", "population", "year", "value", "table_id"])


def test_less_than_two_points_is_equal_and_tables_are_not_joined():
    context = figures(
        ("nederland", "lonely", "18_plus", 2020, 47.0, "A"), ("kampen", "lonely", "18_plus", 2020, 45.1, "A"),
        ("winterswijk", "lonely", "18_plus", 2020, 49.0, "A"), ("kampen", "stress", "18_plus", 2020, 30.0, "A"),
        ("nederland", "stress", "18_plus", 2020, 40.0, "B"), ("kampen", "inhabitants", "total", 2020, 54319.0, "A"),
        ("nederland", "inhabitants", "total", 2020, 17407585.0, "A"),
    )  # fmt: skip
    table = planned.compared(STUDY, context, "all")
    assert table[["area", "against", "difference"]].to_numpy().tolist() == [
        ["kampen", "equal", -1.9], ["winterswijk", "higher", 2.0],
    ]  # fmt: skip
    assert planned.compared(STUDY, context, "hardenberg")["note"].str.startswith("not estimable").all()


def test_the_country_alone_by_the_last_two_years_of_one_table():
    context = figures(
        ("nederland", "lonely", "18_plus", 2012, 39.6, "A"), ("nederland", "lonely", "18_plus", 2016, 43.4, "A"),
        ("nederland", "lonely", "18_plus", 2020, 47.0, "A"), ("nederland", "lonely", "18_plus", 2022, 49.2, "B"),
    )  # fmt: skip
    table = planned.expected(STUDY, context).set_index("wave")
    assert table["year"].unique().tolist() == ["2016-2020"] and set(table["outcome"]) == {"de_jong_gierveld_6"}
    np.testing.assert_allclose(table.loc[["t1", "t2"], "expected"], [0.45, 0.9])  # 3.6 points in four years
    none = planned.expected(STUDY, context.iloc[-1:])
    why = "not estimable, because no outcome has a public indicator that is known in two years"
    assert none["note"].tolist() == [why]
