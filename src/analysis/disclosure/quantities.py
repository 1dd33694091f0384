"""Which numbers a set of tables publishes: a cell of one table and a total of another are often the same number.

A quantity is identified by who is counted (population, counts_of), what it is (role: count, n, sum:costs, ...) and
the levels that it is restricted to; a dimension at its total level restricts nothing. So links between tables need no
declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from analysis.disclosure.meta import ALL, Meta, Nesting, counted, described
from analysis.disclosure.rules import contributors

Tables = Mapping[str, tuple[pd.DataFrame, Meta]]
Levels = frozenset[tuple[str, str]]
UNIT = "unit"
TABLE, ROW, HOME = "its table", "its row", "its unit"  # columns of stacked tables that no table has


@dataclass(frozen=True, order=True)
class Quantity:
    """A number that tables can publish: `role` of `population` (`counts_of` it) restricted to `levels`."""

    population: str
    counts_of: str
    role: str
    levels: Levels

    def at(self, **changes) -> "Quantity":
        """The quantity with another role, population or other levels."""
        return replace(self, **changes)

    def without(self, dims) -> "Quantity":
        """The quantity not restricted on `dims`."""
        return self.at(levels=frozenset(pair for pair in self.levels if pair[0] not in dims))


def stem(name: str) -> str:
    """Name of a table without the unit's folder: the same table of several units has one stem."""
    return PurePosixPath(name).name


@dataclass(frozen=True)
class Names:
    """What makes two restrictions the same one: nestings, and (population, dimension, level) that restrict nothing."""

    nestings: tuple[Nesting, ...] = ()
    everybody: frozenset[tuple[str, str, str]] = frozenset()

    @classmethod
    def of(cls, tables: Tables) -> "Names":
        """Every nesting and first step that any table declares, once."""
        metas = [meta for _, meta in tables.values()]
        nestings = tuple({(n.dim, n.parent): n for meta in metas for n in meta.nestings}.values())
        first = {
            (meta.population, dim, level)
            for meta in metas
            for dim in meta.steps
            for level, of in meta.step_of.items()
            if not of
        }
        return cls(nestings, frozenset(first))


def published(tables: Tables, names: Names) -> pd.DataFrame:
    """What each row of each table publishes: one row a (table row, quantity), with its value (NaN when hidden).

    Columns: table, row (position), slot (part | whole | n), quantity, value, measure. `part` is what the value tells
    (a count, a percentage's numerator, a sum), `whole` a share's denominator, `n` the contributors of any other
    measure. The limits of a share tell its numerator and its denominator. What could not be estimated tells nothing.
    """
    if not tables:
        return pd.DataFrame(columns=["table", "row", "slot", "quantity", "value", "measure"])
    alike: dict[tuple[str, str], dict] = {}  # a table of several units is read in one go
    for name, (table, meta) in tables.items():
        alike.setdefault((stem(name), replace(meta, unit="").to_json()), {})[name] = (table, meta)
    found = pd.concat([_told(group, names) for group in alike.values()], ignore_index=True)
    rank = found["table"].map({name: i for i, name in enumerate(tables)})
    return found.loc[np.argsort(rank.to_numpy(), kind="stable")].reset_index(drop=True)


