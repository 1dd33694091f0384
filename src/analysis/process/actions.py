"""Action points: made, done, dropped, late, and what moved since the previous meeting."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.process.clock import Moment, day, days, known_by
from analysis.process.shares import share
from analysis.process.tables import by_level, counted, flag, levels_of, require, sentence
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

    Rows per level of `by`: `done`, `dropped`, `late`, `open` (shares of all made, adding up to 100), `done in time`
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


def learning_loop(
    actions: pd.DataFrame,
    meetings: pd.DataFrame,
    *,
    action: str = "action",
    opened: str = "opened",
    due: str = "due",
    closed: str = "closed",
    status: str = "status",
    meeting: str = "meeting",
    date: str = "date",
    held: str = "held",
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """The loop of action research, a row an action point: discussed when, decided when, done when, and what is new.

    Each action point made on or before `as_of` with its own columns and: `discussed` (date of the meeting it came
    from), `state` on `as_of`, `previous_meeting` (the last one held before `as_of` in that level), `state_then` (on
    that day) and `change`: `new`, `done`, `dropped`, `late` or `same` since then. Without an earlier meeting
    everything is new. A level without action points has one row whose note says so. What changed in the next data is
    read beside it, from the outcome table.
    """
    require(actions, action, opened, due, closed, status, meeting, by)
    require(meetings, meeting, date, held, by)
    took = known_by(meetings[flag(meetings[held]) == 1].drop_duplicates(meeting), date, as_of)
    when = took.set_index(meeting)[date]
    took_of, rows = dict(by_level(took, by)), []
    for unit, here in by_level(actions, by, levels if by is None or levels is not None else levels_of(actions, by)):
        before = took_of.get(unit, took.iloc[:0])[date]
        before = before[days(before) < day(as_of, before)]
        previous = before.max() if len(before) else pd.NaT
        columns = (opened, due, closed, status)
        table = here.assign(unit=unit, discussed=when.reindex(here[meeting]).to_numpy(), previous_meeting=previous)
        table["state"] = state_on(here, as_of, *columns)
        then = state_on(here, previous, *columns) if len(before) else pd.Series("not yet made", index=here.index)
        table["state_then"] = then
        table["change"] = np.select([then == "not yet made", table["state"] == then], ["new", "same"], table["state"])
        known = table[table["state"] != "not yet made"]
        nothing = {"unit": unit, "note": "no action point was made" + (f" on or before {as_of}" if as_of else "")}
        rows.append(known.assign(note="") if len(known) else pd.DataFrame([nothing]))
    return pd.concat(rows, ignore_index=True)
