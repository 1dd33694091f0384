"""Pictures of lessons: one idea each, in the colours of the reports, drawn from plain columns of synthetic data."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.present.figures.style import BLUE, GREY, INK, LINES, MARKERS, ORANGE, RC, SERIES, SOFT, WIDTH, wrapped
from analysis.present.numbers import number_text
from analysis.present.picture import ALT_LIMIT, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANGUAGE = "nl"
_NEAR = {"textcoords": "offset points", "fontsize": 9}


def bars(values: pd.Series, *, title: str, x: str, digits: int = 0, highlight: str = "") -> Picture:
    """One bar a label (the index), in the given order, its value beside it; `highlight` names the bar in orange."""
    figure, ax = _sheet(title, 0.7 + 0.36 * len(values))
    places = np.arange(len(values))[::-1]
    ax.barh(places, values, color=[ORANGE if label == highlight else BLUE for label in values.index], height=0.62)
    ax.set_yticks(places, [wrapped(str(label), 26) for label in values.index])
    for place, value in zip(places, values, strict=True):
        side = {"ha": "right", "xytext": (-4, 0)} if value < 0 else {"ha": "left", "xytext": (4, 0)}
        ax.annotate(_number(value, digits), (value, place), va="center", **side, **_NEAR)
    if (values < 0).any():
        ax.axvline(0, color=SOFT, linewidth=1)
    ax.margins(x=0.12 if values.min() >= 0 else 0.22)
    _finish(ax, x, "")
    return Picture(figure, _alt(title, [f"{name} {_number(value, digits)}" for name, value in values.items()]), "")


def histogram(
    values: pd.Series,
    *,
    title: str,
    x: str,
    y: str = "aantal mensen",
    lines: Mapping[str, float] | None = None,
    bins: int | Sequence[float] = 21,
    digits: int = 1,
) -> Picture:
    """How many have each value; `lines` are vertical lines by name, such as a mean. Missing values are left out."""
    figure, ax = _sheet(title, 2.6)
    known = values.dropna().to_numpy(float)
    ax.hist(known, bins=bins, color=BLUE, alpha=0.85, edgecolor="white")
    for (name, place), colour, style in zip((lines or {}).items(), (ORANGE, INK, GREY), LINES, strict=False):
        ax.axvline(place, color=colour, linewidth=2.2, linestyle=style, label=f"{name}: {_number(place, digits)}")
    _finish(ax, x, y, legend=bool(lines))
    named = [f"{name} {_number(value, digits)}" for name, value in (lines or {}).items()]
    return Picture(figure, _alt(title, [f"{len(known)} {y.removeprefix('aantal ')}", *named]), "")


def scatter(
    first: pd.Series, second: pd.Series, *, title: str, x: str, y: str, equal: str = "", mark: pd.Series | None = None
) -> Picture:
    """One dot a person; `equal` names the line where both values are equal; `mark` (true, false) makes dots orange."""
    figure, ax = _sheet(title, 3.6)
    marked = np.zeros(len(first), bool) if mark is None else np.asarray(mark, bool)
    for chosen, colour, shape, size in ((~marked, BLUE, "o", 14), (marked, ORANGE, "^", 22)):
        ax.scatter(first[chosen], second[chosen], s=size, color=colour, alpha=0.55, linewidths=0, marker=shape)
    if equal:
        low, high = min(first.min(), second.min()), max(first.max(), second.max())
        ax.plot([low, high], [low, high], color=SOFT, linewidth=1.2, linestyle="--", label=equal)
    _finish(ax, x, y, legend=bool(equal))
    orange = [f"{marked.sum()} oranje"] if marked.any() else []
    return Picture(figure, _alt(title, [f"{len(first)} mensen", *orange]), "")


def dots(
    estimates: pd.DataFrame,
    *,
    title: str,
    x: str,
    truth: float | None = None,
    zero: str = "geen verandering",
    digits: int = 1,
) -> Picture:
    """Estimates with intervals, one line a row: the index names it; columns estimate, lower, upper.

    `truth` is drawn as an orange line, `zero` names the grey line at zero (empty: no line).
    """
    figure, ax = _sheet(title, 1.0 + 0.4 * len(estimates) + 0.25 * (truth is not None))
    places = np.arange(len(estimates))[::-1]
    if zero:
        ax.axvline(0, color=SOFT, linewidth=1.2, linestyle=":", label=zero)
    if truth is not None:
        ax.axvline(truth, color=ORANGE, linewidth=2.2, linestyle="--", label=f"de waarheid: {_number(truth, digits)}")
    for place, row in zip(places, estimates.itertuples(), strict=True):
        ax.plot([row.lower, row.upper], [place, place], color=BLUE, linewidth=2.2, solid_capstyle="butt")
        ax.plot(row.estimate, place, "o", color=BLUE, markersize=7)
        ax.annotate(_number(row.estimate, digits), (row.estimate, place), (0, 7), ha="center", **_NEAR)
    ax.set_yticks(places, [wrapped(str(label), 26) for label in estimates.index])
    ax.set_ylim(-0.6, len(estimates) - 0.3)
    ax.tick_params(axis="y", length=0)
    _finish(ax, x, "", legend=bool(zero) or truth is not None)
    known = [f"de waarheid {_number(truth, digits)}"] if truth is not None else []
    items = [
        f"{row.Index} {_number(row.estimate, digits)} ({_number(row.lower, digits)} tot {_number(row.upper, digits)})"
        for row in estimates.itertuples()
    ]
    return Picture(figure, _alt(title, [*known, *items]), "")


def waves(means: pd.DataFrame, *, title: str, y: str, x: str = "", digits: int = 1) -> Picture:
    """Means over the moments of measurement: one row a moment, in order; one column a line, with its own mark."""
    figure, ax = _sheet(title, 2.8)
    places = np.arange(len(means))
    for at, name in enumerate(means.columns):
        look = {"color": SERIES[at], "marker": MARKERS[at], "linestyle": LINES[at]}
        ax.plot(places, means[name], linewidth=2, markersize=7, label=str(name), **look)
    ax.set_xticks(places, [wrapped(str(label), 16) for label in means.index])
    ax.margins(x=0.08, y=0.15)
    _finish(ax, x, y, legend=len(means.columns) > 1)
    items = [f"{name}: " + ", ".join(_number(value, digits) for value in means[name]) for name in means.columns]
    return Picture(figure, _alt(title, items), "Let op: de as laat een deel van de schaal zien.")


def _sheet(title: str, height: float) -> tuple["Figure", "Axes"]:
    """An empty figure with a title that is wrapped, never cut."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    heading = textwrap.wrap(title, 46)
    with rc_context(RC):
        figure = Figure(figsize=(WIDTH, height + 0.26 * len(heading)), layout="constrained")
        ax = figure.subplots()
        figure.suptitle("\n".join(heading), x=0.015, ha="left", fontsize=12, color=INK, weight="bold")
    return figure, ax


def _finish(ax: "Axes", x: str, y: str, *, legend: bool = False) -> None:
    """Axis titles, Dutch numbers, and the legend below the axes, where it hides nothing."""
    from matplotlib.ticker import ScalarFormatter

    ax.set_xlabel(x)
    ax.set_ylabel(y)
    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.set_major_formatter(lambda value, _: f"{value:g}".replace(".", ",").replace("-", "\N{MINUS SIGN}"))
    if legend:
        ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)


def _number(value: float, digits: int) -> str:
    return number_text(value, digits, LANGUAGE) or "onbekend"


def _alt(title: str, items: Sequence[str]) -> str:
    """The alternative text: title and as many items as fit."""
    text = f"{title.rstrip('.?: ')}. "
    room = ALT_LIMIT - len(text) - 4
    kept = [item for at, item in enumerate(items) if sum(map(len, items[: at + 1])) + 2 * at < room]
    return text + "; ".join(kept) + ("." if len(kept) == len(items) else " ...")
