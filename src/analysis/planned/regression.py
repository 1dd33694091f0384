"""Regressions of the change since the first wave, or of the later score given the first: one a follow-up wave."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis import effect
from analysis.effect.clusters import regression_rows
from analysis.effect.linear import Design, identified
from analysis.planned.outcome_data import Primary
from analysis.planned.specification import Specification

ESTIMATE = "estimate"  # the term that is wanted, in a design made here


def regression(data: Primary, one: Specification) -> pd.DataFrame:
    """The change score (or the later score given the first) of each follow-up wave."""
    estimate = _MISSING[one.missing]
    return pd.concat([estimate(data, one, wave).assign(contrast=data.contrast(wave)) for wave in data.later])


def _pairs(data: Primary, one: Specification, wave: str) -> pd.DataFrame:
    """Least squares on those measured at both waves, or a method for few units on their change scores."""
    rows = _started(data, one).dropna(subset=[wave])
    rows = rows.assign(change=rows[wave] - rows[data.first])
    if one.inference in _OF_MEANS and not data.arm:
        return _OF_MEANS[one.inference](rows, "change", cluster="unit")
    if one.inference != "wild_bootstrap":
        return _fitted(data, one, rows, wave)
    given = _design(data, one, rows, wave)
    columns = [f"x{at}" for at in range(given.x.shape[1])]
    table = pd.DataFrame(given.x, columns=columns).assign(y=given.y, unit=rows["unit"].to_numpy())
    formula, term = f"y ~ 0 + {' + '.join(columns)}", columns[given.terms.index(ESTIMATE)]
    return effect.wild_bootstrap(table, formula, cluster="unit", term=term, rng=data.rng)


def _imputed(data: Primary, one: Specification, wave: str) -> pd.DataFrame:
    """The regression in each completed data set, pooled; with clusters their df enter as complete-data df."""
    return _pooled(data, one, data.completed, wave)


def _pooled(data: Primary, one: Specification, completed: pd.DataFrame, wave: str) -> pd.DataFrame:
    names = [name for name in one.given(data.covariates) if name not in completed]
    stack = completed.merge(data.persons[["person", *names]], on="person").dropna(subset=names) if names else completed
    parts = [_fitted(data, one, rows, wave).assign(imputation=number) for number, rows in stack.groupby("imputation")]
    return effect.pool(pd.concat(parts), df_complete="df")


def shifted(data: Primary, one: Specification, delta: float) -> pd.DataFrame:
    """The imputed analysis of the first follow-up with `delta` added to every score there that was imputed."""
    wave = data.later[0]
    missing = data.wide.set_index("person")[wave].isna()
    moved = data.completed[wave] + delta * data.completed["person"].map(missing).astype(float)
    found = _pooled(data, one, data.completed.assign(**{wave: moved}), wave)
    return found.assign(contrast=data.contrast(wave))


def _weighted(data: Primary, one: Specification, wave: str) -> pd.DataFrame:
    """Those measured again, weighted to look like everybody measured at the start."""
    started = _started(data, one)
    reasons = [data.first, *data.unit, *([data.arm] if data.arm else []), *one.given(data.covariates)]
    weights = effect.attrition_weights(
        started.assign(there=started[wave].notna().astype(int)), observed="there", covariates=reasons
    )
    if weights["note"].ne("").any():
        row = effect.estimates.not_estimable(str(weights["note"].iloc[0]).partition("because ")[2])
        return effect.estimates.frame([row])
    kept = weights["weight"].to_numpy() > 0
    return _fitted(data, one, started[kept], wave, weights["weight"].to_numpy()[kept])


def _started(data: Primary, one: Specification) -> pd.DataFrame:
    """People with a score at the first wave, their arm and covariates."""
    names = one.given(data.covariates)
    rows = data.wide.merge(data.persons[["person", *names]], on="person") if names else data.wide
    return rows.dropna(subset=[data.first, "unit", *([data.arm] if data.arm else []), *names]).reset_index(drop=True)


def _fitted(
    data: Primary, one: Specification, rows: pd.DataFrame, wave: str, weights: np.ndarray | None = None
) -> pd.DataFrame:
    given = _design(data, one, rows, wave, weights)
    robust = one.inference.startswith("CR")
    return regression_rows(given, rows, ["unit"] if robust else [], one.inference if robust else "HC2", keep=[ESTIMATE])


def _design(
    data: Primary, one: Specification, rows: pd.DataFrame, wave: str, weights: np.ndarray | None = None
) -> Design:
    """The regression as matrices, a hundred times quicker than by a formula, which imputed data need.

    Covariates are centred on everybody measured at the start, so that the intercept is the change of all of them.
    """
    later, first = rows[wave].to_numpy(float), rows[data.first].to_numpy(float)
    columns, terms = [np.ones(len(rows))], ["Intercept" if data.arm else ESTIMATE]
    if data.arm:
        columns.append((rows[data.arm] == data.study.design.treated).to_numpy(float))
        terms.append(ESTIMATE)
    if one.model == "ancova":
        columns.append(first)
        terms.append("first")
    if names := one.given(data.covariates):
        centre = _numbers(data, _started(data, one), names).mean()
        columns += list((_numbers(data, rows, names) - centre).to_numpy(float).T)
        terms += list(centre.index)
    x = np.column_stack(columns)
    kept, aliased = identified(x) if len(x) else ([0], [])
    y = later if one.model == "ancova" else later - first
    names = np.array(terms)
    given = np.ones(len(rows)) if weights is None else weights
    return Design("change", y, x[:, kept], tuple(names[kept]), given, np.arange(len(rows)), tuple(names[aliased]))


def _numbers(data: Primary, rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Covariates as numbers: a column for each level but the first of a category."""
    parts = []
    for name in names:
        levels = [level.level for level in data.study.levels(name)]
        if levels:
            known = rows[name].where(rows[name].notna())
            named = {f"{name}_{level}": (known == level).astype(float).mask(known.isna()) for level in levels[1:]}
            parts.append(pd.DataFrame(named, index=rows.index))
        else:
            parts.append(rows[name].astype(float))
    return pd.concat(parts, axis=1)


_OF_MEANS = {"cluster_means": effect.cluster_summaries, "sign_flip": effect.sign_flip}
_MISSING: dict[str, Callable[[Primary, Specification, str], pd.DataFrame]] = {
    "pairs": _pairs, "imputed": _imputed, "weighted": _weighted
}  # fmt: skip
