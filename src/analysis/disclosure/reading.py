"""What the rows of tables publish: each cell's numbers, and which quantity each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from analysis.disclosure.meta import ALL, Meta, counted, limits
from analysis.disclosure.quantities import UNIT, Levels, Names, Quantity
from analysis.disclosure.rules import contributors
from analysis.disclosure.stacks import HOME, TABLE, Stack, Tables, alike

USED = ["measure", "value", "n", "status"]


class Row(NamedTuple):
    """One number that a table row publishes; `row` is the position, `value` NaN when hidden.

    `slot` is `part` for what the value tells (a count, a percentage's numerator, a sum), `whole` for a share's
    denominator, `n` for the contributors of any other measure.
    """

    table: str
    row: int
    slot: str
    quantity: Quantity
    value: float
    measure: str


@dataclass
class Reader:
    """Reads the cells of a frame once, however often its quantities are named: by frame, which it keeps.

    A frame goes with one description, but for what `links.resolve` and `system.truthful` settle in it.
    """

    _readings: dict[tuple, "Reading"] = field(default_factory=dict)

    def reading(self, tables: Tables) -> "Reading":
        """What the cells of tables with the same dimensions hold."""
        key = tuple((name, id(table)) for name, (table, _) in tables.items())
        if key not in self._readings:
            self._readings[key] = Reading.of(tables)
        return self._readings[key]

    def published(self, tables: Tables, names: Names) -> list[Row]:
        """What each row of each table publishes, in the order of the tables.

        The limits of a share tell its numerator and its denominator. What could not be estimated tells nothing.
        """
        rank = {name: i for i, name in enumerate(tables)}
        found: list[Row] = []
        for group in alike(tables):
            found += self.reading(group).named(next(iter(group.values()))[1], names)
        return sorted(found, key=lambda row: rank[row.table])


def published(tables: Tables, names: Names) -> pd.DataFrame:
    """What each row of each table publishes, one row a number; columns as in `Row`."""
    return pd.DataFrame(Reader().published(tables, names), columns=list(Row._fields))


@dataclass(frozen=True)
class Reading:
    """The cells of tables with the same dimensions, as lists by position.

    tables     the tables themselves
    stack      their cells below one another
    columns    names of the dimensions, and `unit`
    levels     the levels of each cell
    part       what its value tells (a count, a percentage's numerator, a sum)
    told       whether it tells anything: it has a value, or one that is hidden
    counts_of  what it counts
    """

    tables: Tables
    stack: Stack
    columns: list[str]
    levels: list[tuple[str, ...]]
    part: list[float]
    told: list[bool]
    counts_of: list[str]
    _named: list[tuple[Meta, Names, list[Row]]] = field(default_factory=list)

    @classmethod
    def of(cls, tables: Tables) -> "Reading":
        """The cells of `tables`."""
        stack = Stack.of(tables, [*next(iter(tables.values()))[1].dims, *USED])
        cells, meta = stack.cells, stack.meta
        kind = cells["measure"].map(dict(meta.kinds))
        part = contributors(cells, kind)["part"].mask(kind.eq("sum"), cells["value"])
        told = cells["value"].notna() | (cells["status"].eq("hidden") if "status" in cells else False)
        # a column `unit` of the table's own outranks the unit that it is about
        columns = list(dict.fromkeys([UNIT, *meta.dims[1:]]))
        levels = [cells[HOME if dim == UNIT and dim not in meta.dims else dim].tolist() for dim in columns]
        return cls(
            tables, stack, columns, list(zip(*levels, strict=True)),
            part.mask(kind.eq("mean"), cells["value"] * cells["n"]).tolist(), told.tolist(),
            counted(cells, meta).tolist(),
        )  # fmt: skip

    @cached_property
    def table(self) -> list[str]:
        """Name of the table of each cell."""
        return self.stack.cells[TABLE].tolist()

    @cached_property
    def measure(self) -> list[str]:
        """Measure of each cell."""
        return self.stack.cells["measure"].tolist()

    @cached_property
    def n(self) -> list[float]:
        """Contributors or denominator of each cell."""
        return self.stack.cells["n"].tolist()

    @cached_property
    def row(self) -> list[int]:
        """Position of each cell in its table."""
        return self.stack.row.tolist()

    @cached_property
    def at(self) -> dict[str, list[int]]:
        """Positions of each measure's cells."""
        found: dict[str, list[int]] = {}
        for i, measure in enumerate(self.measure):
            found.setdefault(measure, []).append(i)
        return found

    def of_kind(self, *kinds: str) -> list[str]:
        """Measures of these kinds, in the order of their first cells."""
        return [measure for measure in self.at if self.stack.meta.kinds[measure] in kinds]

    def parts(self, measure: str) -> dict[tuple, float]:
        """Row group -> what the measure's value tells there, where it is known."""
        own = ((i, self.part[i]) for i in self.at[measure])
        return {(self.table[i], *self.levels[i]): part for i, part in own if part == part}

    def named(self, meta: Meta, names: Names) -> list[Row]:
        """What each row publishes, with the links that `meta` names; the last two answers are kept."""
        about = replace(meta, unit="", adds={}, untrue=())  # the rest decides what a number is called
        for known, called, rows in self._named:
            if known == about and called == names:
                return rows
        rows = _Naming.of(self, meta, names).rows()
        self._named[:] = [*self._named[-1:], (about, names, rows)]
        return rows


@dataclass(frozen=True)
class _Naming:
    """What the numbers of a reading are called.

    roles      measure -> role of the number that its value tells; empty where the value is no number that adds up
    levels     the levels of each cell, under their one name
    everybody  whether the cell's levels are those of a first step, which restricts nothing
    """

    reading: Reading
    meta: Meta
    roles: Mapping[str, str]
    levels: list[Levels]
    everybody: list[bool]
    known: dict[tuple, Quantity] = field(default_factory=dict)

    @classmethod
    def of(cls, reading: Reading, meta: Meta, names: Names) -> "_Naming":
        columns, totals = reading.columns, {UNIT: ALL} | dict(meta.totals)
        first = {(dim, level) for of, dim, level in names.everybody if of == meta.population and dim in meta.dims}
        levels, everybody = {}, {}
        for row in dict.fromkeys(reading.levels):
            pairs = list(zip(columns, row, strict=True))
            restricted = [pair for pair in pairs if totals.get(pair[0]) != pair[1]]
            levels[row] = names.levels([*meta.at.items(), *restricted], meta.population)
            everybody[row] = not first.isdisjoint(pairs)
        of_each = [levels[row] for row in reading.levels], [everybody[row] for row in reading.levels]
        return cls(reading, meta, _part_roles(reading, meta), *of_each)

    def rows(self) -> list[Row]:
        """The numbers of all cells: slot by slot, then those that limits tell."""
        reading, kinds = self.reading, self.meta.kinds
        kind = [kinds[measure] for measure in reading.measure]
        slots = {
            "part": ([self.roles[measure] != "" for measure in reading.measure], reading.part),
            "whole": ([k == "percent" or (k == "count" and m in self.meta.n_of)
                       for k, m in zip(kind, reading.measure, strict=True)], reading.n),
            "n": ([k not in ("count", "percent", "text") for k in kind], reading.n),
        }  # fmt: skip
        found = [
            self._row(i, slot, i, values[i], kind[i] == "count" and self.everybody[i])
            for slot, (mask, values) in slots.items()
            for i, (asked, told) in enumerate(zip(mask, reading.told, strict=True))
            if asked and told
        ]
        of_percent = limits(reading.stack.cells, replace(self.meta, dims=reading.stack.meta.dims))
        return found + [
            self._row(i, slot, of, slots[slot][1][of]) for i, of in of_percent for slot in ("part", "whole")
        ]

    def _row(self, i: int, slot: str, of: int, value: float, everybody: bool = False) -> Row:
        """What cell `i` tells of cell `of`. The denominator of everybody is the count itself."""
        reading, measure = self.reading, self.reading.measure[of]
        part = slot == "part" or everybody
        role = self.roles[measure] if part else self.meta.n_of.get(measure, "n")
        over = () if part else self.meta.n_over.get(measure, ())
        key = (self.levels[i], reading.counts_of[i], role, over)
        if key not in self.known:
            named = Quantity(self.meta.population, reading.counts_of[i], role, self.levels[i])
            self.known[key] = named.without(over) if over else named
        return Row(reading.table[i], reading.row[i], slot, self.known[key], value, reading.measure[i])


def _part_roles(reading: Reading, meta: Meta) -> dict[str, str]:
    counts = reading.of_kind("count")
    roles = {measure: meta.part_of.get(measure, "") for measure in reading.at}
    roles |= {measure: f"sum:{measure}" for measure in reading.of_kind("sum")}
    return roles | {measure: "count" if len(counts) == 1 else measure for measure in counts}