def _told(tables: Tables, names: Names) -> pd.DataFrame:
    cells, meta = _stacked(tables)
    kind = cells["measure"].map(dict(meta.kinds))
    found = contributors(cells, kind)
    part = found["part"].mask(kind.eq("sum"), cells["value"]).mask(kind.eq("mean"), cells["value"] * cells["n"])
    measures, roles = cells["measure"].tolist(), _part_roles(cells, meta)
    levels, counts_of = _levels(cells, meta, names), counted(cells, meta).tolist()
    base = [Quantity(meta.population, of, "", at) for of, at in zip(counts_of, levels, strict=True)]
    told = cells["value"].notna() | (cells["status"].eq("hidden") if "status" in cells else False)
    share = kind.eq("percent") | (kind.eq("count") & cells["measure"].isin(list(meta.n_of)))
    slots = {
        "part": (cells["measure"].map(roles).ne(""), part.tolist()),
        "whole": (share, cells["n"].tolist()),
        "n": (~kind.isin(["count", "percent", "text"]), cells["n"].tolist()),
    }
    # A first step is everybody: its denominator is the count itself, and no group that everybody is in.
    first = [cells[dim].eq(level) for of, dim, level in names.everybody if of == meta.population and dim in meta.dims]
    all_of = (kind.eq("count") & np.logical_or.reduce(first)) if first else kind.ne(kind)
    rows = [
        (i, slot, _quantity(base[i], "part" if all_of[i] else slot, measures[i], roles, meta), value[i], measures[i])
        for slot, (mask, value) in slots.items()
        for i in np.flatnonzero(mask & told).tolist()
    ]
    rows += [
        (i, slot, _quantity(base[i], slot, measures[of], roles, meta), slots[slot][1][of], measures[i])
        for i, of in limits(cells, meta)
        for slot in ("part", "whole")
    ]
    out = pd.DataFrame(rows, columns=["at", "slot", "quantity", "value", "measure"])
    at = out.pop("at").to_numpy(int)
    out.insert(0, "table", cells[TABLE].to_numpy()[at])
    out.insert(1, "row", cells[ROW].to_numpy()[at])
    return out


def _stacked(tables: Tables) -> tuple[pd.DataFrame, Meta]:
    """Cells of tables with one description below one another; `TABLE` is a dimension more."""
    meta = next(iter(tables.values()))[1]
    used = [*meta.dims, "measure", "value", "n", "status"]
    frames = [
        table[[column for column in used if column in table]].assign(
            **{TABLE: name, ROW: np.arange(len(table)), HOME: own.unit}
        )
        for name, (table, own) in tables.items()
    ]
    stacked = replace(meta, dims=(TABLE, *meta.dims))
    return described(pd.concat(frames, ignore_index=True), stacked), stacked


def limits(cells: pd.DataFrame, meta: Meta) -> list[tuple[int, int]]:
    """Pairs of positions (limit, the percentage of its row group); a limit of something else is left out."""
    found = []
    for limit, percent in meta.limits_of.items():
        at = [cells[cells["measure"] == measure].reset_index() for measure in (limit, percent)]
        both = at[0].assign(_=0).merge(at[1].assign(_=0), on=["_", *meta.dims], suffixes=("", "_of"))
        both = both[both["value_of"].notna() & both["value"].notna()]
        found += list(zip(both["index"].tolist(), both["index_of"].tolist(), strict=True))
    return found


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


def _levels(cells: pd.DataFrame, meta: Meta, names: Names) -> list[Levels]:
    columns = {dim: cells[dim] for dim in meta.dims if dim != TABLE}
    columns = {UNIT: cells[HOME]} | columns  # a column `unit` of the table's own outranks the unit that it is about
    rows = list(zip(*columns.values(), strict=True))
    totals = {UNIT: ALL} | dict(meta.totals)
    known: dict[tuple[str, ...], Levels] = {}
    for row in dict.fromkeys(rows):
        pairs = [pair for pair in zip(columns, row, strict=True) if totals.get(pair[0]) != pair[1]]
        known[row] = _canonical([*meta.at.items(), *pairs], meta.population, names)
    return [known[row] for row in rows]


def _canonical(levels: list[tuple[str, str]], population: str, names: Names) -> Levels:
    """One name for equal restrictions: what is everybody goes, a parent that its child implies goes, a parent of one
    child is that child.
    """
    found = dict(pair for pair in levels if (population, *pair) not in names.everybody)
    for nesting in names.nestings:
        parent = found.get(nesting.parent)
        children = [child for child, of in nesting.of.items() if of == parent]
        if nesting.dim not in found and len(children) == 1:
            found[nesting.dim] = children[0]
        if found.get(nesting.dim) in children:
            found.pop(nesting.parent)
    return frozenset(found.items())
