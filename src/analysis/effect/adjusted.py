"""Analysis of covariance: groups compared at equal baseline, with adjusted means."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.effect.bounds import at_bound, warned
from analysis.effect.clusters import regression_rows
from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.linear import Design, Kind, as_terms, columns_missing, design, least_squares, listed, quoted


def ancova(
    data: pd.DataFrame,
    outcome: str,
    *,
    baseline: str,
    group: str,
    covariates: Sequence[str] = (),
    reference: object = None,
    cluster: str | Sequence[str] | None = None,
    kind: Kind | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Outcome regressed on its baseline and the group: one row a term, then an adjusted mean per group.

    Terms are named by patsy (`group[T.level]`: that level minus `reference`, by default the first level in sorted or
    categorical order). Adjusted means (contrast `adjusted mean: level`) are predictions at the mean of baseline and
    covariates in the rows used. Classical standard errors unless `kind` or `cluster` (then CR2) says otherwise;
    adjusted means have classical ones always. Where groups were not randomised the contrast describes (Lord's paradox).
    """
    columns_missing(data, [outcome, baseline, group])
    data = data.assign(**{group: _levels(data[group], reference)})
    formula = " + ".join([f"{quoted(outcome)} ~ {quoted(baseline)}", *as_terms(covariates, data), quoted(group)])
    columns = listed(cluster)
    given = design(data, formula, needed=columns)
    rows = regression_rows(given, data, columns, kind or ("CR2" if columns else "classical"), level=level)
    rows = rows.assign(method="analysis of covariance" + rows["method"].str.removeprefix("least squares"))
    if not given.n or least_squares(given).exact:
        return rows
    means = _adjusted_means(given, group, data[group], level)
    means = warned(means, f"the standard error does not allow for {' and '.join(columns)}" if columns else "")
    return warned(pd.concat([rows, means], ignore_index=True), at_bound(given.y))


def _levels(values: pd.Series, reference: object) -> pd.Categorical:
    kind = isinstance(values.dtype, pd.CategoricalDtype)
    levels = list(values.cat.remove_unused_categories().cat.categories) if kind else sorted(values.dropna().unique())
    if reference is not None and reference not in levels:
        raise ValueError(f"reference {reference!r} is no level of {values.name}: {', '.join(map(str, levels))}")
    first = [] if reference is None else [reference]
    return pd.Categorical(values, categories=[*first, *(level for level in levels if level not in first)])


def _adjusted_means(given: Design, group: str, values: pd.Series, level: float) -> pd.DataFrame:
    fit = least_squares(given)
    df = given.n - given.parameters
    scale = np.sum(fit.residuals**2) / df
    prefix, average, rows = f"{quoted(group)}[T.", given.x.mean(axis=0), []
    dummies = np.array([term.startswith(prefix) for term in given.terms])
    used = values.iloc[given.rows]
    for name in used.cat.categories:
        at = np.where(dummies, [term == f"{prefix}{name}]" for term in given.terms], average)
        known = {"outcome": given.outcome, "contrast": f"adjusted mean: {name}", "method": "analysis of covariance",
                 "n": int((used == name).sum())}  # fmt: skip
        row = interval(at @ fit.coefficients, np.sqrt(scale * at @ fit.bread @ at), df, level=level)
        empty = not known["n"]
        rows.append(not_estimable("the group has no complete row", **known) if empty else {**known, **row})
    return frame(rows)
