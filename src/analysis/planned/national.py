"""Shares of the people in the study beside the public series of the same question: a description, never an effect."""

from collections.abc import Iterator

import pandas as pd

from analysis import effect
from analysis.planned.design import primary
from analysis.planned.value import country
from analysis.planned.voices import absent
from analysis.study import PublicTrend, Study

TREND = {"percent": "percent", "public_percent": "rate", "points": "estimate", "lower": "lower", "upper": "upper"}
_SHOWN = ["outcome", "wave", *TREND, "n", "note"]
_NO_SERIES = "not estimable, because the plan names no public series of the same scale and cut-off"


def public_trend(study: Study, people: pd.DataFrame, context: pd.DataFrame) -> pd.DataFrame:
    """Per outcome and wave the share beyond the cut-off, the public share of the country at the same dates, in percent.

    `points` with `lower` and `upper` is their difference in percentage points. Outcomes are those of `public_trends` of
    the plan; a primary outcome without a series of the same scale says so. One row says when the plan does not ask.
    """
    if "national_trend" not in study.sensitivity:
        return absent(["outcome", "wave"], TREND)
    named = {trend.outcome for trend in study.public_trends}
    rows = [_beside(study, people, context, trend) for trend in study.public_trends]
    without = [outcome for outcome in primary(study) if outcome not in named]
    return pd.concat([*rows, *_unmatched(study, without)], ignore_index=True)[_SHOWN]


def _beside(study: Study, people: pd.DataFrame, context: pd.DataFrame, asked: PublicTrend) -> pd.DataFrame:
    """One series beside one outcome; what cannot be had says why."""
    series = _series(study, context, asked)
    rows = people[people["outcome"] == asked.outcome]
    if series.empty or study.time != "date":
        reason = "the public figures do not hold this series" if study.time == "date" else "forms have no dates"
        return _stated(study, asked.outcome, f"not estimable, because {reason}")
    found = effect.national_trend(
        rows, "value", time="wave", date="date", scale=asked.outcome, cutoff=asked.cutoff, trend=series,
        at_or_above=asked.at_or_above,
    )  # fmt: skip
    found = found.reindex(columns=[*found.columns, *({"share", "trend_share"} - set(found.columns))])
    shares = {"percent": found["share"], "public_percent": found["trend_share"], "points": found["estimate"]}
    shares |= {limit: found[limit] for limit in ("lower", "upper")}
    percents = {name: 100 * share for name, share in shares.items()}
    return found.assign(**percents, outcome=asked.outcome, wave=found["contrast"])


def _series(study: Study, context: pd.DataFrame, asked: PublicTrend) -> pd.DataFrame:
    """The country's shares, each dated in the middle of its year."""
    if context.empty:
        return context
    rows = context[context["unit"].isin(country(study, context)) & (context["table_id"] == asked.table)]
    rows = rows[(rows["indicator"] == asked.indicator) & (rows["population"] == asked.population)]
    dates = pd.to_datetime(rows["year"].astype(int).astype(str) + "-07-01")
    return rows.assign(scale=asked.outcome, cutoff=asked.cutoff, date=dates, share=rows["value"] / 100)


def _unmatched(study: Study, outcomes: list[str]) -> Iterator[pd.DataFrame]:
    yield from (_stated(study, outcome, _NO_SERIES) for outcome in outcomes)


def _stated(study: Study, outcome: str, note: str) -> pd.DataFrame:
    row = {"outcome": outcome, "wave": study.waves[1].id, "note": note}
    return pd.DataFrame([row]).reindex(columns=_SHOWN)
