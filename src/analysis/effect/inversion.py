"""Confidence sets of tests that give p-values only: all values that the test does not reject."""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np

TIE = 1e-9  # two statistics closer than this, relatively, are one: floating point must not decide a discrete p-value
ENUMERATED = 50_000  # up to this many assignments all are visited, beyond it they are drawn


@dataclass(frozen=True)
class Limits:
    """Ends of a confidence set; infinite where the test never rejects on that side."""

    lower: float
    upper: float


def invert(p_value: Callable[[float], float], centre: float, step: float, level: float) -> Limits:
    """The part of {b: p(b) > 1 - level} that is connected with `centre`, to 1e-10 of `step`.

    Goes outward in growing steps until the test rejects and then halves; a side on which it does not reject within a
    million steps is unbounded. `step` is a standard error or another natural unit.
    """
    return Limits(*(_end(p_value, centre, sign * step, 1 - level) for sign in (-1, 1)))


def _end(p_value: Callable[[float], float], inside: float, step: float, alpha: float) -> float:
    if step == 0:
        raise ValueError("step: zero gives no direction in which to search. Give a positive scale")
    width, limit = step / 4, abs(step) * 1e6
    start, outside = inside, inside + width
    while p_value(outside) > alpha:
        if abs(outside - start) > limit:
            return float(np.sign(step) * np.inf)
        inside, width = outside, width * 1.25
        outside = outside + width
    for _ in range(60):  # a fixed number: near a large value the interval cannot shrink below its last digit
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_value(middle) > alpha else (inside, middle)
        if abs(outside - inside) <= abs(step) * 1e-10:
            break
    return (inside + outside) / 2


def share(statistics: np.ndarray, observed: float, *, enumerated: bool, ties: str = "weak") -> float:
    """Share of (absolute) statistics at least as large as the observed one.

    A draw within 1e-9 of the observed value is a tie: `weak` counts it, `strict` does not. Enumerated: count / N, the
    identity included; drawn: (1 + count) / (1 + N) (Phipson & Smyth 2010), so that p is never zero.
    """
    bound = abs(observed) * (1 - TIE if ties == "weak" else 1 + TIE)
    count = np.count_nonzero(statistics >= bound if ties == "weak" else statistics > bound)
    return count / len(statistics) if enumerated else (1 + count) / (1 + len(statistics))


def above_floor(p_value: float, floor: float) -> float:
    """A p-value that respects the smallest value its design can give; anything below is a defect of the program."""
    raised = max(p_value, floor)
    assert raised >= floor * (1 - TIE) and raised <= 1 + TIE, "p-value below its floor"
    return min(raised, 1.0)


def assignments(units: int, treated: int) -> int:
    """Number of ways to choose the treated units."""
    return comb(units, treated)
