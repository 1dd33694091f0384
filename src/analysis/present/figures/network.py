"""Measures of the network at its moments, each on its own axis."""

import numpy as np
import pandas as pd

from analysis.present.cells import format_of, written
from analysis.present.figures.style import (
    INK,
    SOFT,
    not_shown,
    nothing,
    sheet,
    source_line,
    subtitle,
    wrapped,
)
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released, released
from analysis.present.wording import Words


def dots(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Each measure of the network at its moments, on its own axis: open dot first, closed dot last.

    `table` has the dimension moment (others at their total) and one measure a network measure, or a dimension measure.
    """
    whole = released(table).totals_but("moment")
    title = words.text("figures.network")
    by = "network_measure" if "network_measure" in whole.dims else "measure"
    shown = whole.shown
    names = list(shown[by].unique())[:6] if "moment" in whole.dims else []
    if not names:
        return nothing(words, whole, title)
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=0.35 + 0.8 * len(names),
                 rows=len(names))  # fmt: skip
    items = []
    for ax, name in zip(made.axes, names, strict=True):
        rows = shown[shown[by] == name].drop_duplicates("moment")
        texts = [written(words, row["measure"], row["value"], n=row["n"]) for row in rows.to_dict("records")]
        _dot_line(ax, rows["value"].to_numpy(float), texts, wrapped(words.measure(name), 22), format_of(name).how)
        ax.xaxis.set_major_formatter(lambda value, _: words.number(value, 0 if value == int(value) else 1))
        items.append((words.measure(name), " / ".join(texts)))
    moments = [words.level("moment", moment) for moment in whole.levels("moment")]
    marks = [made.axes[0].plot([], [], "o", color=INK, mfc=face, markersize=8)[0] for face in ("white", INK)]
    made.figure.legend(marks[: len(moments)], moments, loc="outside upper right", ncols=2, frameon=False)
    absent = [words.measure(name) for name in whole.rows[by].unique() if name not in set(shown[by])]
    return Picture(made.figure, alt_text(words, title, items), not_shown(words, absent), whole)


def _dot_line(ax, values: np.ndarray, texts: list[str], label: str, how: str) -> None:
    low, high = min(values.min(), 0), max(values.max(), 100 if how == "percent" else 1)
    ax.plot(values, [0] * len(values), color=SOFT, linewidth=2, zorder=1)
    for at, (value, text) in enumerate(zip(values, texts, strict=True)):
        last = at == len(values) - 1
        ax.plot(value, 0, "o", color=INK, mfc=INK if last else "white", markersize=9, zorder=2)
        ax.annotate(text, (value, 0), (0, 8 if last else -8), textcoords="offset points", ha="center",
                    va="bottom" if last else "top", fontsize=9)  # fmt: skip
    room = 0.08 * (high - low)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(-1, 1)
    ax.set_yticks([0], [label])
    ax.set_xticks([low, high])
    ax.tick_params(axis="x", labelsize=8, labelcolor=SOFT, pad=1)
    ax.tick_params(length=0)
    ax.spines["bottom"].set_color("#D4D4D4")
    ax.spines["left"].set_visible(False)
