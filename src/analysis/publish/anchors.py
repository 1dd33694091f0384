"""From a number in a sentence to the cell that holds it: which cells get an address, and the sentence with links."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from analysis import present
from analysis.present.cells import Cell
from analysis.present.numbers import MINUS
from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence
from analysis.present.tables import LIMITS, Grid
from analysis.present.wording import Words

LOWER, UPPER = LIMITS
# a number that is no part of a word: not those of T1, MHI-5, 95%-interval
_NUMBER = re.compile(rf"(?<![\w.,-]){MINUS}?\d++(?:[.,]\d++)*+%?+(?!\w|-\w)")


@dataclass
class Anchors:
    """The cells that sentences of a page name (`dim=level;measure`), by table, and where they were placed.

    A number gets one address, in the first table of the page that shows its cell: fill `wanted` with all sentences
    first, then place the tables in their order, then ask for the address of each number. `there` are the cells that a
    table of the page shows; `tables` are the addresses of the tables, for what was counted over a whole table.
    """

    wanted: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    there: set[tuple[str, str]] = field(default_factory=set)
    placed: dict[tuple[str, str, str], str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)

    def want(self, sentences: Iterable[Sentence]) -> None:
        """Note the cells of `sentences`, and the numbers that may be theirs."""
        for one in sentences:
            for cell in one.cells:
                self.wanted.setdefault(one.table, {}).setdefault(cell, set()).update(map(_plain, numbers(one.text)))

    def place(self, table: Released, found: Grid, prefix: str) -> dict[str, str]:
        """The addresses to give in this table: cell as the grid names it -> id, which starts with `prefix`."""
        there = [cell for _, cells in found.lines for cell in cells if cell.at]
        self.tables.setdefault(table.name, prefix)
        given: dict[str, str] = {}
        for asked, told in sorted(self.wanted.get(table.name, {}).items()):
            matching = _matching(asked, there, table)
            self.there |= {(table.name, asked)} if matching else set()
            for number in sorted(told):
                if (key := (table.name, asked, number)) not in self.placed and (at := _holding(number, matching)):
                    self.placed[key] = given.setdefault(at, f"{prefix}-{len(given) + 1}")
        return given

    def lacks(self, sentence: Sentence) -> bool:
        """Whether no table of the page shows a cell of a sentence, or (of one with counts) its table at all."""
        unseen = any((sentence.table, cell) not in self.there for cell in sentence.cells)
        return unseen or bool(sentence.counted) and sentence.table not in self.tables

    def address(self, sentence: Sentence, number: str) -> str:
        """The address of what a number of a sentence came from; empty for one that came from no table of the page."""
        if number in sentence.counted:
            return self.tables.get(sentence.table, "")
        keys = ((sentence.table, cell, _plain(number)) for cell in sentence.cells)
        return next((self.placed[key] for key in keys if key in self.placed), "")


def numbers(text: str) -> list[str]:
    """The numbers in a text as written, with their minus and percent sign."""
    return _NUMBER.findall(text)


def _plain(number: str) -> str:
    """A number without its sign: `down by 0.2` is told of a cell that holds -0.2."""
    return number.removeprefix(MINUS)


def _matching(asked: str, there: Iterable[Cell], table: Released) -> list[Cell]:
    """The cells that have every level asked for; those whose further dimensions are at their total first."""
    parts = set(asked.split(";"))
    found = [cell for cell in there if parts <= set(cell.at.split(";"))]
    if not found and UPPER in parts:  # an interval is one cell, named after its lower limit
        parts = parts - {UPPER} | {LOWER}
        found = [cell for cell in there if parts <= set(cell.at.split(";"))]
    totals = {f"{dim}={level}" for dim, level in table.totals.items()}
    return sorted(found, key=lambda cell: -len(totals & set(cell.at.split(";"))))


def _holding(number: str, cells: Iterable[Cell]) -> str:
    """The name of the first cell that shows a number, or else of the first that is about so many people."""
    cells = tuple(cells)
    shown = (cell.at for cell in cells if number in map(_plain, numbers(cell.text)))
    return next(shown, "") or next((cell.at for cell in cells if number == cell.n), "")


def linked(sentence: Sentence, anchors: Anchors, words: Words) -> Markup:
    """A sentence as HTML in which each number leads to the cell that holds it, or to the table that it was counted in.

    A number within a label (`6 months`) is none of ours.
    """
    title = words.text("page.to_cell", title=present.title_of(sentence.table, words)) if sentence.table else ""
    made, at = Markup(""), 0
    for start, end in _own(sentence, words):
        number = sentence.text[start:end]
        if address := anchors.address(sentence, number):
            made += _written(sentence.text[at:start])
            made += Markup('<a class="number" href="#{}" title="{}">{}</a>').format(address, title, number)
            at = end
    return made + _written(sentence.text[at:])


def _written(text: str) -> Markup:
    return Markup(str(escape(re.sub(r"\bn = $", "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", text))))


def _own(sentence: Sentence, words: Words) -> Iterator[tuple[int, int]]:
    """Where the numbers of a sentence stand that are in no label of a level, measure or table."""
    levels = (level for cell in sentence.cells for level in cell.split(";") if "=" in level)
    labels = {words.level(*level.split("=", 1)) for level in levels}
    labels |= {words.measure(cell.split(";")[-1]) for cell in sentence.cells}
    labels |= {present.title_of(sentence.table, words)} if sentence.table else set()
    taken = [found.span() for label in labels if label for found in re.finditer(re.escape(label), sentence.text)]
    for found in _NUMBER.finditer(sentence.text):
        if not any(start <= found.start() and found.end() <= end for start, end in taken):
            yield found.span()
