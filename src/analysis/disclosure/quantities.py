"""Which numbers a set of tables publishes: a cell of one table and a total of another are often the same number.

A quantity is identified by who is counted (population, counts_of), what it is (role: count, n, sum:costs, ...) and
the levels that it is restricted to; a dimension at its total level restricts nothing. So links between tables need no
declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from analysis.disclosure.meta import ALL, Meta, Nesting, described
from analysis.disclosure.rules import contributors

Tables = Mapping[str, tuple[pd.DataFrame, Meta]]
Levels = frozenset[tuple[str, str]]
UNIT = "unit"


@dataclass(frozen=True, order=True)
class Quantity:
    """A number that tables can publish: `role` of `population` (`counts_of` it) restricted to `levels`."""

    population: str
    counts_of: str
    role: str
    levels: Levels

    def at(self, **changes) -> "Quantity":
        """The quantity with another role, population or other levels."""
        return Quantity(**{**self.__dict__, **changes})

    def without(self, dims) -> "Quantity":
        """The quantity not restricted on `dims`."""
        return self.at(levels=frozenset(pair for pair in self.levels if pair[0] not in dims))


def stem(name: str) -> str:
    """Name of a table without the unit's folder: the same table of several units has one stem."""
    return PurePosixPath(name).name


def all_nestings(tables: Tables) -> tuple[Nesting, ...]:
    """Every nesting that any table declares, once."""
    return tuple({(n.dim, n.parent): n for _, meta in tables.values() for n in meta.nestings}.values())


def published(name: str, table: pd.DataFrame, meta: Meta, nestings: tuple[Nesting, ...]) -> pd.DataFrame:
    """What each row of a table publishes: one row a (table row, quantity), with the quantity's value (NaN when hidden).

    Columns: table, row (position), slot (part | whole | n), quantity, value, measure. `part` is what the value tells
    (a count, a percentage's numerator, a sum), `whole` a share's denominator, `n` the contributors of any other
    measure.
    """
    cells = described(table, meta)
    kind = cells["measure"].map(dict(meta.kinds))
    found = contributors(cells, kind)
    part = found["part"].mask(kind.eq("sum"), cells["value"]).mask(kind.eq("mean"), cells["value"] * cells["n"])
    base = [Quantity(meta.population, meta.counts_of, "", levels) for levels in _levels(cells, meta, nestings)]
    roles = _part_roles(cells, meta)
    share = kind.eq("percent") | (kind.eq("count") & cells["measure"].isin(list(meta.n_of)))
    slots = {
        "part": (cells["measure"].map(roles).ne(""), part),
        "whole": (share, cells["n"]),
        "n": (~kind.isin(["count", "percent", "text"]), cells["n"]),
    }
    rows = [
        (name, i, slot, _quantity(base[i], slot, cells["measure"][i], roles, meta), value[i], cells["measure"][i])
        for slot, (mask, value) in slots.items()
        for i in np.flatnonzero(mask)
    ]
    return pd.DataFrame(rows, columns=["table", "row", "slot", "quantity", "value", "measure"])


def _part_roles(cells: pd.DataFrame, meta: Meta) -> dict[str, str]:
    """Per measure the role of the number that its value tells; empty where the value is no number that adds up."""
    measures = list(cells["measure"].unique())
    counts = [measure for measure in measures if meta.kinds[measure] == "count"]
    roles = {measure: meta.part_of.get(measure, "") for measure in measures}
    roles |= {measure: f"sum:{measure}" for measure in measures if meta.kinds[measure] == "sum"}
    return roles | {measure: "count" if len(counts) == 1 else measure for measure in counts}


def _quantity(base: Quantity, slot: str, measure: str, roles: Mapping[str, str], meta: Meta) -> Quantity:
    if slot == "part":
        return base.at(role=roles[measure])
    return base.without(meta.n_over.get(measure, ())).at(role=meta.n_of.get(measure, "n"))


def _levels(cells: pd.DataFrame, meta: Meta, nestings: tuple[Nesting, ...]) -> list[Levels]:
    fixed = [(UNIT, meta.unit)] if meta.unit != ALL and UNIT not in meta.dims else []
    totals = {UNIT: ALL} | dict(meta.totals)
    rows = cells[list(meta.dims)].itertuples(index=False, name=None) if meta.dims else [()] * len(cells)
    named = [[pair for pair in zip(meta.dims, row, strict=True) if totals.get(pair[0]) != pair[1]] for row in rows]
    return [_canonical([*fixed, *pairs], nestings) for pairs in named]


def _canonical(levels: list[tuple[str, str]], nestings: tuple[Nesting, ...]) -> Levels:
    """One name for equal restrictions: a parent that its child implies goes, a parent of one child is that child."""
    found = dict(levels)
    for nesting in nestings:
        parent = found.get(nesting.parent)
        children = [child for child, of in nesting.of.items() if of == parent]
        if nesting.dim not in found and len(children) == 1:
            found[nesting.dim] = children[0]
        if found.get(nesting.dim) in children:
            found.pop(nesting.parent)
    return frozenset(found.items())
