"""Days that fell in a lockdown between two measurements."""

import numpy as np
import pandas as pd

from analysis.effect.waves import require_columns


def lockdown_exposure(
    data: pd.DataFrame, periods: pd.DataFrame, *, start: str, end: str, into: str = "lockdown_days"
) -> pd.DataFrame:
    """`data` with the column `into`: days from date `start` up to date `end` of a row that fell in one of `periods`.

    `periods` has the columns start and end. A period runs from its first day up to, not including, the day `end` on
    which it was over; the days between two measurements are counted in the same way, so that `end - start` is the most
    there can be. Overlapping periods (a curfew within a lockdown) count once. A row without both dates gets NaN.
    Raises ValueError where an end lies before its start.
    """
    require_columns(data, [start, end])
    require_columns(periods, ["start", "end"])
    first, last = (pd.to_datetime(data[column]) for column in (start, end))
    turned = int((last < first).sum())
    if turned or (pd.to_datetime(periods["end"]) < pd.to_datetime(periods["start"])).any():
        raise ValueError(f"{turned} rows, or a period, end before they start: correct the dates in {start} and {end}")
    days = pd.Series(0.0, index=data.index)
    for begin, stop in _merged(periods):
        overlap = last.clip(upper=stop) - first.clip(lower=begin)
        days = days + (overlap / np.timedelta64(1, "D")).clip(lower=0.0)
    return data.assign(**{into: days.where(first.notna() & last.notna())})


def _merged(periods: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Periods in order, those that touch or overlap made one."""
    found: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    ordered = pd.DataFrame({side: pd.to_datetime(periods[side]) for side in ("start", "end")}).sort_values("start")
    for begin, stop in ordered.itertuples(index=False):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((begin, stop))
    return found
