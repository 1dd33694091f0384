"""From plan to practice on a time axis with the public measures drawn in, and how far each element is arranged."""

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.present.figures.style import (
    BLUE,
    INK,
    LINES,
    MARKERS,
    SERIES,
    SOFT,
    WIDE,
    named,
    not_shown,
    nothing,
    sheet,
    source_line,
    subtitle,
    wrapped,
)
from analysis.present.figures.timeline import bands
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released, released
from analysis.present.wording import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plan_strip(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Per phase a thin line from the first action opened to the last one due, a bar from the middle opening to the
    middle due date, and a diamond where half of those done were closed (other actions than the bar's: those done only).

    `table` has the dimension phase and the measures of `planned.PLAN_TIMES` (months as the number 202006).
    """
    whole, title = released(table), words.text("figures.plan_strip")
    needed = ["first_opened", "middle_opened", "middle_due", "last_due"]
    cells = whole.only(*needed, "middle_closed").cells()
    cells = cells.dropna(subset=needed) if set(needed) <= set(cells) else cells.iloc[:0]
    if cells.empty:
        return nothing(words, whole, title)
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=1.6 + 0.42 * len(cells))
    labels, items = [words.level("phase", phase) for phase in cells["phase"]], []
    for place, row in enumerate(cells.to_dict("records")):
        _plan(made.ax, place, row)
        dates = words.text(
            "number.interval", lower=words.month(row["middle_opened"]), upper=words.month(row["middle_due"])
        )
        items.append((labels[place], dates))
    made.ax.set_ylim(len(labels) - 0.4, -0.6)
    named(made.ax, range(len(labels)), [wrapped(label, 18) for label in labels])
    _legend(made.ax, _years(made.ax, words), words)
    return Picture(made.figure, alt_text(words, title, items), words.text("picture.plan_note"), whole)


def _plan(ax: "Axes", place: int, row: dict) -> None:
    ax.plot([_month(row["first_opened"]), _month(row["last_due"])], [place, place], color=BLUE, linewidth=2, zorder=2)
    start, due = _month(row["middle_opened"]), _month(row["middle_due"])
    ax.barh(place, due - start, left=start, height=0.46, color=BLUE, zorder=2)
    closed = row.get("middle_closed", np.nan)
    if np.isfinite(closed):
        ax.plot(_month(closed), place, "D", color="white", markeredgecolor=INK, markersize=8, zorder=3, clip_on=False)


def _legend(ax: "Axes", band: object | None, words: Words) -> None:
    """What line, bar, diamond and band stand for, above the axes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    label = {part: words.text(f"picture.plan.{part}") for part in ("whole", "middle", "half")}
    handles = [Line2D([], [], color=BLUE, linewidth=2, label=label["whole"]), Patch(color=BLUE, label=label["middle"])]
    handles += [Line2D([], [], marker="D", color="white", markeredgecolor=INK, markersize=8, label=label["half"])]
    handles += [band] if band is not None else []
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, frameon=False, fontsize=9)


def integration(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Mean score of work sessions per half-year and the mean number of domains at the table, measures drawn in.

    `table` has the dimensions half (`2020_1`) and indicator (integration, domains) and the measure mean.
    """
    whole, title = released(table).only("mean"), words.text("figures.integration")
    shown = whole.shown[whole.shown["half"].str.fullmatch(r"\d{4}_[12]")] if "half" in whole.dims else whole.shown
    if shown.empty:
        return nothing(words, whole, title)
    made, items, lines = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=2.9), [], []
    for at, (indicator, rows) in enumerate(shown.groupby("indicator", sort=False)):
        rows = rows.sort_values("half")
        label = words.level("indicator", indicator)
        lines += made.ax.plot(
            [_half(half) for half in rows["half"]], rows["value"], label=label, color=SERIES[at],
            linestyle=LINES[at], marker=MARKERS[at], linewidth=2, zorder=3,
        )  # fmt: skip
        first, last = (words.number(rows["value"].iloc[place], 1) for place in (0, -1))
        items.append((label, words.text("number.interval", lower=first, upper=last)))
    made.ax.set_ylim(0, max(5.2, shown["value"].max() + 0.3))
    made.ax.yaxis.set_major_formatter(lambda value, _: words.number(value))
    made.ax.set_ylabel(words.text("picture.score_or_number"))
    lines += filter(None, [_years(made.ax, words)])
    made.ax.legend(handles=lines, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    gone = [words.level("half", half) for half in whole.levels("half") if half not in set(shown["half"])]
    return Picture(made.figure, alt_text(words, title, items), not_shown(words, gone), whole)


def heat(table: pd.DataFrame | Released, words: Words) -> Picture:
    """How far each element of embedding is in place: a row a unit (or, of one unit, a row an element), darker for more.

    `table` has the dimensions unit, element, moment and the measure percent. The moments stand side by side.
    """
    whole, title = released(table).only("percent"), words.text("figures.heat")
    shown = whole.shown
    if shown.empty or "element" not in whole.dims:
        return nothing(words, whole, title)
    several = shown["unit"].nunique() > 1
    rows, columns = ("unit", ["element", "moment"]) if several else ("element", ["moment"])
    grid = shown.pivot_table(index=rows, columns=columns, values="value", sort=False)
    if several:  # the moments of one element beside each other
        grid = grid[[key for element in whole.levels("element") for key in grid.columns if key[0] == element]]
    labels = [words.level(rows, level) for level in grid.index]
    height = (1.2 if several else 0.7) + 0.36 * len(grid)
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=height,
                 **({"width": WIDE} if several else {}))  # fmt: skip
    made.ax.imshow(np.ma.masked_invalid(grid.to_numpy(float)), cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for row, column in np.ndindex(grid.shape):
        value = grid.iat[row, column]
        text = words.percent(value) if np.isfinite(value) else words.text("picture.no_evidence")
        made.write(column, row, text, ha="center", va="center", size=8.5, color="white" if value > 55 else "black")
    _columns(made.ax, grid.columns, words, several)
    named(made.ax, range(len(labels)), [wrapped(label, 18) for label in labels])
    made.ax.tick_params(length=0)
    made.ax.spines[:].set_visible(False)
    whole_rows = whole.where(element="all").shown
    items = [(words.group((("moment", row.moment),), words.level("unit", row.unit)), words.percent(row.value))
             for row in whole_rows.itertuples()]  # fmt: skip
    return Picture(made.figure, alt_text(words, title, items), words.text("picture.heat_note"), whole)


def _columns(ax: "Axes", columns: pd.Index, words: Words, several: bool) -> None:
    """Moments above the columns; above those of one element its name, and a white line between elements."""
    moments = [key[-1] if several else key for key in columns]
    ax.xaxis.tick_top()
    ax.set_xticks(range(len(moments)), [words.level("moment", moment) for moment in moments], size=8.5)
    if not several:
        return
    elements = [key[0] for key in columns]
    for element in dict.fromkeys(elements):
        places = [place for place, one in enumerate(elements) if one == element]
        name = wrapped(words.level("element", element), 12)
        ax.annotate(name, (np.mean(places), -0.5), (0, 18), xycoords="data",
                    textcoords="offset points", ha="center", va="bottom", size=9, weight="bold", color=INK)  # fmt: skip
        ax.axvline(places[-1] + 0.5, color="white", linewidth=4)


def _years(ax: "Axes", words: Words) -> object | None:
    """A time axis in years over the study's window, with the public measures as bands behind what is drawn; returns a
    handle of the bands for the legend, None where there are none.
    """
    import matplotlib.dates as mdates

    low, high = map(mdates.date2num, words.study.window) if words.study.window else ax.get_xlim()
    band = bands(ax, words, low, high)
    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(mdates.YearLocator())
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y"))
    ax.grid(axis="x", color="#D9D9D9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines["left"].set_color(SOFT)
    return band


def _month(number: float) -> float:
    """The middle of a month such as 202006 as a date of the axis."""
    import matplotlib.dates as mdates

    return mdates.date2num(dt.date(*divmod(int(number), 100), 15))


def _half(half: str) -> float:
    """The middle of a half-year such as `2020_1` as a date of the axis."""
    import matplotlib.dates as mdates

    year, part = half.split("_")
    return mdates.date2num(dt.date(int(year), 4 if part == "1" else 10, 1))
