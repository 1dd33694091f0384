"""Standardised differences between two groups, for people who stay or leave and for treated and untreated."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.effect.bounds import few
from analysis.effect.estimates import frame, not_estimable


def contrasts(values: pd.Series) -> pd.DataFrame:
    """A covariate as numeric columns: itself when numeric, else one 0/1 column a level (missing stays missing)."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return pd.DataFrame({"": pd.to_numeric(values).astype(float)})
    levels = (
        values.cat.categories
        if isinstance(values.dtype, pd.CategoricalDtype)
        else sorted(values.dropna().unique(), key=str)
    )
    return pd.DataFrame({str(level): (values == level).astype(float).where(values.notna()) for level in levels})


def standardised_rows(
    data: pd.DataFrame, covariates: Sequence[str], group: np.ndarray, weights: np.ndarray, method: str
) -> pd.DataFrame:
    """Mean of `group` minus mean of the others, over the root of the mean of their two variances (Austin 2009).

    One row a covariate or level (in `contrast`), complete values only. The denominator is unweighted, so that weights
    show in the difference alone. Columns `mean_group`, `mean_others`, `n_group`, `n_others`, `n_missing` follow.
    """
    rows = []
    for name in covariates:
        for level, column in contrasts(data[name]).items():
            rows.append({"outcome": name, "contrast": level, "method": method, **_difference(column, group, weights)})
    return frame(rows)


def _difference(column: pd.Series, group: np.ndarray, weights: np.ndarray) -> dict:
    values, present = column.to_numpy(float), column.notna().to_numpy()
    one, two = present & group, present & ~group
    counts = {"n": int(present.sum()), "n_group": int(one.sum()), "n_others": int(two.sum()),
              "n_missing": int((~present).sum())}  # fmt: skip
    if not (weights[one].sum() > 0 and weights[two].sum() > 0):
        return not_estimable("one of the two groups has no observed value", **counts)
    mean, other = (np.average(values[part], weights=weights[part]) for part in (one, two))
    counts = {**counts, "mean_group": mean, "mean_others": other}
    binary = np.isin(values[present], [0.0, 1.0]).all()
    spreads = [_variance(values[part], binary) for part in (one, two)]
    pooled = np.sqrt(np.nanmean(spreads)) if not np.isnan(spreads).all() else 0.0
    if not pooled > 0:
        return not_estimable("the covariate does not vary within the groups", **counts)
    difference = (mean - other) / pooled
    sizes = 1 / one.sum() + 1 / two.sum()
    error = float(np.sqrt(sizes + difference**2 / (2 * (one.sum() + two.sum()))))
    limits = {"lower": difference - 1.959963984540054 * error, "upper": difference + 1.959963984540054 * error}
    return {**counts, "estimate": difference, "std_error": error, "df": np.inf, **limits, "note": few(counts["n"])}


def _variance(values: np.ndarray, binary: bool) -> float:
    if binary:
        return float(values.mean() * (1 - values.mean()))
    return float(np.var(values, ddof=1)) if len(values) > 1 else np.nan


def effective_size(weights: np.ndarray) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2; zero without weights."""
    squares = float(np.sum(weights**2))
    return float(np.sum(weights)) ** 2 / squares if squares > 0 else 0.0
