"""Survival curves at whole months: a step of the full curve is one person on one day."""

import numpy as np
import pandas as pd

DAYS_A_MONTH = 30.4375


def at_months(curve: pd.DataFrame, *, days_a_month: float = DAYS_A_MONTH) -> pd.DataFrame:
    """A step function (`day` and further columns such as survival, at_risk) as it stands at each whole month.

    Returns `month` (0, 1, ...) and the further columns, each the last value at or before the end of that month; days
    at which somebody had an event do not appear. Before the first day values are those of the first row.
    """
    ordered = curve.sort_values("day", ignore_index=True)
    months = np.arange(int(np.floor(ordered["day"].max() / days_a_month)) + 1)
    last = np.searchsorted(ordered["day"].to_numpy(), months * days_a_month, side="right") - 1
    taken = ordered.drop(columns="day").iloc[np.maximum(last, 0)].reset_index(drop=True)
    return pd.concat([pd.Series(months, name="month"), taken], axis=1)
