"""From a sentence to the cell that it is about: which cells of a page's tables get an address, and which one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence
from analysis.present.tables import Grid


@dataclass
class Anchors:
    """The cells that sentences of a page name (`dim=level;measure`), by table, and where they were placed.

    A cell gets one address, in the first table of the page that shows it: fill `wanted` with all sentences first, then
    place the tables in their order, then ask for the address of each sentence.
    """

    wanted: dict[str, set[str]] = field(default_factory=dict)
    placed: dict[tuple[str, str], str] = field(default_factory=dict)

    def want(self, sentences: Iterable[Sentence]) -> None:
        """Note the cells of `sentences`."""
        for one in sentences:
            self.wanted.setdefault(one.table, set()).update(one.cells)

    def place(self, table: Released, found: Grid, prefix: str) -> dict[str, str]:
        """The addresses to give in this table: cell as the grid names it -> id, which starts with `prefix`."""
        there = [cell.at for _, cells in found.lines for cell in cells if cell.at]
        given: dict[str, str] = {}
        for asked in sorted(self.wanted.get(table.name, set())):
            if (table.name, asked) in self.placed or not (at := _best(asked, there, table)):
                continue
            self.placed[table.name, asked] = given.setdefault(at, f"{prefix}-{len(given) + 1}")
        return given

    def address(self, sentence: Sentence) -> str:
        """The address of the first cell of a sentence that stands on the page; empty when none does."""
        found = ((sentence.table, cell) for cell in sentence.cells)
        return next((self.placed[cell] for cell in found if cell in self.placed), "")


def _best(asked: str, there: Iterable[str], table: Released) -> str:
    """The cell that has every level asked for; of several the one whose further dimensions are at their total."""
    parts = set(asked.split(";"))
    matching = [at for at in there if parts <= set(at.split(";"))]
    totals = {f"{dim}={level}" for dim, level in table.totals.items()}
    return max(matching, key=lambda at: len(totals & set(at.split(";"))), default="")
