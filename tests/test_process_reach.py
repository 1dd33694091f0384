"""Reach and representativeness against the target population, by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.process import reach

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
