"""Figures of the evaluation as a whole: domains together, what helps and what hinders."""

import numpy as np
import pandas as pd

from analysis.present.figures.style import (
    BLUE,
    ORANGE,
    SOFT,
    lines_of,
    named,
    nothing,
    sheet,
    source_line,
    subtitle,
    wrapped,
)
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released, released
from analysis.present.wording import Words


def balance(table: pd.DataFrame | Released, words: Words, *, dim: str) -> Picture:
    """Helping to the right and hindering to the left of zero, one bar a level of `dim`, other dimensions added up.

    `table` has the measures helping and hindering (counts of fragments).
    """
    whole = released(table).only("helping", "hindering")
    title = words.text("figures.factors")
    if whole.empty:
        return nothing(words, whole, title)
    sums = whole.shown.pivot_table(index=dim, columns="measure", values="value", aggfunc="sum", sort=False).fillna(0)
    sums = sums.reindex(columns=["helping", "hindering"], fill_value=0)
    sums = sums.loc[sums.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    labels = [words.level(dim, level) for level in sums.index]
    made = sheet(
        words,
        title,
        subtitle(words, whole),
        source_line(words, whole),
        height=0.9 + 0.36 * len(sums) * lines_of(labels, 30),
    )
    places = np.arange(len(sums))[::-1]
    made.ax.barh(places, sums["helping"], height=0.66, color=BLUE, label=words.measure("helping"))
    made.ax.barh(
        places,
        -sums["hindering"],
        height=0.66,
        color=ORANGE,
        hatch="//",
        edgecolor="white",
        label=words.measure("hindering"),
    )
    made.ax.axvline(0, color=SOFT, linewidth=1)
    named(made.ax, places, [wrapped(label, 30) for label in labels])
    made.ax.xaxis.set_major_formatter(lambda value, _: words.number(abs(value)))
    made.ax.set_xlabel(wrapped(words.text("picture.fragments"), 34))
    made.ax.legend(ncols=2, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    items = [
        (label, f"{words.number(row.helping)} / {words.number(row.hindering)}")
        for label, row in zip(labels, sums.itertuples(), strict=True)
    ]
    names = f"{title.rstrip('?')} ({words.measure('helping')} / {words.measure('hindering')})"
    return Picture(made.figure, alt_text(words, names, items), "", whole)
