"""Quality-adjusted life years from repeated utilities."""

import numpy as np
import pandas as pd

from analysis.process.clock import days
from analysis.process.tables import require

YEAR = 365.25


def qaly(
    data: pd.DataFrame,
    *,
    person: str = "person",
    time: str = "day",
    value: str = "value",
    horizon: float = YEAR,
) -> pd.DataFrame:
    """Quality-adjusted life years per person: area under the utilities (trapezium rule) from the first form to
    `horizon` days.

    `data` has one row a person and measurement with a day or date and a utility (EQ-5D index). Time counts from each
    person's first row. Between known values the utility is taken to change in a straight line, also at the horizon;
    nothing is carried on beyond the last one. So somebody without a value on the first form, or without one at or
    after the horizon, has no QALY, and the note says which. Returns `person, qaly, n_values, days` (covered by
    values), `note`.
    """
    require(data, person, time, value)
    table = pd.DataFrame({"person": data[person], "day": days(data[time]), "value": data[value].astype(float)})
    table = table.dropna(subset=["person", "day"]).sort_values(["person", "day"], kind="stable")
    table["day"] -= table.groupby("person")["day"].transform("min")
    people = table.drop_duplicates("person").set_index("person")[["value"]].set_axis(["first"], axis=1)
    known = table.dropna(subset=["value"]).copy()
    later = known.groupby("person")[["day", "value"]].shift(-1)
    width = (later["day"].clip(upper=horizon) - known["day"]).clip(lower=0)
    step = (later["day"] - known["day"]).where(lambda gap: gap > 0)
    slope = (later["value"] - known["value"]) / step
    known["area"] = (known["value"] + slope * width / 2) * width / YEAR
    found = known.groupby("person").agg(qaly=("area", "sum"), n_values=("value", "size"), days=("day", "max"))
    found = people.join(found)
    found["n_values"] = found["n_values"].fillna(0).astype(int)
    short, blank = ~(found["days"] >= horizon), found["first"].isna()
    found["note"] = np.select(
        [blank, short],
        [
            "not estimable, because the first value is missing",
            f"not estimable, because no value at {horizon:g} days or later",
        ],
        "",
    )
    found["qaly"] = found["qaly"].mask(short | blank)
    return found.drop(columns="first").reset_index()
