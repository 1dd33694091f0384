"""Action plans, embedding, work across domains, adoption and residents' part, by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.process import action_plans, adoption, collaboration, embedding, experience, involvement


def dated(table, *columns):
    return table.assign(**{name: pd.to_datetime(table[name]) for name in columns})


PLANS = dated(
    pd.DataFrame(
        [
            ("plan", "2020-01-01", "2020-03-01", "2020-03-11", "done"),  # ten days late
            ("plan", "2020-01-01", "2020-04-30", "2020-04-10", "done"),  # twenty days early
            ("delivery", "2020-03-01", "2020-05-01", None, "open"),
        ],
        columns=["phase", "opened", "due", "closed", "status"],
    ),
    "opened",
    "due",
    "closed",
)


def test_phases_with_delays_and_what_fell_in_a_lockdown():
    lockdown = pd.DataFrame({"start": ["2020-03-15"], "end": ["2020-06-01"]})
    table = action_plans(PLANS, phases=["plan", "delivery", "embedding"], periods=lockdown, as_of="2020-05-31")
    rows = table.set_index("phase")
    assert rows.loc["plan", ["n", "denominator", "delay"]].tolist() == [2, 2, -5]
    assert rows.loc["delivery", ["n", "late", "open_delay"]].tolist() == [0, 1, 30]
    assert rows.loc["delivery", "in_periods"] == pytest.approx(47 / 61)  # 15 March to 1 May of 1 March to 1 May
    assert rows.loc["plan", "in_periods"] == pytest.approx(46 / (60 + 120))  # only the second plan: to 30 April
    assert "no action was made in this phase" in rows.loc["embedding", "note"]
    assert rows.loc["plan", "last_due"] == pd.Timestamp("2020-04-30")


ANCHORED = pd.DataFrame(
    [
        ("x", "t0", "budget", 0),
        ("x", "t0", "hours", 1),
        ("x", "t1", "budget", 2),
        ("x", "t1", "hours", 1),
        ("y", "t1", "budget", 1),
    ],
    columns=["unit", "moment", "element", "score"],
)


def test_embedding_is_a_percent_of_what_can_be_had():
    table = embedding(ANCHORED, by="unit").set_index(["unit", "moment", "element"])
    assert table.loc[("x", "t0", "all"), ["score", "percent"]].tolist() == [1, 25]
    assert table.loc[("x", "t1", "all"), ["score", "percent", "change"]].tolist() == [3, 75, 50]
    assert table.loc[("x", "t1", "budget"), "change"] == 100


def test_not_scored_is_not_absent():
    table = embedding(ANCHORED, by="unit", elements=["budget", "hours", "owner"]).set_index(
        ["unit", "moment", "element"]
    )
    assert "it was not scored" in table.loc[("x", "t0", "owner"), "note"]
    assert table.loc[("y", "t1", "all"), ["percent", "scored"]].tolist() == [50, 1]
    assert table.loc[("y", "t1", "all"), "note"] == "1 of 3 elements scored"
    assert np.isnan(table.loc[("y", "t0", "all"), "percent"]) and np.isnan(table.loc[("y", "t1", "all"), "change"])


SESSIONS = dated(
    pd.DataFrame(
        [
            ("2020-01-01", "sport; welfare", 2),
            ("2020-02-01", "sport;welfare;health", 4),
            ("2020-03-01", "welfare", None),
        ],
        columns=["date", "domains", "score"],
    ),
    "date",
)


def test_who_sat_at_the_table_and_how_integral_it_was():
    table = collaboration(SESSIONS, known=["sport", "welfare", "health", "work_income"]).set_index(["measure", "value"])
    assert table.loc[("integration", ""), ["n", "mean"]].tolist() == [2, 3]
    assert table.loc[("domains", ""), ["n", "mean"]].tolist() == [3, 2]
    assert table.loc[("wide", "3 or more"), ["n", "denominator"]].tolist() == [1, 3]
    assert table.loc[("present", "welfare"), "percent"] == 100 and table.loc[("present", "work_income"), "n"] == 0
    none = collaboration(SESSIONS, as_of="2019-01-01")
    assert none["note"].str.contains("not estimable").all()


def test_adoption_is_of_those_invited():
    data = pd.DataFrame(
        [
            ("a", "sport", "yes", "yes"),
            ("b", "sport", "yes", "no"),
            ("c", "care", "yes", None),
            ("d", "care", "no", "yes"),
        ],
        columns=["organisation", "domain", "invited", "took_part"],
    )
    table = adoption(data, adopted="took_part").set_index("group")
    assert table.loc["all", ["n", "denominator"]].tolist() == [1, 3]
    assert table.loc["all", "note"] == "1 took part without being invited; 1 not known to have taken part"
    assert table.loc["sport", "percent"] == 50 and table.loc["care", "percent"] == 0
    nobody = adoption(data.assign(invited="no"), adopted="took_part").set_index("group")
    assert "no organisation was invited" in nobody.loc["all", "note"]


OCCASIONS = dated(
    pd.DataFrame(
        [
            ("x", "2020-01-01", "working_group", "consulted", 3, 4, 2),
            ("x", "2020-02-01", "working_group", "deciding", 2, 1, 1),
            ("x", "2020-03-01", "learning_network", "informed", 0, 0, 0),
            ("y", "2020-03-01", "learning_network", "informed", 0, 0, 0),
        ],
        columns=["unit", "date", "setting", "step", "residents", "points_raised", "points_done"],
    ),
    "date",
)


def test_the_ladder_counts_occasions_with_residents():
    table = involvement(OCCASIONS, by="unit").set_index(["unit", "measure", "value"])
    assert table.loc[("x", "with residents", ""), ["n", "denominator"]].tolist() == [2, 3]
    assert table.loc[("x", "step", "deciding"), ["n", "denominator"]].tolist() == [1, 2]
    assert table.loc[("x", "step", "informed"), "n"] == 0  # nobody was there to be informed
    assert table.loc[("x", "at least advising", ""), "percent"] == 50
    assert table.loc[("x", "points done", ""), ["n", "denominator", "percent"]].tolist() == [3, 5, 60]


def test_a_step_that_is_not_on_the_ladder_is_shown_and_not_lost():
    steps = involvement(OCCASIONS.assign(step=["hired", None, "informed", "informed"])).query("measure == 'step'")
    assert steps.set_index("value")["n"].loc[["hired", "unknown"]].tolist() == [1, 1] and steps["n"].sum() == 2


def test_absence_is_a_result():
    table = involvement(OCCASIONS, by="unit", levels=["x", "y", "z"], settings=["learning_network", "advisory_board"])
    rows = table.set_index(["unit", "measure", "value"])
    assert rows.loc[("y", "with residents", ""), "note"] == "residents were never there"
    assert rows.loc[("y", "with residents", ""), "percent"] == 0
    assert "no involvement was recorded" in rows.loc[("z", "with residents", ""), "note"]
    assert "nobody was heard" in rows.loc[("x", "setting", "advisory_board"), "note"]
    assert rows.loc[("x", "setting", "learning_network"), ["n", "denominator"]].tolist() == [0, 1]
    assert "residents raised no point" in rows.loc[("y", "points done", ""), "note"]


MARKS = dated(
    pd.DataFrame(
        [
            ("a", "2020-01-01", 5),
            ("a", "2020-06-01", 7),
            ("b", "2020-01-01", 9),
            ("c", "2020-01-01", 11),
            ("d", "2020-01-01", None),
        ],
        columns=["person", "date", "score"],
    ).assign(role="resident"),
    "date",
)


def test_the_last_possible_mark_of_each_person_counts():
    row = experience(MARKS).squeeze()
    assert row[["n", "mean", "median"]].tolist() == [2, 8, 8] and row["note"] == "1 marks outside 0-10 left out"
    assert row["lower"] == 0 and row["upper"] == 10  # 8 -/+ 12.7, within what a mark can be
    assert experience(MARKS, as_of="2020-03-01")["mean"].item() == 7


def test_who_gave_no_mark_was_not_heard_and_one_mark_has_no_limits():
    table = experience(MARKS, role="role", roles=["resident", "front_line"]).set_index("role")
    assert "nobody of this group gave a mark" in table.loc["front_line", "note"]
    assert table.loc["resident", "n"] == 2
    one = experience(MARKS.iloc[[2]]).squeeze()
    assert one["mean"] == 9 and np.isnan(one["lower"]) and one["note"] == "one mark: no limits"


def test_the_middle_of_a_phase_in_time():
    """Plan: opened twice on 1 January, due 1 March and 30 April, so in the middle 31 March (12:00 on the 30th)."""
    rows = action_plans(PLANS, phases=["plan", "delivery"], as_of="2020-05-31").set_index("phase")
    assert rows.loc["plan", "middle_opened"] == pd.Timestamp("2020-01-01")
    assert rows.loc["plan", "middle_due"] == pd.Timestamp("2020-03-31")
    assert rows.loc["plan", "middle_closed"] == pd.Timestamp("2020-03-26")  # between 11 March and 10 April
    assert pd.isna(rows.loc["delivery", "middle_closed"])
