"""Action points: made, done, dropped and late, as they stood on a day."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.process.clock import Moment, day, days
from analysis.process.shares import share
from analysis.process.tables import by_level, counted, require, sentence
from analysis.process.times import time_to_step

DROPPED = "dropped"


def state_on(data: pd.DataFrame, as_of: Moment | None, opened: str, due: str, closed: str, status: str) -> pd.Series:
    """State of each action point on a day: `not yet made`, `open`, `late`, `done` or `dropped`; without a day, the
    last known.

    A point that was closed after that day was still open on it, whatever its status says now.
    """
    now = day(as_of, data[opened])
    ended = days(data[closed]) <= now
    if as_of is None:
        ended |= data[status].isin(["done", DROPPED]).to_numpy()
    made = ~(days(data[opened]) > now)
    late = days(data[due]) < (now if np.isfinite(now) else -np.inf)
    state = np.select(
        [~made, ended & (data[status] == DROPPED).to_numpy(), ended, late],
        ["not yet made", DROPPED, "done", "late"],
        "open",
    )
    return pd.Series(state, index=data.index)


def action_points(
    data: pd.DataFrame,
    *,
    opened: str = "opened",
    due: str = "due",
    closed: str = "closed",
    status: str = "status",
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Action points made, and of these done, dropped, late and open on `as_of`; done by their due date; days to done.

    Rows per level of `by`: `done`, `dropped`, `late`, `open` (shares of all made, adding up to 100), of the done ones
    `done by the due date` (or without one) and `done after the due date` (shares of all made too), `done in time`
    (of those whose due date has come and that have one) and `median days to done` (Kaplan-Meier, `estimate`: points
    that are open still are not left out, dropped ones are closed without being done).
    """
    require(data, opened, due, closed, status, by)
    last = np.nanmax([np.nan, *days(data[opened]), *days(data[closed])]) if len(data) else np.nan
    rows = []
    for unit, here in by_level(data, by, levels):
        here = here.assign(_state=state_on(here, as_of, opened, due, closed, status))
        made = here[here["_state"] != "not yet made"]
        for name in ("done", DROPPED, "late", "open"):
            found = share((made["_state"] == name).sum(), len(made), "no action point was made", level=level)
            rows.append({"unit": unit, "measure": name, **found})
        after = (made["_state"] == "done") & (days(made[closed]) > days(made[due]))
        for name, n in (("by", (made["_state"] == "done").sum() - after.sum()), ("after", after.sum())):
            found = share(n, len(made), "no action point was made", level=level)
            rows.append({"unit": unit, "measure": f"done {name} the due date", **found})
        rows.append({"unit": unit, "measure": "done in time", **_in_time(made, as_of, due, closed, level)})
        rows.append({"unit": unit, "measure": "median days to done", **_median(made, opened, closed, as_of, last)})
    return pd.DataFrame(rows)


def _in_time(made: pd.DataFrame, as_of: Moment | None, due: str, closed: str, level: float) -> dict:
    """Done on or before the due date, of the points that were due."""
    ready = made[made[due].notna() & (days(made[due]) <= day(as_of, made[due]))]
    on_time = (ready["_state"] == "done") & (days(ready[closed]) <= days(ready[due]))
    found = share(on_time.sum(), len(ready), "no action point was due", level=level)
    return found | {"note": sentence([found["note"], counted(made[due].isna().sum(), "without a due date")])}


def _median(made: pd.DataFrame, opened: str, closed: str, as_of: Moment | None, last: float) -> dict:
    """Kaplan-Meier median of the days from made to done; without a cut-off, open points end on the last date known."""
    begin, end = days(made[opened]), days(made[closed])
    until = np.fmin(day(as_of, made[opened]), np.where(made["_state"] == DROPPED, end, np.inf))
    table = pd.DataFrame({"begin": begin, "done": np.where(made["_state"] == "done", end, np.nan)})
    table["last"] = np.where(np.isinf(until), last, until)
    found = time_to_step(table, "begin", "done", until="last", horizons=()).iloc[0]
    return {"n": int(found["n"]), "estimate": found["estimate"], "note": found["note"]}
