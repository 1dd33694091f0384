"""Reach and representativeness against the target population, by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.process import reach, reaim, representativeness

DIMENSION_ORDER = ("reach", "effectiveness", "adoption", "implementation", "maintenance")

PEOPLE = pd.DataFrame({"person": list("aabcd"), "unit": ["x", "x", "x", "y", "z"]})
TARGET = pd.DataFrame({"unit": ["x", "y", "w"], "population": [500, 250, 100], "source": ["cbs", "cbs", "rivm"]})


def test_people_count_once_per_thousand_of_the_target_population():
    table = reach(PEOPLE, TARGET).set_index("unit")
    assert list(table.loc[["x", "y", "w"], "rate"]) == [4, 4, 0]  # 2 of 500, 1 of 250, none of 100
    assert table.loc["x", "lower"] < 4 < table.loc["x", "upper"] and table.loc["w", "upper"] > 0
    assert table.loc["w", "source"] == "rivm"


def test_a_unit_without_a_population_is_said_and_left_out_of_the_total():
    table = reach(PEOPLE, TARGET).set_index("unit")
    assert np.isnan(table.loc["z", "rate"]) and "its target population is not known" in table.loc["z", "note"]
    assert list(table.loc["all", ["n", "denominator"]]) == [3, 850]
    assert table.loc["all", "rate"] == pytest.approx(3000 / 850) and "without z" in table.loc["all", "note"]


def test_more_people_than_the_population_has_is_not_a_rate():
    table = reach(PEOPLE, TARGET.assign(population=[1, 250, 100])).set_index("unit")
    assert np.isnan(table.loc["x", "rate"]) and "more people were reached than it has" in table.loc["x", "note"]
    assert table.loc["y", "rate"] == 4


# Eight participants against a population of which 40 % live alone, 50 % are women, mean age 75 (sd 6).
EIGHT = pd.DataFrame(
    {
        "person": range(8),
        "sex": ["f"] * 6 + ["m"] * 2,
        "alone": ["yes", "yes", "no", "no", "no", None, "no", "no"],
        "age": [70, 72, 74, 76, 78, 80, 82, 84.0],
        "origin": ["nl"] * 8,
    }
)
POPULATION = pd.DataFrame(
    [
        ("sex", "f", 50, None, None),
        ("alone", "yes", 40, None, None),
        ("age", None, None, 75, 6),
        ("origin", "other", 10, None, None),
    ],
    columns=["characteristic", "category", "percent", "mean", "sd"],
)


def test_standardised_difference_and_equity_ratio_by_hand():
    table = representativeness(EIGHT, POPULATION).set_index("characteristic")
    women = table.loc["sex"]
    assert women["d"] == pytest.approx(0.25 / np.sqrt((0.75 * 0.25 + 0.25) / 2))  # 75 % against 50 %
    assert women["equity_ratio"] == pytest.approx((6 / 0.5) / (2 / 0.5))  # women are reached three times as often
    assert women["equity_lower"] == pytest.approx(3 * np.exp(-1.959963985 * np.sqrt(1 / 6 + 1 / 2)))
    assert women["mark"] == "flagged"
    age = table.loc["age"]
    assert age["mean"] == 77 and age["d"] == pytest.approx(2 / np.sqrt((24 + 36) / 2))


def test_the_unknown_leave_the_denominator_and_are_counted():
    alone = representativeness(EIGHT, POPULATION).set_index("characteristic").loc["alone"]
    assert alone["equity_ratio"] == pytest.approx((2 / 0.4) / (5 / 0.6))
    assert (alone["n"], alone["denominator"]) == (2, 7) and "1 people with an unknown value" in alone["note"]


def test_a_group_that_nobody_belongs_to_is_a_result():
    other = representativeness(EIGHT, POPULATION).set_index("characteristic").loc["origin"]
    assert other["percent"] == 0 and other["upper"] > 0 and other["equity_ratio"] == 0
    assert np.isnan(other["equity_upper"]) and "nobody of this group takes part" in other["note"]


INDICATORS = pd.DataFrame(
    [
        ("reach", "person", "started of target population", 30, 1200, None),
        ("effectiveness", "person", "change in loneliness", None, 25, -0.4),
        ("adoption", "setting", "practices that referred", 6, 10, None),
        ("maintenance", "setting", "municipalities with a budget line", 3, None, None),
    ],
    columns=["dimension", "level", "indicator", "numerator", "denominator", "estimate"],
)


def test_re_aim_has_all_dimensions_and_says_which_were_not_measured():
    table = reaim(INDICATORS)
    assert len(table) == 6 and list(table["dimension"].unique()) == list(DIMENSION_ORDER)
    rows = table.set_index(["dimension", "level"])
    assert rows.loc[("reach", "person"), ["n", "denominator", "percent"]].tolist() == [30, 1200, 2.5]
    assert rows.loc[("adoption", "setting"), "percent"] == 60
    assert "no indicator of implementation at the level of setting" in rows.loc[("implementation", "setting"), "note"]
    assert "numerator or denominator is not known" in rows.loc[("maintenance", "setting"), "note"]
    effect = rows.loc[("effectiveness", "person")]
    assert effect["estimate"] == -0.4 and np.isnan(effect["percent"]) and effect["denominator"] == 25


def test_re_aim_refuses_more_than_everybody_and_dimensions_it_does_not_know():
    more = reaim(INDICATORS.assign(numerator=[3000, None, 6, 3])).set_index(["dimension", "level"])
    assert "exceeds its denominator" in more.loc[("reach", "person"), "note"]
    assert more.loc[("reach", "person"), ["percent", "lower", "upper"]].isna().all()
    with pytest.raises(ValueError, match="fun"):
        reaim(INDICATORS.assign(dimension="fun"))
