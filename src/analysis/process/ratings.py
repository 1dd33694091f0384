"""Intraclass correlations of ratings on an interval scale: how much of the differences is between what was rated."""

import numpy as np
import pandas as pd
from scipy import stats

METHODS = [f"ICC({kind},{unit})" for unit in ("1", "k") for kind in (1, 2, 3)]


def intraclass(ratings: np.ndarray, *, level: float = 0.95) -> pd.DataFrame:
    """The six intraclass correlations of Shrout and Fleiss (1979) of units (rows) by raters (columns), complete.

    (1): each unit has its own raters; (2): random raters, absolute agreement; (3): these raters, consistency; with k of
    the mean of k raters. Returns `method, estimate, lower, upper, n` with limits from the F distribution.
    """
    n, k = ratings.shape
    grand, rows, columns = ratings.mean(), ratings.mean(axis=1), ratings.mean(axis=0)
    between = k * ((rows - grand) ** 2).sum() / (n - 1)
    raters = n * ((columns - grand) ** 2).sum() / (k - 1)
    within = ((ratings - rows[:, None]) ** 2).sum() / (n * (k - 1))
    rest = ((ratings - rows[:, None] - columns + grand) ** 2).sum() / ((n - 1) * (k - 1))
    tail = 1 - (1 - level) / 2
    if not min(between, within, rest) > 0:
        why = "not estimable, because the ratings do not differ between units or between raters"
        return pd.DataFrame({"method": METHODS, "n": n, "note": why})
    one = _from_ratio(between / within, n - 1, n * (k - 1), k, tail)
    three = _from_ratio(between / rest, n - 1, (n - 1) * (k - 1), k, tail)
    single = np.array([one, _absolute(between, raters, rest, n, k, tail), three])
    mean = k * single / (1 + (k - 1) * single)  # Spearman-Brown
    table = pd.DataFrame(np.vstack([single, mean]), columns=["estimate", "lower", "upper"])
    return table.assign(method=METHODS, n=n)


def _from_ratio(ratio: float, df1: int, df2: int, k: int, tail: float) -> list[float]:
    """Correlation and limits from a ratio of mean squares."""
    ratios = [ratio, ratio / stats.f.ppf(tail, df1, df2), ratio * stats.f.ppf(tail, df2, df1)]
    return [(one - 1) / (one + k - 1) for one in ratios]


def _absolute(between: float, raters: float, rest: float, n: int, k: int, tail: float) -> list[float]:
    """ICC(2,1) with McGraw and Wong's (1996) limits, which allow for the differences between raters."""
    found = (between - rest) / (between + (k - 1) * rest + k * (raters - rest) / n)
    a, b = k * found / (n * (1 - found)), 1 + k * found * (n - 1) / (n * (1 - found))
    df = (a * raters + b * rest) ** 2 / ((a * raters) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1)))
    low, high = stats.f.ppf(tail, n - 1, df), stats.f.ppf(tail, df, n - 1)
    scale = k * raters + (k * n - k - n) * rest
    lower = n * (between - low * rest) / (low * scale + n * between)
    upper = n * (high * between - rest) / (scale + n * high * between)
    return [found, lower, upper]
