"""Figures of change: forest plot over units, means over the waves."""

import numpy as np
import pandas as pd

from analysis.present.cells import as_share, digits_of, interval_text, outcome_of, scale_of, written
from analysis.present.figures.style import (
    BLUE,
    INK,
    LINES,
    MARKERS,
    ORANGE,
    SERIES,
    SOFT,
    named,
    not_shown,
    nothing,
    numbered,
    sheet,
    source_line,
    subtitle,
    wrapped,
)
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import ALL, Released, released
from analysis.present.wording import Words

LIMITS = ("estimate", "lower", "upper")


def forest(
    table: pd.DataFrame | Released, words: Words, *, outcome: str, contrast: str = "", highlight: str = ""
) -> Picture:
    """Estimates with intervals, one line a unit and the total last, around a line at no change.

    `table` has the dimensions outcome, contrast, unit and the measures estimate, lower, upper; `contrast` defaults to
    the first in the table; `highlight` is a unit to draw in the accent colour.
    """
    whole = released(table).where(outcome=outcome)
    contrast = contrast or next(iter(whole.levels("contrast")), "")
    whole = whole.where(contrast=contrast)
    drawn, about = whole.only(*LIMITS), outcome_of(words, outcome)
    title = words.text("figures.forest", outcome=words.level("outcome", outcome), unit=words.label("unit").lower())
    cells = drawn.cells().dropna() if not drawn.empty else pd.DataFrame(columns=["unit", *LIMITS])
    cells = cells[cells[list(LIMITS)].notna().all(axis=1)] if set(LIMITS) <= set(cells) else cells.iloc[:0]
    if cells.empty:
        return nothing(words, whole, title)
    order = [unit for unit in (*words.study.units, ALL) if unit in set(cells["unit"])]
    cells = cells.set_index("unit").loc[order, list(LIMITS)]
    labels = [words.level("unit", whole.unit if unit == ALL else unit) for unit in order]
    below = subtitle(words, whole, words.level("contrast", contrast))
    made = sheet(words, title, below, source_line(words, whole), height=0.75 + 0.36 * len(order))
    texts = [f"{_difference(words, row.estimate, about)} ({interval_text(words, row.lower, row.upper, about)})"
             for row in cells.itertuples()]  # fmt: skip
    _forest_lines(made.ax, cells * scale_of(about), order, labels, texts, highlight)
    numbered(made.ax.xaxis, words)
    made.ax.set_xlabel(_change_label(words, about))
    absent = [words.level("unit", unit) for unit in whole.levels("unit") if unit not in order]
    caption = " ".join(filter(None, [words.text("picture.interval_note"), not_shown(words, absent)]))
    return Picture(made.figure, alt_text(words, title, list(zip(labels, texts, strict=True))), caption, drawn)


def _forest_lines(ax, cells: pd.DataFrame, order, labels, texts, highlight: str) -> None:
    places = np.arange(len(order))[::-1]
    ax.axvline(0, color=SOFT, linewidth=1)
    for place, unit, row in zip(places, order, cells.itertuples(), strict=True):
        colour = ORANGE if unit == highlight else INK if unit == ALL else BLUE
        ax.plot([row.lower, row.upper], [place, place], color=colour, linewidth=2.2, solid_capstyle="butt")
        ax.plot(row.estimate, place, "D" if unit == ALL else "o", color=colour, markersize=8 if unit == ALL else 7)
    ax.set_ylim(-0.7, len(order) - 0.3)
    named(ax, places, [wrapped(label, 20) for label in labels])
    named(ax, places, texts, right=True)


def _difference(words: Words, value: float, outcome) -> str:
    return words.number(scale_of(outcome) * value, digits_of(outcome))


def _change_label(words: Words, outcome) -> str:
    """The axis of a change: its unit, and which side is better."""
    share = as_share(outcome)
    text = words.text("picture.percent_points" if share else "picture.points", what=words.text("picture.change"))
    if outcome is None or outcome.better is None:
        return text
    better = words.text("picture.better_right" if outcome.better == "high" else "picture.better_left")
    return f"{text}   {better}" if outcome.better == "high" else f"{better}   {text}"


def waves(table: pd.DataFrame | Released, words: Words, *, outcome: str) -> Picture:
    """The mean of an outcome at each wave with its 95 % interval, at the planned months; a line for each further group.

    `table` has the dimensions outcome, wave (and perhaps one more) and the measures mean and, for the interval, sd. The
    interval is that of a mean (Student's t on the released n); means of waves are of the people present at each.
    """
    whole = released(table).where(outcome=outcome).only("mean", "sd", "count")
    about = outcome_of(words, outcome)
    title = words.text("figures.waves", outcome=words.level("outcome", outcome))
    points = _points(whole, words)
    if points.empty:
        return nothing(words, whole, title)
    detail = _sizes(words, points["n"])
    made = sheet(words, title, subtitle(words, whole, detail), source_line(words, whole), height=2.9)
    for at, (series, rows) in enumerate(points.groupby("series", sort=False)):
        _wave_line(made.ax, rows, scale_of(about), at, series)
    _wave_axes(made.ax, words, about, points)
    items = [(_named(row), written(words, "mean", row.mean, n=row.n, outcome=about)) for row in points.itertuples()]
    seen = set(zip(points["wave"], points["level"], strict=True))
    absent = [words.level("wave", wave) for wave in whole.levels("wave") if wave not in {wave for wave, _ in seen}]
    caption = [words.text("picture.interval_note"), _part_of_scale(words, about), not_shown(words, absent)]
    return Picture(made.figure, alt_text(words, title, items), " ".join(filter(None, caption)), whole)


