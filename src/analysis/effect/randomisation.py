"""Tests on one number per cluster: Student's t, sign flips and re-assignment, each with the interval it implies."""

from itertools import combinations, product

import numpy as np
import pandas as pd

from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.inversion import ENUMERATED, above_floor, assignments, invert, share
from analysis.effect.linear import as_terms, codes, columns_missing, design, identified, least_squares


def per_cluster(data: pd.DataFrame, formula: str, cluster: str) -> pd.DataFrame:
    """Coefficients fitted in each cluster apart (rows: clusters; columns: terms, NaN where not identified).

    A column name stands for its mean, `name ~ 1`. `attrs` hold the outcome's name and the number of rows used.
    """
    given = design(data, formula, needed=[cluster])
    if not given.n:
        found = pd.DataFrame(columns=["Intercept"], dtype=float)
        found.attrs = {"outcome": given.outcome, "n": 0}
        return found
    members = data[cluster].iloc[given.rows].to_numpy()
    found = pd.DataFrame(np.nan, index=pd.unique(members), columns=[*given.terms, *given.aliased])
    for name in found.index:
        inside = members == name
        found.loc[name, list(given.terms)] = _coefficients(given.x[inside], given.y[inside])
    found.attrs = {"outcome": given.outcome, "n": given.n}
    return found


def _coefficients(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least squares; NaN for all terms unless every one is identified, as a partly aliased fit means something else."""
    kept, aliased = identified(x)
    if aliased or len(y) < len(kept):
        return np.full(x.shape[1], np.nan)
    found = np.linalg.lstsq(x, y, rcond=None)[0]
    rounding = 1e-12 * np.abs(y).max() / np.maximum(np.abs(x).max(axis=0), 1e-300)
    return np.where(np.abs(found) > rounding, found, 0.0)


def cluster_summaries(data: pd.DataFrame, formula: str, *, cluster: str, level: float = 0.95) -> pd.DataFrame:
    """Mean of the clusters' own estimates with Student's t on G - 1: one row a term, every cluster counting equally.

    `formula` is an outcome column (its mean per cluster) or a formula fitted within each cluster (Donald & Lang 2007;
    Ibragimov & Mueller 2010). Clusters in which the formula cannot be fitted are left out and counted in the note.
    """
    return _summaries(data, formula, cluster, "cluster means, t(G-1)", lambda values: _student(values, level))


def _summaries(data: pd.DataFrame, formula: str, cluster: str, method: str, test) -> pd.DataFrame:
    columns_missing(data, [cluster])
    found = per_cluster(data, formula, cluster)
    rows = []
    for term in found.columns:
        values = found[term].dropna().to_numpy()
        known = {"outcome": found.attrs["outcome"], "contrast": term, "method": method, "n": found.attrs["n"],
                 "n_clusters": len(values)}  # fmt: skip
        if not len(values):
            rows.append(not_estimable("in no cluster can the formula be fitted", **known))
        elif len(values) == 1:
            rows.append(not_estimable("there is one cluster", **known))
        elif np.ptp(values) <= 1e-12 * np.abs(values).max():
            rows.append(not_estimable("all clusters have the same value", **known))
        else:
            left = len(found) - len(values)
            note = f"{left} clusters in which the formula cannot be fitted are left out" if left else ""
            rows.append({**known, "note": note, **test(values)})
    return frame(rows)


def _student(values: np.ndarray, level: float) -> dict:
    return interval(values.mean(), values.std(ddof=1) / np.sqrt(len(values)), len(values) - 1, level=level)


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

    return _summaries(data, formula, cluster, "sign flips of cluster estimates", test)


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


def _row(p_value, estimate: float, error: float, floor: float, level: float) -> dict:
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
    covariates: tuple[str, ...] = (),
    draws: int = 9999,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Difference of treated and other clusters' mean outcome, tested by re-assigning the treatment: one row.

    `treatment` is 0/1 and constant within a cluster. Every cluster counts equally; `covariates` are taken out first by
    a regression without the treatment (two stages of Hayes & Moulton). All assignments with as many treated clusters
    up to 50,000, else `draws` of them. p is two-sided with ties counted; its floor is 1/N, or 2/N where as many
    clusters are treated as not (the mirror ties). The interval inverts the test under a constant effect. Assignment
    must have been random, or as good as.
    """
    columns_missing(data, [cluster, treatment])
    formula = f"{outcome if outcome not in data.columns else as_terms([outcome], data)[0]} ~ 1"
    given = design(data, " + ".join([formula, *as_terms(covariates, data)]), needed=[cluster, treatment])
    known = {"outcome": given.outcome, "contrast": treatment, "method": "re-assignment of clusters", "n": given.n}
    if not given.n:
        return frame([not_estimable("no row is complete", **known)])
    members, arm = codes(data.iloc[given.rows][[cluster]]), data[treatment].iloc[given.rows].to_numpy(float)
    counts = np.bincount(members)
    arms = np.bincount(members, weights=arm) / counts
    if not np.isin(arms, [0.0, 1.0]).all():
        raise ValueError(
            f"{treatment}: is not 0 or 1 and constant within {cluster}. Give a treatment of whole clusters"
        )
    values = np.bincount(members, weights=least_squares(given).residuals) / counts
    known["n_clusters"] = len(values)
    if not 0 < arms.sum() < len(arms):
        return frame(
            [not_estimable(f"no cluster of {cluster} is {'treated' if not arms.sum() else 'untreated'}", **known)]
        )
    if np.ptp(values) <= 1e-12 * np.abs(given.y).max():
        return frame([not_estimable("all clusters have the same value", **known)])
    return frame([{**known, **_reassigned(values, arms == 1, draws, rng, level)}])


def _reassigned(values: np.ndarray, treated: np.ndarray, draws: int, rng, level: float) -> dict:
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
