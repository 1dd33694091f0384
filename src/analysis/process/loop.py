"""The loop of action research: discussed when, decided, done, and what is new since the previous meeting."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.process.actions import state_on
from analysis.process.clock import Moment, day, days, known_by
from analysis.process.tables import by_level, flag, levels_of, require


def _held(meetings: pd.DataFrame, meeting: str, date: str, held: str, as_of: Moment | None) -> pd.DataFrame:
    """The meetings that took place on or before `as_of`, one row each."""
    return known_by(meetings[flag(meetings[held]) == 1].drop_duplicates(meeting), date, as_of)


def previous_meeting(
    meetings: pd.DataFrame,
    *,
    meeting: str = "meeting",
    date: str = "date",
    held: str = "held",
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
) -> pd.Series:
    """The last meeting held before `as_of` (a meeting on that day is the one that is prepared), per level of `by`.

    `meetings` has one row or more a meeting. Returns dates by level, missing where none was held before.
    """
    require(meetings, meeting, date, held, by)
    took = _held(meetings, meeting, date, held, as_of)
    took = took[days(took[date]) < day(as_of, took[date])]
    return pd.Series({unit: here[date].max() for unit, here in by_level(took, by, levels)}, dtype=meetings[date].dtype)


def new_since(
    data: pd.DataFrame,
    dates: Mapping[str, str],
    previous: pd.Series,
    *,
    by: str | None = None,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """How often each thing happened after the previous meeting and on or before `as_of`, beside how often in all.

    `data` has one row a thing that can happen (a referral, an action point); `dates` maps what happened to the column
    with its date; `previous` is what `previous_meeting` gave. Rows per level of `previous` and key of `dates`: `unit,
    previous, indicator, n` (new), `known` (all until `as_of`), `note`. Where no meeting was held before, everything is
    new, and the note says so.
    """
    require(data, *dates.values(), by)
    rows = []
    for unit, here in by_level(data, by, list(previous.index)):
        since = previous.get(unit, pd.NaT)
        note = "" if pd.notna(since) else "no meeting was held before: everything is new"
        for name, column in dates.items():
            known = known_by(here[here[column].notna()], column, as_of)
            new = len(known) if pd.isna(since) else int((days(known[column]) > day(since, known[column])).sum())
            row = {"unit": unit, "previous": since, "indicator": name, "n": new, "known": len(known), "note": note}
            rows.append(row)
    return pd.DataFrame(rows, columns=["unit", "previous", "indicator", "n", "known", "note"])


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
    took = _held(meetings, meeting, date, held, as_of)
    when, rows = took.set_index(meeting)[date], []
    units = levels if by is None or levels is not None else levels_of(actions, by)
    last = previous_meeting(meetings, meeting=meeting, date=date, held=held, by=by, levels=units, as_of=as_of)
    for unit, here in by_level(actions, by, units):
        previous = last.get(unit, pd.NaT)
        columns = (opened, due, closed, status)
        table = here.assign(unit=unit, discussed=when.reindex(here[meeting]).to_numpy(), previous_meeting=previous)
        table["state"] = state_on(here, as_of, *columns)
        then = state_on(here, previous, *columns) if pd.notna(previous) else pd.Series("not yet made", index=here.index)
        table["state_then"] = then
        table["change"] = np.select([then == "not yet made", table["state"] == then], ["new", "same"], table["state"])
        known = table[table["state"] != "not yet made"]
        nothing = {"unit": unit, "note": "no action point was made" + (f" on or before {as_of}" if as_of else "")}
        rows.append(known.assign(note="") if len(known) else pd.DataFrame([nothing]))
    return pd.concat(rows, ignore_index=True)
