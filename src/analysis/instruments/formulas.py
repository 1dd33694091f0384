"""How points become a score: one function per formula that the definitions name.

Each takes the tally of a scale and returns one value per person. Reversed items need no formula: their points say
so. The missing-item rule is applied once, after the formula, by `scale_values`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.instruments.definition import Scale


@dataclass(frozen=True)
class Tally:
    """Per person the `total` points of the answered items and the number of `missing` ones, out of `n_items`."""

    total: np.ndarray
    missing: np.ndarray
    n_items: int


def scale_values(scale: Scale, positions: Mapping[str, np.ndarray], n_positions: Mapping[str, int]) -> np.ndarray:
    """The scores of one scale (float, NaN when missing) from the positions of its items."""
    tally = _tally(scale, positions, n_positions)
    values = FORMULAS[scale.formula](tally)
    if scale.worst:
        highest = np.maximum.reduce([positions[item] for item in scale.items])
        values = values + np.array([*scale.worst, np.nan])[highest]
    values[tally.missing > scale.max_missing] = np.nan
    if scale.conversion:
        table = np.array([*scale.conversion, np.nan])
        values = table[np.where(np.isnan(values), len(table) - 1, values).astype(np.intp)]
    values = values * scale.times
    return values if scale.decimals is None else np.round(values, scale.decimals)


def _tally(scale: Scale, positions: Mapping[str, np.ndarray], n_positions: Mapping[str, int]) -> Tally:
    n_people = len(positions[scale.items[0]])
    total, missing = np.zeros(n_people), np.zeros(n_people, dtype=np.int16)
    for item, points in zip(scale.items, scale.points, strict=True):
        total += np.array([*points, 0.0])[positions[item]]  # a missing item adds nothing
        missing += positions[item] == n_positions[item]
    return Tally(total, missing, len(scale.items))


def _sum(tally: Tally) -> np.ndarray:
    """Points of the answered items added up; missing items add nothing (no imputation)."""
    return tally.total


def _prorated(tally: Tally) -> np.ndarray:
    """The sum scaled up to all items; the product is taken first so that whole results stay whole."""
    answered = tally.n_items - tally.missing.astype(float)
    return np.divide(tally.total * tally.n_items, answered, out=np.full(len(answered), np.nan), where=answered > 0)


def _mean(tally: Tally) -> np.ndarray:
    """Mean of the answered items."""
    answered = tally.n_items - tally.missing.astype(float)
    return np.divide(tally.total, answered, out=np.full(len(answered), np.nan), where=answered > 0)


def _all(tally: Tally) -> np.ndarray:
    """1 when every part is met, 0 as soon as one answered part is not, else missing (parts have 0 or 1 point)."""
    failed = tally.total < tally.n_items - tally.missing
    return np.where(failed, 0.0, np.where(tally.missing > 0, np.nan, 1.0))


FORMULAS: Mapping[str, Callable[[Tally], np.ndarray]] = {
    "sum": _sum,
    "prorated": _prorated,
    "mean": _mean,
    "all": _all,
}
