"""One estimate per cluster, and what their spread says: the plainest inference for few clusters."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.effect.bounds import few_units
from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.linear import columns_missing, design, identified


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
    return per_term(data, formula, cluster, "cluster means, t(G-1)", lambda values: _student(values, level))


def per_term(
    data: pd.DataFrame, formula: str, cluster: str, method: str, test: Callable[[np.ndarray], dict]
) -> pd.DataFrame:
    """One row a term: `test` turns the clusters' own estimates (G numbers that differ) into columns of the row."""
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
            row = test(values)
            notes = [row.get("note", ""), "" if "estimate" not in row else few_units(len(values), "clusters")]
            notes += [f"{left} clusters in which the formula cannot be fitted are left out"] if left else []
            rows.append({**known, **row, "note": "; ".join(filter(None, notes))})
    return frame(rows)


def _student(values: np.ndarray, level: float) -> dict:
    return interval(values.mean(), values.std(ddof=1) / np.sqrt(len(values)), len(values) - 1, level=level)
