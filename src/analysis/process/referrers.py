"""Who referred and what became of it, and why people stopped."""

from collections.abc import Sequence

import pandas as pd

from analysis.process.clock import Moment, known_by
from analysis.process.funnel import REFERRED, referral_funnel
from analysis.process.shares import share, wilson
from analysis.process.tables import UNKNOWN, by_level, level_of, levels_of, require, sentence
from analysis.process.times import time_to_step


def referrer_mix(
    data: pd.DataFrame,
    referrer: str,
    *,
    referred: str = "referred",
    started: str = "started",
    person: str = "person",
    levels: Sequence | None = None,
    until: str | None = None,
    competing: str | None = None,
    as_of: Moment | None = None,
    follow_up: float = 183,
    minimum: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Which referrers people came through, how many of theirs started, and after how many days (one row a referrer).

    Persons count once, with their first referral; `n_further` counts their later referrals. `percent` is the share of
    all referred persons (adds up to 100), `percent_started` of those of this referrer who were referred at least
    `follow_up` days before `as_of` (see `referral_funnel`), `median_days` the Kaplan-Meier median of the time to the
    start (with `competing`, the date of giving up, of the Aalen-Johansen incidence). Shares and times of fewer than
    `minimum` persons are not given: they say more of chance than of the referrer. An unknown referrer is a row of its
    own; own initiative is no referrer and is left to the funnel.
    """
    steps = [referred, started]
    options = {"person": person, "by": referrer, "levels": levels, "until": until, "as_of": as_of, "level": level}
    funnel = referral_funnel(data, steps, follow_up=follow_up, **options)
    funnel = funnel[funnel["entry"] == REFERRED]
    first = funnel[funnel["step"] == referred].set_index("unit")
    start = funnel[funnel["step"] == started].set_index("unit")
    mix = first[["n", "n_further"]].assign(denominator=first["n"].sum())
    mix[["percent", "lower", "upper"]] = wilson(mix["n"], mix["denominator"], level=level).to_numpy()
    shown = ["n_judged", "denominator", "percent", "lower", "upper", "n_open"]
    mix[[f"{name}_started" for name in shown]] = start[shown]
    mix["n_started"] = start["n"]
    median = _medians(data, referred, started, options, competing)
    mix["median_days"] = median["estimate"].mask(mix["n"] < minimum)
    few = mix["denominator_started"] < minimum
    limits = ["percent_started", "lower_started", "upper_started"]
    mix[limits] = mix[limits].mask(few)
    reason = f"share that started not estimable, because fewer than {minimum} people were referred long enough ago"
    never = "no median: fewer than half started while observed"
    remarks = zip(few, mix["median_days"].isna() & (mix["n"] >= minimum), start["note"], strict=True)
    mix["note"] = [sentence([reason if low else "", never if slow else "", note]) for low, slow, note in remarks]
    return mix.rename_axis("referrer").reset_index()


def _medians(data: pd.DataFrame, referred: str, started: str, options: dict, competing: str | None) -> pd.DataFrame:
    """Median days per referrer; without a cut-off, people without a start are open until the last date in the data."""
    as_of = options["as_of"]
    if as_of is None and options["until"] is None:
        known = data[[referred, started]].max().max()
        as_of = None if pd.isna(known) else known
    times = time_to_step(data, referred, started, **{**options, "as_of": as_of}, competing=competing, horizons=())
    found = times[times["measure"] == "median"].set_index("unit") if "measure" in times else times.iloc[:0]
    return found.reindex(columns=["estimate"])


def stop_reasons(
    data: pd.DataFrame,
    reason: str,
    *,
    stopped: str | None = None,
    reasons: Sequence[str] | None = None,
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Why people stopped: number and share of those who stopped per reason, the unknown shown (one row a level,
    reason).

    `stopped` is a date or a yes/no column of who stopped; without it a row with a reason stopped, so that nothing is
    known of stops without one (the note says so). `reasons` is the fixed list: each is shown, also with nobody, and
    what is not on it comes after. `as_of` leaves out later stops (needs `stopped` as a date). Shares are of all who
    stopped, with unknown reasons, Wilson limits.
    """
    require(data, reason, stopped, by)
    known = _stopped(data, reason, stopped, as_of)
    listed = levels_of(known, reason, reasons)
    listed += [UNKNOWN] * (stopped is not None and UNKNOWN not in listed)
    silent = "" if stopped else "stops without a reason are not in the data"
    rows = []
    for unit, here in by_level(known, by, levels if by is None or levels is not None else levels_of(data, by)):
        count = level_of(here, reason).value_counts()
        for name in listed:
            row = share(count.get(name, 0), len(here), "nobody stopped", level=level)
            off = "not on the fixed list" if reasons is not None and name not in {*reasons, UNKNOWN} else ""
            rows.append({"unit": unit, "reason": name, **row, "note": sentence([row["note"], off, silent])})
    return pd.DataFrame(rows)


def _stopped(data: pd.DataFrame, reason: str, stopped: str | None, as_of: Moment | None) -> pd.DataFrame:
    """The rows of those who stopped, as known on the cut-off date."""
    if stopped is None:
        if as_of is not None:
            raise ValueError("stop_reasons: as_of needs `stopped`, the column with the date of the stop.")
        return data[data[reason].notna()]
    if pd.api.types.is_bool_dtype(data[stopped]):
        return data[data[stopped].fillna(False)]
    return known_by(data[data[stopped].notna()], stopped, as_of)
