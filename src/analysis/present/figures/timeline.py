"""Figures along the calendar: the periods of public measures, counts per quarter, what was discussed when."""

import datetime as dt

import numpy as np
import pandas as pd

from analysis.present.figures.style import (
    BLUE,
    INK,
    LINES,
    MARKERS,
    ORANGE,
    SERIES,
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

BAND = "#F3D9C4"


def bands(ax, words: Words, low: float, high: float) -> object | None:
    """Draw the plan's periods of public measures behind a time axis from `low` to `high` (matplotlib days); returns a
    handle for the legend, or None when no period falls within.
    """
    import matplotlib.dates as mdates

    handle = None
    for period in words.study.periods:
        start, end = mdates.date2num(period.start), mdates.date2num(period.end)
        if end >= low and start <= high:
            handle = ax.axvspan(max(start, low), min(end, high), color=BAND, linewidth=0, zorder=0,
                                label=words.text("picture.band"))  # fmt: skip
    return handle


def over_time(table: pd.DataFrame | Released, words: Words, *, title: str = "figures.over_time") -> Picture:
    """Counts per quarter, a line an event, the plan's periods of public measures behind them; a hidden quarter is a
    gap.

    `table` has the dimensions quarter (`2021-Q3`) and event and the measure count; `title` is a key of the texts.
    """
    import matplotlib.dates as mdates

    whole, name = released(table).only("count"), words.text(title)
    if whole.empty:
        return nothing(words, whole, name)
    wide = whole.rows.pivot(index="quarter", columns="event", values="value").reindex(columns=whole.levels("event"))
    labels = [words.level("event", event) for event in wide]
    made = sheet(words, name, subtitle(words, whole), source_line(words, whole), height=3.2)
    quarters = pd.PeriodIndex([quarter.replace("-", "") for quarter in wide.index], freq="Q")
    low, high = (mdates.date2num(day) for day in (quarters[0].start_time, quarters[-1].end_time))
    middle = [mdates.date2num(quarter.start_time) + 45 for quarter in quarters]
    handles = [bands(made.ax, words, low, high)]
    for at, (event, label) in enumerate(zip(wide, labels, strict=True)):
        handles += made.ax.plot(
            middle, wide[event], label=label, color=SERIES[at % len(SERIES)], linewidth=2,
            linestyle=LINES[at % len(LINES)], marker=MARKERS[at % len(MARKERS)], markersize=5,
        )  # fmt: skip
    made.ax.set_xlim(low, high)
    made.ax.set_ylim(bottom=0)
    _calendar(made.ax)
    made.ax.yaxis.set_major_formatter(lambda value, _: words.number(value))
    made.ax.yaxis.get_major_locator().set_params(integer=True)
    made.ax.set_ylabel(words.text("picture.per_quarter"))
    shown = [handle for handle in handles if handle is not None]
    made.ax.legend(handles=shown, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    items = [(label, words.number(total)) for label, total in zip(labels, wide.sum(), strict=True)]
    gone = [f"{words.level('event', one)} {quarter}" for one, quarter in whole.hidden[["event", "quarter"]].to_numpy()]
    return Picture(made.figure, alt_text(words, name, items), not_shown(words, gone), whole)


def loop(table: pd.DataFrame | Released, words: Words) -> Picture:
    """What was discussed when: a circle per meeting and goal, as large as its number of action points, filled as far as
    they are done; the plan's periods of public measures behind them.

    `table` has the dimensions unit, discussed (date as text, `none` for points outside a meeting), goal and the
    measures count and done; units are added up.
    """
    import matplotlib.dates as mdates

    whole, name = released(table).only("count", "done"), words.text("figures.loop")
    rows = whole.shown[[level[:4].isdigit() for level in whole.shown["discussed"]]]
    if rows.empty:
        return nothing(words, whole, name)
    cells = rows.pivot_table(index=["goal", "discussed"], columns="measure", values="value", aggfunc="sum", sort=True)
    cells = cells.reindex(columns=["count", "done"]).fillna(0)
    goals = cells.groupby("goal")["count"].sum().sort_values(ascending=False, kind="stable").index
    labels = [words.level("goal", goal) for goal in goals]
    height = 0.9 + len(goals) * max(0.42, 0.19 * lines_of(labels, 22))
    made = sheet(words, name, subtitle(words, whole), source_line(words, whole), height=height)
    days = {one: mdates.date2num(dt.date.fromisoformat(one)) for one in cells.index.unique("discussed")}
    low, high = min(days.values()) - 40, max(days.values()) + 40
    handle = bands(made.ax, words, low, high)
    places = dict(zip(goals, range(len(goals) - 1, -1, -1), strict=True))
    x = [days[one] for _, one in cells.index]
    y = [places[goal] for goal, _ in cells.index]
    area = min(60.0, 200 / cells["count"].max())  # square points for one action point
    all_made = made.ax.scatter(x, y, s=area * cells["count"], facecolor="white", edgecolor=INK, zorder=2,
                               label=words.level("event", "made"))  # fmt: skip
    all_done = made.ax.scatter(x, y, s=area * cells["done"], color=BLUE, zorder=3, linewidth=0,
                               label=words.level("event", "done"))  # fmt: skip
    named(made.ax, places.values(), [wrapped(label, 22) for label in labels])
    made.ax.set_ylim(-0.6, len(goals) - 0.4)
    made.ax.set_xlim(low, high)
    _calendar(made.ax)
    handles = [one for one in (all_made, all_done, handle) if one is not None]
    # the axes are narrow beside the labels: the legend begins above the labels
    made.ax.legend(handles=handles, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    sums = cells.groupby("goal").sum().reindex(goals)
    items = [
        (label, words.text("number.count_of", count=words.number(row.done), n=words.number(row.count_)))
        for label, row in zip(labels, sums.rename(columns={"count": "count_"}).itertuples(), strict=True)
    ]
    return Picture(made.figure, alt_text(words, name, items), words.text("picture.loop_note"), whole)


def _calendar(ax) -> None:
    """Years on a time axis."""
    import matplotlib.dates as mdates

    ax.xaxis.set_major_locator(mdates.YearLocator())
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y"))
    ax.grid(axis="x", color="#D9D9D9", linewidth=0.8)
    ax.set_axisbelow(True)


def time_strip(words: Words) -> Picture:
    """Periods of public measures on a time line, over the study's own window; hatched where a date is unconfirmed."""
    import matplotlib.dates as mdates

    study, title = words.study, words.text("figures.time_strip")
    source = words.text("picture.source_study", study=words.of(study.title))
    labels = [words.of(period.label) for period in study.periods]
    made = sheet(words, title, words.level("unit", "all"), source, height=0.6 + 0.36 * max(len(labels), 1),
                 real=True)  # fmt: skip
    places = np.arange(len(labels))[::-1]
    items = []
    for place, period, label in zip(places, study.periods, labels, strict=True):
        sure = period.status == "confirmed"
        start, end = mdates.date2num(period.start), mdates.date2num(period.end)
        made.ax.barh(place, end - start, left=start, height=0.6, color=ORANGE if sure else "white", edgecolor=ORANGE,
                     hatch="" if sure else "///", linewidth=1.2)  # fmt: skip
        dates = words.text("number.interval", lower=words.date(period.start), upper=words.date(period.end))
        items.append((label, dates))
    named(made.ax, places, [wrapped(label, 22) for label in labels])
    window = getattr(study, "window", None) or (study.periods[0].start, study.periods[-1].end)
    made.ax.set_xlim(mdates.date2num(window[0]), mdates.date2num(window[1]))
    _calendar(made.ax)
    unsure = [label for label, period in zip(labels, study.periods, strict=True) if period.status != "confirmed"]
    caption = words.text("picture.unconfirmed", periods=", ".join(unsure)) if unsure else ""
    return Picture(made.figure, alt_text(words, title, items), caption, None)


def trend(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Public percentages over the years, a panel an indicator: the country as a thick dashed line, the units as thin
    lines without names (no ranking), or the one unit of the report.

    `table` has the dimensions indicator, population, area, table_id, year and the measure value; of an indicator that
    several tables have, the table with most years is drawn, never two joined. At most six panels.
    """
    whole, name = released(table).only("value"), words.text("figures.trend")
    rows = whole.shown.assign(year=pd.to_numeric(whole.shown["year"], errors="coerce")).dropna(subset=["year"])
    rows = rows[rows.groupby("indicator")["value"].transform("max") <= 100]
    if rows.empty:
        return nothing(words, whole, name)
    panels = _panels(rows)
    made = sheet(words, name, subtitle(words, whole), source_line(words, whole), height=0.3 + 1.5 * len(panels),
                 ratios=(1,) * len(panels), real=whole.public)  # fmt: skip
    items = []
    for ax, ((indicator, population, table_id), here) in zip(made.axes, panels, strict=True):
        for area, line in here.sort_values("year").groupby("area", sort=False):
            unit = area in words.study.units
            ax.plot(line["year"], line["value"], color=BLUE if unit else ORANGE, linewidth=1.3 if unit else 2.6,
                    linestyle="-" if unit else "--", marker="o", markersize=3.5)  # fmt: skip
        label = words.text("picture.trend_panel", indicator=words.level("indicator", indicator),
                           population=words.level("population", population), table=table_id)  # fmt: skip
        ax.set_title(wrapped(label, 66), fontsize=9, loc="left")
        ax.set_xticks(sorted(here["year"].unique()))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
        ax.yaxis.set_major_formatter(lambda value, _: words.percent(value))
        ax.margins(y=0.2)
        items.append((words.level("indicator", indicator), words.interval(here["value"].min(), here["value"].max(), 0)))
    drawn = [made.axes[0].plot([], [], color=BLUE)[0], made.axes[0].plot([], [], "--", color=ORANGE, linewidth=2.6)[0]]
    country = next((area for area in whole.levels("area") if area not in words.study.units), "")
    unit = words.of(words.study.unit.name) if whole.unit == "all" else words.level("unit", whole.unit)
    above = 0.8 + 1.2 * (made.axes[0].get_title("left").count("\n") + 1)  # in letters: the panel's own title
    made.axes[0].legend(drawn, [unit.capitalize(), words.level("area", country)], loc="lower left", ncols=2,
                        bbox_to_anchor=(0, 1), borderaxespad=above, frameon=False)  # fmt: skip
    return Picture(made.figure, alt_text(words, name, items), words.text("picture.trend_note"), whole)


PANELS = 6


def _panels(rows: pd.DataFrame) -> list[tuple[tuple[str, str, str], pd.DataFrame]]:
    """Per indicator the population and table with most years, those with most years first."""
    found = {}
    for key, here in rows.groupby(["indicator", "population", "table_id"], sort=True):
        years = here["year"].nunique()
        if years > 1 and years > found.get(key[0], (0,))[0]:
            found[key[0]] = (years, key, here)
    best = sorted(found.values(), key=lambda one: -one[0])[:PANELS]
    return [(key, here) for _, key, here in best]
