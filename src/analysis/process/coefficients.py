"""Coefficients of agreement, each a function of sums over units: a bootstrap over units is then one matrix product."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of agreement of `rows` (units x coders; positions in the list of codes, NaN where not coded).

    `of_units` gives what each unit adds (units x parts), `of_sums` the coefficient of the sums of these parts, for any
    number of sums at once (... x parts); NaN where chance alone explains all, because only one code occurs.
    """

    of_units: Callable[[np.ndarray], np.ndarray]
    of_sums: Callable[[np.ndarray], np.ndarray]

    def of(self, rows: np.ndarray) -> float:
        """The coefficient of these units."""
        return float(self.of_sums(self.of_units(rows).sum(axis=0)))

    def drawn(self, rows: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """The coefficient of `draws` samples of as many units with replacement."""
        picks = rng.integers(0, len(rows), (draws, len(rows)))
        times = np.bincount((picks + len(rows) * np.arange(draws)[:, None]).ravel(), minlength=draws * len(rows))
        return self.of_sums(times.reshape(draws, len(rows)) @ self.of_units(rows))


def alpha(codes: np.ndarray, scale: str) -> Coefficient:
    """Krippendorff's alpha (2011); on a scale that is not nominal `codes` are the numbers that are coded."""
    k = len(codes)

    def coincidences(rows: np.ndarray) -> np.ndarray:
        counts = _counts(rows, k)
        pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(k)
        return (pairs / (counts.sum(axis=1) - 1)[:, None, None]).reshape(len(rows), k * k)

    def coefficient(sums: np.ndarray) -> np.ndarray:
        observed = sums.reshape(*sums.shape[:-1], k, k)
        used = observed.sum(axis=-1)
        apart = _apart(codes, scale, used)
        n = used.sum(axis=-1)
        chance = used[..., :, None] * used[..., None, :] / (n - 1)[..., None, None]
        found = 1 - _ratio((observed * apart).sum(axis=(-2, -1)), (chance * apart).sum(axis=(-2, -1)))
        return np.where((used > 0).sum(axis=-1) < 2, np.nan, found)

    return Coefficient(coincidences, coefficient)


def cohen(codes: int, weights: np.ndarray | None = None) -> Coefficient:
    """Cohen's kappa of two coders, weighted where there is a matrix of disagreement weights."""
    cost = 1 - np.eye(codes) if weights is None else weights

    def pairs(rows: np.ndarray) -> np.ndarray:
        return np.eye(codes * codes)[(rows[:, 0] * codes + rows[:, 1]).astype(int)]

    def coefficient(sums: np.ndarray) -> np.ndarray:
        table = sums.reshape(*sums.shape[:-1], codes, codes)
        n = table.sum(axis=(-2, -1))
        chance = table.sum(axis=-1)[..., :, None] * table.sum(axis=-2)[..., None, :] / n[..., None, None]
        found = 1 - _ratio((table * cost).sum(axis=(-2, -1)), (chance * cost).sum(axis=(-2, -1)))
        alike = np.diagonal(table, axis1=-2, axis2=-1).max(axis=-1, initial=0) == n
        return np.where(alike, np.nan, found)

    return Coefficient(pairs, coefficient)


def fleiss(codes: int) -> Coefficient:
    """Fleiss' kappa (1971) of units that all coders coded."""

    def agreed(rows: np.ndarray) -> np.ndarray:
        counts, coders = _counts(rows, codes), rows.shape[1]
        alike = ((counts**2).sum(axis=1) - coders) / (coders * (coders - 1))
        return np.column_stack([np.ones(len(rows)), alike, counts])

    def coefficient(sums: np.ndarray) -> np.ndarray:
        share = sums[..., 2:] / sums[..., 2:].sum(axis=-1, keepdims=True)
        chance = (share**2).sum(axis=-1)
        found = _ratio(sums[..., 1] / sums[..., 0] - chance, 1 - chance)
        return np.where((share > 0).sum(axis=-1) < 2, np.nan, found)

    return Coefficient(agreed, coefficient)


def _counts(rows: np.ndarray, codes: int) -> np.ndarray:
    """Units by how many coders gave each code."""
    return np.stack([(rows == at).sum(axis=1) for at in range(codes)], axis=1).astype(float)


def _apart(codes: np.ndarray, scale: str, used: np.ndarray) -> np.ndarray:
    """Squared distances between codes (... x codes x codes) by Krippendorff (2011); ordinal ones rest on `used`."""
    if scale == "nominal":
        return 1 - np.eye(len(codes))
    if scale == "ordinal":  # how many values lie between two codes, half of their own included
        middle = used.cumsum(axis=-1) - used / 2
        return (middle[..., :, None] - middle[..., None, :]) ** 2
    difference = np.subtract.outer(codes, codes).astype(float)
    return difference**2 if scale == "interval" else _ratio(difference, np.add.outer(codes, codes).astype(float)) ** 2


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole`, 0 where both are nothing."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=np.asarray(whole) != 0)
