"""The table book of a unit: one sheet a section, every released table in words, for who works on in a spreadsheet.

It is made to be safe to open: no formula, no macro, no outside link, no hidden sheet, row or column, no author. Text is
always written as text, so that `=cmd()` in a label stays a label.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from babel.numbers import parse_decimal

from analysis.present.cells import SHOWN, Cell
from analysis.present.numbers import MINUS
from analysis.present.sentences.sentence import state
from analysis.present.tables import Grid, caption_of, footnotes, grid
from analysis.publish.blocks import Material
from analysis.publish.contents import Part, Section, completed

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

UNDATED = date(2000, 1, 1)  # of a release without a cut-off date: the moment of making would differ each time
LOCALES = {"nl": "[$-413]", "en": "[$-809]"}  # how a number is written, whatever the reader's own settings
WIDTHS = ((0, 0, 34), (1, 1, 24), (2, 60, 15))  # of columns: first, last, characters
_NUMBER = re.compile(rf"^[-{MINUS}]?[\d.,]+$")
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LOOKS = {
    "title": {"bold": True, "font_size": 16, "font_color": "#1D1756"},
    "caption": {"bold": True, "font_color": "#1D1756"},
    "head": {"bold": True, "bg_color": "#F3F3F8", "bottom": 1, "text_wrap": True, "align": "right", "valign": "bottom"},
    "label": {"text_wrap": True, "valign": "top"},
    "label_head": {"bold": True, "bg_color": "#F3F3F8", "bottom": 1, "text_wrap": True, "valign": "bottom"},
    "mark": {"align": "right", "font_color": "#595959"},
    "note": {"font_color": "#595959", "italic": True},
    "link": {"font_color": "#005A94", "underline": 1},
    "text": {},
}


@dataclass(frozen=True)
class Number:
    """A number as a cell holds it, with the number format that shows it as the pages write it."""

    value: float
    shape: str


@dataclass(frozen=True)
class Link:
    """A table of the book: its caption and its place as an internal address."""

    caption: str
    place: str


@dataclass
class Book:
    """A workbook being written: its formats by name or number format, and the material that it is about."""

    file: "Workbook"
    material: Material
    formats: dict[str, object] = field(default_factory=dict)

    def look(self, name: str) -> object:
        """The format of this name; another name is a number format."""
        if name not in self.formats:
            self.formats[name] = self.file.add_format(_LOOKS.get(name, {"num_format": name, "align": "right"}))
        return self.formats[name]


def table_book(material: Material) -> bytes:
    """The released tables of `material` as an .xlsx file; equal tables give equal bytes.

    A contents sheet links to each table. Cells are numbers as readers see them (rounded once, as on the pages); `*` and
    `-` are explained below each table. Tables in which nothing may be seen are named, not shown.
    """
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    book = Book(Workbook(buffer, _OPTIONS), material)
    day = material.as_of or UNDATED
    book.file.set_properties(
        {"title": _title(material), "author": "", "created": datetime(day.year, day.month, day.day)}
    )
    contents = book.file.add_worksheet(material.text("book.contents"))
    placed = {section: _sheet(book, section, tables) for section, tables in _themes(material)}
    _contents(book, contents, placed)
    book.file.close()
    return buffer.getvalue()


def _title(material: Material) -> str:
    words = material.words
    unit = words.study.unit_label(material.unit, words.language)
    return material.text("page.title", study=words.of(words.study.title), unit=unit)


def _themes(material: Material) -> Iterator[tuple[Section, dict[str, Part]]]:
    """The sections that have tables of their own notebooks, and how each of these tables is asked for in the report."""
    for section in completed(material.tables):
        own = [part for part in section.parts if part.table.split("__")[0] in section.notebooks]
        own = [part for part in own if material.table(part) is not None]
        if own:  # of several parts about a table, the one that tables it says what stands across
            yield section, {part.table: part for part in sorted(own, key=lambda part: part.verb == "table")}


def _sheet(book: Book, section: Section, tables: Mapping[str, Part]) -> list[Link]:
    """Write the sheet of a section; returns the way to each table on it."""
    name = book.material.text(f"book.sheets.{section.id}")
    sheet = _laid_out(book, name)
    sheet.write_string(0, 0, book.material.text(f"page.sections.{section.id}"), book.look("title"))
    _banner(book, sheet, 1)
    row, links = 3, []
    for part in sorted(tables.values(), key=lambda part: part.table):
        table = book.material.table(part)
        links.append(Link(caption_of(table, book.material.words), f"internal:'{name}'!A{row + 1}"))
        row = _table(book, sheet, row, part) + 2
    return links


def _laid_out(book: Book, name: str) -> "Worksheet":
    sheet = book.file.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(0, 1)
    sheet.set_footer("&C&P / &N")
    for first, last, width in WIDTHS:
        sheet.set_column(first, last, width)
    return sheet


def _banner(book: Book, sheet: "Worksheet", row: int) -> None:
    material = book.material
    lines = [_title(material)]
    lines += [material.text("page.as_of", date=material.words.date(material.as_of))] if material.as_of else []
    lines += [material.text("synthetic.short")] * (material.words.study.kind == "synthetic")
    sheet.write_string(row, 0, " | ".join(lines), book.look("note"))


def _table(book: Book, sheet: "Worksheet", row: int, part: Part) -> int:
    """Write a table from `row` on: caption, heads, lines, notes; returns the row below it."""
    words, table = book.material.words, book.material.table(part)
    sheet.write_string(row, 0, caption_of(table, words), book.look("caption"))
    if table.empty:
        sheet.write_string(row + 1, 0, str(state(table, words)), book.look("note"))
        return row + 2
    found = grid(table, words, across=part.options.get("across"))
    _heads(book, sheet, row + 1, found)
    for at, (labels, cells) in enumerate(found.lines, start=row + 2):
        for column, label in enumerate(labels):
            sheet.write_string(at, column, label, book.look("label"))
        for column, cell in enumerate(cells, start=len(labels)):
            _cell(book, sheet, at, column, cell)
    notes = footnotes(table, words, found)
    notes += (book.material.text("book.benchmark"),) * ("table_id" in table.dims)
    for at, note in enumerate(notes, start=row + 2 + len(found.lines)):
        sheet.write_string(at, 0, note, book.look("note"))
    return row + 2 + len(found.lines) + len(notes)


def _heads(book: Book, sheet: "Worksheet", row: int, found: Grid) -> None:
    for column, head in enumerate((*found.label_heads, *found.heads)):
        sheet.write_string(row, column, head, book.look("label_head" if column < len(found.label_heads) else "head"))


def _cell(book: Book, sheet: "Worksheet", row: int, column: int, cell: Cell) -> None:
    number = number_of(cell, book.material)
    if number is None:
        sheet.write_string(row, column, cell.text, book.look("mark"))
    else:
        sheet.write_number(row, column, number.value, book.look(number.shape))


def number_of(cell: Cell, material: Material) -> Number | None:
    """The number that a cell shows, None where it shows text or a mark.

    It is read back from the written cell: a spreadsheet that rounded the released value by itself (2.5 to 3, or to 2)
    could show another number than the page does, and hold more digits than were meant to be read.
    """
    language = material.words.language
    points = material.text("number.percent_points_short", number="\0").replace("\0", "")
    text = cell.text.removesuffix(points)
    digits = text.removesuffix("%").strip()
    if cell.status != SHOWN or not _NUMBER.match(digits):
        return None
    value = parse_decimal(digits.replace(MINUS, "-"), locale=language)
    places = -value.as_tuple().exponent
    shape = LOCALES.get(language, "") + "#,##0" + ("." + "0" * places if places else "")
    if text.endswith("%"):
        return Number(float(value / 100), shape + "%")
    return Number(float(value), shape + (f'"{points}"' if text != cell.text else ""))


def _contents(book: Book, sheet: "Worksheet", placed: Mapping[Section, list[Link]]) -> None:
    """The first sheet: what the book is about, and a link to each table."""
    sheet.set_column(0, 0, 100)
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(0, 1)
    sheet.write_string(0, 0, _title(book.material), book.look("title"))
    _banner(book, sheet, 1)
    row = 3
    for section, links in placed.items():
        sheet.write_string(row, 0, book.material.text(f"page.sections.{section.id}"), book.look("caption"))
        for at, link in enumerate(links, start=row + 1):
            sheet.write_url(at, 0, link.place, book.look("link"), string=link.caption)
        row += len(links) + 2
    for line in (book.material.text("table.note_hidden"), book.material.text("table.note_not_applicable")):
        sheet.write_string(row, 0, line, book.look("note"))
        row += 1
