"""From plan to practice: action plans and their delays, and how well the approach is anchored."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.process.actions import state_on
from analysis.process.clock import Moment, day, days
from analysis.process.shares import share
from analysis.process.tables import ALL, by_level, level_of, levels_of, require


def action_plans(
    data: pd.DataFrame,
    *,
    phase: str = "phase",
    opened: str = "opened",
    due: str = "due",
    closed: str = "closed",
    status: str = "status",
    periods: pd.DataFrame | None = None,
    by: str | None = None,
    levels: Sequence | None = None,
    phases: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """How far the plan is, per phase: actions done, late, days of delay, and days that fell in a lockdown.

    Rows per level and phase (`phases` in order; a phase without actions is shown): `n` done of `denominator` made,
    percent with Wilson limits; `late` (open past their due date on `as_of`); `delay` median days from due to closed
    over the actions done (negative is early), which says nothing of those open: `open_delay` is the median days late
    so far; `first_opened, last_due, last_closed` and `middle_opened, middle_due, middle_closed` (medians, `closed` of
    those done) for a time strip; `in_periods` share of the planned days (opened to
    due) that fell in the `periods` (columns `start`, `end`: lockdowns).
    """
    require(data, phase, opened, due, closed, status, by)
    rows = []
    for unit, here in by_level(data, by, levels):
        for name in levels_of(data, phase, phases):
            part = here[level_of(here, phase) == name]
            part = part.assign(_state=state_on(part, as_of, opened, due, closed, status))
            made = part[part["_state"] != "not yet made"]
            found = share((made["_state"] == "done").sum(), len(made), "no action was made in this phase", level=level)
            rows.append({"unit": unit, "phase": name, **found, **_timing(made, opened, due, closed, as_of, periods)})
    table = pd.DataFrame(rows)
    return table[[*[name for name in table if name != "note"], "note"]]


def _timing(made: pd.DataFrame, opened: str, due: str, closed: str, as_of: Moment | None, periods) -> dict:
    """Delays and dates of some actions."""
    done, late = made[made["_state"] == "done"], made[made["_state"] == "late"]
    now = day(as_of, made[opened])
    return {
        "late": len(late), "delay": pd.Series(days(done[closed]) - days(done[due])).median(),
        "open_delay": pd.Series(now - days(late[due])).median(), "first_opened": made[opened].min(),
        "last_due": made[due].max(), "last_closed": done[closed].max(), "middle_opened": made[opened].median(),
        "middle_due": made[due].median(), "middle_closed": done[closed].median(),
        "in_periods": np.nan if periods is None else _in_periods(days(made[opened]), days(made[due]), periods),
    }  # fmt: skip


def _in_periods(begin: np.ndarray, end: np.ndarray, periods: pd.DataFrame) -> float:
    """Share of the days between begin and end that fall in periods, which must not overlap."""
    starts, stops = days(pd.to_datetime(periods["start"])), days(pd.to_datetime(periods["end"]))
    overlap = np.minimum.outer(end, stops) - np.maximum.outer(begin, starts)
    planned = np.nansum(np.maximum(end - begin, 0))
    return float(np.nansum(np.maximum(overlap, 0)) / planned) if planned > 0 else np.nan


def embedding(
    data: pd.DataFrame,
    *,
    element: str = "element",
    score: str = "score",
    moment: str | None = "moment",
    by: str | None = None,
    levels: Sequence | None = None,
    elements: Sequence | None = None,
    maximum: float = 2,
) -> pd.DataFrame:
    """How well the approach is anchored (budget, policy text, hours, owner, agreements), per level, moment and
    element.

    Scores run from 0 (absent) to `maximum` (arranged for years). One row an element, and `all`: the sum as a percent
    of what can be had with the elements that were scored (`scored` of `elements`). An element that was not scored is
    a row that says so: not scored is not absent. `change` is the difference from the first moment of that level.
    """
    require(data, element, score, moment, by)
    listed, rows = levels_of(data, element, elements), []
    moments = levels_of(data, moment)
    for unit, here in by_level(data, by, levels):
        for when, part in by_level(here, moment, moments):
            values = part.groupby(level_of(part, element).to_numpy())[score].mean().reindex(listed)
            common = {"unit": unit, "moment": when}
            for name, value in values.items():
                note = "not estimable, because it was not scored" if pd.isna(value) else ""
                rows.append({**common, "element": name, "score": value, "percent": 100 * value / maximum, "note": note})
            scored = int(values.notna().sum())
            note = "" if scored == len(listed) else f"{scored} of {len(listed)} elements scored"
            note = note if scored else "not estimable, because nothing was scored"
            total = {
                "element": ALL,
                "score": values.sum() if scored else np.nan,
                "percent": 100 * values.mean() / maximum,
            }
            rows.append({**common, **total, "scored": scored, "elements": len(listed), "note": note})
    table = pd.DataFrame(rows)
    begin = table.groupby(["unit", "element"])["percent"].transform(lambda values: values.iloc[0])
    table.insert(5, "change", (table["percent"] - begin).where(table["moment"] != moments[0]))
    return table
