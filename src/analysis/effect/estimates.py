"""The one shape of every estimate: what was estimated, how, how precisely, and why not where it could not be."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import special

COLUMNS = [
    "outcome", "unit", "contrast", "method", "estimate", "std_error", "df", "lower", "upper", "p_value", "p_floor",
    "n", "n_clusters", "note",
]  # fmt: skip
FEWEST_DF = 1.5
"""Degrees of freedom below which no interval is given: t covers almost anything (12.7 standard errors with 1, 4.3 with
2, which is what three persons or clusters have)."""
_TEXT = {"outcome", "unit", "contrast", "method", "note"}


def frame(rows: Iterable[Mapping]) -> pd.DataFrame:
    """Rows (mappings with any of the contract's columns, and further ones) as an estimates frame.

    Absent numbers become NaN, absent texts the empty string; the contract's columns come first, further columns follow.
    """
    rows = list(rows)
    extra = [column for column in dict.fromkeys(key for row in rows for key in row) if column not in COLUMNS]
    # column by column: building a frame from rows costs more than fitting the model that made them
    return pd.DataFrame({column: _column(column, [row.get(column) for row in rows]) for column in COLUMNS + extra})


def _column(name: str, values: list) -> pd.array:
    if name in _TEXT:
        return pd.array(["" if value is None or value != value else str(value) for value in values], dtype="str")
    known = [np.nan if value is None else value for value in values]
    return np.array(known, dtype=float) if name in COLUMNS else known


def interval(estimate: float, std_error: float, df: float = np.inf, *, level: float = 0.95) -> dict[str, float]:
    """Symmetric confidence limits and two-sided p-value of an estimate from Student's t (normal when df is infinite).

    Returns the keys `estimate, std_error, df, lower, upper, p_value`, ready for `frame`; below `FEWEST_DF` degrees of
    freedom `df` alone and a `note` that says why.
    """
    if reason := too_few(df):
        return not_estimable(reason, df=df)
    # what scipy.stats.t and norm compute; to make their objects costs more than the fit of many models
    upper = 0.5 + level / 2
    half = (special.ndtri(upper) if np.isinf(df) else special.stdtrit(df, upper)) * std_error
    t = -abs(estimate / std_error) if std_error > 0 else np.nan
    p_value = 2 * (special.ndtr(t) if np.isinf(df) else special.stdtr(df, t))
    return {
        "estimate": estimate, "std_error": std_error, "df": df,
        "lower": estimate - half, "upper": estimate + half, "p_value": p_value,
    }  # fmt: skip


def too_few(df: float) -> str:
    """Why nothing is concluded from so few degrees of freedom, the one rule of every method; else an empty string."""
    if df >= FEWEST_DF:
        return ""
    shown = np.floor(round(10 * df, 6)) / 10  # rounded up, 1.47 would be the 1.5 that suffices
    return f"it has {shown:.1f} degrees of freedom, and an interval would cover almost anything"


def not_estimable(reason: str, **known) -> dict:
    """A row that says `not estimable, because <reason>` in its note, with what is known (outcome, contrast, n)."""
    return {**known, "note": f"not estimable, because {reason}"}
