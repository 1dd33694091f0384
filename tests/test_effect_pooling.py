"""Summaries over units against metafor, adaptive quadrature in R, and the published eight schools."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.effect import partial_pooling, random_effects

R = json.loads((Path(__file__).parent / "reference" / "pooling.json").read_text())


def estimates(name: str) -> pd.DataFrame:
    return (
        pd.DataFrame(R["data"][name])
        .assign(outcome="y", contrast="T1 - T0", n=10)
        .assign(unit=lambda d: [f"u{k}" for k in range(len(d))])
    )


@pytest.mark.parametrize("case", R["random_effects"], ids=lambda c: f"{c['set']}-{c['estimator']}-{c['test']}")
def test_agrees_with_metafor(case: dict):
    inference = {"knha": "HKSJ", "z": "Wald"}[case["test"]]
    found = random_effects(estimates(case["set"]), tau2=case["estimator"], inference=inference)
    assert len(found) == 1
    if inference == "HKSJ" and len(estimates(case["set"])) == 2:  # metafor gives 12.7 standard errors either side
        assert found["note"].iloc[0].startswith("not estimable, because it has 1.0 degrees of freedom")
        assert found[["estimate", "lower", "upper"]].isna().all(axis=None) and "predict_lower" not in found
        return
    rtol = 1e-6 if case["estimator"] == "DL" else 1e-5
    for key in ("estimate", "std_error", "lower", "upper", "p_value", "tau2", "i2", "q", "q_p"):
        np.testing.assert_allclose(found[key].iloc[0], case[key], rtol=rtol, atol=1e-8, err_msg=key)
    for key in ("predict_lower", "predict_upper"):
        np.testing.assert_allclose(found[key].iloc[0], case[key], rtol=1e-5, atol=1e-7, err_msg=key)
    assert found["n_clusters"].iloc[0] == len(estimates(case["set"]))


@pytest.mark.parametrize(("case", "name", "prior", "scale"), [
    ("schools_uniform", "schools", "uniform", None), ("schools_half_cauchy", "schools", "half-cauchy", 5.0),
    ("six_half_normal", "six", "half-normal", 1.0)])  # fmt: skip
def test_partial_pooling_agrees_with_quadrature(case: str, name: str, prior: str, scale: float | None):
    found = partial_pooling(estimates(name), prior=prior, prior_scale=scale)
    want = pd.DataFrame(R["partial_pooling"][case])
    assert list(found["unit"]) == ["all", *estimates(name)["unit"]]
    for key in want:
        np.testing.assert_allclose(found[key], want[key], rtol=2e-4, atol=2e-3 * want["std_error"].min(), err_msg=key)


def test_eight_schools_as_published():
    """Gelman et al., Bayesian Data Analysis, table 5.3: quantiles of school A (-2, 31) and C (-11, 19), 200 draws."""
    found = partial_pooling(estimates("schools"))
    a, c = found.iloc[1], found.iloc[3]
    assert [round(a["lower"]), round(c["upper"])] == pytest.approx([-2, 19], abs=2)
    assert [a["upper"], c["lower"]] == pytest.approx([31, -11], abs=2.5)


@pytest.mark.parametrize("summary", [random_effects, partial_pooling])
@pytest.mark.parametrize("broken", [{"std_error": np.inf}, {"estimate": -np.inf}, {"std_error": 0.0}])
def test_a_unit_with_an_infinite_number_is_left_out_and_named(summary, broken):
    units = pd.DataFrame({"unit": list("abcde"), "estimate": [1.0, 2, 4, 3, 2], "std_error": 1.0})
    more = pd.concat([units, pd.DataFrame([{"unit": "f", "estimate": 3.0, "std_error": 1.0} | broken])])
    wanted, found = (summary(rows).set_index("unit").loc["all"] for rows in (units, more))
    assert found[["estimate", "lower", "upper"]].tolist() == wanted[["estimate", "lower", "upper"]].tolist()
    assert "without f (no estimate or no standard error)" in found["note"]
