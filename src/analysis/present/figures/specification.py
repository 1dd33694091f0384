"""The specification curve: every reasonable analysis of one outcome, in order of its answer, above its choices."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.present.cells import as_share, interval_text, outcome_of, scale_of, written
from analysis.present.figures.change import LIMITS
from analysis.present.figures.style import (
    BLUE,
    INK,
    SOFT,
    TEXT,
    named,
    not_shown,
    nothing,
    numbered,
    sheet,
    source_line,
    subtitle,
)
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released, released
from analysis.present.wording import Words

PLANNED = {"model": "mixed", "missing": "likelihood", "inference": "people", "covariates": "none", "forms": "any"}
_CURVE, _LINE = 2.3, 0.2  # inches: the curve, and a line of the dashboard below it
_PALE = "#D9D9D9"


@dataclass(frozen=True)
class _Line:
    """A line of the dashboard: a choice and one of its levels, or the choice's name as a heading (level None)."""

    choice: str
    level: str | None


def specifications(table: pd.DataFrame | Released, words: Words, *, outcome: str, contrast: str = "") -> Picture:
    """Estimates with intervals in order of size, and below each the choices that it is made of, as dots.

    `table` has the dimensions outcome, contrast and those of `PLANNED`, and the measures estimate, lower, upper;
    `contrast` defaults to the first. The pre-planned analysis is a diamond, marked in the dashboard too.
    """
    whole = released(table).where(outcome=outcome)
    contrast = contrast or next(iter(whole.levels("contrast")), "")
    whole = whole.where(contrast=contrast)
    title = words.text("figures.specifications", outcome=words.level("outcome", outcome))
    drawn = whole.only(*LIMITS)
    cells = _in_order(drawn)
    if cells.empty:
        return nothing(words, whole, title)
    lines = _lines(cells)
    about = outcome_of(words, outcome)
    below = subtitle(words, whole, words.level("contrast", contrast))
    ratios = (_CURVE, _LINE * len(lines))
    made = sheet(words, title, below, source_line(words, whole), height=sum(ratios) + 0.3, ratios=ratios)
    planned = np.flatnonzero(_planned(cells))
    _curve(made.axes[0], cells, planned, words, about)
    _dashboard(made.axes[1], cells, lines, planned, words)
    caption = [words.text("picture.curve_note"), _absent(words, whole, len(cells))]
    return Picture(
        made.figure, alt_text(words, title, _told(words, cells, planned, about)), " ".join(filter(None, caption)), drawn
    )


def _in_order(drawn: Released) -> pd.DataFrame:
    """One row an analysis that was estimated and may be seen, from the lowest answer to the highest."""
    cells = drawn.cells() if not drawn.empty else pd.DataFrame(columns=LIMITS)
    cells = cells.dropna(subset=list(LIMITS)) if set(LIMITS) <= set(cells) else cells.iloc[:0]
    return cells.sort_values("estimate", kind="stable").reset_index(drop=True)


def _planned(cells: pd.DataFrame) -> pd.Series:
    return pd.concat([cells[choice] == level for choice, level in PLANNED.items()], axis=1).all(axis=1)


def _lines(cells: pd.DataFrame) -> list[_Line]:
    """Headings and levels of the choices that differ between the analyses, in the order of the table of choices."""
    found = []
    for choice, first in PLANNED.items():
        levels = sorted(dict.fromkeys(cells[choice]), key=lambda level, first=first: level != first)
        if len(levels) > 1:
            found += [_Line(choice, None), *(_Line(choice, level) for level in levels)]
    return found


def _curve(ax, cells: pd.DataFrame, planned: np.ndarray, words: Words, about) -> None:
    scale, places = scale_of(about), np.arange(len(cells))
    ax.axhline(0, color=SOFT, linewidth=1)
    colours = [INK if place in planned else BLUE for place in places]
    ax.vlines(places, scale * cells["lower"], scale * cells["upper"], colors=colours, linewidth=1.6)
    ax.plot(places, scale * cells["estimate"], "o", color=BLUE, markersize=3.5, linestyle="none")
    ax.plot(planned, scale * cells["estimate"].iloc[planned], "D", color=INK, markersize=8, linestyle="none")
    points = "picture.percent_points" if as_share(about) else "picture.points"
    unit = words.text(points, what=words.text("picture.change"))
    better = f"picture.better_{'up' if about.better == 'high' else 'down'}" if about and about.better else ""
    ax.set_ylabel(f"{unit}\n({words.text(better)})" if better else unit)
    numbered(ax.yaxis, words)
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)


def _dashboard(ax, cells: pd.DataFrame, lines: list[_Line], planned: np.ndarray, words: Words) -> None:
    """A dot where the analysis of this place made this choice; headings stand between the choices."""
    heights = np.arange(len(lines))[::-1]
    for place in planned:
        ax.axvline(place, color=_PALE, linewidth=4, zorder=0)
    rows = {height: np.flatnonzero(cells[line.choice] == line.level)
            for height, line in zip(heights, lines, strict=True) if line.level is not None}  # fmt: skip
    both = {height: np.intersect1d(chosen, planned) for height, chosen in rows.items()}
    _dots(ax, dict.fromkeys(rows, np.arange(len(cells))), ".", _PALE, 2)
    _dots(ax, rows, "o", BLUE, 3.5)
    _dots(ax, both, "D", INK, 5)
    named(ax, heights, [_label(words, line) for line in lines], size=8.5)
    for label, line in zip(ax.texts, lines, strict=True):
        label.set(weight="bold" if line.level is None else "normal", color=INK if line.level is None else TEXT)
    ax.set_ylim(-0.6, len(lines) - 0.4)
    ax.xaxis.set_visible(False)
    ax.spines[:].set_visible(False)


def _dots(ax, rows: Mapping[int, np.ndarray], marker: str, colour: str, size: float) -> None:
    """Marks at these places of each row, all as one line without a stroke."""
    heights = np.repeat(list(rows), [len(places) for places in rows.values()])
    ax.plot(np.concatenate([np.empty(0), *rows.values()]), heights, marker, color=colour, markersize=size)


def _label(words: Words, line: _Line) -> str:
    return words.label(line.choice) if line.level is None else words.level(line.choice, line.level)


def _told(words: Words, cells: pd.DataFrame, planned: np.ndarray, about) -> list[tuple[str, str]]:
    """The planned analysis, the lowest and the highest, in words."""
    wanted = [("planned", planned[0])] if len(planned) else []
    wanted += [("lowest", 0), ("highest", len(cells) - 1)]
    found = []
    for name, place in wanted:
        row = cells.iloc[place]
        estimate = written(words, "estimate", row["estimate"], outcome=about)
        text = f"{estimate} ({interval_text(words, row['lower'], row['upper'], about)})"
        found.append((words.text(f"picture.{name}_analysis"), text))
    return found


def _absent(words: Words, whole: Released, drawn: int) -> str:
    """How many analyses are not in the figure, and which levels of a choice are therefore not to be seen."""
    rows = whole.only("estimate").rows
    missing = rows[(rows["status"] != "shown") | rows["value"].isna()]
    if missing.empty:
        return ""
    shown = rows.drop(missing.index)
    gone = [
        words.level(choice, level)
        for choice in PLANNED
        for level in dict.fromkeys(missing[choice])
        if level not in set(shown[choice])
    ]
    said = words.text("picture.not_all", count=words.number(len(missing)), all=words.number(len(rows)))
    return " ".join(filter(None, [said, not_shown(words, gone)]))
