"""Shares beside a public trend: same scale, same cut-off, interpolated to the dates of measurement; no inference."""

import numpy as np
import pandas as pd

from analysis.effect.estimates import frame, not_estimable
from analysis.effect.paired import wilson
from analysis.effect.soundness import FEW_PERSONS, FEWEST_PERSONS
from analysis.effect.waves import levels, require_columns, require_numbers, units

METHOD = "difference from the public trend (description, no inference about cause)"


def national_trend(
    data: pd.DataFrame, outcome: str, *, time: str, date: str, scale: str, cutoff: float,
    trend: pd.DataFrame, at_or_above: bool = True, by: str | None = None, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Share of persons at or beyond `cutoff` at each wave, minus the public share interpolated to the same dates.

    `data` is long: score in `outcome`, its date in `date`. `trend` is public: columns scale, cutoff, date, share (0-1);
    only its rows with the same `scale` and `cutoff` are used, so that, say, a six-item level is never set beside an
    eleven-item one. Counted are scores >= cutoff, or <= cutoff with `at_or_above=False`.
    One row a wave (`contrast` is the wave): `estimate` the difference of shares, limits those of Wilson for the own
    share (the public share is taken as known); further columns share, trend_share, first_date, last_date. There is no
    p-value: a difference from a trend is no effect. Dates outside the trend are not extrapolated.
    Raises ValueError when the trend has no row for this scale and cut-off.
    """
    require_columns(data, [outcome, time, date, by])
    require_numbers(data, outcome)
    dates, shares = _points(trend, scale, cutoff)
    rows = []
    for unit, part in units(data, by):
        for wave in levels(data[time], planned=True):
            seen = part[(part[time] == wave) & part[outcome].notna() & part[date].notna()]
            counted = seen[outcome] >= cutoff if at_or_above else seen[outcome] <= cutoff
            known = {"outcome": outcome, "unit": unit, "contrast": str(wave), "method": METHOD, "n": len(seen)}
            rows.append(known | _difference(seen, counted, date, dates, shares, level))
    return frame(rows)


def _points(trend: pd.DataFrame, scale: str, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
    """Dates (days) and shares of the one series that may be compared, in order of date."""
    require_columns(trend, ["scale", "cutoff", "date", "share"])
    same = trend[(trend["scale"] == scale) & np.isclose(trend["cutoff"].astype(float), cutoff)].dropna(subset="share")
    if same.empty:
        has = ", ".join(sorted({f"{row.scale} from {row.cutoff:g}" for row in trend.itertuples()}))
        raise ValueError(
            f"the trend has no row for scale {scale!r} with cut-off {cutoff:g} (it has {has}). Use the trend of the "
            "same scale and cut-off: levels of other scales are not comparable."
        )
    if not same["share"].between(0, 1).all() or same["date"].duplicated().any():
        raise ValueError(f"trend {scale!r}: shares must lie between 0 and 1, one per date (percentages: divide by 100)")
    same = same.sort_values("date")
    return _days(same["date"]), same["share"].to_numpy(float)


def _days(dates: pd.Series) -> np.ndarray:
    return pd.to_datetime(dates).to_numpy("datetime64[D]").astype(float)


def _difference(
    seen: pd.DataFrame, scores: pd.Series, date: str, dates: np.ndarray, shares: np.ndarray, level: float
) -> dict:
    days = _days(seen[date])
    if len(seen) < FEWEST_PERSONS:
        return not_estimable(f"{len(seen)} persons have a score and a date (at least {FEWEST_PERSONS} are needed)")
    span = {"first_date": str(seen[date].min())[:10], "last_date": str(seen[date].max())[:10]}
    if days.min() < dates[0] or days.max() > dates[-1]:
        return span | not_estimable("dates lie outside the public trend, which is not extrapolated")
    public = float(np.interp(days, dates, shares).mean())
    own = wilson(int(scores.sum()), len(scores), level=level)
    moved = {key: own[key] - public for key in ("estimate", "lower", "upper")}
    moved["note"] = f"warning: only {len(scores)} persons" if len(scores) < FEW_PERSONS else ""
    return moved | span | {"std_error": own["std_error"], "share": own["estimate"], "trend_share": public}
