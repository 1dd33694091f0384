"""What else could explain a change: regression to the mean, the public trend, lockdowns, confounding, many tests."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from analysis.effect.bounds import at_bound, few
from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.exposure import lockdown_exposure
from analysis.effect.soundness import FEWEST_PERSONS
from analysis.effect.trend import national_trend
from analysis.effect.waves import contrast, levels, paired_waves, require_columns, units

__all__ = ["e_value", "lockdown_exposure", "multiplicity", "national_trend", "regression_to_mean"]


def regression_to_mean(
    data: pd.DataFrame, outcome: str, *, time: str, person: str, reliability: float, reference_mean: float,
    by: str | None = None, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Change to expect without any programme, (1 - reliability) (reference_mean - mean at first wave), and beyond it.

    `reliability` is the test-retest correlation over the interval (0-1) and `reference_mean` the mean of the population
    that persons were selected from, both in published form and taken as known. Three rows a contrast, for persons with
    both values: `observed`, `expected from regression to the mean`, `observed beyond regression to the mean`, whose t
    limits use each person's own expected change. The last row's `beyond_expected` is True when that interval excludes
    zero on the side of the observed change. Source: Barnett et al. 2005, Int J Epidemiol 34(1).
    """
    if not 0 <= reliability <= 1:
        raise ValueError(f"reliability is {reliability}: give the test-retest correlation, between 0 and 1")
    require_columns(data, [outcome, time, person, by])
    waves, rows = levels(data[time], planned=True), []
    if len(waves) < 2:
        reason = f"only one wave ({waves[0]}) has values" if waves else f"{time} has no value"
        known = {"outcome": outcome, "method": "observed beyond regression to the mean"}
        return frame([not_estimable(reason, **known, unit=unit) for unit, _ in units(data, by)])
    for unit, part in units(data, by):
        wide = paired_waves(part, outcome, time=time, person=person, waves=waves)
        for wave in waves[1:]:
            both = wide[[waves[0], wave]].dropna().to_numpy()
            ceiling = [at_bound(both[:, at], both, where=f"at {each}") for at, each in enumerate((waves[0], wave))]
            known = {"outcome": outcome, "unit": unit, "contrast": contrast(wave, waves[0]), "n": len(both)}
            known["note"] = "; ".join(filter(None, [few(len(both)), *ceiling]))
            change = both[:, 1] - both[:, 0]
            rows += _regression_rows(change, (1 - reliability) * (reference_mean - both[:, 0]), known, level)
    return frame(rows)


def _regression_rows(change: np.ndarray, expected: np.ndarray, known: dict, level: float) -> list[dict]:
    parts = {
        "observed": change,
        "expected from regression to the mean": expected,
        "observed beyond regression to the mean": change - expected,
    }
    rows = []
    for method, values in parts.items():
        row = {**known, "method": method}
        if len(values) < FEWEST_PERSONS:
            reason = f"{len(values)} persons have a value at both waves (at least {FEWEST_PERSONS} are needed)"
            rows.append(row | not_estimable(reason))
            continue
        error = values.std(ddof=1) / np.sqrt(len(values))
        if error <= 1e-12 * max(1.0, np.abs(values).max()):
            rows.append(row | {"estimate": values.mean(), "note": "the same for every person: no interval"})
            continue
        rows.append(row | interval(values.mean(), error, len(values) - 1, level=level))
    last = rows[-1]
    if "lower" in last:
        last["beyond_expected"] = bool(last["lower"] > 0 if change.mean() > 0 else last["upper"] < 0)
    return rows


_TO_RISK_RATIO = {
    "risk_ratio": lambda x: x,
    "rare_odds_ratio": lambda x: x,
    "rare_hazard_ratio": lambda x: x,
    "odds_ratio": np.sqrt,
    "hazard_ratio": lambda x: (1 - 0.5 ** np.sqrt(x)) / (1 - 0.5 ** np.sqrt(1 / x)),
    "standardised_difference": lambda x: np.exp(0.91 * x),
}


