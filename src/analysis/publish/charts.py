"""Native charts of slides: which released values, and the chart that PowerPoint can edit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from analysis import present
from analysis._yaml import read_yaml
from analysis.present.cells import Cell, written
from analysis.present.figures.style import SERIES
from analysis.present.picture import alt_text
from analysis.present.reading import ALL
from analysis.present.sentences.sentence import cell_ids
from analysis.publish.material import Material
from analysis.publish.sheet import number_of

if TYPE_CHECKING:
    from pptx.slide import Slide

MOST = 8  # bars: more cannot be read from the back of a room; the page has the others
LABEL_SIZE = 14
COLOURS = {"03_change__responders": (0, 5, 1)}  # better, the same, worse: as in the figure of the pages
ORDERED = ("wave", "step", "state")  # dimensions whose levels have an order of their own


@dataclass(frozen=True)
class Chart:
    """What a bar chart shows: labels of its bars, one or more named series (None where not shown), number format."""

    title: str
    caption: str
    alt: str
    table: str
    cells: tuple[str, ...]
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    shape: str


@lru_cache
def _plan() -> tuple[Mapping, ...]:
    return tuple(read_yaml(files("analysis.publish").joinpath("slides.yaml").read_text(encoding="utf-8")))


def charts(material: Material) -> Iterator[Chart]:
    """The charts of slides.yaml of which something may be seen, in order."""
    for asked in _plan():
        table = material.tables.get(asked["table"])
        if table is not None and not table.empty and (chart := _chart(asked, table, material)) is not None:
            yield chart


def _chart(asked: Mapping, table: "present.Released", material: Material) -> Chart | None:
    words, dim, series = material.words, asked["dim"], asked.get("series", "measure")
    part = _part(asked, table, material)
    rows = part.shown[part.shown[dim] != table.totals.get(dim, ALL)] if part is not None else table.rows.iloc[:0]
    if rows.empty:
        return None
    seen = rows.groupby(dim)["value"].transform("any") | (dim in ORDERED)  # a bar of nothing is told, not drawn
    rows = rows[rows[dim].isin(_levels(rows[seen], dim, series))].reset_index(drop=True)
    if rows.empty:
        return None
    texts = [written(words, row.measure, row.value, n=row.n if pd.notna(row.n) else None) for row in rows.itertuples()]
    numbers = [number_of(Cell(text), material) for text in texts]
    levels, groups = _levels(rows, dim, series), list(dict.fromkeys(rows[series]))
    values = {key: one.value for key, one in zip(zip(rows[dim], rows[series], strict=True), numbers, strict=True)}
    named = tuple((_named(words, series, one), tuple(values.get((level, one)) for level in levels)) for one in groups)
    bars = [_bar(words, row, dim, series if len(groups) > 1 else "") for row in rows.to_dict("records")]
    title = material.text(asked["title"])
    alt, caption = alt_text(words, title, list(zip(bars, texts, strict=True))), _caption(part, table, dim, material)
    return Chart(
        title, " ".join(caption), alt, table.name, _cells(rows, table),
        tuple(words.level(dim, level) for level in levels), named, numbers[0].shape,
    )  # fmt: skip


def _part(asked: Mapping, table: "present.Released", material: Material) -> "present.Released | None":
    """The part of a table that a chart shows: further dimensions at their total, or else where there is most to see."""
    found, apart = table, ()
    if "role" in asked:
        roles = {outcome.id: outcome.role for outcome in material.words.study.outcomes}
        found = replace(found, rows=found.rows[found.rows["outcome"].map(roles) == asked["role"]])
    if (first := asked.get("first")) and found.levels(first):
        apart = ((first, found.levels(first)[0]),)
        found = found.where(**dict(apart))
    parts = found.parts(asked["dim"], asked.get("series", ""))
    if not parts:
        return None
    told = max(parts, key=lambda part: int((part.only(*asked["measures"]).shown["value"] != 0).sum()))
    return replace(told.only(*asked["measures"]), apart=(*apart, *told.apart))


def _levels(rows: pd.DataFrame, dim: str, series: str) -> list[str]:
    """The levels that become bars: in the order of the file, or largest first where they have no order of their own."""
    if dim not in ORDERED and rows[series].nunique() == 1:
        rows = rows.sort_values("value", ascending=False, kind="stable")
    return list(dict.fromkeys(rows[dim]))[:MOST]


def _cells(rows: pd.DataFrame, table: "present.Released") -> tuple[str, ...]:
    found = rows.to_dict("records")
    return tuple(
        one for row in found for one in cell_ids(table, row["measure"], **{dim: row[dim] for dim in table.dims})
    )


def _bar(words: "present.Words", row: Mapping, dim: str, series: str) -> str:
    """What a bar is called in the alternative text."""
    label = words.level(dim, row[dim])
    return f"{label}, {_named(words, series, row[series])}" if series else label


def _named(words: "present.Words", series: str, level: str) -> str:
    return words.measure(level) if series == "measure" else words.level(series, level)


def _caption(part: "present.Released", table: "present.Released", dim: str, material: Material) -> Iterator[str]:
    """Which part of the table it is, where the numbers come from, what is hidden, and that they are synthetic."""
    words, shown = material.words, set(part.shown[dim])
    for other, level in part.apart:
        yield material.text("table.same_item", dim=words.label(other), level=words.level(other, level)) + "."
    yield material.text("picture.source", study=words.of(words.study.title), table=table.name) + "."
    gone = [level for level in part.levels(dim) if level not in shown | {table.totals.get(dim, ALL)}]
    if gone:
        yield material.text("picture.not_shown", levels="; ".join(words.level(dim, level) for level in gone))
    if words.study.kind == "synthetic":
        yield material.text("table.note_synthetic")


def draw(slide: "Slide", chart: Chart, left: int, top: int, width: int, height: int) -> None:
    """Add `chart` to a slide as a bar chart from zero with its numbers beside the bars, and its alternative text."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    data = CategoryChartData(number_format=chart.shape)
    data.categories = chart.labels
    for name, values in chart.series:
        data.add_series(name, values)
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, left, top, width, height, data)
    about = frame._element.nvGraphicFramePr.cNvPr  # python-pptx has no way to give alternative text
    about.set("descr", chart.alt)
    about.set("name", chart.table)
    _styled(frame.chart, chart)


def _styled(native, chart: Chart) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_LEGEND_POSITION
    from pptx.util import Pt

    native.has_title, native.has_legend = False, len(chart.series) > 1
    native.font.size = Pt(LABEL_SIZE)
    if native.has_legend:
        native.legend.position, native.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    native.category_axis.reverse_order = True  # the first bar on top
    native.value_axis.visible = native.value_axis.has_major_gridlines = False
    native.value_axis.minimum_scale = 0
    plot = native.plots[0]
    plot.gap_width, plot.has_data_labels = 50, True
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = chart.shape, False
    plot.data_labels.show_value = True
    colours = [SERIES[at] for at in COLOURS.get(chart.table, range(len(SERIES)))]
    for series, colour in zip(plot.series, colours, strict=False):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = RGBColor.from_string(colour.lstrip("#"))
