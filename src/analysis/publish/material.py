"""What a page is made from, and the pieces that it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup

from analysis import present
from analysis.publish.contents import Part


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

    `earlier` are the tables of the unit in the approved release before this one, if there was one; `cells` are the ids
    of the notebook cells that released the tables, where known; `told` and `grids` are the sentences and the tables in
    words that were made so far: the formats tell the same.
    """

    tables: Mapping[str, "present.Released"]
    words: "present.Words"
    unit: str
    as_of: date | None
    absent: tuple[str, ...] = ()
    whole: Mapping[str, "present.Released"] = field(default_factory=dict)
    earlier: Mapping[str, "present.Released"] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    told: dict[Part, tuple["present.Sentence", ...]] = field(default_factory=dict, repr=False, compare=False)
    grids: dict[tuple, "present.Grid"] = field(default_factory=dict, repr=False, compare=False)

    def table(self, part: Part) -> "present.Released | None":
        """The table that a part is about: of this unit, or of all units together."""
        return (self.whole if part.of == "all" else self.tables).get(part.table)

    def grid(self, part: Part, **options: object) -> "present.Grid":
        """The table of a part in words, made once for page and table book where both ask for the same."""
        key = part.of, part.table, *sorted((name, str(value)) for name, value in options.items() if value)
        if key not in self.grids:
            self.grids[key] = present.grid(self.table(part), self.words, **options)
        return self.grids[key]

    def crossing(self, part: Part) -> "present.Crossing":
        """Groups side by side, with their tests and public figures, as a part of the report names them."""
        tables = self.whole if part.of == "all" else self.tables
        return present.Crossing(tables[part.table], *(tables.get(name) for name in part.beside), unit=self.unit)

    def text(self, key: str, **values: object) -> str:
        """A fixed text of the page."""
        return self.words.text(key, **values)