def e_value(estimates: pd.DataFrame, *, measure: str = "risk_ratio", logged: bool = False) -> pd.DataFrame:
    """E-values (VanderWeele & Ding 2017): how strong, as a risk ratio, unmeasured confounding must be to explain all.

    Adds `e_value` (for the estimate) and `e_value_limit` (for the limit nearest to no effect; 1 when the interval holds
    it) to a frame with estimate, lower, upper. `measure`: risk_ratio, odds_ratio or hazard_ratio of a common outcome
    (rare_ prefix below 15 %), or standardised_difference. `logged`: the three are logarithms of a ratio.
    Only for estimates with a comparator: without one there is no effect to explain. Raises ValueError for a ratio <= 0.
    """
    if measure not in _TO_RISK_RATIO:
        raise ValueError(f"measure is {measure!r}: choose one of {', '.join(_TO_RISK_RATIO)}")
    require_columns(estimates, ["estimate", "lower", "upper"])
    values = estimates[["estimate", "lower", "upper"]].to_numpy(float)
    values = np.exp(values) if logged else values
    if measure != "standardised_difference" and (values <= 0).any():
        raise ValueError(f"{measure}: a value is zero or negative. Give ratios, or logarithms with logged=True")
    ratio, lower, upper = _TO_RISK_RATIO[measure](values).T
    nearest = np.where(ratio >= 1, np.maximum(lower, 1), np.minimum(upper, 1))
    return estimates.assign(e_value=_e_value(ratio), e_value_limit=_e_value(nearest))


def _e_value(ratio: np.ndarray) -> np.ndarray:
    away = np.where(ratio < 1, 1 / ratio, ratio)
    return away + np.sqrt(away * (away - 1))


def _stepwise(p: np.ndarray, *, up: bool) -> np.ndarray:
    """Holm (step down) and Hochberg (step up): the k-th smallest of n p-values times n - k + 1, made monotone.

    Own code because statsmodels' Holm collects garbage on every call (0.1 s a family).
    """
    order = np.argsort(p)
    scaled = p[order] * np.arange(len(p), 0, -1)
    steps = np.minimum.accumulate(scaled[::-1])[::-1] if up else np.maximum.accumulate(scaled)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


_ADJUST = {
    "holm": partial(_stepwise, up=False),
    "hochberg": partial(_stepwise, up=True),
    "bonferroni": lambda p: np.minimum(p * len(p), 1.0),
    "bh": partial(stats.false_discovery_control, method="bh"),
    "by": partial(stats.false_discovery_control, method="by"),
}


def multiplicity(
    estimates: pd.DataFrame, *, family: str | None = None, methods: Sequence[str] = ("holm", "bh")
) -> pd.DataFrame:
    """Adjusted p-values within each family: adds `p_<method>` and `family_size` to `estimates`.

    `family` names a column whose levels are families (None: all rows are one). `methods`: holm (confirmatory), bh
    (Benjamini-Hochberg, secondary), bonferroni, hochberg, by (Benjamini-Yekutieli). Rows without a p-value or without
    a family stay NaN and are not counted: a test that could not be done is no test. Confidence limits are not adjusted.
    """
    unknown = [method for method in methods if method not in _ADJUST]
    if unknown:
        raise ValueError(f"methods {', '.join(unknown)}: choose among {', '.join(_ADJUST)}")
    require_columns(estimates, ["p_value", family])
    p = estimates["p_value"].to_numpy(float, na_value=np.nan)
    codes = np.zeros(len(p), dtype=int) if family is None else pd.factorize(estimates[family])[0]
    added = {name: np.full(len(p), np.nan) for name in ("family_size", *(f"p_{method}" for method in methods))}
    for code in range(codes.max(initial=-1) + 1):
        tested = ~np.isnan(p) & (codes == code)
        added["family_size"][tested] = tested.sum()
        for method in methods if tested.any() else ():
            added[f"p_{method}"][tested] = _ADJUST[method](p[tested])
    return estimates.assign(**added)
