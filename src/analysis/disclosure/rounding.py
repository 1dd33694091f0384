"""The one rounding of counts and percentages: half away from zero, as Excel does and readers expect."""

import numpy as np


def round_half_up(values, decimals: int = 0) -> np.ndarray:
    """`values` at `decimals` places, halves away from zero (2.5 -> 3, -2.5 -> -3); NaN stays NaN."""
    scale = 10.0**decimals
    values = np.asarray(values, dtype=float)
    # A hair upwards: 0.285 * 100 is 28.499999999999996 in binary, and is a half to whoever typed it.
    return np.sign(values) * np.floor(np.abs(values) * scale * (1 + 1e-12) + 0.5) / scale


def round_counts(values, base: int = 5) -> np.ndarray:
    """Counts at the nearest multiple of `base` (halves up); base 0 leaves them as they are."""
    return round_half_up(np.asarray(values, dtype=float) / base) * base if base else np.asarray(values, dtype=float)


def midpoint6(values) -> np.ndarray:
    """Counts as the midpoint of their group of six (1-6 -> 3, 7-12 -> 9, ...); 0 stays 0. A 3 is a label, not a count.

    Source: OpenSAFELY, midpoint-6 rounding for rates and survival.
    """
    values = np.asarray(values, dtype=float)
    return np.ceil(values / 6) * 6 - np.where(values != 0, 3.0, 0.0)


def round_percent(percent, n, whole_below: int = 100) -> np.ndarray:
    """Percentages whole, or with one decimal where the denominator `n` is at least `whole_below`."""
    n = np.asarray(n, dtype=float)
    return np.where(n >= whole_below, round_half_up(percent, 1), round_half_up(percent))
