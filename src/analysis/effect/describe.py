"""Table 1: who they are, per group, with missing counts and standardised differences; no p-values for balance."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from analysis.effect.waves import levels, require_columns


def table_one(
    data: pd.DataFrame, variables: Sequence[str], *, by: str | None = None, weights: str | None = None
) -> pd.DataFrame:
    """Long Table 1: columns variable, level, group, measure, value, n (persons with a value in that group), note.

    Groups are `all` and, with `by`, each of its levels. Numeric variables give mean, sd, median, q1, q3; others, and
    numbers that are only 0 and 1, give count and percent (of those with a value) per level. Every variable gives
    n and missing. With `by`, `standardised_difference` rows follow (see there). `weights` names a column: means, SDs,
    quantiles and percents are weighted; n, missing and count stay numbers of rows. Raises ValueError for an absent
    column.
    """
    require_columns(data, [*variables, by, weights])
    groups = [("all", data)] + ([(str(level), data[data[by] == level]) for level in levels(data[by])] if by else [])
    rows = []
    for name in variables:
        steps = _steps(data[name])
        for group, part in groups:
            weight = np.ones(len(part)) if weights is None else part[weights].to_numpy(float)
            summary = _numeric(part[name], weight) if steps is None else _categorical(part[name], weight, steps)
            rows += [{"variable": name, "group": group, **row} for row in summary]
    table = pd.DataFrame(rows, columns=["variable", "level", "group", "measure", "value", "n"])
    table["note"] = np.where(table["value"].isna(), "not estimable, because there are too few values", "")
    if by is None or len(groups) < 3:
        return table
    differences = standardised_difference(data, variables, by=by, weights=weights)
    differences = differences.assign(measure="standardised_difference", level="")
    return pd.concat([table, differences[table.columns]], ignore_index=True)


def standardised_difference(
    data: pd.DataFrame, variables: Sequence[str], *, by: str, weights: str | None = None
) -> pd.DataFrame:
    """Standardised difference of each group: columns variable, group, reference, value, n, note.

    With two groups the second is compared with the first; with more, each with all the others together. Numeric:
    difference of means over the root of the mean of the two variances; two levels: the same for the share of the
    second level; more levels: Mahalanobis distance of the shares, never negative (Yang & Dalton 2012). Weighted
    variances as in Austin & Stuart 2015. A value that cannot be had (no spread, fewer than two persons) is NaN with
    a note.
    """
    require_columns(data, [*variables, by, weights])
    groups = levels(data[by])
    compared = [(groups[1], groups[0])] if len(groups) == 2 else [(group, "others") for group in groups]
    weight = pd.Series(1.0, data.index) if weights is None else data[weights].astype(float)
    rows = []
    for name in variables:
        steps, seen = _steps(data[name]), data[name].notna() & data[by].notna()
        for group, reference in compared:
            one, other = seen & (data[by] == group), seen & (data[by] != group)
            value, note = _difference(data[name], weight, one, other, steps)
            row = {"variable": name, "group": str(group), "reference": str(reference), "value": value}
            rows.append(row | {"n": int(one.sum()), "note": note})
    return pd.DataFrame(rows, columns=["variable", "group", "reference", "value", "n", "note"])


def _steps(column: pd.Series) -> list | None:
    """Levels of a categorical variable; None for a number that takes other values than 0 and 1."""
    numeric = is_numeric_dtype(column) and not is_bool_dtype(column)
    if numeric and not (column.notna().any() and column.dropna().isin([0, 1]).all()):
        return None
    return [0, 1] if numeric else levels(column, planned=True)


def _counts(column: pd.Series) -> list[dict]:
    n = int(column.notna().sum())
    found = {"n": n, "missing": len(column) - n}
    return [{"level": "", "measure": measure, "value": float(value), "n": n} for measure, value in found.items()]


def _numeric(column: pd.Series, weight: np.ndarray) -> list[dict]:
    seen = column.notna().to_numpy()
    values, weight = column.to_numpy(float, na_value=np.nan)[seen], weight[seen]
    mean, variance = _moments(values, weight)
    q1, median, q3 = _quantiles(values, weight)
    found = {"mean": mean, "sd": np.sqrt(variance), "median": median, "q1": q1, "q3": q3}
    n = len(values)
    return _counts(column) + [
        {"level": "", "measure": key, "value": float(value), "n": n} for key, value in found.items()
    ]


def _categorical(column: pd.Series, weight: np.ndarray, steps: list) -> list[dict]:
    rows, seen = _counts(column), column.notna().to_numpy()
    for step in steps:
        members = (column == step).to_numpy(bool, na_value=False)
        share = 100 * weight[members].sum() / weight[seen].sum() if seen.any() else np.nan
        cell = {"level": str(step), "n": int(seen.sum())}
        rows.append(cell | {"measure": "count", "value": float(members.sum())})
        rows.append(cell | {"measure": "percent", "value": share})
    return rows


def _moments(values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Weighted mean and variance; with equal weights the usual n - 1 variance. NaN where there is too little."""
    total = weight.sum()
    if total <= 0:
        return np.nan, np.nan
    mean = weight @ values / total
    freedom = total**2 - weight @ weight
    return mean, total / freedom * (weight @ (values - mean) ** 2) if freedom > 0 else np.nan


def _quantiles(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Quartiles: linear between order statistics (R type 7); with unequal weights, by cumulative weight."""
    if len(values) == 0:
        return np.full(3, np.nan)
    if np.ptp(weight) == 0:
        return np.quantile(values, [0.25, 0.5, 0.75])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    return values[order][np.searchsorted(reached, np.array([0.25, 0.5, 0.75]) - 1e-12)]


def _difference(
    column: pd.Series, weight: pd.Series, one: pd.Series, other: pd.Series, steps: list | None
) -> tuple[float, str]:
    if steps is None:
        spread, gap = [], []
        for part in (one, other):
            mean, variance = _moments(column[part].to_numpy(float), weight[part].to_numpy())
            gap.append(mean)
            spread.append(variance)
        gap, variance = np.array([gap[0] - gap[1]]), np.array([[np.mean(spread)]])
    else:
        shares = np.array([[weight[part & (column == step)].sum() for step in steps[1:]] for part in (one, other)])
        totals = np.array([weight[one].sum(), weight[other].sum()])
        if (totals <= 0).any():
            return np.nan, "not estimable, because a group has no value"
        shares = shares / totals[:, None]
        gap = shares[0] - shares[1]
        variance = sum(np.diag(share) - np.outer(share, share) for share in shares) / 2
    return _distance(gap, variance)


def _distance(gap: np.ndarray, variance: np.ndarray) -> tuple[float, str]:
    """Signed distance for one dimension, Mahalanobis distance for more; empty levels drop out."""
    kept = np.diag(variance) > 0
    if np.isnan(variance).any():
        return np.nan, "not estimable, because a group has fewer than two values"
    if not np.abs(gap).max(initial=0.0) > 0:
        return 0.0, ""
    if (np.abs(gap[~kept]) > 0).any():
        return np.nan, "not estimable, because neither group varies"
    if kept.sum() == 1:
        return float(gap[kept][0] / np.sqrt(variance[kept][:, kept][0, 0])), ""
    inverse = np.linalg.pinv(variance[np.ix_(kept, kept)], hermitian=True)
    return float(np.sqrt(gap[kept] @ inverse @ gap[kept])), ""
