"""The learning network's loop: discussed when, done or not, what the next data show, what is new since last time."""

from collections.abc import Mapping

import pandas as pd

from analysis import process
from analysis.planned import referral, voices
from analysis.planned.organisations import units_in
from analysis.study import Followed, Study

NONE = "none"
BEFORE, AFTER = "before", "after"
LOOP = ("count", "done", "late")
FOLLOWED = ["goal", "indicator", "when", "count", "percent", "n", "note"]
STEP, STOP = "share_step", "share_stop"
SINCE = {"count": "count", "known": "count"}
SINCE_N = {"count": "count", "known": "known"}
_ACTIONS = {"actions_made": "opened", "actions_done": "_done", "actions_dropped": "_dropped", "actions_late": "_late"}


def loop(study: Study, points: pd.DataFrame, meetings: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Per unit, meeting and goal: action points decided, of these done and late on the cut-off date.

    `discussed` is the date of the meeting as text (`none` for points of the unit's own plan); it is no person's date.
    """
    found = process.learning_loop(points, meetings, by="unit", levels=units_in(study, points), as_of=as_of)
    if "state" not in found:
        return voices.absent(["unit", "discussed", "goal"], LOOP, "no action point was made")
    found = found.dropna(subset=["state"])
    dated = found.assign(
        discussed=_text(found["discussed"]), done=found["state"] == "done", late=found["state"] == "late"
    )
    keys = ["unit", "discussed", "goal"]
    table = dated.groupby(keys, observed=True, sort=True).agg(
        count=("state", "size"), done=("done", "sum"), late=("late", "sum")
    )
    return table.reset_index().assign(n=lambda t: t["count"], note="")


def followed(
    study: Study, points: pd.DataFrame, meetings: pd.DataFrame, referrals: pd.DataFrame, *, as_of=None
) -> pd.DataFrame:
    """What the next data show of each goal that the plan follows: its share before and after it was first discussed.

    Before and after are of the same unit; people are counted by the day on which they were referred (or stopped). It is
    change: what else happened in between is in it.
    """
    loops = process.learning_loop(points, meetings, by="unit", levels=units_in(study, points), as_of=as_of)
    if not study.goals or not study.has("referrals") or "state" not in loops:
        why = "no goal that the plan follows was discussed"
        return voices.absent(["goal", "indicator", "when"], ("count", "percent"), why)
    begun = loops.assign(day=loops["discussed"].fillna(loops["opened"])).dropna(subset=["day"])
    silent = voices.absent(["goal", "indicator", "when"], ("count", "percent"), "the goal was not discussed")
    parts = []
    for goal, plan in study.goals.items():
        own = begun[begun["goal"] == goal]
        found = silent if own.empty else _share(study, plan, _split(study, plan, referrals, own), as_of)
        parts.append(found.assign(goal=goal))
    return pd.concat(parts, ignore_index=True).reindex(columns=FOLLOWED)


def _split(study: Study, plan: Followed, referrals: pd.DataFrame, begun: pd.DataFrame) -> pd.DataFrame:
    """Referrals with `when`: before or after the goal was first discussed in their unit (where it was)."""
    date = study.referral_steps[0] if plan.step else study.referral_end
    first = referrals["unit"].astype(str).map(begun.groupby(begun["unit"].astype(str))["day"].min())
    known = referrals[first.notna() & referrals[date].notna()]
    after = known[date] > first[known.index]
    when = after.map({True: AFTER, False: BEFORE}).astype(pd.CategoricalDtype([BEFORE, AFTER]))
    return known.assign(when=when)


def _share(study: Study, plan: Followed, rows: pd.DataFrame, as_of) -> pd.DataFrame:
    """The share that shows the goal, before and after."""
    if plan.step:
        found = referral.funnel(study, rows, by="when", as_of=as_of)
        found = found[found["step"] == plan.step]
        return found.assign(indicator=STEP, count=found["n_judged"], percent=found["percent"],
                            n=found["denominator"])  # fmt: skip
    found = process.stop_reasons(
        rows, "stop_reason", stopped=study.referral_end, by="when", as_of=as_of,
        reasons=[level.level for level in study.levels("stop_reason")],
    )  # fmt: skip
    found = found[found["reason"] == plan.stop_reason]
    return found.assign(indicator=STOP, when=found["unit"], count=found["n"], n=found["denominator"])


# --- what is new since the previous meeting -------------------------------------------------------------------------


def since(
    study: Study, meetings: pd.DataFrame, things: pd.DataFrame, dates: Mapping[str, str], *, as_of=None
) -> pd.DataFrame:
    """How often each thing happened since the previous meeting of its unit, added up over the units.

    `things` has `unit` and the columns that `dates` names; without meetings in the study one row says so.
    """
    found = _since(study, meetings, things, dates, as_of)
    if found.empty:
        return voices.absent(["indicator"], SINCE, _why(study))
    table = found.groupby("indicator", sort=False, as_index=False)[["n", "known"]].sum()
    return table.assign(count=table["n"], note="")


def since_steps(study: Study, meetings: pd.DataFrame, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """People who took each step, or stopped, since the previous meeting; each person with the first referral."""
    steps = [*study.referral_steps, *([study.referral_end] if study.referral_end else [])]
    first = referrals.sort_values(study.referral_steps[0], kind="stable").drop_duplicates("person")
    found = since(study, meetings, first, {step: step for step in steps}, as_of=as_of)
    return found.rename(columns={"indicator": "step"})


def since_forms(study: Study, meetings: pd.DataFrame, measures: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """People who filled in a form since the previous meeting, per wave."""
    if study.time not in measures or study.time != "date":
        return voices.absent(["wave"], SINCE, "time is not kept in dates")
    forms = measures.dropna(subset=["value"]).drop_duplicates(["person", "wave"])
    waves = {wave.id: f"_{wave.id}" for wave in study.waves}
    dated = forms.assign(**{column: forms["date"].where(forms["wave"] == wave) for wave, column in waves.items()})
    return since(study, meetings, dated, waves, as_of=as_of).rename(columns={"indicator": "wave"})


def since_actions(study: Study, meetings: pd.DataFrame, points: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Action points made, done, dropped and become late since the previous meeting, per unit, with that meeting's
    date as text.
    """
    ended = points["closed"].notna()
    late = ~ended | (points["closed"] > points["due"])
    dated = points.assign(
        _done=points["closed"].where(points["status"] != "dropped"),
        _dropped=points["closed"].where(points["status"] == "dropped"),
        _late=points["due"].where(late),
    )
    found = _since(study, meetings, dated, _ACTIONS, as_of)
    if found.empty:
        return voices.absent(["unit", "previous", "indicator"], SINCE, _why(study))
    return found.assign(previous=_text(found["previous"]), count=found["n"])


def since_voices(study: Study, meetings: pd.DataFrame, involvement: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Occasions with residents since the previous meeting."""
    there = involvement[involvement["residents"] > 0]
    return since(study, meetings, there, {"occasions_with_residents": "date"}, as_of=as_of)


def _since(study: Study, meetings, things, dates: Mapping[str, str], as_of) -> pd.DataFrame:
    if not study.has("meetings"):
        return pd.DataFrame()
    units = [unit for unit in study.units if (things["unit"] == unit).any() or (meetings["unit"] == unit).any()]
    previous = process.previous_meeting(meetings, by="unit", levels=units, as_of=as_of)
    found = process.new_since(things, dates, previous.reindex(units), by="unit", as_of=as_of)
    return found[found["unit"].isin(study.units)]


def _text(days: pd.Series) -> pd.Series:
    """Dates as ISO text, `none` where missing."""
    return pd.to_datetime(days).dt.strftime("%Y-%m-%d").fillna(NONE)


def _why(study: Study) -> str:
    """Why nothing is new."""
    if study.has("meetings"):
        return "nothing was known on this day"
    return "the study has no meetings of a learning network"
