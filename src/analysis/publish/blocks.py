"""The parts of a page as HTML: sentences, figures with their table below, tables. All text is escaped."""

import base64
import inspect
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup, escape

from analysis import present
from analysis.present.figures import anchoring as anchoring_figures
from analysis.present.figures import change as change_figures
from analysis.present.figures import evaluation as evaluation_figures
from analysis.present.figures import joint as joint_figures
from analysis.present.figures import logic as logic_figures
from analysis.present.figures import network as network_figures
from analysis.present.figures import process as process_figures
from analysis.present.figures import responders as responder_figures
from analysis.present.figures import specification as specification_figures
from analysis.present.figures import timeline as timeline_figures
from analysis.present.sentences import report as about_report
from analysis.present.sentences.sentence import state
from analysis.publish.anchors import Anchors
from analysis.publish.contents import Part, Section

PIXELS = 110  # of the page, per inch of a figure
FIGURES: Mapping[str, Callable] = {
    "forest": change_figures.forest, "waves": change_figures.waves, "stacked": responder_figures.stacked,
    "funnel": process_figures.funnel, "bars": process_figures.bars, "curves": process_figures.curves,
    "dots": network_figures.dots, "specifications": specification_figures.specifications,
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


def blocks(plan: Iterable[Section], material: Material) -> dict[str, tuple[Block, ...]]:
    """The blocks of the sections in order, by the section's id; a sentence said already in a section is not said again.

    Sentences are made first, so that the tables give an address to the cells that they are about.
    """
    plan, anchors = tuple(plan), Anchors()
    told = {section.id: dict(_told(section, material)) for section in plan}
    for sentences in (said for parts in told.values() for said in parts.values()):
        anchors.want(sentences)
    made = {
        section.id: [
            _blocks(part, material, anchors, _tables(told[section.id])) if part.verb != "say"
            else told[section.id].get(at, ())
            for at, part in enumerate(section.parts)
        ]
        for section in plan
    }  # fmt: skip
    return {id: tuple(block for part in parts for block in _written(part, anchors, material) if block.html)
            for id, parts in made.items()}  # fmt: skip


def _told(section: Section, material: Material) -> Iterator[tuple[int, tuple["present.Sentence", ...]]]:
    """The new sentences of each part that says something, by the place of the part; none where its table is absent."""
    said: set[str] = set()
    for at, part in enumerate(section.parts):
        if part.verb == "say" and not (part.table and material.table(part) is None):
            fresh = {str(one): one for one in say(part, material) if str(one) not in said}
            said.update(fresh)
            yield at, tuple(fresh.values())


def _tables(told: Mapping[int, Iterable["present.Sentence"]]) -> set[str]:
    return {one.table for said in told.values() for one in said}


def _written(part: Sequence, anchors: Anchors, material: Material) -> Sequence[Block]:
    """Blocks as they are; sentences as a block, each with the way to its cell."""
    if not part or isinstance(part[0], Block):
        return part
    return [Block(_sentences([_linked(one, anchors.address(one), material) for one in part]))]


def _linked(sentence: "present.Sentence", address: str, material: Material) -> Markup:
    if not address:
        return escape(sentence)
    name = present.title_of(sentence.table, material.words)
    link = Markup('<a class="from" href="#{}" aria-label="{}">{}</a>').format(
        address, material.text("page.to_cell", title=name), material.text("page.cell_mark")
    )
    return Markup("{} {}").format(sentence, link)


def _blocks(part: Part, material: Material, anchors: Anchors, told: Container[str]) -> Sequence[Block]:
    """A figure or a table; that a table is hidden is said once, so not of those that sentences have `told` of."""
    table = material.table(part)
    if part.table and table is None:  # named among what is missing
        return []
    if part.verb == "figure":
        return _figures(part, table, material, anchors)
    if table.empty:
        return [] if part.table in told else [Block(_sentences([str(state(table, material.words))]))]
    return [Block((_crossing if part.verb == "crossing" else _table)(part, table, material, anchors))]


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


def _sentences(texts: Sequence[str]) -> Markup:
    """One paragraph, or a list when there are more than two sentences."""
    if not texts:
        return Markup("")
    if len(texts) <= 2:
        return Markup("\n").join(Markup("<p>{}</p>").format(text) for text in texts)
    items = Markup("\n").join(Markup("<li>{}</li>").format(text) for text in texts)
    return Markup("<ul>\n{}\n</ul>").format(items)


def _figures(part: Part, table: "present.Released | None", material: Material, anchors: Anchors) -> Sequence[Block]:
    """A figure, or one an outcome; nothing where there is nothing to draw (the sentences say why)."""
    if part.what == "time_strip":
        drawn = [present.time_strip(material.words)] if material.words.study.periods else []
        return [_figure(picture, part, material, anchors) for picture in drawn]
    if table is None or table.empty:
        return []
    draw, given = FIGURES[part.what], dict(part.options)
    if "highlight" in inspect.signature(draw).parameters:
        given["highlight"] = "" if material.unit == "all" else material.unit
    outcomes = [one.id for one in material.words.study.outcomes if one.role == part.each]
    asked = [given | {"outcome": one} for one in outcomes if one in table.levels("outcome")] if part.each else [given]
    pictures = [(options.get("outcome", ""), draw(table, material.words, **options)) for options in asked]
    return [_figure(picture, part, material, anchors, outcome) for outcome, picture in pictures if not picture.empty]


def _figure(picture: "present.Picture", part: Part, material: Material, anchors: Anchors, outcome: str = "") -> Block:
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
        twin = _grid(picture.drawn, part, material, anchors, title=title, id=f"t-{name}")
        twin = _folded(material.text("page.table_twin"), twin)
    html = Markup("<figure>\n{}\n{}</figure>\n{}").format(image, caption, twin)
    return Block(html, f"{name}.png", content, picture.alt)


def _table(part: Part, table: "present.Released", material: Material, anchors: Anchors) -> Markup:
    html = _grid(table, part, material, anchors, id=f"t-{part.table}-{part.verb}", **part.options)
    return _folded(present.title_of(table.name, material.words), html) if part.closed else html


def _grid(table: "present.Released", part: Part, material: Material, anchors: Anchors, *, id: str, title: str = "",
          **options: object) -> Markup:  # fmt: skip
    """A table with addresses for the cells that sentences are about, and the way to its file and its origin below."""
    words = material.words
    found = present.grid(table, words, **options)
    ids = anchors.place(table, found, id)
    title, notes = present.caption_of(table, words, title), present.footnotes(table, words, found)
    html = present.html_grid(found, words, title=title, notes=notes, id=id, ids=ids)
    return html + _origin(part, material)


def _origin(part: Part, material: Material) -> Markup:
    """The way on from a table: its file and its notebook (the name only where data are confidential)."""
    folder = "../all/" if part.of == "all" and material.unit != "all" else ""
    notebook, text = part.table.split("__")[0], material.text
    title = present.title_of(part.table, material.words)
    file = Markup('<a href="{}tables/{}.csv">{}</a>').format(folder, part.table, text("page.csv", title=title))
    made = escape(text("page.made_by", notebook=notebook))
    if material.words.study.shareable:
        made = Markup('<a href="{}notebooks/{}.ipynb">{}</a>').format(folder, notebook, made)
    return Markup('<p class="notes origin">{}; {}.</p>\n').format(file, made)


def _crossing(part: Part, table: "present.Released", material: Material, anchors: Anchors) -> Markup:
    crossing, words = material.crossing(part), material.words
    found = present.crossing_grid(crossing, words)
    title = material.text("page.of_all", title=present.title_of(table.name, words), unit=words.level("unit", "all"))
    notes = present.crossing_notes(crossing, words, found)
    html = present.html_grid(found, words, title=title, notes=notes, id=f"t-{part.table}-{part.verb}")
    html += _origin(part, material)
    return _folded(title, html) if part.closed else html


def _folded(summary: str, html: Markup) -> Markup:
    return Markup("<details>\n<summary>{}</summary>\n{}</details>").format(summary, html)
