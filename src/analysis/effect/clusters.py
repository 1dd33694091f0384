"""Inference for few clusters: each method that a reviewer asks for, side by side, none below its own floor."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.effect.bootstrap import wild_bootstrap
from analysis.effect.bounds import few
from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.linear import Design, Fit, Kind, Weights, codes, design, least_squares, listed
from analysis.effect.randomisation import randomisation_test, sign_flip
from analysis.effect.sandwich import Variance, cautions, clustered, heteroscedastic
from analysis.effect.summaries import cluster_summaries

__all__ = ["cluster_robust", "cluster_summaries", "leave_one_out", "randomisation_test", "sign_flip", "wild_bootstrap"]

_CLUSTERED = ("CR0", "CR1", "CR1S", "CR1N", "CR2", "CR3")
_ROWS = ("classical", "HC0", "HC1", "HC2", "HC3")


def cluster_robust(
    data: pd.DataFrame,
    formula: str,
    *,
    cluster: str | Sequence[str] | None,
    kind: Kind = "CR2",
    weights: Weights = None,
    intersection: bool = True,
    level: float = 0.95,
) -> pd.DataFrame:
    """Least squares with cluster-robust standard errors: one row a term (named by patsy), in the outcome's units.

    `kind`: CR0; CR1 (times G/(G-1)); CR1S (also times (n-1)/(n-k), Stata's and sandwich's); CR2 (Bell-McCaffrey, with
    Satterthwaite df per term); CR3 (jackknife, (G-1)/G times squared changes; clubSandwich leaves that factor out).
    All but CR2 use t(G-1). Without a cluster (None): classical or HC0 to HC3 with t(n-k); CR2 then is HC2.
    Two cluster columns: V1 + V2 - V12 (Cameron, Gelbach & Miller 2011) with t(min G - 1); each part has its own
    small-sample factor, or none for V12 with `intersection=False` (Petersen's and sandwich's multi0).
    Terms that cannot be estimated get a row that says why.
    """
    columns = listed(cluster)
    given = design(data, formula, weights=weights, needed=columns)
    if kind == "CR1N":
        raise ValueError("kind 'CR1N' needs to know the fixed effects: use difference_in_differences")
    return regression_rows(given, data, columns, kind, intersection=intersection, level=level)


def _checked(kind: str, ways: int) -> str:
    allowed = _CLUSTERED if ways else _ROWS
    if not ways and kind == "CR2":
        return "HC2"
    if kind not in allowed or ways > 2:
        raise ValueError(f"kind {kind!r} with {ways} cluster columns: use one of {', '.join(allowed)} with at most two")
    return kind


def regression_rows(
    given: Design,
    data: pd.DataFrame,
    columns: Sequence[str],
    kind: str,
    *,
    keep: Sequence[str] | None = None,
    nested: int = 0,
    intersection: bool = True,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rows of a design that is made already: all its terms, or those in `keep`, as `cluster_robust` gives them."""
    kind = _checked(kind, len(columns))
    by = "" if not columns else f" by {' and '.join(columns)}"
    members = [codes(data.iloc[given.rows][[column]]) for column in columns]
    groups = min((len(np.unique(member)) for member in members), default=np.nan)
    known = {"outcome": given.outcome, "method": f"least squares, {kind}{by}", "n": given.n, "n_clusters": groups}
    terms = [term for term in (*given.terms, *given.aliased) if keep is None or term in keep]
    if not given.n:
        known["n_clusters"] = 0 if columns else np.nan
        return frame([not_estimable("no row is complete", **known, contrast=term) for term in terms])
    fit = least_squares(given)
    reason = fit.exact or (
        f"there is one cluster in {columns[0] if len(columns) == 1 else by[4:]}" if groups == 1 else ""
    )
    if reason:
        return frame([not_estimable(reason, **known, contrast=term) for term in terms])
    variance = _variance(fit, data, columns, members, kind, nested, intersection)
    return frame([_row(fit, variance, term, known, members, level) for term in terms])


def _variance(
    fit: Fit,
    data: pd.DataFrame,
    columns: Sequence[str],
    members: Sequence[np.ndarray],
    kind: str,
    nested: int,
    intersection: bool,
) -> Variance:
    if not columns:
        return heteroscedastic(fit, kind)
    parts = [clustered(fit, member, kind, nested) for member in members]
    if len(columns) == 1:
        return parts[0]
    both = clustered(fit, codes(data.iloc[fit.design.rows][list(columns)]), kind if intersection else "CR0", nested)
    groups = min(member.max() + 1 for member in members)
    variance = parts[0].variance + parts[1].variance - both.variance
    return Variance(variance, np.full(len(variance), groups - 1.0), parts[0].lost | parts[1].lost | both.lost)


def _row(fit: Fit, found: Variance, term: str, known: dict, members: list[np.ndarray], level: float) -> dict:
    known = {**known, "contrast": term}
    if term in fit.design.aliased:
        return not_estimable(f"{term} is determined by the other terms", **known)
    at = fit.design.terms.index(term)
    if found.lost[at]:
        return not_estimable(f"{term} is not identified when one of its clusters is left out", **known)
    # a variance at rounding level is no variance: cluster scores that sum to zero, as with a dummy for each cluster
    rounding = 1e-20 * fit.bread[at, at] * np.sum(fit.design.weights * fit.residuals**2)
    if not found.variance[at] > rounding or not found.df[at] > 0:
        why = f"the clusters carry no information on the precision of {term}"
        if found.variance[at] < -rounding:
            why = f"the two-way variance of {term} is negative: the two directions share too few combinations"
        return not_estimable(why, **known)
    row = interval(fit.coefficients[at], np.sqrt(found.variance[at]), found.df[at], level=level)
    if "estimate" not in row:
        return {**known, **row}
    notes = [cautions(_plain(fit)[:, at], members) if members else few(fit.design.n, "rows")]
    if len(members) == 1 and ", CR2 by" in known["method"] and row["df"] < 4 - 1e-6:
        notes.append(f"{row['df']:.1f} Satterthwaite df, fewer than 4: approximate at best (Tipton 2015)")
    return {**known, **row, "note": "; ".join(filter(None, notes))}


def _plain(fit: Fit) -> np.ndarray:
    return fit.design.x if fit.design.plain is None else fit.design.plain


def leave_one_out(
    data: pd.DataFrame,
    formula: str,
    *,
    cluster: str,
    estimator: Callable[..., pd.DataFrame] = cluster_robust,
    **options,
) -> pd.DataFrame:
    """The estimates again without each cluster in turn; the column `left_out` names it, empty for all together.

    `estimator` is any method of this module; `options` go to it (`kind=`, `term=`, `rng=`), and each row carries the
    p floor of one cluster fewer. Rows of a cluster whose removal makes a term inestimable say so.
    """
    if not isinstance(options.get("weights"), (str, type(None))):
        raise TypeError("weights: leave_one_out needs a column name, so that weights go with their rows")
    present = data[cluster].dropna().unique()
    parts = [estimator(data, formula, cluster=cluster, **options).assign(left_out="")]
    for name in sorted(present, key=str):
        rest = data[data[cluster] != name]
        parts.append(estimator(rest, formula, cluster=cluster, **options).assign(left_out=str(name)))
    return pd.concat(parts, ignore_index=True)
