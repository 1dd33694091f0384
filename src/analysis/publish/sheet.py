"""A sheet of the table book: columns as wide and rows as high as their texts, numbers as numbers, text as text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING

from babel.numbers import parse_decimal

from analysis.present.cells import SHOWN, Cell
from analysis.present.numbers import MINUS
from analysis.present.tables import Grid
from analysis.publish.material import Material

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

LOCALES = {"nl": "[$-413]", "en": "[$-809]"}  # how a number is written, whatever the reader's own settings
LEAST, MOST = 14, (44, 32)  # width in characters: of any column, and at most of the first columns of labels
FURTHER = 20  # at most, of a further column of labels: other tables of the sheet have numbers there
CONTENTS = 84  # of the first sheet: a page
LINE, EDGE = 15.0, 2.0  # height of a line of text, and of the room around it, in points
_NUMBER = re.compile(rf"^[-{MINUS}]?[\d.,]+$")
_LOOKS = {
    "title": {"bold": True, "font_size": 14, "font_color": "#1D1756"},
    "caption": {"bold": True, "font_size": 12, "font_color": "#1D1756"},
    "head": {"bold": True, "bg_color": "#F3F3F8", "bottom": 1, "text_wrap": True, "align": "right", "valign": "bottom"},
    "label": {"text_wrap": True, "valign": "vcenter"},
    "label_head": {"bold": True, "bg_color": "#F3F3F8", "bottom": 1, "text_wrap": True, "valign": "bottom"},
    "mark": {"align": "right", "valign": "vcenter", "font_color": "#595959"},
    "note": {"font_color": "#595959", "italic": True},
    "link": {"font_color": "#005A94", "underline": 1},
    "text": {},
}


@dataclass(frozen=True)
class Number:
    """A number as a cell holds it, with the number format that shows it as the pages write it."""

    value: float
    shape: str


@dataclass
class Book:
    """A workbook being written: its formats by name or number format, and the material that it is about."""

    file: "Workbook"
    material: Material
    formats: dict[str, object] = field(default_factory=dict)

    def look(self, name: str) -> object:
        """The format of this name; another name is a number format."""
        if name not in self.formats:
            number = {"num_format": name, "align": "right", "valign": "vcenter"}
            self.formats[name] = self.file.add_format(_LOOKS.get(name, number))
        return self.formats[name]


def laid_out(book: Book, name: str, grids: Iterable[Grid]) -> "Worksheet":
    """A new sheet with columns as wide as the labels of `grids` need, heads that stay in sight and are printed."""
    sheet = book.file.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(0, 1)
    sheet.set_footer("&C&P / &N")
    for column, width in enumerate(widths(grids)):
        sheet.set_column(column, column, width)
    return sheet


def widths(grids: Iterable[Grid]) -> list[int]:
    """The width of each column in characters: of its longest label within bounds, or of its head."""
    found: list[int] = []
    for grid in grids:
        labels = [max((len(line[0][at]) for line in grid.lines), default=0) for at in range(len(grid.label_heads))]
        labels = [max(length, len(head)) + 2 for length, head in zip(labels, grid.label_heads, strict=True)]
        most = [*MOST, *[FURTHER] * len(labels)]
        own = [min(max(pair[0], LEAST), pair[1]) for pair in zip(labels, most, strict=False)]
        own += [max(LEAST, *(len(word) + 2 for word in head.split())) for head in grid.heads]
        found = [max(pair) for pair in zip(_padded(found, len(own)), _padded(own, len(found)), strict=True)]
    return found


def _padded(numbers: Sequence[int], length: int) -> list[int]:
    return [*numbers, *[0] * (length - len(numbers))]


def write_grid(book: Book, sheet: "Worksheet", row: int, found: Grid, columns: Sequence[int]) -> int:
    """Write heads and lines from `row` on, each row high enough for its texts in `columns`; returns the row below."""
    heads = (*found.label_heads, *found.heads)
    sheet.set_row(row, _height(heads, columns, 0.9))
    for column, head in enumerate(heads):
        sheet.write_string(row, column, head, book.look("label_head" if column < len(found.label_heads) else "head"))
    for at, (labels, cells) in enumerate(found.lines, start=row + 1):
        sheet.set_row(at, _height(labels, columns))
        for column, label in enumerate(labels):
            sheet.write_string(at, column, label, book.look("label"))
        for column, cell in enumerate(cells, start=len(labels)):
            _cell(book, sheet, at, column, cell)
    return row + 1 + len(found.lines)


def write_line(book: Book, sheet: "Worksheet", row: int, text: str, look: str) -> None:
    """Write a text of the first sheet, in a row that is high enough for it."""
    sheet.set_row(row, _height([text], [CONTENTS]) * (1.3 if look == "title" else 1))
    sheet.write_string(row, 0, text, book.look(look))


def _height(texts: Sequence[str], columns: Sequence[int], part: float = 1.0) -> float:
    """Points that the texts need when each is broken at the width of its column; bold letters fill it sooner."""
    lines = (_lines(text, max(1, int(part * (width - 1)))) for text, width in zip(texts, columns, strict=False))
    return LINE * max(1, *lines) + EDGE


@lru_cache(maxsize=2**15)
def _lines(text: str, letters: int) -> int:
    return len(wrap(text, letters))


def _cell(book: Book, sheet: "Worksheet", row: int, column: int, cell: Cell) -> None:
    number = number_of(cell, book.material)
    if number is None:
        sheet.write_string(row, column, cell.marked, book.look("mark"))
    else:
        shape = f'{number.shape}" {cell.mark}"' if cell.mark else number.shape
        sheet.write_number(row, column, number.value, book.look(shape))


def number_of(cell: Cell, material: Material) -> Number | None:
    """The number that a cell shows, None where it shows text or a mark.

    It is read back from the written cell: a spreadsheet that rounded the released value by itself (2.5 to 3, or to 2)
    could show another number than the page does, and hold more digits than were meant to be read.
    """
    points = material.text("number.percent_points_short", number="\0").replace("\0", "")
    return _number(cell.text, points, material.words.language) if cell.status == SHOWN else None


@lru_cache(maxsize=2**15)
def _number(written: str, points: str, language: str) -> Number | None:
    """A written number, with the letters of percentage points behind it or not; reading one back is slow."""
    text = written.removesuffix(points)
    digits = text.removesuffix("%").strip()
    if not _NUMBER.match(digits):
        return None
    value = parse_decimal(digits.replace(MINUS, "-"), locale=language)
    places = -value.as_tuple().exponent
    shape = LOCALES.get(language, "") + "#,##0" + ("." + "0" * places if places else "")
    if text.endswith("%"):
        return Number(float(value / 100), shape + "%")
    return Number(float(value), shape + (f'"{points}"' if text != written else ""))
