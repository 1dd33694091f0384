"""How people came, started and stayed, in the referral steps that the plan names."""

import numpy as np
import pandas as pd

from analysis import process
from analysis.planned import voices
from analysis.study import Study

FUNNEL = ("count", "percent_previous", "lower", "upper", "percent_first")
# the limits are of the share of the previous step and rest on the people in it
FUNNEL_N = {"count": "n_first", "percent_previous": "n_previous", "percent_first": "n_first",
            "lower": "n_judged", "upper": "n_judged"}  # fmt: skip
MONTHS_BY_GROUP = ("1", "3", "12")  # per group further apart: who came in between two months is a group as well
FOLLOW_UP = 92  # days, about three months
REFERRERS = ("count", "percent", "percent_started", "days")
REFERRERS_N = {"count": "n_count", "percent": "n", "percent_started": "n_started", "days": "n_count"}


def funnel(study: Study, referrals: pd.DataFrame, *, by: str | None = None, as_of=None) -> pd.DataFrame:
    """Conditional and cumulative referral funnel in the plan's own steps (see `process.referral_funnel`)."""
    levels = [level.level for level in study.levels(by)] or None if by else None
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
    # the first step is everybody by definition: it is a share of nothing, and would be hidden as `everybody`
    first = table["step"] == study.referral_steps[0]
    return table.assign(
        count=table["n"],
        percent_previous=table["percent"],
        n_previous=table["denominator"],
        percent_first=table["percent_first"].mask(first),
        n_first=table["denominator_first"].mask(first),
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


def months(study: Study, referrals: pd.DataFrame, *, by: str | None = None, as_of=None) -> pd.DataFrame:
    """Share of people who reached a step within so many months, per step (and level of `by`), with open cases counted
    as open; a row that says so where nobody could be followed.
    """
    found = times(study, referrals, by=by, as_of=as_of)
    found = found[found["measure"].ne("log-rank")] if "measure" in found else found
    if "horizon" not in found:
        return found.assign(month="all", percent=np.nan, **({by: found["unit"]} if by else {}))
    found = found[found["measure"] == "reached"]
    found = found.assign(
        month=(found["horizon"] / 30.44).round().astype(int).astype(str), percent=100 * found["estimate"]
    )
    return found[found["month"].isin(MONTHS_BY_GROUP)].assign(**{by: found["unit"]}) if by else found


PERIODS = ("before", "during", "between", "after")


def with_period(study: Study, referrals: pd.DataFrame) -> pd.DataFrame:
    """Referrals with `period`, by the day of the referral: before, during, between or after the periods of public
    measures that the plan dates (any number); one period, `all_time`, without them.
    """
    if study.time != "date" or not study.periods:
        return referrals.assign(period="all_time")
    day = referrals[study.referral_steps[0]]
    dates = voices.periods(study)
    within = pd.concat([day.between(one.start, one.end) for one in dates.itertuples()], axis=1).any(axis=1)
    found = np.select([within, day < dates["start"].min(), day > dates["end"].max()], ["during", "before", "after"],
                      "between")  # fmt: skip
    known = pd.Series(found, referrals.index).where(day.notna())
    there = [period for period in PERIODS if (known == period).any()]
    return referrals.assign(period=known.astype(pd.CategoricalDtype(there)))


def per_quarter(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """People referred, started and stopped per quarter (`2021-Q3`), each person with the first referral; quarters in
    which nothing happened are there too. A row that says so where time is not kept in dates.
    """
    events = [step for step in (study.referral_steps[0], study.referral_start, study.referral_end) if step]
    first = referrals.sort_values(study.referral_steps[0], kind="stable").drop_duplicates("person")
    if study.time != "date" or first.empty:
        why = "nobody was referred" if study.time == "date" else "time is not kept in dates"
        return voices.absent(["quarter", "event"], ["count"], why)
    return voices.quarters({event: first[event] for event in events}, as_of)


def entries(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """What the funnel's first step leaves apart: people who came on own initiative (a later step without the first),
    and further referrals of people already counted.
    """
    found = process.referral_funnel(
        referrals, list(study.referral_steps), of=study.referral_of, as_of=as_of if study.time == "date" else None
    )
    first = found[found["position"] == 0].set_index("entry")  # everybody has had the time for the first step
    counts = {
        "own": first["denominator_first"].get("own initiative", 0),
        "further": first["n_further"].sum(),
    }
    return pd.DataFrame({"entry": list(counts), "count": list(counts.values()), "note": ""})


def log_rank(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Whether the time to each step differs between referrers: log-rank test over all of them (with withdrawal, of the
    cause-specific hazards); one row a step.
    """
    if "referrer" not in referrals:
        return voices.absent(["step"], ("p_value",))
    found = times(study, referrals, by="referrer", as_of=as_of)
    return found[found["measure"] == "log-rank"] if "measure" in found else voices.absent(["step"], ("p_value",))


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
