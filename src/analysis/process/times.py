"""How long until a step is taken, when some still wait and some gave up: never a mean of the finished cases."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd
from scipy import stats

from analysis.effect.estimates import frame, not_estimable
from analysis.process.clock import Moment, day, days
from analysis.process.survival import COMPETING, OPEN, REACHED, Counts, incidence, kaplan_meier, log_rank, tally
from analysis.process.tables import counted, level_of, levels_of, require, sentence

HORIZONS = (30, 61, 91, 183, 274, 365)  # days: 1, 2, 3, 6, 9 and 12 months


def time_to_step(
    data: pd.DataFrame,
    start: str | None,
    end: str,
    *,
    until: str | None = None,
    as_of: Moment | None = None,
    by: str | None = None,
    levels: Sequence | None = None,
    person: str | None = None,
    competing: str | None = None,
    horizons: Sequence[float] = HORIZONS,
    level: float = 0.95,
) -> pd.DataFrame:
    """Days from `start` to `end` (columns of dates or of days; `start` None is day 0), with open cases, as estimates.

    A row that has no `end` is open until `until` (its last day of observation), `as_of` (the same day for all) or the
    earlier of both; what happened later is not known. `competing` is the date of giving up: those who gave up will
    not take the step, so with it shares are Aalen-Johansen incidences instead of one minus Kaplan-Meier, which would
    count them as still waiting. With `person` only the first start of each person counts.

    Rows per level of `by`: `measure` is `median`, `q25`, `q75` (days; the estimate is missing when fewer reached the
    step), and per horizon (days) `reached`, `competing` and `waiting` (shares 0-1 that add up to 1; beyond the last
    day observed they are missing). Medians follow R's `survfit`: the midpoint of the step when the curve lies exactly
    on one half. Limits: Kaplan-Meier on the log scale with Greenwood's variance (R's default), incidences on the
    log(-log) scale. With two levels or more a `log-rank` row follows (`estimate` chi-square, `df`); under competing
    risks it compares cause-specific hazards. Further columns: `measure, horizon, n_events, n_competing, n_open`. The
    shares at given months, not the times of single persons, are what may be published.
    """
    require(data, start, end, until, competing, by, person)
    table = _first_starts(_clocked(data, start, end, until, as_of, competing, by, person), person)
    known = {"outcome": end, "contrast": "", "method": "Aalen-Johansen" if competing else "Kaplan-Meier"}
    rows = [_level(table, unit, known, horizons, competing, level) for unit in levels_of(data, by, levels)]
    test = [_comparison(table[table["use"]], known, competing)] if by is not None else []
    return frame(chain(*rows, test))


def _clocked(data, start, end, until, as_of, competing, by, person) -> pd.DataFrame:
    """Per row the waiting time, what ended it, its level, and why it cannot be used."""
    begin = np.zeros(len(data)) if start is None else days(data[start])
    last = np.full(len(data), day(as_of, data[end if start is None else start]))
    last = np.fmin(last, days(data[until])) if until else last
    done, gave_up = days(data[end]), days(data[competing]) if competing else np.full(len(data), np.nan)
    stop = np.fmin(np.fmin(done, gave_up), last)
    status = np.where(done == stop, REACHED, np.where(gave_up == stop, COMPETING, OPEN))
    owner = pd.factorize(data[person])[0] if person else np.arange(len(data))
    reasons = {
        f"rows without {person}": owner < 0,
        f"rows without {start}": np.isnan(begin),
        f"rows with {start} after the cut-off date": begin > day(as_of, data[end if start is None else start]),
        f"rows with {end}, withdrawal or the last day before {start}": stop < begin,
    }
    table = pd.DataFrame({"begin": begin, "time": stop - begin, "status": status})
    table["why"] = np.select(list(reasons.values()), list(reasons), "")
    table["endless"] = np.isinf(stop)
    table["unit"] = level_of(data, by).to_numpy()
    table["person"] = owner
    return table


def _first_starts(table: pd.DataFrame, person: str | None) -> pd.DataFrame:
    """The table with `use`: the row counts (usable, and with `person` the earliest start of that person)."""
    use = table["why"] == ""
    if person:
        ordered = table[["begin", "person"]].sort_values("begin", kind="stable")
        use &= ~ordered.duplicated("person").reindex(table.index)
    return table.assign(use=use)


def _level(table: pd.DataFrame, unit: str, known: dict, horizons, competing: str | None, level: float) -> list[dict]:
    """All rows of one level, or one row that says why there are none."""
    here = table[table["unit"] == unit]
    used, why = here[here["use"]], here["why"].value_counts().drop("", errors="ignore")
    left_out = sentence(counted(n, f"{reason} left out") for reason, n in why.items())
    known = {**known, "unit": unit, "n": len(used), "note": left_out}
    known |= {f"n_{name}": int((used["status"] == code).sum()) for name, code in
              (("events", REACHED), ("competing", COMPETING), ("open", OPEN))}  # fmt: skip
    if used.empty:
        return [not_estimable(sentence([f"nobody was followed to {known['outcome']}", left_out]), **known)]
    if used["endless"].any():
        ask = "the last day of observation is unknown; give `until` or `as_of`"
        return [not_estimable(f"for {used['endless'].sum()} open rows {ask}", **known)]
    counts = tally(used["time"].to_numpy(), used["status"].to_numpy())
    return _curves(counts, known, horizons, competing, level)


def _curves(counts: Counts, known: dict, horizons, competing: str | None, level: float) -> list[dict]:
    """Medians and quartiles, then the shares at the horizons."""
    wait = kaplan_meier(counts, level=level)
    reached = incidence(counts, level=level) if competing else None
    rows = []
    for name, share in (("median", 0.5), ("q25", 0.25), ("q75", 0.75)):
        found = (reached or wait).quantile(share)
        never = f"fewer than {share:.0%} reached the step while observed" if np.isnan(found["estimate"]) else ""
        rows.append({**known, **found, "measure": name, "note": sentence([known["note"], never])})
    for horizon in horizons:
        still = wait.at(horizon)
        shares = {"reached": reached.at(horizon) if competing else _complement(still)}
        shares |= {"competing": incidence(counts, competing=True, level=level).at(horizon)} if competing else {}
        for name, found in {**shares, "waiting": still}.items():
            beyond = f"day {horizon:g} lies beyond the last day observed" if np.isnan(found["estimate"]) else ""
            note = sentence([known["note"], beyond])
            rows.append({**known, **found, "measure": name, "horizon": horizon, "note": note})
    return rows


def _complement(waiting: dict[str, float]) -> dict[str, float]:
    """The share that reached the step, of the share that waits."""
    return {
        "estimate": 1 - waiting["estimate"], "std_error": waiting["std_error"],
        "lower": 1 - waiting["upper"], "upper": 1 - waiting["lower"],
    }  # fmt: skip


def _comparison(used: pd.DataFrame, known: dict, competing: str | None) -> dict:
    """The log-rank test between all levels that have usable rows."""
    code, found = pd.factorize(used["unit"], sort=True)
    known = {**known, "unit": "all", "contrast": " vs ".join(found), "n": len(used), "measure": "log-rank"}
    known |= {"method": f"log-rank{' of cause-specific hazards' if competing else ''}"}
    event = (used["status"] == REACHED).to_numpy(float)
    if len(found) < 2 or used["endless"].any() or not event.any():
        return not_estimable("it needs two levels with known times and at least one step taken", **known)
    chi2, df = log_rank(used["time"].to_numpy(), event, code)
    return {**known, "estimate": chi2, "df": df, "p_value": stats.chi2.sf(chi2, df), "n_events": int(event.sum())}
