"""Sensitivity analyses: published p-value adjustments and E-values, hand-worked trends and lockdowns, a known truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.effect import e_value, lockdown_exposure, multiplicity, national_trend, regression_to_mean

CASES = json.loads((Path(__file__).parent / "reference" / "open_cases.json").read_text())["cases"]
OPEN = {case["id"]: case for case in CASES}


def test_open_case_adjusted_p_values():
    case = OPEN["O28_bh1995"]
    methods = {"bh": "bh", "holm": "holm", "bonferroni": "bonf", "by": "by", "hochberg": "hochberg"}
    found = multiplicity(pd.DataFrame({"p_value": case["data"]["p"]}), methods=tuple(methods))
    for method, key in methods.items():
        np.testing.assert_allclose(found[f"p_{method}"], case["expected"][key], atol=1e-9, err_msg=method)
    assert ((found["p_bh"] <= 0.05).sum(), (found["p_bonferroni"] <= 0.05).sum()) == (4, 3)


def test_families_are_adjusted_apart_and_absent_tests_do_not_count():
    data = pd.DataFrame(
        {"role": ["a", "b", "a", "b", None], "p_value": [0.01, 0.02, 0.03, np.nan, 0.04]}, index=[7] * 5
    )
    found = multiplicity(data, family="role", methods=("holm", "bonferroni"))
    np.testing.assert_allclose(found["p_holm"], [0.02, 0.02, 0.03, np.nan, np.nan])
    np.testing.assert_allclose(found["p_bonferroni"], [0.02, 0.02, 0.06, np.nan, np.nan])
    np.testing.assert_array_equal(found["family_size"].iloc[:3], [2, 1, 2])
    with pytest.raises(ValueError, match="sidak"):
        multiplicity(data, methods=("sidak",))


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=20))
def test_adjusting_never_lowers_a_p_value(p: list):
    found = multiplicity(pd.DataFrame({"p_value": p}), methods=("holm", "bh", "bonferroni", "hochberg", "by"))
    columns = found.filter(regex="^p_(?!value)")
    assert (columns.sub(found["p_value"], axis=0) >= -1e-12).all().all() and columns.max().max() <= 1


def test_e_values_as_published():
    """VanderWeele & Ding 2017, Ann Intern Med: risk ratio 3.9 (1.8 to 8.7) has E-values 7.26 and 3.0."""
    found = e_value(
        pd.DataFrame({"estimate": [3.9, 1 / 3.9, 1.1], "lower": [1.8, 1 / 8.7, 0.9], "upper": [8.7, 1 / 1.8, 1.3]})
    )
    np.testing.assert_allclose(found["e_value"].round(2).iloc[:2], 7.26)
    np.testing.assert_allclose(found["e_value_limit"], [3.0, 3.0, 1.0], atol=1e-9)


def test_e_values_of_other_measures_by_hand():
    """Odds ratio 4 is about risk ratio 2: 2 + sqrt(2). d = 0.5: exp(0.455) = 1.5762; hazard ratio 2: 1.5 / ..."""
    row = pd.DataFrame({"estimate": [4.0], "lower": [1.0], "upper": [9.0]})
    assert e_value(row, measure="odds_ratio")["e_value"].iloc[0] == pytest.approx(2 + np.sqrt(2))
    assert e_value(np.log(row), measure="odds_ratio", logged=True)["e_value"].iloc[0] == pytest.approx(2 + np.sqrt(2))
    d = e_value(pd.DataFrame({"estimate": [0.5], "lower": [0.1], "upper": [0.9]}), measure="standardised_difference")
    assert d["e_value"].iloc[0] == pytest.approx(1.5762 + np.sqrt(1.5762 * 0.5762), rel=1e-4)
    hazard = e_value(pd.DataFrame({"estimate": [2.0], "lower": [1.5], "upper": [3.0]}), measure="hazard_ratio")
    ratio = (1 - 0.5**1.4142136) / (1 - 0.5**0.7071068)
    assert hazard["e_value"].iloc[0] == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)), rel=1e-6)
    with pytest.raises(ValueError, match="logged=True"):
        e_value(pd.DataFrame({"estimate": [-0.5], "lower": [-1], "upper": [0.1]}))
    with pytest.raises(ValueError, match="measure is 'mean'"):
        e_value(row, measure="mean")


def long(before: list, after: list) -> pd.DataFrame:
    n = len(before)
    frame = {"person": [*range(n), *range(n)], "wave": ["T0"] * n + ["T1"] * n, "y": [*before, *after]}
    return pd.DataFrame(frame).astype({"y": float})


RTM = {"time": "wave", "person": "person", "reliability": 0.8, "reference_mean": 70}


def test_regression_to_the_mean_by_hand():
    """Mean 50 at T0, population 70, r = .8: 0.2 x 20 = 4 expected; observed 6, so 2 beyond, with the paired error."""
    data = long([40, 50, 60, 50], [48, 55, 67, 54])
    found = regression_to_mean(data, "y", **RTM).set_index("method")
    assert found["estimate"].tolist() == pytest.approx([6, 4, 2])
    each = np.array([8, 5, 7, 4]) - 0.2 * (70 - np.array([40, 50, 60, 50]))
    beyond = found.loc["observed beyond regression to the mean"]
    assert beyond["std_error"] == pytest.approx(each.std(ddof=1) / 2) and beyond["df"] == 3
    assert beyond["beyond_expected"] == (beyond["lower"] > 0)


def test_pure_regression_to_the_mean_is_recognised():
    """People selected for low scores of a trait that does not change: the observed change is the expected one."""
    rng = np.random.default_rng(8)
    trait = rng.normal(50, np.sqrt(80), 40000)
    first, second = trait + rng.normal(0, np.sqrt(20), 40000), trait + rng.normal(0, np.sqrt(20), 40000)
    low = first < 45
    data = long(list(first[low]), list(second[low]))
    found = regression_to_mean(data, "y", **(RTM | {"reference_mean": 50})).set_index("method")["estimate"]
    assert found["observed"] > 1.5 and abs(found["observed beyond regression to the mean"]) < 0.2


def test_regression_to_the_mean_without_enough_pairs():
    found = regression_to_mean(long([1, 2], [2, np.nan]), "y", **RTM)
    assert found["note"].str.startswith("not estimable, because 1 persons have a value at both waves").all()
    assert regression_to_mean(long([1, 2, 4], [2, 3, 6]), "y", **RTM)["estimate"].notna().all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        regression_to_mean(long([1, 2], [2, 3]), "y", **(RTM | {"reliability": 80}))


def trend() -> pd.DataFrame:
    """Made-up shares; two scales that must not be mixed."""
    return pd.DataFrame(
        {
            "scale": ["eleven", "eleven", "six"], "cutoff": [3, 3, 2], "share": [0.40, 0.50, 0.10],
            "date": pd.to_datetime(["2020-01-01", "2020-12-31", "2020-01-01"]),
        }
    )  # fmt: skip


def scores() -> pd.DataFrame:
    """Ten persons half-way through the year: six of ten lonely (3 or more)."""
    return pd.DataFrame({"person": range(10), "wave": "T0", "y": [3, 4, 5, 6, 7, 11, 0, 1, 2, 2], "date": "2020-07-01"})


TREND = {"time": "wave", "date": "date", "scale": "eleven", "cutoff": 3}


def test_the_public_trend_is_interpolated_to_the_day():
    """182 of 365 days: 0.40 + 0.10 x 182/365 = 0.449863; own share 0.6."""
    found = national_trend(scores(), "y", trend=trend(), **TREND).iloc[0]
    assert found["trend_share"] == pytest.approx(0.4 + 0.1 * 182 / 365) and found["share"] == 0.6
    assert found["estimate"] == pytest.approx(0.6 - found["trend_share"])
    # Wilson for 6 of 10: 0.3127 to 0.8318
    assert [found["lower"] + found["trend_share"], found["upper"] + found["trend_share"]] == pytest.approx(
        [0.3127, 0.8318], abs=1e-4
    )
    assert np.isnan(found["p_value"]) and "effect" not in found["method"]


def test_other_scales_and_cut_offs_are_refused_and_dates_outside_not_extrapolated():
    with pytest.raises(ValueError, match="not comparable"):
        national_trend(scores(), "y", trend=trend(), **(TREND | {"scale": "six"}))
    with pytest.raises(ValueError, match="cut-off 9"):
        national_trend(scores(), "y", trend=trend(), **(TREND | {"cutoff": 9}))
    with pytest.raises(ValueError, match="divide by 100"):
        national_trend(scores(), "y", trend=trend().assign(share=40.0), **TREND)
    late = national_trend(scores().assign(date="2021-06-01"), "y", trend=trend(), **TREND).iloc[0]
    assert late["note"] == "not estimable, because dates lie outside the public trend, which is not extrapolated"
    few = national_trend(scores().head(2), "y", trend=trend(), **TREND).iloc[0]
    assert few["note"].startswith("not estimable, because 2 persons")


def test_low_scores_may_be_what_counts():
    up = national_trend(scores(), "y", trend=trend(), **TREND)["share"].iloc[0]
    down = national_trend(scores(), "y", trend=trend(), at_or_above=False, **TREND)["share"].iloc[0]
    assert (up, down) == (0.6, 0.5)


PERIODS = pd.DataFrame(
    {"start": ["2020-12-15", "2021-01-23", "2020-03-15"], "end": ["2021-04-28", "2021-04-28", "2020-06-01"]}
)


def test_lockdown_days_by_hand():
    """All of spring 2020 is 78 days; 1 to 15 May 2020 is 14; the curfew lies within the winter lockdown; July has 0."""
    rows = [
        ("2020-01-01", "2020-07-01", 78), ("2020-05-01", "2020-05-15", 14), ("2021-01-01", "2021-02-01", 31),
        ("2020-07-01", "2020-08-01", 0), ("2020-05-31", "2020-12-16", 2), ("2020-05-01", "2020-05-01", 0),
    ]  # fmt: skip
    data = pd.DataFrame(rows, columns=["t0", "t1", "want"]).astype({"t0": "datetime64[ns]", "t1": "datetime64[ns]"})
    found = lockdown_exposure(data, PERIODS, start="t0", end="t1")
    assert found["lockdown_days"].tolist() == data["want"].tolist() and "lockdown_days" not in data


def test_lockdown_days_without_a_date_are_missing_and_turned_dates_refused():
    data = pd.DataFrame(
        {"t0": pd.to_datetime(["2020-01-01", None]), "t1": pd.to_datetime(["2020-07-01", "2020-07-01"])}
    )
    assert lockdown_exposure(data, PERIODS, start="t0", end="t1")["lockdown_days"].isna().tolist() == [False, True]
    with pytest.raises(ValueError, match="1 rows"):
        lockdown_exposure(data, PERIODS, start="t1", end="t0")


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 900), st.integers(0, 400), st.integers(0, 400))
def test_lockdown_days_add_up_over_consecutive_intervals(begin: int, first: int, second: int):
    day = pd.Timestamp("2019-12-01")
    cuts = [day + pd.Timedelta(days=k) for k in (begin, begin + first, begin + first + second)]
    data = pd.DataFrame({"t0": [cuts[0], cuts[1], cuts[0]], "t1": [cuts[1], cuts[2], cuts[2]]})
    a, b, whole = lockdown_exposure(data, PERIODS, start="t0", end="t1")["lockdown_days"]
    assert a + b == whole and whole <= first + second
