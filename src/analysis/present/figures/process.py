"""Figures of the process: people per step, time to a step, who and why."""

import numpy as np
import pandas as pd

from analysis.present.cells import written
from analysis.present.figures.style import (
    BLUE,
    LINES,
    MARKERS,
    ORANGE,
    SERIES,
    SOFT,
    lines_of,
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
from analysis.present.reading import Released, released
from analysis.present.wording import Words

ORDERED = ("wave", "state")  # dimensions whose levels have an order of their own
MOST = 12  # bars: more than this is a table, not a picture


def funnel(table: pd.DataFrame | Released, words: Words) -> Picture:
    """People at each step as bars from zero, with the share of all at the first step.

    `table` has the dimension step (others at their total), the measure count and perhaps percent_first.
    """
    whole = released(table).totals_but("step")
    cells = whole.only("count", "percent_first").cells()
    title = words.text("figures.funnel")
    if "count" not in cells:
        return nothing(words, whole, title)
    cells = cells.dropna(subset=["count"])
    counts = [words.number(count) for count in cells["count"]]
    shares = cells["percent_first"] if "percent_first" in cells else [np.nan] * len(cells)
    texts = [_with_share(words, count, share) for count, share in zip(counts, shares, strict=True)]
    labels = [words.level("step", step) for step in cells["step"]]
    return _barred(
        whole, words, "step", title, cells["step"], labels, cells["count"], texts, words.text("picture.people")
    )


def _with_share(words: Words, count: str, share: float) -> str:
    if not np.isfinite(share):
        return count
    return words.text("picture.count_share", count=count, percent=words.percent(share))


def bars(
    table: pd.DataFrame | Released,
    words: Words,
    *,
    dim: str,
    measure: str = "",
    title: str = "",
    axis: str = "",
    most: int = MOST,
) -> Picture:
    """One measure as horizontal bars from zero, largest first, other dimensions at their total.

    Levels with an order of their own (waves, states) keep it. `measure` defaults to percent, or else count; `title` and
    `axis` are keys of the texts; at most `most` bars (the rest is in the table). The total row is not a bar.
    """
    whole = released(table).totals_but(dim)
    further = [one for one in whole.dims if one != dim and len(whole.levels(one)) > 1]
    measure = measure or ("percent" if "percent" in whole.only("percent").shown["measure"].to_list() else "count")
    whole = whole.only(measure)
    name = words.text(title) if title else words.text("figures.bars", dim=words.label(dim).lower())
    found = whole.shown[whole.shown[dim] != whole.totals.get(dim)] if dim in whole.dims else whole.shown.iloc[:0]
    if found.empty:
        return nothing(words, whole, name)
    if dim not in ORDERED:
        found = found.sort_values("value", ascending=False, kind="stable").head(most)
    labels = [words.group(tuple((one, row[one]) for one in further), words.level(dim, row[dim]))
              for row in found.to_dict("records")]  # fmt: skip
    texts = [
        written(words, measure, row.value, n=row.n, kind=whole.kinds.get(measure, "")) for row in found.itertuples()
    ]
    axis = words.text(axis) if axis else words.measure(measure)
    return _barred(whole, words, dim, name, found[dim], labels, found["value"], texts, axis)


def _barred(whole: Released, words: Words, dim: str, title, levels, labels, values, texts, axis: str) -> Picture:
    height = 0.7 + len(labels) * max(0.34, 0.18 * lines_of(labels))
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=height)
    places, values = np.arange(len(labels))[::-1], np.asarray(values, float)
    made.ax.barh(places, values, height=0.66, color=[BLUE if value >= 0 else ORANGE for value in values])
    made.ax.axvline(0, color=SOFT, linewidth=1)
    room = 0.015 * (values.max() - min(values.min(), 0) or 1)
    for place, value, text in zip(places, values, texts, strict=True):
        made.ax.text(value + room if value >= 0 else room, place, text, va="center", fontsize=9.5)
    low = min(values.min(), 0)
    made.ax.set_xlim(1.05 * low, values.max() + 0.34 * (values.max() - low or 1) if values.max() > 0 else 0.3 * -low)
    named(made.ax, places, [wrapped(label) for label in labels])
    if (values == values.round()).all():
        made.ax.xaxis.get_major_locator().set_params(integer=True)
    numbered(made.ax.xaxis, words)
    made.ax.set_xlabel(wrapped(axis, 44))
    total, seen = whole.totals.get(dim), set(levels)
    absent = [words.level(dim, level) for level in _hidden_levels(whole, dim) if level not in seen and level != total]
    items = list(zip(labels, texts, strict=True))
    return Picture(made.figure, alt_text(words, title, items), not_shown(words, absent), whole)


def _hidden_levels(whole: Released, dim: str) -> list[str]:
    """Levels of which nothing is shown (a level that merely did not fit is in the table)."""
    shown = set(whole.shown[dim]) if dim in whole.dims else set()
    return [level for level in whole.levels(dim) if level not in shown]


def curves(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Share that took each step, by whole months since the first (never at single event times), as step lines.

    `table` has the dimensions step and month and the measure percent (cumulative, cases still open accounted for).
    """
    whole = released(table).totals_but("step", "month").only("percent")
    title = words.text("figures.curves")
    shown = whole.shown.assign(month=pd.to_numeric(whole.shown.get("month"), errors="coerce")).dropna(subset=["month"])
    if shown.empty:
        return nothing(words, whole, title)
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=3.4)
    items = []
    for at, (step, rows) in enumerate(shown.groupby("step", sort=False)):
        rows = rows.sort_values("month")
        label = words.level("step", step)
        made.ax.plot(
            rows["month"], rows["value"], drawstyle="steps-post", label=label, color=SERIES[at % len(SERIES)],
            linestyle=LINES[at % len(LINES)], marker=MARKERS[at % len(MARKERS)], markersize=5, linewidth=2,
        )  # fmt: skip
        items.append((label, words.percent(rows["value"].iloc[-1], rows["n"].iloc[-1])))
    made.ax.set_ylim(0, 100)
    made.ax.set_xlim(left=0)
    made.ax.yaxis.set_major_formatter(lambda value, _: words.percent(value))
    made.ax.xaxis.set_major_formatter(lambda value, _: words.number(value))
    made.ax.set_xlabel(words.text("picture.months_plain"))
    made.ax.set_ylabel(words.text("picture.share_taken"))
    made.ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    absent = [words.level("step", step) for step in _hidden_levels(whole, "step")]
    return Picture(made.figure, alt_text(words, title, items), not_shown(words, absent), whole)
