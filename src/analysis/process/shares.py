"""Shares with their numerator, denominator and Wilson interval: no percentage travels without its counts."""

import numpy as np
import pandas as pd
from scipy import special

COLUMNS = ["percent", "lower", "upper"]


def wilson(n: np.ndarray | float, denominator: np.ndarray | float, *, level: float = 0.95) -> pd.DataFrame:
    """Percent `n / denominator` with Wilson's score limits, as columns `percent, lower, upper` (0-100); NaN when empty.

    Wilson (1927): the limits stay within 0 and 100, and are of use with no or all cases. `n` may be fractional.
    """
    return pd.DataFrame(_percents(n, denominator, level), columns=COLUMNS)


def share(n: float, denominator: float, empty: str, *, level: float = 0.95, suffix: str = "") -> dict:
    """One share as a row: `n, denominator, percent, lower, upper, note`; with nothing to divide by the note says
    `empty`.
    """
    found = _percents(n, denominator, level)[0]
    return {
        f"n{suffix}": int(n), f"denominator{suffix}": int(denominator),
        **{f"{name}{suffix}": float(value) for name, value in zip(COLUMNS, found, strict=True)},
        f"note{suffix}": "" if denominator else f"not estimable, because {empty}",
    }  # fmt: skip


def _percents(n: np.ndarray | float, denominator: np.ndarray | float, level: float) -> np.ndarray:
    """Percent and limits, one row a share."""
    count, total = np.atleast_1d(np.asarray(n, float)), np.atleast_1d(np.asarray(denominator, float))
    total = np.where(total > 0, total, np.nan)
    z = special.ndtri(0.5 + level / 2)
    share = count / total
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    limits = np.clip([centre - half, centre + half], 0, 1)
    lower, upper = np.where(share == 0, 0, limits[0]), np.where(share == 1, 1, limits[1])
    return 100 * np.column_stack([share, lower, upper])
