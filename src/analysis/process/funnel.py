"""From referred to kept up: how many people reached each step, of the step before and of all who were referred."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.process.clock import Moment, day, days
from analysis.process.shares import wilson
from analysis.process.tables import counted, level_of, levels_of, require, sentence

REFERRED, OWN = "referred", "own initiative"
_LEFT_OUT = ("without a person", "without any date", "after the cut-off date")


@dataclass(frozen=True)
class _Steps:
    """The ordered steps, for each the position of the step it is a share of, and the days it may take."""

    names: tuple[str, ...]
    of: tuple[int, ...]
    wait: np.ndarray

    def total_wait(self, step: int) -> float:
        """Days from the first step to `step`, along the steps it is a share of."""
        return 0.0 if step == 0 else self.wait[step] + self.total_wait(self.of[step])


def referral_funnel(
    data: pd.DataFrame,
    steps: Sequence[str],
    *,
    person: str = "person",
    by: str | None = None,
    levels: Sequence | None = None,
    of: Mapping[str, str] | None = None,
    until: str | None = None,
    as_of: Moment | None = None,
    follow_up: float | Mapping[str, float] = 92,
    level: float = 0.95,
) -> pd.DataFrame:
    """People per step of the referral, as a share of the step before and of all referred, one row a level and step.

    `data` has one row a referral; `steps` name, in order, its columns with the date (or day) of each step, missing
    when the step was not taken. A step is a share of the step before it, or of the step that `of` names for it (a
    start is a share of the intakes, not of the warm handovers). A person counts once, with the first referral, in the
    level of that referral; further referrals are counted in `n_further`. Who has a later step but not the first came
    on own initiative, and is followed apart (`entry`), as a share of all who came so.

    Recent referrals: with `as_of` only what was known on that day counts, and a step is judged only for people who
    had at least `follow_up` days (a number, or one per step) since the step it is a share of, whether they took it or
    not; for the share of all referred the days add up along the steps. Shares are thus of people who were followed
    equally long, and `n_open` says who waits still. `until` names a column with the last day somebody could be
    observed (moved, died, records end: not stopped) for everybody, taken the step or not; where that is unknown use
    `time_to_step`.

    Returns `unit, entry, step, position, n` (people with the step, known on `as_of`), `denominator_step`; `n_judged,
    denominator, percent, lower, upper, n_open` of that step and the same with `_first` of the first step (percent
    0-100, Wilson limits); `n_without_previous`, `n_out_of_order`, `n_further`, `note`. Method: process evaluation's
    recruitment and reach by step (Saunders 2005), complete-follow-up cohorts.
    """
    require(data, *steps, person, by, until)
    plan = _plan(steps, of or {}, follow_up)
    table = _one_row_a_referral(data, plan.names, person, by, until, as_of)
    blocks = [
        _block(table[table["_level"] == unit], plan, unit, entry, as_of, level)
        for unit in levels_of(data, by, levels)
        for entry in (REFERRED, OWN)
    ]
    return pd.concat([block for block in blocks if block is not None], ignore_index=True)


def _plan(steps: Sequence[str], of: Mapping[str, str], follow_up: float | Mapping[str, float]) -> _Steps:
    """The steps with their denominators; a denominator must be an earlier step, so that a share cannot exceed 100."""
    names = tuple(steps)
    wrong = [f"{step} of {base}" for step, base in of.items() if base not in names[: _position(names, step)]]
    if len(names) < 1 or len(set(names)) < len(names) or wrong:
        raise ValueError(f"steps {list(names)}, of {wrong}: name each step once, and each share of an earlier step.")
    base = tuple(names.index(of[step]) if step in of else max(at - 1, 0) for at, step in enumerate(names))
    wait = follow_up if isinstance(follow_up, Mapping) else dict.fromkeys(names, follow_up)
    return _Steps(names, base, np.array([float(wait.get(step, 92)) for step in names]))


def _position(names: tuple[str, ...], step: str) -> int:
    return names.index(step) if step in names else 0


def _one_row_a_referral(data, steps, person, by, until, as_of) -> pd.DataFrame:
    """Steps as days, the day of entry, the last day observed, the level, and why a row is left out or comes second."""
    moments = np.column_stack([days(data[step]) for step in steps])
    first, last = moments[:, 0], day(as_of, data[steps[0]])
    with np.errstate(invalid="ignore"):
        entry = np.where(np.isnan(first), np.fmin.reduce(moments, axis=1), first)
        known = np.where(moments <= last, moments, np.nan)
    observed = days(data[until]) if until else np.full(len(data), np.inf)
    _refuse_event_times(observed, moments, until)
    end = np.fmin(observed, last)
    nobody = data[person].isna().to_numpy()
    table = pd.DataFrame(known, columns=list(steps))
    table["_level"] = level_of(data, by).to_numpy()
    table["_entry"], table["_end"], table["_own"] = entry, end, np.isnan(first)
    table["_left_out"] = np.select([nobody, np.isnan(entry), entry > last], _LEFT_OUT, "")
    table["_person"] = pd.factorize(data[person])[0]
    usable = table[table["_left_out"] == ""]
    second = usable.sort_values("_entry", kind="stable").duplicated("_person")
    table["_further"] = second.reindex(table.index, fill_value=False)
    return table


def _refuse_event_times(observed: np.ndarray, moments: np.ndarray, until: str | None) -> None:
    """Raise when `until` ends with the last step taken, as in survival data: then the quick would not be judged.

    Who took a step on day 20 and was "observed until day 20" would count as followed too briefly, who took it on day
    200 would not.
    """
    taken = (~np.isnan(moments[:, 1:])).any(axis=1) & ~np.isnan(observed)
    if taken.any():
        with np.errstate(invalid="ignore"):
            ends = (observed <= np.fmax.reduce(moments, axis=1))[taken].mean()
        if ends > 0.5:
            raise ValueError(
                f"{until}: for {ends:.0%} of the people who took a step the observation ends with it. The funnel needs "
                "the last day on which they could have been seen; without it use time_to_step, or leave `until` out."
            )


def _block(table: pd.DataFrame, plan: _Steps, unit: str, entry: str, as_of, level: float) -> pd.DataFrame | None:
    """All steps of the people of one level who were referred, or who came on own initiative (None when nobody did)."""
    usable = table[(table["_left_out"] == "") & (table["_own"] == (entry == OWN))]
    if entry == OWN and usable.empty:
        return None
    people, further = usable[~usable["_further"]], usable[usable["_further"]]
    rows = pd.DataFrame([_step(people, further, plan, at) for at in range(len(plan.names))])
    for suffix in ("", "_first"):
        limits = wilson(rows[f"n_judged{suffix}"], rows[f"denominator{suffix}"], level=level)
        rows[[f"{name}{suffix}" for name in limits]] = limits
    left_out = table["_left_out"].value_counts() if entry == REFERRED else pd.Series(dtype=int)
    rows["note"] = [_note(row, left_out if row.position == 0 else {}, len(people), as_of) for row in rows.itertuples()]
    rows.insert(0, "unit", unit)
    rows.insert(1, "entry", entry)
    order = ["unit", "entry", "step", "position", "n", "denominator_step"]
    order += [f"{name}{end}" for end in ("", "_first") for name in
              ("n_judged", "denominator", "percent", "lower", "upper", "n_open")]  # fmt: skip
    return rows[[*order, "n_without_previous", "n_out_of_order", "n_further", "note"]]


def _step(people: pd.DataFrame, further: pd.DataFrame, plan: _Steps, at: int) -> dict:
    """Counts of one step among people (one row each): taken, judged, open, and what is odd about its date."""
    name, base = plan.names[at], plan.names[plan.of[at]]
    taken, before = people[name].notna(), people[base].notna()
    judged = before & (people["_end"] - people[base] >= plan.wait[at]) if at else before
    judged_first = people["_end"] - people["_entry"] >= plan.total_wait(at)
    return {
        "step": name, "position": at, "n": int(taken.sum()), "denominator_step": base if at else "",
        "n_judged": int((taken & judged).sum()) if at else 0, "denominator": int(judged.sum()) if at else 0,
        "n_open": int((before & ~taken & ~judged).sum()),
        "n_judged_first": int((taken & judged_first).sum()), "denominator_first": int(judged_first.sum()),
        "n_open_first": int((~taken & ~judged_first).sum()),
        "n_without_previous": int((taken & ~before).sum()),
        "n_out_of_order": int((people[name] < people[base]).sum()),
        "n_further": int(further[name].notna().sum()),
    }  # fmt: skip


def _note(row, left_out: Mapping[str, int], people: int, as_of: Moment | None) -> str:
    """What a reader must know of this row before quoting it."""
    when = f" on or before {as_of}" if as_of is not None else ""
    empty = f"nobody was referred{when}" if not people else f"nobody had {row.denominator_step} long enough ago"
    impossible = not people or (row.position and not row.denominator)
    return sentence(
        [
            f"not estimable, because {empty}" if impossible else "",
            counted(row.n_without_previous, f"with {row.step} but without {row.denominator_step} (in n only)"),
            counted(row.n_out_of_order, f"with {row.step} dated before {row.denominator_step}"),
            counted(row.n_open, f"still open{f' on {as_of}' if as_of is not None else ''}: followed too briefly"),
            counted(row.n_further, "further referrals of people already counted"),
            *[counted(left_out.get(reason, 0), f"rows left out, {reason}") for reason in _LEFT_OUT],
        ]
    )
