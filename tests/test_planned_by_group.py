"""The start by group: means that add up to the whole, and tests against R's t.test, by hand and with R's own data."""

import numpy as np
import pandas as pd
import pytest

from analysis import planned, store

STUDY = "samen_in_beweging"
# extra hours of sleep of ten people with each of two drugs (Student 1908, data set `sleep` of R)
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def given(scores: dict[str, list[float]], units=("kampen", "hardenberg")) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People with these scores on one outcome at the start, by sex; one more whose sex is unknown."""
    rows = [(sex, value) for sex, values in scores.items() for value in values] + [(None, 1.5)]
    names = [f"p{at}" for at in range(len(rows))]
    unit = [units[at % len(units)] for at in range(len(rows))]
    persons = pd.DataFrame({"person": names, "unit": unit, "sex": [sex for sex, _ in rows]})
    measures = pd.DataFrame(
        {"person": names, "unit": unit, "outcome": "mhi5", "wave": "t0", "value": [value for _, value in rows]}
    )
    later = measures.assign(wave="t1", value=99.0)
    return pd.concat([measures, later], ignore_index=True), persons


def test_groups_add_up_to_everybody():
    measures, persons = given({"man": FIRST, "woman": SECOND})
    table = planned.crossings(store.study(STUDY), measures, persons).set_index("level")
    assert table["n"].to_dict() == {"all": 21, "man": 10, "woman": 10, "unknown": 1}
    assert table["mean"].to_dict() == pytest.approx({"all": 32.3 / 21, "man": 0.75, "woman": 2.33, "unknown": 1.5})


def test_the_p_value_is_that_of_r():
    """R: t.test(extra ~ group, sleep), Welch: t = -1.8608, df = 17.776, p-value = 0.07939."""
    measures, persons = given({"man": FIRST, "woman": SECOND})
    [row] = planned.crossing_tests(store.study(STUDY), measures, persons).to_dict("records")
    assert (row["level"], row["other"], row["n"], row["note"]) == ("man", "woman", 10, "")
    assert row["p_value"] == pytest.approx(0.07939, abs=5e-6)


@pytest.mark.parametrize(("method", "factor"), [("bonferroni", 3), ("benjamini_hochberg", 3 / 2)])
def test_the_plan_corrects_over_all_tests(method, factor):
    """Three groups, two of them alike: p is 0.07939 twice and 1 once; Benjamini-Hochberg takes 3/2 of the second."""
    measures, persons = given({"man": FIRST, "woman": SECOND, "other": FIRST})
    study = store.study(STUDY)
    plan = study.model_copy(update={"multiplicity": study.multiplicity.model_copy(update={"secondary": method})})
    table = planned.crossing_tests(plan, measures, persons).set_index(["level", "other"])
    assert table.loc[("man", "woman"), "p_adjusted"] == pytest.approx(0.07939 * factor, abs=2e-5)
    assert table.loc[("man", "other"), "p_adjusted"] == 1


def test_a_small_group_or_one_without_spread_is_not_tested():
    measures, persons = given({"man": FIRST[:9], "woman": SECOND})
    [row] = planned.crossing_tests(store.study(STUDY), measures, persons).to_dict("records")
    assert np.isnan(row["p_value"]) and np.isnan(row["p_adjusted"]) and "too small" in row["note"]
    measures, persons = given({"man": [1.0] * 10, "woman": [2.0] * 10})
    [row] = planned.crossing_tests(store.study(STUDY), measures, persons).to_dict("records")
    assert np.isnan(row["p_value"]) and "not estimable" in row["note"]


def test_one_of_several_units_has_no_groups():
    measures, persons = given({"man": FIRST, "woman": SECOND}, units=("kampen",))
    for make in (planned.crossings, planned.crossing_tests):
        assert make(store.study(STUDY), measures, persons).empty
