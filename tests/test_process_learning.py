"""Meetings, checklist, action points and the learning loop by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.process import action_points, checklist, learning_loop, meetings, new_since, previous_meeting

# Unit x: m1 held in person with two residents, m2 planned and not held, m3 held digitally without being planned;
# unit y: one meeting planned, not held.
MEETINGS = pd.DataFrame(
    [
        ("m1", "x", "2020-02-01", "live", "yes", "yes", "resident", 4, 2, 2),
        ("m1", "x", "2020-02-01", "live", "yes", "yes", "policy", 5, 4, 2),
        ("m2", "x", "2020-05-01", None, "yes", "no", "policy", 5, 0, 0),
        ("m3", "x", "2020-09-01", "digital", "no", "yes", "policy", 5, 5, 0),
        ("m4", "y", "2020-05-01", None, "yes", "no", "policy", 3, 0, 0),
    ],
    columns=["meeting", "unit", "date", "mode", "planned", "held", "role", "invited", "attended", "residents"],
).assign(date=lambda data: pd.to_datetime(data["date"]))


def test_held_of_planned_mode_residents_and_attendance():
    table = meetings(MEETINGS, by="unit").set_index(["unit", "measure", "value"])
    assert table.loc[("x", "held", ""), ["n", "denominator", "percent"]].tolist() == [1, 2, 50]
    assert table.loc[("x", "held", ""), "note"] == "1 held without being planned"
    assert table.loc[("x", "mode", "digital"), ["n", "denominator"]].tolist() == [1, 2]
    assert table.loc[("x", "with residents", ""), ["n", "denominator"]].tolist() == [1, 2]
    policy = table.loc[("x", "attendance", "policy")]
    assert policy[["n", "denominator", "percent", "per_meeting"]].tolist() == [9, 10, 90, 4.5] and np.isnan(
        policy["lower"]
    )


def test_a_share_of_units_keeps_its_numbers():
    """Trap 8: '3 of 6' is not '50 %'; every row has n and denominator, also this one."""
    table = meetings(MEETINGS, by="unit", levels=["x", "y", "z"])
    last = table.iloc[-1]
    assert last[["measure", "n", "denominator"]].tolist() == ["levels with a meeting", 1, 3]
    assert table[["n", "denominator"]].notna().all().all()
    assert "no meeting was planned" in table[(table["unit"] == "z") & (table["measure"] == "held")]["note"].item()
    assert (
        "no meeting was held" in table[(table["unit"] == "y") & (table["measure"] == "with residents")]["note"].item()
    )


def test_meetings_after_the_cut_off_are_not_known():
    """Trap 10: nothing of an earlier cut-off stays behind when it moves."""
    first, second, again = (
        meetings(MEETINGS, by="unit", as_of=day) for day in ("2020-02-01", "2020-12-31", "2020-02-01")
    )
    held = [
        table[(table["measure"] == "held") & (table["unit"] == "x")]["denominator"].item() for table in (first, second)
    ]
    assert held == [1, 2] and first[first["measure"] == "levels with a meeting"]["denominator"].item() == 2
    pd.testing.assert_frame_equal(first, again)


def test_unknown_numbers_invited_give_no_attendance_share():
    table = meetings(MEETINGS.assign(invited=None)).set_index(["measure", "value"])
    row = table.loc[("attendance", "policy")]
    assert row["n"] == 9 and np.isnan(row["percent"]) and "number invited is not known" in row["note"]


def answers(*values):
    return pd.DataFrame({"item": 1, "answer": values, "respondent": range(len(values)), "moment": "t0"})


def test_vectors_of_the_coordinated_action_checklist():
    every, mixed = checklist(answers(4, 4, 4)).squeeze(), checklist(answers(1, 3, 4, 5, None)).squeeze()
    assert every[["mean", "percent"]].tolist() == [4, 100]
    assert mixed[["mean", "percent", "n", "denominator"]].tolist() == [3.25, 50, 2, 4]
    assert mixed["note"] == "1 missing answers" and mixed["percent_disagree"] == 25
    assert "there is no answer" in checklist(answers(None, None))["note"].item()


def test_a_dimension_is_the_mean_of_respondents():
    """One partner answers both items (5 and 4), the other one item (2): means 4.5 and 2."""
    data = pd.DataFrame({"item": [1, 2, 1], "answer": [5, 4, 2], "respondent": ["a", "a", "b"], "moment": "t0"})
    table = checklist(data, dimensions={1: "task", 2: "task"}).set_index(["scope", "name"])
    row = table.loc[("dimension", "task")]
    assert row["mean"] == 3.25 and row["percent"] == pytest.approx(200 / 3) and np.isnan(row["lower"])


def test_thresholds_are_a_rule_of_thumb_and_say_so():
    """Trap 6: 20 % against is called a barrier, 80 % for a facilitator, never as established limits."""
    table = checklist(answers(5, 4, 4, 4, 1), thresholds=True)
    assert table["mark"].item() == "facilitator and barrier" and "not an established limit" in table["note"].item()
    assert checklist(answers(5, 4, 4, 3, 3), thresholds=True)["mark"].item() == ""
    assert "mark" not in checklist(answers(5, 4))


# On 1 June: a1 done in time, a2 late, a3 dropped, a4 closed later so still open, a5 not yet made.
ACTIONS = pd.DataFrame(
    [
        ("a1", "x", "m1", "finding", "2020-02-01", "2020-04-01", "2020-03-01", "done"),
        ("a2", "x", "m1", "resident", "2020-02-01", "2020-05-01", None, "open"),
        ("a3", "x", "m1", "policy", "2020-02-01", None, "2020-03-15", "dropped"),
        ("a4", "x", "m1", "policy", "2020-03-01", "2020-08-01", "2020-08-15", "done"),
        ("a5", "x", "m3", "finding", "2020-09-01", "2020-12-01", None, "open"),
    ],
    columns=["action", "unit", "meeting", "source", "opened", "due", "closed", "status"],
).assign(**{name: lambda data, name=name: pd.to_datetime(data[name]) for name in ("opened", "due", "closed")})


def test_action_points_as_they_stood_on_a_day():
    table = action_points(ACTIONS, as_of="2020-06-01").set_index("measure")
    assert table.loc[["done", "dropped", "late", "open"], "n"].tolist() == [1, 1, 1, 1]
    assert table.loc["done", ["denominator", "percent"]].tolist() == [4, 25]
    assert table.loc["done in time", ["n", "denominator"]].tolist() == [1, 2]  # a1 of a1 and a2
    assert table.loc["done in time", "note"] == "1 without a due date"


def test_done_by_or_after_the_due_date_with_the_others_adds_up_to_all_made():
    """On 31 December: a1 by its date, a4 two weeks after it, a2 and a5 late, a3 dropped."""
    table = action_points(ACTIONS, as_of="2020-12-31").set_index("measure")
    parts = ["done by the due date", "done after the due date", "late", "open", "dropped"]
    assert table.loc[parts, "n"].tolist() == [1, 1, 2, 0, 1] and set(table.loc[parts, "denominator"]) == {5}


def test_the_median_time_counts_open_points():
    """a1 after 29 days of 4 points, a3 leaves after 43, a4 after 167 of 2: S = 3/4, then 3/8; a2 and a5 stay open."""
    table = action_points(ACTIONS, as_of="2020-12-31").set_index("measure")
    assert table.loc["median days to done", "estimate"] == 167
    assert np.isnan(
        action_points(ACTIONS, as_of="2020-06-01").set_index("measure").loc["median days to done", "estimate"]
    )


def test_no_action_point_is_said():
    table = action_points(ACTIONS, by="unit", levels=["x", "y"], as_of="2020-01-01").set_index(["unit", "measure"])
    assert table["note"].str.contains("not estimable").all() and len(table) == 16


def test_the_loop_shows_what_is_new_since_the_previous_meeting():
    """On 1 September the previous held meeting is m1 (m2 was not held, m3 is that day)."""
    table = learning_loop(ACTIONS, MEETINGS, by="unit", as_of="2020-09-01").set_index("action")
    assert set(table["previous_meeting"]) == {pd.Timestamp("2020-02-01")}
    assert table["state_then"].tolist() == ["open", "open", "open", "not yet made", "not yet made"]
    assert table["change"].tolist() == ["done", "late", "dropped", "new", "new"]
    assert table.loc["a1", "discussed"] == pd.Timestamp("2020-02-01")
    later = learning_loop(ACTIONS, MEETINGS, by="unit", as_of="2020-12-31").set_index("action")
    assert later["change"].tolist() == ["same", "same", "same", "same", "late"]


def test_before_any_meeting_everything_is_new_and_before_any_action_nothing_is():
    first = learning_loop(ACTIONS, MEETINGS, as_of="2020-02-01")
    assert first["change"].tolist() == ["new"] * 3 and first["previous_meeting"].isna().all()
    none = learning_loop(ACTIONS, MEETINGS, as_of="2019-12-31")
    assert none["note"].item() == "no action point was made on or before 2019-12-31"


def test_what_is_new_since_the_previous_meeting_is_counted_per_unit():
    """On 1 September unit x met last on 1 February: a4 was made and closed since, a3 and a1 closed; y never met."""
    things = pd.concat([ACTIONS, ACTIONS.iloc[:1].assign(unit="y")])
    last = previous_meeting(MEETINGS, by="unit", levels=["x", "y"], as_of="2020-09-01")
    assert last["x"] == pd.Timestamp("2020-02-01") and pd.isna(last["y"])
    table = new_since(things, {"made": "opened", "closed": "closed"}, last, by="unit", as_of="2020-09-01")
    table = table.set_index(["unit", "indicator"])
    assert table.loc["x", ["n", "known"]].to_numpy().tolist() == [[2, 5], [3, 3]]  # a4, a5 of five; a1, a3, a4
    assert table.loc["y", ["n", "known"]].to_numpy().tolist() == [[1, 1], [1, 1]]
    assert table.loc[("y", "made"), "note"] == "no meeting was held before: everything is new"
