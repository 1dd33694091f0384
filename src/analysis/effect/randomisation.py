"""Tests on one number per cluster: sign flips and re-assignment, each with the interval it implies."""

from collections.abc import Callable, Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd

from analysis.effect.estimates import frame, not_estimable
from analysis.effect.inversion import ENUMERATED, above_floor, assignments, invert, share
from analysis.effect.linear import Design, as_terms, codes, columns_missing, design, least_squares, quoted
from analysis.effect.summaries import per_term


def sign_flip(
    data: pd.DataFrame,
    formula: str,
    *,
    cluster: str,
    draws: int = 9999,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Sign-flip test of the clusters' own estimates (Canay, Romano & Shaikh 2017): one row a term.

    Under the null each cluster's estimate is as likely above as below zero. All 2^G flips up to 50,000, else `draws`
    (then `rng` is needed). Two-sided p with ties counted, never below 2/2^G; the interval inverts the test.
    """

    def test(values: np.ndarray) -> dict:
        return _flip(values, draws, rng, level)

    return per_term(data, formula, cluster, "sign flips of cluster estimates", test)


def _flip(values: np.ndarray, draws: int, rng: np.random.Generator | None, level: float) -> dict:
    groups = len(values)
    enumerated = 2.0**groups <= ENUMERATED
    if enumerated:
        signs = np.array(list(product([1.0, -1.0], repeat=groups)))
    else:
        signs = np.where(_needed(rng).random((draws, groups)) < 0.5, -1.0, 1.0)
    sums, totals = signs @ values, signs.sum(axis=1)

    def p_value(value: float) -> float:
        return share(np.abs(sums - value * totals), values.sum() - value * groups, enumerated=enumerated)

    floor = 2.0 / 2.0**groups if enumerated else max(2.0 / 2.0**groups, 1 / (draws + 1))
    return _row(p_value, values.mean(), values.std(ddof=1) / np.sqrt(groups), floor, level)


def _needed(rng: np.random.Generator | None) -> np.random.Generator:
    if rng is None:
        raise ValueError(f"rng: more than {ENUMERATED:,} assignments, so they are drawn. Pass a numpy Generator")
    return rng


def _row(p_value: Callable[[float], float], estimate: float, error: float, floor: float, level: float) -> dict:
    limits = invert(p_value, estimate, error, level)
    row = {"estimate": estimate, "std_error": error, "lower": limits.lower, "upper": limits.upper,
           "p_value": above_floor(p_value(0.0), floor), "p_floor": floor}  # fmt: skip
    if np.isinf(limits.lower) or np.isinf(limits.upper):
        row["note"] = f"the {level:.0%} confidence set is unbounded: p cannot be below {floor:.4g}"
    return row


def randomisation_test(
    data: pd.DataFrame,
    outcome: str,
    *,
    cluster: str,
    treatment: str,
    covariates: str | Sequence[str] = (),
    draws: int = 9999,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Difference of treated and other clusters' mean outcome, tested by re-assigning the treatment: one row.

    `outcome` is a column, or a formula whose other terms join `covariates`; `treatment` is 0/1 and constant within a
    cluster. Every cluster counts equally; covariates are taken out first by a regression without the treatment (two
    stages of Hayes & Moulton). All assignments with as many treated clusters
    up to 50,000, else `draws` of them. p is two-sided with ties counted; its floor is 1/N, or 2/N where as many
    clusters are treated as not (the mirror ties). The interval inverts the test under a constant effect. Assignment
    must have been random, or as good as.
    """
    columns_missing(data, [cluster, treatment])
    formula = _without(outcome if "~" in outcome else f"{as_terms(outcome, data)[0]} ~ 1", treatment)
    given = design(data, " + ".join([formula, *as_terms(covariates, data)]), needed=[cluster, treatment])
    known = {"outcome": given.outcome, "contrast": treatment, "method": "re-assignment of clusters", "n": given.n}
    if not given.n:
        return frame([not_estimable("no row is complete", **known)])
    values, arms = _means(data, given, cluster, treatment)
    known["n_clusters"] = len(values)
    if not 0 < arms.sum() < len(arms):
        which = "untreated" if arms.any() else "treated"
        return frame([not_estimable(f"no cluster of {cluster} is {which}", **known)])
    if np.ptp(values) <= 1e-12 * np.abs(given.y).max():
        return frame([not_estimable("all clusters have the same value", **known)])
    return frame([{**known, **_reassigned(values, arms == 1, draws, rng, level)}])


def _means(data: pd.DataFrame, given: Design, cluster: str, treatment: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean adjusted outcome and arm (0 or 1) of every cluster."""
    used = data.iloc[given.rows]
    members = codes(used[[cluster]])
    counts = np.bincount(members)
    arms = np.bincount(members, weights=used[treatment].to_numpy(float)) / counts
    if not np.isin(arms, [0.0, 1.0]).all():
        raise ValueError(f"{treatment}: is not 0 or 1 and constant within {cluster}. Give one arm a cluster")
    return np.bincount(members, weights=least_squares(given).residuals) / counts, arms


def _without(formula: str, treatment: str) -> str:
    """The formula without the treatment's own term: the first stage adjusts the outcome and does not know the arm."""
    from patsy import ModelDesc

    found = ModelDesc.from_formula(formula)
    kept = [term.name() for term in found.rhs_termlist if term.name() not in ("Intercept", quoted(treatment))]
    return f"{found.lhs_termlist[0].name()} ~ {' + '.join(['1', *kept])}"


def _reassigned(
    values: np.ndarray, treated: np.ndarray, draws: int, rng: np.random.Generator | None, level: float
) -> dict:
    groups, size = len(values), int(treated.sum())
    total = assignments(groups, size)
    enumerated = total <= ENUMERATED
    if enumerated:
        chosen = np.zeros((total, groups))
        np.put_along_axis(chosen, np.array(list(combinations(range(groups), size))), 1.0, axis=1)
    else:
        chosen = (np.argsort(_needed(rng).random((draws, groups)), axis=1) < size).astype(float)
    contrast = chosen / size - (1 - chosen) / (groups - size)
    differences, moved = contrast @ values, contrast @ treated
    estimate = values[treated].mean() - values[~treated].mean()

    def p_value(value: float) -> float:
        return share(np.abs(differences - value * moved), estimate - value, enumerated=enumerated)

    least = (2 if 2 * size == groups else 1) / total
    parts = (values[treated], values[~treated])
    error = np.sqrt(sum(np.var(part, ddof=1) / len(part) for part in parts)) if min(map(len, parts)) > 1 else 0.0
    # equal values within both arms leave a standard error of zero; the search for the limits needs some scale
    error = error if error > 1e-12 * np.abs(values).max() else values.std(ddof=1)
    return _row(p_value, estimate, error, least if enumerated else max(least, 1 / (draws + 1)), level)
