"""The one shape of every estimate: what was estimated, how, how precisely, and why not where it could not be."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import stats

COLUMNS = [
    "outcome", "unit", "contrast", "method", "estimate", "std_error", "df", "lower", "upper", "p_value", "p_floor",
    "n", "n_clusters", "note",
]  # fmt: skip
_TEXT = {"outcome", "unit", "contrast", "method", "note"}


def frame(rows: Iterable[Mapping]) -> pd.DataFrame:
    """Rows (mappings with any of the contract's columns, and further ones) as an estimates frame.

    Absent numbers become NaN, absent texts the empty string; the contract's columns come first, further columns follow.
    """
    found = pd.DataFrame(list(rows))
    extra = [column for column in found.columns if column not in COLUMNS]
    found = found.reindex(columns=COLUMNS + extra)
    for column in COLUMNS:
        values = found[column]
        found[column] = values.astype(object).where(values.notna(), "").astype(str) if column in _TEXT else pd.to_numeric(values)
    return found


def interval(estimate: float, std_error: float, df: float = np.inf, *, level: float = 0.95) -> dict[str, float]:
    """Symmetric confidence limits and two-sided p-value of an estimate from Student's t (normal when df is infinite).

    Returns the keys `estimate, std_error, df, lower, upper, p_value`, ready for `frame`.
    """
    distribution = stats.norm if np.isinf(df) else stats.t(df)
    half = distribution.ppf(0.5 + level / 2) * std_error
    p_value = 2 * distribution.sf(abs(estimate / std_error)) if std_error > 0 else np.nan
    return {
        "estimate": estimate, "std_error": std_error, "df": df,
        "lower": estimate - half, "upper": estimate + half, "p_value": p_value,
    }  # fmt: skip


def not_estimable(reason: str, **known) -> dict:
    """A row that says `not estimable, because <reason>` in its note, with what is known (outcome, unit, contrast, n)."""
    return {**known, "note": f"not estimable, because {reason}"}
