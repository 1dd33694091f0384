"""Restricted wild cluster bootstrap-t, by sums per cluster: the cost does not grow with the rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from analysis.effect.estimates import frame, not_estimable
from analysis.effect.inversion import ENUMERATED, above_floor, invert, share
from analysis.effect.linear import Fit, codes, design, least_squares
from analysis.effect.sandwich import cautions, cluster_sums, clustered

_WEBB = np.sqrt([0.5, 1.0, 1.5])
_POINTS = {"rademacher": np.array([-1.0, 1.0]), "webb": np.concatenate([-_WEBB, _WEBB])}
_BLOCK = 200_000  # weights of one block of draws: what the processor keeps close by


@dataclass(frozen=True)
class _Draws:
    """Per draw the numerator n0 - b n1 and the squared denominator c0 - 2 b c1 + b^2 c2 of t*, b the value tested."""

    n0: np.ndarray
    n1: np.ndarray
    c0: np.ndarray
    c1: np.ndarray
    c2: np.ndarray

    def statistics(self, value: float) -> np.ndarray:
        """|t*| of all draws when the restricted model holds the term at `value`; no spread counts as infinite."""
        spread = np.maximum(self.c0 - 2 * value * self.c1 + value**2 * self.c2, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.abs(self.n0 - value * self.n1) / np.sqrt(spread)
        return np.where(np.isnan(found), np.inf, found)


def wild_bootstrap(
    data: pd.DataFrame,
    formula: str,
    *,
    cluster: str,
    term: str,
    weights: Literal["webb", "rademacher"] = "webb",
    draws: int = 9999,
    rng: np.random.Generator,
    ties: Literal["weak", "strict"] = "weak",
    null: float = 0.0,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row: restricted (WCR) wild cluster bootstrap-t of one term with the confidence set of the inverted test.

    t uses the CR1S standard error. All 2^G (Rademacher) or 6^G (Webb) sign vectors are visited where these are at most
    50,000, otherwise `draws` are drawn. The original sample and its mirror always tie with the observed |t|: `weak`
    (the default) counts ties within 1e-9 as extreme, `strict` does not; p is never below `p_floor`. The set is the part
    connected with the estimate; it is unbounded where the test cannot reject at this level.
    Sources: Cameron, Gelbach & Miller 2008; Webb 2023; Roodman et al. 2019.
    """
    given = design(data, formula, needed=[cluster])
    if term not in (*given.terms, *given.aliased) and given.n:
        raise ValueError(f"term {term!r} is not in {formula!r}, which has {', '.join(given.terms)}")
    members = codes(data.iloc[given.rows][[cluster]]) if given.n else np.empty(0, int)
    groups = len(np.unique(members))
    known = {"outcome": given.outcome, "contrast": term, "method": f"wild cluster bootstrap, {weights}"}
    known |= {"n": given.n, "n_clusters": groups}
    fit = least_squares(given) if given.n else None
    if reason := _inestimable(fit, term, members, cluster):
        return frame([not_estimable(reason, **known)])
    at, size = given.terms.index(term), _size(weights, groups)
    drawn = None if size <= ENUMERATED else draws
    sums = _drawn(fit, at, members, _vectors(weights, groups, drawn, rng))
    floor = _floor(weights, size, drawn)
    row = _test(sums, fit.coefficients[at], _error(fit, term, members), null, ties, drawn is None, level)
    row |= {"p_value": above_floor(row["p_value"], floor)}
    how = {"p_floor": floor, "ties": ties, "n_draws": len(sums.n0), "drawn": "all" if drawn is None else "random"}
    return frame([{**known, **row, **how, "note": _note(given.x[:, at], members, row, floor, level)}])


def _inestimable(fit: Fit | None, term: str, members: np.ndarray, cluster: str) -> str:
    if fit is None:
        return "no row is complete"
    if term in fit.design.aliased:
        return f"{term} is determined by the other terms"
    if fit.exact or np.ptp(members) == 0:
        return fit.exact or f"there is one cluster in {cluster}"
    return "" if _error(fit, term, members) > 0 else f"the clusters carry no information on the precision of {term}"


