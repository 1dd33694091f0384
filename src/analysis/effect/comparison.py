"""Effects by comparison: before and after, two groups; staggered starts, weighting and standardisation beside it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.effect.adjusted import ancova
from analysis.effect.bounds import at_bound, at_bound_somewhere, warned
from analysis.effect.clusters import regression_rows
from analysis.effect.estimates import frame, not_estimable
from analysis.effect.linear import Design, Kind, as_terms, codes, columns_missing, design, identified, listed, quoted
from analysis.effect.staggered import staggered_effect
from analysis.effect.standardisation import g_formula
from analysis.effect.weighting import balance, weighted_effect

__all__ = ["ancova", "balance", "difference_in_differences", "g_formula", "staggered_effect", "weighted_effect"]


def difference_in_differences(
    data: pd.DataFrame,
    outcome: str,
    *,
    treated: str | None = None,
    post: str | None = None,
    unit: str | None = None,
    time: str | None = None,
    treatment: str | None = None,
    covariates: Sequence[str] = (),
    cluster: str | Sequence[str] | None = None,
    kind: Kind | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Difference in differences in the outcome's units: the effect in the first row, further terms below it.

    Two groups: `treated` and `post` (0/1); the effect is `treated:post`, with classical standard errors unless
    `kind` or `cluster` says otherwise. Two-way fixed effects: `unit`, `time` and `treatment` (1 where and when
    treated); clustered by unit unless `cluster` says otherwise, CR2 by default. `kind` as in `cluster_robust`, and
    CR1N (fixest's: CR1S that does not count unit effects within clusters). Two-way fixed effects assume one constant
    effect: with starts at different times use `staggered_effect` (Goodman-Bacon 2021). Both rest on parallel trends.
    """
    if (treated is None) != (post is None) or (treated is None) == (treatment is None):
        raise ValueError("give either treated and post (two groups), or unit, time and treatment (fixed effects)")
    if treated is not None and post is not None:
        return _two_groups(data, outcome, treated, post, covariates, cluster, kind, level)
    if unit is None or time is None or treatment is None:
        raise ValueError("two-way fixed effects need all of unit, time and treatment")
    return _two_way(data, outcome, unit, time, treatment, covariates, unit if cluster is None else cluster, kind, level)


def _indicators(data: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The data with these 0/1 or boolean columns as numbers; anything else in them is an error."""
    columns_missing(data, names)
    wrong = [name for name in names if not data[name].dropna().isin([0, 1]).all()]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: holds other values than 0 and 1. Recode it")
    return data.assign(**{name: data[name].astype("Float64").astype(float) for name in names})


def _two_groups(
    data: pd.DataFrame,
    outcome: str,
    treated: str,
    post: str,
    covariates: str | Sequence[str],
    cluster: str | Sequence[str] | None,
    kind: Kind | None,
    level: float,
) -> pd.DataFrame:
    data, columns = _indicators(data, [treated, post]), listed(cluster)
    one, two = quoted(treated), quoted(post)
    formula = " + ".join([f"{quoted(outcome)} ~ {one} + {two} + {one}:{two}", *as_terms(covariates, data)])
    given = design(data, formula, needed=columns)
    effect = f"{one}:{two}"
    if effect in given.aliased or not given.n:
        cells = "one of the four cells of group and period is empty" if given.n else "no row is complete"
        known = {"outcome": given.outcome, "method": "difference in differences", "n": given.n}
        return frame([not_estimable(cells, contrast=effect, **known)])
    kind = kind or ("CR2" if columns else "classical")
    rows = regression_rows(given, data, columns, kind, level=level)
    return warned(_effect_first(rows, effect, "difference in differences"), at_bound_somewhere(given.y, given.x))


def _two_way(
    data: pd.DataFrame,
    outcome: str,
    unit: str,
    time: str,
    treatment: str,
    covariates: str | Sequence[str],
    cluster: str | Sequence[str] | None,
    kind: Kind | None,
    level: float,
) -> pd.DataFrame:
    columns = listed(cluster)
    data = _indicators(data, [treatment])
    terms = [quoted(treatment), *as_terms(covariates, data)]
    formula = f"{quoted(outcome)} ~ {' + '.join(terms)} + C({quoted(time)})"
    given = design(data, formula, needed=[unit, time, *columns])
    ceiling = at_bound(given.y)
    known = {"outcome": given.outcome, "contrast": terms[0], "method": "two-way fixed effects", "n": given.n}
    if not given.n:
        return frame([not_estimable("no row is complete", **known)])
    used = data.iloc[given.rows]
    members = codes(used[[unit]])
    # leverages need the dummies, clusters that hold whole units do not
    plain = bool(columns) or kind in ("classical", "HC0", "HC1")
    if plain and all((used.groupby(unit, observed=True)[column].nunique() == 1).all() for column in columns):
        given, inside = _demeaned(given, members), int(members.max())
    else:
        given, inside = design(data, f"{formula} + C({quoted(unit)})", needed=[unit, time, *columns]), 0
    if terms[0] in given.aliased:
        return frame([not_estimable(f"{treatment} is constant within units or within periods", **known)])
    prefixes = ("Intercept", f"C({quoted(time)})", f"C({quoted(unit)})")
    keep = [term for term in (*given.terms, *given.aliased) if not term.startswith(prefixes)]
    found = regression_rows(given, data, columns, kind or "CR2", keep=keep, nested=inside, level=level)
    return warned(_effect_first(found, terms[0], "two-way fixed effects"), ceiling)


def _demeaned(given: Design, members: np.ndarray) -> Design:
    """The design without its unit means: the same estimates (Frisch & Waugh) and, for units within clusters, the same
    CR0 to CR3 (Pustejovsky & Tipton 2018), at a cost that does not grow with the square of the units.
    """  # fmt: skip
    counts = np.bincount(members)

    def centred(values: np.ndarray) -> np.ndarray:
        return values - (np.bincount(members, weights=values) / counts)[members]

    x = np.column_stack([centred(column) for column in given.x.T])
    # a column that is constant within units leaves rounding behind, which must not pass for information
    x[:, np.abs(x).max(axis=0) < 1e-10 * np.abs(given.x).max(axis=0)] = 0.0
    kept, dropped = identified(x)
    names = np.array(given.terms)
    gone = tuple(name for name in names[dropped] if name != "Intercept")
    return replace(
        given, y=centred(given.y), x=x[:, kept], terms=tuple(names[kept]), aliased=(*gone, *given.aliased),
        absorbed=len(counts), plain=given.x[:, kept],
    )  # fmt: skip


def _effect_first(found: pd.DataFrame, effect: str, method: str) -> pd.DataFrame:
    order = np.argsort(found["contrast"].to_numpy() != effect, kind="stable")
    return (
        found.assign(method=method + found["method"].str.removeprefix("least squares"))
        .iloc[order]
        .reset_index(drop=True)
    )