def _named(row) -> str:
    return f"{row.series}, {row.label}" if row.series else row.label


def _points(whole: Released, words: Words) -> pd.DataFrame:
    """Drawn points: wave, month, label, series (label of a further dimension), mean, half width, n."""
    from scipy import stats

    months = {wave.id: wave.month for wave in words.study.waves}
    further = [dim for dim in whole.dims if dim not in ("outcome", "wave") and len(whole.levels(dim)) > 1]
    shown = whole.shown.pivot_table(index=list(whole.dims), columns="measure", values="value", sort=False).reset_index()
    sizes = whole.shown[whole.shown["measure"] == "mean"].set_index(list(whole.dims))["n"]
    if "mean" not in shown:
        return pd.DataFrame(columns=["wave", "month", "label", "series", "level", "mean", "half", "n"])
    shown = shown[shown["mean"].notna()].reset_index(drop=True)
    n = sizes.reindex(pd.MultiIndex.from_frame(shown[list(whole.dims)])).to_numpy()
    sd = shown["sd"].to_numpy() if "sd" in shown else np.full(len(shown), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n)
    level = shown[further[0]] if further else pd.Series("", shown.index)
    labels = [words.level("wave", wave) for wave in shown["wave"]]
    return pd.DataFrame({
        "wave": shown["wave"], "month": shown["wave"].map(months), "label": labels,
        "series": [words.level(further[0], one) if further else "" for one in level], "level": level,
        "mean": shown["mean"], "half": np.nan_to_num(half), "n": n,
    })  # fmt: skip


def _wave_line(ax, rows: pd.DataFrame, scale: float, at: int, series: str) -> None:
    shift = 0.15 * at  # so that intervals of two groups do not cover one another
    ax.errorbar(
        rows["month"] + shift, scale * rows["mean"], yerr=scale * rows["half"], color=SERIES[at % len(SERIES)],
        marker=MARKERS[at % len(MARKERS)], linestyle=LINES[at % len(LINES)], linewidth=2, markersize=7, capsize=4,
        label=series or None,
    )  # fmt: skip


def _wave_axes(ax, words: Words, outcome, points: pd.DataFrame) -> None:
    ticks = points.drop_duplicates("month")
    ax.set_xticks(ticks["month"], [wrapped(label, 14) for label in ticks["label"]])
    span = ticks["month"].max() - ticks["month"].min() or 1
    ax.set_xlim(ticks["month"].min() - 0.1 * span, ticks["month"].max() + 0.1 * span)
    low, high = (points["mean"] - points["half"]).min(), (points["mean"] + points["half"]).max()
    ax.set_ylim(*_limits(low, high, outcome))
    numbered(ax.yaxis, words)
    label = words.measure("percent") if as_share(outcome) else words.measure("mean")
    better = f"picture.better_{'up' if outcome.better == 'high' else 'down'}" if outcome and outcome.better else ""
    ax.set_ylabel(f"{label}\n({words.text(better)})" if better else label)
    if points["series"].nunique() > 1:
        ax.legend(frameon=False, loc="best")


def _part_of_scale(words: Words, outcome) -> str:
    """The caption's warning that the score axis is not the whole scale."""
    if outcome is None or not outcome.range:
        return ""
    unit = "percent" if as_share(outcome) else "value"
    low, high = (written(words, unit, scale_of(outcome) * end) for end in outcome.range)
    return words.text("picture.scale_part", low=low, high=high)


def _limits(low: float, high: float, outcome) -> tuple[float, float]:
    """Limits of the score axis: the data with room, at least a quarter of the scale, so that noise looks like noise."""
    ends = outcome.range if outcome is not None and outcome.range else (low, high)
    wanted = max((high - low) * 1.3, 0.25 * (ends[1] - ends[0]))
    middle = (low + high) / 2
    bottom = min(max(middle - wanted / 2, min(ends)), max(ends) - wanted) if wanted < ends[1] - ends[0] else ends[0]
    scale = scale_of(outcome)
    return scale * min(bottom, low), scale * max(bottom + wanted, high)


def _sizes(words: Words, sizes: pd.Series) -> str:
    low, high = sizes.min(), sizes.max()
    if not np.isfinite(low):
        return ""
    if low == high:
        return words.text("picture.n_one", n=words.number(low))
    return words.text("picture.n_range", low=words.number(low), high=words.number(high))