def _error(fit: Fit, term: str, members: np.ndarray) -> float:
    """CR1S standard error, zero where it is rounding only."""
    at = fit.design.terms.index(term)
    variance = clustered(fit, members, "CR1S").variance[at]
    rounding = 1e-20 * fit.bread[at, at] * np.sum(fit.residuals**2)
    return float(np.sqrt(variance)) if variance > rounding else 0.0


def _size(weights: str, groups: int) -> int:
    """Number of different weight vectors; cut at 40 clusters, beyond which it only has to be large."""
    if weights not in _POINTS:
        raise ValueError(f"weights {weights!r}: use 'webb' or 'rademacher'")
    return len(_POINTS[weights]) ** min(groups, 40)


def _floor(weights: str, size: float, draws: int | None) -> float:
    """Draws that always tie with the observed |t|: 2 of 2^G (Rademacher), 6 of 6^G (Webb: t* has no scale)."""
    least = len(_POINTS[weights]) / size
    return least if draws is None else max(least, 1 / (draws + 1))


def _vectors(weights: str, groups: int, draws: int | None, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Blocks (G x draws) of weights: all of them, or `draws` random ones."""
    points = _POINTS[weights]
    if draws is None:
        yield np.array(list(product(points, repeat=groups))).T
        return
    block = max(1, _BLOCK // groups)
    for start in range(0, draws, block):
        yield points[rng.integers(0, len(points), size=(groups, min(block, draws - start)), dtype=np.int8)]


def _drawn(fit: Fit, at: int, cluster: np.ndarray, blocks: Iterator[np.ndarray]) -> _Draws:
    """The five numbers per draw from which t* follows for every value tested.

    With a the term's row of (X'X)^-1 X', restricted residuals u and weights v: numerator sum_g v_g a_g'u_g; score of
    cluster g v_g a_g'u_g - (a_g'X_g)(X'X)^-1 sum_h v_h X_h'u_h. u is linear in the value tested.
    """
    d = fit.design
    a = d.x @ fit.bread[at]
    other = np.delete(d.x, at, axis=1)
    project = np.linalg.lstsq(other, np.column_stack([d.y, d.x[:, at]]), rcond=None)[0] if other.size else None
    residuals = np.column_stack([d.y, d.x[:, at]]) - (other @ project if other.size else 0.0)
    left = cluster_sums(d.x * a[:, None], cluster) @ fit.bread
    pairs = []
    for u in residuals.T:
        pairs.append((cluster_sums((a * u)[:, None], cluster)[:, 0], cluster_sums(d.x * u[:, None], cluster)))
    groups = cluster.max() + 1
    scale = groups / (groups - 1) * (d.n - 1) / (d.n - d.parameters)
    found = []
    for v in blocks:
        q0, q1 = (own[:, None] * v - left @ (cross.T @ v) for own, cross in pairs)
        dots = [np.einsum("gb,gb->b", one, two) * scale for one, two in ((q0, q0), (q0, q1), (q1, q1))]
        found.append([pairs[0][0] @ v, pairs[1][0] @ v, *dots])
    return _Draws(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _test(sums: _Draws, estimate: float, error: float, null: float, ties: str, enumerated: bool, level: float) -> dict:
    def p_value(value: float, rule: str = "weak") -> float:
        return share(sums.statistics(value), (estimate - value) / error, enumerated=enumerated, ties=rule)

    limits = invert(p_value, estimate, error, level)
    return {
        "estimate": estimate, "std_error": error, "statistic": (estimate - null) / error,
        "p_value": p_value(null, ties),
        "lower": limits.lower, "upper": limits.upper,
    }  # fmt: skip


def _note(column: np.ndarray, members: np.ndarray, row: dict, floor: float, level: float) -> str:
    notes = [cautions(column, [members])]
    if np.isinf(row["lower"]) or np.isinf(row["upper"]):
        why = f"p cannot be below {floor:.4g}" if floor > 1 - level else "the test does not reject on that side"
        notes.append(f"the {level:.0%} confidence set is unbounded: {why}")
    return "; ".join(note for note in notes if note)
