"""The table book of a unit: one sheet a section, every released table in words, for who works on in a spreadsheet.

It is made to be safe to open: no formula, no macro, no outside link, no hidden sheet, row or column, no author. Text is
always written as text, so that `=cmd()` in a label stays a label.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.present.crossings import crossing_grid, crossing_marks, people_grid
from analysis.present.tables import Grid, caption_of, general_notes, marks_of, profile_text, why_empty
from analysis.publish.archive import UNDATED
from analysis.publish.contents import Part, completed
from analysis.publish.material import Material
from analysis.publish.sheet import CONTENTS, Book, laid_out, widths, write_grid, write_line

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Link:
    """A table of the book: its caption and its place as an internal address."""

    caption: str
    place: str


@dataclass(frozen=True)
class Theme:
    """A sheet: its name on the tab, its title, and the tables on it as the report asks for them."""

    sheet: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Entry:
    """A table as it stands on a sheet: caption, the table in words (None: a remark instead), and what stands below."""

    caption: str
    grid: Grid | None
    notes: tuple[str, ...]


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
    _contents(book, contents, {theme.title: _sheet(book, theme) for theme in _themes(material)})
    book.file.close()
    return buffer.getvalue()


def _title(material: Material) -> str:
    words = material.words
    unit = words.study.unit_label(material.unit, words.language)
    return material.text("page.title", study=words.of(words.study.title), unit=unit)


def _themes(material: Material) -> Iterator[Theme]:
    """A theme for each section that has tables of its own notebooks, and one for groups side by side, which is wide.

    Of several parts about a table, the one that tables it says what stands across.
    """
    for section in completed(material.tables):
        own = [part for part in section.parts if part.table.split("__")[0] in section.notebooks]
        own = sorted((part for part in own if material.table(part) is not None), key=lambda part: part.verb == "table")
        across = [part for part in own if part.verb == "crossing"]
        parts = sorted({part.table: part for part in own if part not in across}.values(), key=lambda part: part.table)
        if parts:
            title = material.text(f"page.sections.{section.id}")
            yield Theme(material.text(f"book.sheets.{section.id}"), title, tuple(parts))
        if across:
            yield Theme(material.text("book.sheets.crossing"), material.text("book.crossing"), tuple(across))


def _sheet(book: Book, theme: Theme) -> list[Link]:
    """Write the sheet of a theme; returns the way to each table on it."""
    material = book.material
    entries = [one for part in theme.parts for one in _entries(part, material)]
    grids = [one.grid for one in entries if one.grid is not None]
    sheet, columns = laid_out(book, theme.sheet, grids), widths(grids)
    sheet.write_string(0, 0, theme.title, book.look("title"))
    sheet.write_string(1, 0, _banner(material), book.look("note"))
    sheet.write_string(
        2, 0, f"{profile_text(material.words)} {material.text('table.note_rounding')}", book.look("note")
    )
    row, links = 4, []
    for one in entries:
        links.append(Link(one.caption, f"internal:'{theme.sheet}'!A{row + 1}"))
        sheet.write_string(row, 0, one.caption, book.look("caption"))
        row = write_grid(book, sheet, row + 1, one.grid, columns) if one.grid is not None else row + 1
        for at, note in enumerate(one.notes, start=row):
            sheet.write_string(at, 0, note, book.look("note"))
        row += len(one.notes) + 2
    return links


def _entries(part: Part, material: Material) -> Iterator[Entry]:
    words, table = material.words, material.table(part)
    caption = caption_of(table, words)
    if table.empty:
        yield Entry(caption, None, (why_empty(table, words),))
    elif part.verb == "crossing":
        yield from _crossing(part, material)
    else:
        found = material.grid(part, across=part.options.get("across"))
        benchmark = (material.text("book.benchmark"),) * ("table_id" in table.dims)
        yield Entry(caption, found, (*marks_of(table, words, found), *benchmark))


def _crossing(part: Part, material: Material) -> Iterator[Entry]:
    """The groups side by side with their letters, and the number of people behind each number."""
    words, crossing = material.words, material.crossing(part)
    found, whole = crossing_grid(crossing, words), words.level("unit", part.of or material.unit)
    for key, one, notes in (
        (f"tables.{part.table}", found, crossing_marks(crossing, words, found)),
        ("crossing.people", people := people_grid(crossing, words), marks_of(crossing.means, words, people)),
    ):
        yield Entry(material.text("page.of_all", title=material.text(key), unit=whole), one, notes)


def _banner(material: Material) -> str:
    lines = [_title(material)]
    lines += [material.text("page.as_of", date=material.words.date(material.as_of))] if material.as_of else []
    lines += [material.text("synthetic.short")] * (material.words.study.kind == "synthetic")
    return " | ".join(lines)


def _contents(book: Book, sheet: "Worksheet", placed: Mapping[str, list[Link]]) -> None:
    """The first sheet: what the book is about, a link to each table, and how to read what stands in them."""
    material = book.material
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 1)
    sheet.freeze_panes(2, 0)
    sheet.set_column(0, 0, CONTENTS)
    write_line(book, sheet, 0, _title(material), "title")
    write_line(book, sheet, 1, _banner(material), "note")
    row = 3
    for title, links in placed.items():
        write_line(book, sheet, row, title, "caption")
        for at, link in enumerate(links, start=row + 1):
            sheet.write_url(at, 0, link.place, book.look("link"), string=link.caption)
        row += len(links) + 2
    write_line(book, sheet, row, material.text("book.reading"), "caption")
    table = next(iter(material.tables.values()))
    marks = (material.text("table.note_hidden"), material.text("table.note_not_applicable"))
    for at, line in enumerate((*marks, material.text("book.public"), *general_notes(table, material.words)), row + 1):
        write_line(book, sheet, at, line, "label")
