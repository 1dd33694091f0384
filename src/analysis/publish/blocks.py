"""The parts of a page as HTML: sentences, figures with their table below, tables. All text is escaped."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from markupsafe import Markup

from analysis import present
from analysis.present.sentences import report as about_report
from analysis.present.sentences.sentence import state
from analysis.publish.anchors import Anchors, linked
from analysis.publish.contents import Part, Section
from analysis.publish.drawn import figures
from analysis.publish.material import Block, Material
from analysis.publish.tabled import crossing, tabled_part


def blocks(plan: Iterable[Section], material: Material) -> dict[str, tuple[Block, ...]]:
    """The blocks of the sections in order, by the section's id; a sentence said already in a section is not said again.

    Sentences are made first, so that the tables give an address to the cells that they are about; a table of which a
    cell is told and not yet shown is added, folded.
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
    for section in sorted(plan, key=lambda one: not one.notebooks):  # last those that repeat what others tell
        for part in _lacking(section, told[section.id], anchors):
            made[section.id].append([Block(tabled_part(part, material.table(part), material, anchors, kind="whole"))])
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


def _lacking(section: Section, told: Mapping[int, Iterable["present.Sentence"]], anchors: Anchors) -> Iterator[Part]:
    """The tables that sentences of a section tell of and no part shows, or not that cell; asked for one by one."""
    for at, said in told.items():
        table = section.parts[at].table
        if table and any(anchors.lacks(one) for one in said):
            yield Part("table", table, table, closed=True, of=section.parts[at].of)


def _tables(told: Mapping[int, Iterable["present.Sentence"]]) -> set[str]:
    return {one.table for said in told.values() for one in said}


def _written(part: Sequence, anchors: Anchors, material: Material) -> Sequence[Block]:
    """Blocks as they are; sentences as a block, each number with the way to its cell."""
    if not part or isinstance(part[0], Block):
        return part
    return [Block(_sentences([linked(one, anchors, material.words) for one in part]))]


def _blocks(part: Part, material: Material, anchors: Anchors, told: Container[str]) -> Sequence[Block]:
    """A figure or a table; that a table is hidden is said once, so not of those that sentences have `told` of."""
    table = material.table(part)
    if part.table and table is None:  # named among what is missing
        return []
    if part.verb == "figure":
        return figures(part, table, material, anchors)
    if table.empty:
        return [] if part.table in told else [Block(_sentences([str(state(table, material.words))]))]
    return [Block((crossing if part.verb == "crossing" else tabled_part)(part, table, material, anchors))]


def say(part: Part, material: Material) -> tuple["present.Sentence", ...]:
    """The sentences of a part whose verb is `say`; its table, if it has one, is there."""
    if part not in material.told:
        material.told[part] = tuple(_said(part, material))
    return material.told[part]


def _said(part: Part, material: Material) -> Iterable["present.Sentence"]:
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
