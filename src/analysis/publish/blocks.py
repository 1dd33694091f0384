"""The parts of a page as HTML: sentences, figures with their table below, tables. All text is escaped."""

import base64
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup

from analysis import present
from analysis.present.figures import anchoring as anchoring_figures
from analysis.present.figures import change as change_figures
from analysis.present.figures import evaluation as evaluation_figures
from analysis.present.figures import joint as joint_figures
from analysis.present.figures import logic as logic_figures
from analysis.present.figures import network as network_figures
from analysis.present.figures import process as process_figures
from analysis.present.figures import responders as responder_figures
from analysis.present.figures import timeline as timeline_figures
from analysis.present.sentences import report as about_report
from analysis.publish.contents import Part, Section

PIXELS = 110  # of the page, per inch of a figure
FIGURES: Mapping[str, Callable] = {
    "forest": change_figures.forest, "waves": change_figures.waves, "stacked": responder_figures.stacked,
    "funnel": process_figures.funnel, "bars": process_figures.bars, "curves": process_figures.curves,
    "dots": network_figures.dots, "specifications": evaluation_figures.specifications,
    "sociogram": network_figures.sociogram, "balance": evaluation_figures.balance,
    "over_time": timeline_figures.over_time, "loop": timeline_figures.loop, "trend": timeline_figures.trend,
    "joint_display": joint_figures.joint_display, "logic_model": logic_figures.logic_model,
    "plan_strip": anchoring_figures.plan_strip, "integration": anchoring_figures.integration,
    "heat": anchoring_figures.heat,
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A piece of a page: its HTML, and the PNG that it shows, if any, with its file name and alternative text."""

    html: Markup
    picture: str = ""
    png: bytes = field(default=b"", repr=False)
    alt: str = ""


@dataclass(frozen=True)
class Material:
    """All that a page is made from: released tables of the unit, and of all units (`whole`), words, unit, date.

    `earlier` are the tables of the unit in the approved release before this one, if there was one.
    """

    tables: Mapping[str, "present.Released"]
    words: "present.Words"
    unit: str
    as_of: date | None
    absent: tuple[str, ...] = ()
    whole: Mapping[str, "present.Released"] = field(default_factory=dict)
    earlier: Mapping[str, "present.Released"] = field(default_factory=dict)

    def table(self, part: Part) -> "present.Released | None":
        """The table that a part is about: of this unit, or of all units together."""
        return (self.whole if part.of == "all" else self.tables).get(part.table)

    def crossing(self, part: Part) -> "present.Crossing":
        """Groups side by side, with their tests and public figures, as a part of the report names them."""
        tables = self.whole if part.of == "all" else self.tables
        return present.Crossing(tables[part.table], *(tables.get(name) for name in part.beside), unit=self.unit)

    def text(self, key: str, **values: object) -> str:
        """A fixed text of the page."""
        return self.words.text(key, **values)


def blocks(section: Section, material: Material) -> tuple[Block, ...]:
    """The blocks of a section in order; a sentence that was said already in the section is not said again."""
    said: set[str] = set()
    return tuple(block for part in section.parts for block in _blocks(part, material, said) if block.html)


def _blocks(part: Part, material: Material, said: set[str]) -> Iterable[Block]:
    table = material.table(part)
    if part.table and table is None:  # named among what is missing
        return []
    if part.verb == "say":
        return [Block(_sentences(_new(say(part, material), said)))]
    if part.verb == "figure":
        return _figures(part, table, material)
    if table.empty:
        title = present.title_of(part.table, material.words)
        key = "empty.absent_table" if table.hidden.empty else "empty.hidden_table"
        return [Block(_sentences([material.text(key, title=title)]))]
    return [Block((_crossing if part.verb == "crossing" else _table)(part, table, material))]


def _new(sentences: Iterable["present.Sentence"], said: set[str]) -> list[str]:
    fresh = [str(one) for one in sentences if str(one) not in said]
    said.update(fresh)
    return fresh


def say(part: Part, material: Material) -> Iterable["present.Sentence"]:
    """The sentences of a part whose verb is `say`; its table, if it has one, is there."""
    if part.table:
        return present.describe(part.what, material.table(part), material.words, **part.options)
    words = material.words
    return {
        "design": lambda: about_report.design(words),
        "limits": lambda: about_report.limits(words),
        "caution": lambda: about_report.caution(words),
        "hidden": lambda: about_report.hidden(material.tables.values(), words),
        "missing": lambda: about_report.missing(material.absent, words),
        "how_to_read": lambda: about_report.how_to_read(words, material.as_of),
        "conventions": lambda: about_report.conventions(words),
    }[part.what]()


def _sentences(texts: list[str]) -> Markup:
    """One paragraph, or a list when there are more than two sentences."""
    if not texts:
        return Markup("")
    if len(texts) <= 2:
        return Markup("\n").join(Markup("<p>{}</p>").format(text) for text in texts)
    items = Markup("\n").join(Markup("<li>{}</li>").format(text) for text in texts)
    return Markup("<ul>\n{}\n</ul>").format(items)


def _figures(part: Part, table: "present.Released | None", material: Material) -> Iterable[Block]:
    """A figure, or one an outcome; nothing where there is nothing to draw (the sentences say why)."""
    if part.what == "time_strip":
        return [_figure(present.time_strip(material.words), part, material)] if material.words.study.periods else []
    if table is None or table.empty:
        return []
    draw, given = FIGURES[part.what], dict(part.options)
    if "highlight" in inspect.signature(draw).parameters:
        given["highlight"] = "" if material.unit == "all" else material.unit
    outcomes = [one.id for one in material.words.study.outcomes if one.role == part.each]
    asked = [given | {"outcome": one} for one in outcomes if one in table.levels("outcome")] if part.each else [given]
    pictures = [(options.get("outcome", ""), draw(table, material.words, **options)) for options in asked]
    return [_figure(picture, part, material, outcome) for outcome, picture in pictures if not picture.empty]


def _figure(picture: "present.Picture", part: Part, material: Material, outcome: str = "") -> Block:
    content = present.png(picture)
    name = "__".join(filter(None, [part.table, part.what, outcome]))
    width, height = (round(side * PIXELS) for side in picture.figure.get_size_inches())
    image = Markup('<img src="data:image/png;base64,{}" width="{}" height="{}" alt="{}">').format(
        base64.b64encode(content).decode("ascii"), width, height, picture.alt
    )
    caption = Markup("<figcaption>{}</figcaption>\n").format(picture.caption) if picture.caption else Markup("")
    twin = Markup("")
    if picture.drawn is not None:
        title = material.text("page.twin_title", title=present.title_of(part.table, material.words))
        twin = present.html_table(picture.drawn, material.words, title=title, id=f"t-{name}")
        twin = _folded(material.text("page.table_twin"), twin)
    html = Markup("<figure>\n{}\n{}</figure>\n{}").format(image, caption, twin)
    return Block(html, f"{name}.png", content, picture.alt)


def _table(part: Part, table: "present.Released", material: Material) -> Markup:
    html = present.html_table(table, material.words, id=f"t-{part.table}-{part.verb}", **part.options)
    return _folded(present.title_of(table.name, material.words), html) if part.closed else html


def _crossing(part: Part, table: "present.Released", material: Material) -> Markup:
    crossing, words = material.crossing(part), material.words
    found = present.crossing_grid(crossing, words)
    title = material.text("page.of_all", title=present.title_of(table.name, words), unit=words.level("unit", "all"))
    notes = present.crossing_notes(crossing, words, found)
    html = present.html_grid(found, words, title=title, notes=notes, id=f"t-{part.table}-{part.verb}")
    return _folded(title, html) if part.closed else html


def _folded(summary: str, html: Markup) -> Markup:
    return Markup("<details>\n<summary>{}</summary>\n{}</details>").format(summary, html)
