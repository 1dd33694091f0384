"""Moments as numbers of days, so that dates and days since baseline go through the same arithmetic."""

from datetime import date

import numpy as np
import pandas as pd

EPOCH = pd.Timestamp(0)

Moment = str | date | pd.Timestamp | float


def days(column: pd.Series) -> np.ndarray:
    """A column of dates (days since 1970) or of days since baseline (as they are), missing as NaN."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return ((column.dt.tz_localize(None) - EPOCH) / pd.Timedelta(days=1)).to_numpy(float)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(float, na_value=np.nan)
    if column.isna().all():
        return np.full(len(column), np.nan)
    raise TypeError(
        f"{column.name}: found {column.dtype}, expected dates or numbers of days. Read it with pd.to_datetime first."
    )


def day(moment: Moment | None, like: pd.Series) -> float:
    """One moment on the scale of the column `like`; without a moment infinity (nothing is cut off)."""
    if moment is None:
        return np.inf
    number = isinstance(moment, int | float | np.number)
    dated = pd.api.types.is_datetime64_any_dtype(like)
    if number and dated:
        raise TypeError(f"as_of: found the number {moment}, but {like.name} holds dates. Give a date.")
    if not number and pd.api.types.is_numeric_dtype(like) and not like.isna().all():
        raise TypeError(f"as_of: found {moment!r}, but {like.name} holds days. Give a number of days.")
    return float(moment) if number else float((pd.Timestamp(moment).tz_localize(None) - EPOCH) / pd.Timedelta(days=1))


def known_by(data: pd.DataFrame, date: str | None, as_of: Moment | None) -> pd.DataFrame:
    """The rows that were known on `as_of`: dated on or before it (an undated row is not known to be)."""
    if as_of is None or date is None:
        return data
    return data[days(data[date]) <= day(as_of, data[date])]
