"""Shares of people who score better, the same or worse, as stacked bars."""

import numpy as np
import pandas as pd

from analysis.present.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    Sheet,
    lines_of,
    named,
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

_ACROSS = ("contrast", "response")
RESPONSES = {"improved": (BLUE, ""), "unchanged": ("#D4D4D4", ".."), "worse": (ORANGE, "//")}


def stacked(table: pd.DataFrame | Released, words: Words, *, contrast: str = "") -> Picture:
    """Shares improved, unchanged and worse, one bar an outcome; an outcome of which a part is hidden is not drawn.

    `table` has the dimensions outcome, contrast, response and the measure percent.
    """
    whole = released(table)
    contrast = contrast or next(iter(whole.levels("contrast")), "")
    whole = whole.where(contrast=contrast).only("percent")
    index = [dim for dim in whole.dims if dim == "outcome" or (dim not in _ACROSS and len(whole.levels(dim)) > 1)]
    shown = whole.shown.pivot_table(index=index, columns="response", values="value", sort=False)
    shown = shown.reindex(columns=list(RESPONSES)).dropna()
    title = words.text("figures.responders")
    if shown.empty:
        return nothing(words, whole, title)
    keys = [dict(zip(index, key if len(index) > 1 else [key], strict=True)) for key in shown.index]
    labels = [words.group(tuple(key.items())) for key in keys]
    height = 1.0 + len(labels) * max(0.46, 0.18 * lines_of(labels, 24))
    below = subtitle(words, whole, words.level("contrast", contrast))
    made = sheet(words, title, below, source_line(words, whole), height=height)
    _stack(made, shown, labels, words)
    items = [(label, " / ".join(words.percent(value) for value in row))
             for label, row in zip(labels, shown.to_numpy(), strict=True)]  # fmt: skip
    names = " / ".join(words.level("response", one) for one in RESPONSES)
    drawn = {key["outcome"] for key in keys}
    absent = [words.level("outcome", one) for one in whole.levels("outcome") if one not in drawn]
    alt = alt_text(words, f"{title.rstrip('?')} ({names})", items)
    return Picture(made.figure, alt, not_shown(words, absent), whole)


def _stack(made: Sheet, shown: pd.DataFrame, labels: list[str], words: Words) -> None:
    ax, places, left = made.ax, np.arange(len(labels))[::-1], np.zeros(len(labels))
    for response, (colour, hatch) in RESPONSES.items():
        part = shown[response].to_numpy()
        name = words.level("response", response)
        ax.barh(places, part, left=left, height=0.62, color=colour, hatch=hatch, edgecolor="white", label=name)
        dark = response == "unchanged"
        for place, start, width in zip(places, left, part, strict=True):
            if width >= 7:
                made.write(
                    start + width / 2, place, words.percent(width), ha="center", va="center", fontsize=9,
                    color="black" if dark else "white",
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.2},
                )  # fmt: skip
        left = left + part
    named(ax, places, [wrapped(label, 24) for label in labels])
    ax.set_xlim(0, 100)
    ax.xaxis.set_major_formatter(lambda value, _: words.percent(value))
    ax.legend(ncols=3, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    ax.spines["left"].set_color(GREY)
