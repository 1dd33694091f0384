"""How people came, started and stayed, in the referral steps that the plan names."""

import pandas as pd

from analysis import process
from analysis.study import Study

FUNNEL = ("count", "percent_previous", "percent_first")
FUNNEL_N = {"count": "n_first", "percent_previous": "n_previous", "percent_first": "n_first"}
FOLLOW_UP = 92  # days, about three months
REFERRERS = ("count", "percent", "percent_started", "days")
REFERRERS_N = {"count": "n_count", "percent": "n", "percent_started": "n_started", "days": "n_count"}


def funnel(study: Study, referrals: pd.DataFrame, *, by: str | None = None, as_of=None) -> pd.DataFrame:
    """Conditional and cumulative referral funnel in the plan's own steps (see `process.referral_funnel`)."""
    levels = [level.level for level in study.levels(by)] if by and by != "period" else None
    rows = referrals.dropna(subset=[study.referral_until]) if study.referral_until else referrals
    table = process.referral_funnel(
        rows,
        list(study.referral_steps),
        by=by,
        levels=levels,
        of=study.referral_of,
        follow_up={**dict.fromkeys(study.referral_steps, FOLLOW_UP), **study.referral_follow_up},
        as_of=as_of if study.time == "date" else None,
    )
    table = table[table["entry"] == "referred"].rename(columns={"unit": by or "unit"})
    # the first step is everybody by definition: its 100 % says nothing, and would be hidden as `everybody`
    first = table["step"] == study.referral_steps[0]
    return table.assign(
        count=table["n"],
        percent_previous=table["percent"],
        n_previous=table["denominator"],
        percent_first=table["percent_first"].mask(first),
        n_first=table["denominator_first"],
    )


def times(study: Study, referrals: pd.DataFrame, *, by: str | None = None, as_of=None) -> pd.DataFrame:
    """Time from the first step to each later one up to taking part, open cases censored, withdrawal competing."""
    last = list(study.referral_steps).index(study.referral_start)
    rows = referrals.dropna(subset=[study.referral_until]) if study.referral_until else referrals
    parts = [
        process.time_to_step(
            rows,
            study.referral_steps[0],
            step,
            until=study.referral_until,
            by=by,
            person="person",
            as_of=as_of if study.time == "date" else None,
            competing=study.referral_end,
        ).assign(step=step)
        for step in study.referral_steps[1 : last + 1]
    ]
    return pd.concat(parts, ignore_index=True)


def months(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Share of people who reached a step within so many months, per step, with open cases counted as open."""
    found = times(study, referrals, as_of=as_of)
    found = found[found["measure"] == "reached"]
    return found.assign(
        month=(found["horizon"] / 30.44).round().astype(int).astype(str), percent=100 * found["estimate"]
    )


def with_period(study: Study, referrals: pd.DataFrame) -> pd.DataFrame:
    """Referrals with `period`: during public measures (`lockdown`) or not (`open`), by the day of the referral; one
    period without them.
    """
    if study.time != "date" or not study.periods:
        return referrals.assign(period="all_time")
    day = referrals[study.referral_steps[0]]
    within = pd.concat([day.between(pd.Timestamp(p.start), pd.Timestamp(p.end)) for p in study.periods], axis=1).any(
        axis=1
    )
    return referrals.assign(period=within.map({True: "lockdown", False: "open"}))


def referrers(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Who referred, the share of their referrals that led to taking part, and the median days until then; empty
    without referrers.
    """
    if "referrer" not in referrals:
        return pd.DataFrame(columns=["referrer", *REFERRERS, "n", "n_started", "note"])
    table = process.referrer_mix(
        referrals,
        "referrer",
        referred=study.referral_steps[0],
        started=study.referral_start,
        as_of=as_of,
        levels=[level.level for level in study.levels("referrer")],
    )
    return table.assign(
        count=table["n"],
        days=table["median_days"],
        n=table["denominator"],
        n_count=table["n"],
        n_started=table["denominator_started"],
    )


def stop_reasons(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Why people stopped, by the fixed list of the study; empty when the study has no reasons."""
    if "stop_reason" not in referrals:
        return pd.DataFrame(columns=["stop_reason", "count", "percent", "n", "note"])
    table = process.stop_reasons(
        referrals,
        "stop_reason",
        stopped=study.referral_end,
        as_of=as_of,
        reasons=[level.level for level in study.levels("stop_reason")],
    )
    return table.assign(stop_reason=table["reason"], count=table["n"], n=table["denominator"])
