"""The slides of a unit for a meeting: findings, charts that can be edited, questions to discuss, action points.

A chart holds released values only, in its drawing as in the workbook embedded in it. The speaker notes of each slide
name the released table and cells that its numbers come from.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.present.sentences.sentence import Sentence
from analysis.publish.archive import UNDATED, settled
from analysis.publish.blocks import say
from analysis.publish.charts import Chart, charts, draw
from analysis.publish.contents import sections
from analysis.publish.discussion import actions, questions
from analysis.publish.house import house
from analysis.publish.material import Material
from analysis.publish.since import since

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide, SlideLayout

A_SLIDE = 5  # sentences: more is a page, not a slide
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 28, 20, 12


@dataclass(frozen=True)
class Deck:
    """A presentation that is being made, and its layouts by the kinds of their placeholders."""

    file: "Presentation"
    layouts: Mapping[tuple[str, ...], "SlideLayout"]

    def add(self, *kinds: str) -> "Slide":
        """A further slide with just these placeholders."""
        if layout := self.layouts.get(tuple(sorted(kinds))):
            return self.file.slides.add_slide(layout)
        raise ValueError(
            f"template.pptx: no layout with just {' and '.join(kinds)}. Add one, or take another template."
        )


def slide_deck(material: Material, template: Path | None = None) -> bytes:
    """The deck of `material` as a .pptx file; equal tables and an equal template give equal bytes.

    `template` is a .pptx of the house: its layouts are found by their placeholders (title and subtitle; title and text;
    title only), its own slides are left out. Raises ValueError when it lacks one of these.
    """
    from pptx import Presentation

    file = Presentation(template or io.BytesIO(_house()))
    _emptied(file)
    deck = Deck(file, _layouts(file))
    _title(deck, material)
    _texts(deck, material, material.text("page.sections.in_brief"), _findings(material))
    _texts(deck, material, material.text("slides.since.title"), since(material))
    for chart in charts(material):
        _chart(deck, material, chart)
    _texts(deck, material, material.text("slides.questions"), questions(material.tables, material.words))
    _texts(deck, material, material.text("slides.actions"), actions(material.tables, material.words))
    return _saved(file, material)


@lru_cache
def _house() -> bytes:
    from pptx import Presentation

    buffer = io.BytesIO()
    house(Presentation()).save(buffer)
    return buffer.getvalue()


def _saved(deck: "Presentation", material: Material) -> bytes:
    day, about = material.as_of or UNDATED, deck.core_properties
    about.title, about.language = _named(material), material.words.language
    about.author = about.last_modified_by = about.comments = about.keywords = about.subject = about.category = ""
    about.created = about.modified = datetime(day.year, day.month, day.day)
    about.revision = 1
    buffer = io.BytesIO()
    deck.save(buffer)
    return settled(buffer.getvalue(), day)


def _named(material: Material) -> str:
    words = material.words
    unit = words.study.unit_label(material.unit, words.language)
    return material.text("page.title", study=words.of(words.study.title), unit=unit)


def _findings(material: Material) -> list[Sentence]:
    brief = next(section for section in sections() if section.id == "in_brief")
    parts = [part for part in brief.parts if not part.table or part.table in material.tables]
    return [sentence for part in parts for sentence in say(part, material)]


def _emptied(deck: "Presentation") -> None:
    for one in list(deck.slides._sldIdLst):
        deck.part.drop_rel(one.rId)
        deck.slides._sldIdLst.remove(one)


def _layouts(file: "Presentation") -> dict[tuple[str, ...], "SlideLayout"]:
    """The first layout with just these placeholders; date, footer and slide number do not count."""
    from pptx.enum.shapes import PP_PLACEHOLDER as KIND

    names = {KIND.TITLE: "title", KIND.CENTER_TITLE: "title", KIND.SUBTITLE: "subtitle", KIND.BODY: "text",
             KIND.OBJECT: "text"}  # fmt: skip
    apart = (KIND.DATE, KIND.FOOTER, KIND.SLIDE_NUMBER)
    found: dict[tuple[str, ...], SlideLayout] = {}
    for layout in file.slide_layouts:
        kinds = [one.placeholder_format.type for one in layout.placeholders]
        found.setdefault(tuple(sorted(names.get(one, "other") for one in kinds if one not in apart)), layout)
    return found


def _title(deck: Deck, material: Material) -> None:
    words = material.words
    slide = deck.add("title", "subtitle")
    slide.shapes.title.text = _named(material)
    lines = [material.text("page.as_of", date=words.date(material.as_of))] if material.as_of else []
    lines += [material.text("synthetic.banner")] * (words.study.kind == "synthetic")
    slide.placeholders[1].text = "\n".join(lines or [words.of(words.study.title)])
    _notes(slide, material, [])


def _texts(deck: Deck, material: Material, title: str, sentences: Sequence[Sentence]) -> None:
    """One slide for each few sentences, about as many on each."""
    some_slides = -(-len(sentences) // A_SLIDE)
    each = -(-len(sentences) // some_slides) if sentences else A_SLIDE
    for some in (sentences[at : at + each] for at in range(0, len(sentences), each)):
        slide = deck.add("title", "text")
        _headed(slide, title)
        frame = next(one for one in slide.placeholders if one.placeholder_format.idx != 0).text_frame
        frame.text = "\n".join(one.text for one in some)
        _sized(frame, TEXT_SIZE)
        _notes(slide, material, some)


def _headed(slide: "Slide", title: str) -> None:
    slide.shapes.title.text = title
    _sized(slide.shapes.title.text_frame, TITLE_SIZE)


def _sized(frame, points: int) -> None:
    from pptx.util import Pt

    for paragraph in frame.paragraphs:
        paragraph.font.size = Pt(points)


def _chart(deck: Deck, material: Material, chart: Chart) -> None:
    slide = deck.add("title")
    _headed(slide, chart.title)
    head = slide.shapes.title
    top, foot = head.top + head.height, round(deck.file.slide_height * 0.9)
    draw(slide, chart, head.left, top, head.width, foot - top)
    box = slide.shapes.add_textbox(head.left, foot, head.width, deck.file.slide_height - foot)
    box.text_frame.word_wrap = True
    box.text_frame.text = chart.caption
    _sized(box.text_frame, SMALL_SIZE)
    _notes(slide, material, [Sentence(chart.title, chart.table, chart.cells)])


def _notes(slide: "Slide", material: Material, sentences: Iterable[Sentence]) -> None:
    """Speaker notes: which table and cells the numbers of a slide come from."""
    none = material.text("table.not_applicable")
    lines = [
        material.text("slides.note", table=one.table, cells=" | ".join(one.cells) or none)
        for one in sentences
        if one.table
    ]
    lines = list(dict.fromkeys(lines)) or [material.text("slides.note_none")]
    slide.notes_slide.notes_text_frame.text = "\n".join(lines)
