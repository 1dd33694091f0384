"""Dose, fidelity and adaptations by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.process import adaptations, dose, fidelity

# a: 3 contacts, 2 literal sessions; b: 1 contact, 1 figurative session of unknown length; c: nothing.
RECEIVED = pd.DataFrame(
    [
        ("a", "coach", None, 30, "2020-01-01"),
        ("a", "coach", None, 30, "2020-02-01"),
        ("a", "coach", None, 60, "2020-03-01"),
        ("a", "session", "literal", 60, "2020-02-01"),
        ("a", "session", "literal", 90, "2020-02-08"),
        ("b", "coach", None, 30, "2020-01-01"),
        ("b", "session", "figurative", None, "2020-03-01"),
    ],
    columns=["person", "contact", "kind", "minutes", "date"],
).assign(date=lambda data: pd.to_datetime(data["date"]))
EVERYBODY = pd.DataFrame({"person": ["a", "b", "c"], "unit": ["x", "x", "y"]})


def test_who_received_nothing_counts_as_zero():
    table = dose(RECEIVED, people=EVERYBODY).set_index(["kind", "measure"])
    contacts = table.loc[("all", "contacts")]
    assert contacts[["n", "total", "median"]].tolist() == [3, 4, 1] and contacts["q3"] == 2  # 0, 1, 3
    assert (contacts["n_enough"], contacts["percent"]) == (1, pytest.approx(100 / 3))
    assert table.loc[("literal", "sessions"), "total"] == 2 and table.loc[("figurative", "sessions"), "total"] == 1


def test_hours_of_somebody_with_unknown_minutes_are_unknown():
    hours = dose(RECEIVED, people=EVERYBODY).set_index(["kind", "measure"]).loc[("all", "hours")]
    assert hours["n"] == 2 and hours["total"] == 4.5 and "1 people with unknown minutes left out" in hours["note"]


def test_without_the_list_of_people_the_table_says_whom_it_leaves_out():
    contacts = dose(RECEIVED).set_index(["kind", "measure"]).loc[("all", "contacts")]
    some = dose(RECEIVED, people=EVERYBODY.tail(2)).set_index(["kind", "measure"]).loc[("all", "contacts")]
    assert some[["n", "total"]].tolist() == [2, 1] and some["note"] == "5 rows of people not in the list left out"
    assert contacts["n"] == 2 and contacts["percent"] == 50 and "only people with at least one row" in contacts["note"]


def test_per_unit_and_as_known_on_a_day():
    table = dose(RECEIVED, people=EVERYBODY, by="unit", levels=["x", "y", "z"], as_of="2020-01-31")
    contacts = table[table["measure"] == "contacts"].set_index("unit")
    assert list(contacts["total"]) == [2, 0, 0] and list(contacts["n"]) == [2, 1, 0]
    assert "not estimable, because there is nobody" in contacts.loc["z", "note"]


CHECKED = pd.DataFrame(
    [
        ("1", "talk", "yes", "yes"), ("1", "feedback", "yes", "no"), ("1", "offer", "no", "no"),
        ("2", "talk", "yes", "yes"), ("2", "feedback", "yes", "yes"), ("2", "offer", "no", "yes"),
        ("3", "talk", "yes", None),
    ],
    columns=["case", "element", "applicable", "delivered"],
).assign(unit=["x"] * 6 + ["y"])  # fmt: skip


def test_fidelity_is_delivered_of_applicable():
    table = fidelity(CHECKED, elements=["talk", "feedback", "offer", "fit"]).set_index("element")
    assert table.loc["feedback", ["n", "denominator", "percent"]].tolist() == [1, 2, 50]
    assert (
        table.loc["talk", ["n", "denominator"]].tolist() == [2, 2] and "1 unknown left out" in table.loc["talk", "note"]
    )
    assert "applied to no case" in table.loc["offer", "note"] and "though not applicable" in table.loc["offer", "note"]
    assert "applied to no case" in table.loc["fit", "note"]
    every = table.loc["all"]
    assert every[["n", "denominator", "cases", "case_median", "complete"]].tolist() == [3, 4, 2, 75, 50]
    assert np.isnan(every["lower"]) and table.loc["feedback", "lower"] > 0


def test_fidelity_of_a_unit_with_nothing_known_is_said():
    table = fidelity(CHECKED, by="unit").set_index(["unit", "element"])
    assert "not estimable" in table.loc[("y", "all"), "note"] and table.loc[("x", "all"), "percent"] == 75


LOG = pd.DataFrame(
    [
        ("2020-03-20", "x", "digital", "covid", "coach", "no", "yes"),
        ("2020-09-01", "x", "outdoors", "covid", None, "yes", "yes"),
    ],
    columns=["date", "unit", "what", "why", "who", "planned", "consistent"],
).assign(date=lambda data: pd.to_datetime(data["date"]))


def test_adaptations_are_counted_per_aspect_with_the_unknown():
    table = adaptations(LOG).set_index(["aspect", "value"])
    assert table.loc[("why", "covid"), ["n", "denominator", "percent"]].tolist() == [2, 2, 100]
    assert table.loc[("who", "unknown"), "n"] == 1 and table.loc[("planned", "no"), "percent"] == 50


def test_no_logged_adaptation_is_a_statement():
    table = adaptations(LOG, by="unit", levels=["x", "y"], as_of="2020-04-01").set_index("unit")
    assert "no adaptation was logged" in table.loc["y", "note"]
    assert table[table["aspect"] == "what"]["value"].tolist() == ["digital"]
