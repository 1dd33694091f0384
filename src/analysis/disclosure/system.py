"""The published numbers of a release as unknowns and their relations: what an outsider can calculate with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.disclosure.links import additive_dims, family, lines, stem_groups
from analysis.disclosure.meta import Meta
from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import Quantity, Tables, all_nestings, published


@dataclass(frozen=True)
class System:
    """Unknowns and relations of a set of tables.

    unknowns   frame, one row an unknown: quantity (None when derived), derived ('' | complement | residual | loss |
               difference), value (NaN when no row shows it), threshold (0: no rule), rows (how many rows publish it)
    rows       what each table row publishes (see `published`), with `unknown`, the position in `unknowns`
    relations  matrix with one row a relation and one column an unknown; relation @ values = 0
    """

    unknowns: pd.DataFrame
    rows: pd.DataFrame
    relations: sparse.csr_matrix


@dataclass(frozen=True)
class Relation:
    """`total` is the sum of `parts`, plus, where `derived` names one, a number that no row publishes."""

    total: Quantity
    parts: tuple[Quantity, ...]
    derived: str = ""


def system(tables: Tables, profile: Profile) -> System:
    """Unknowns and relations of resolved tables (see `links.resolve`): sums, shares, funnels, nested populations."""
    nestings = all_nestings(tables)
    rows = pd.concat([published(name, *pair, nestings) for name, pair in tables.items()], ignore_index=True)
    quantities = list(dict.fromkeys(rows["quantity"]))
    position = {quantity: i for i, quantity in enumerate(quantities)}
    rows = rows.assign(unknown=rows["quantity"].map(position).astype(int))
    values = _values(rows)
    relations = _consistent(_relations(tables, rows, position), values, profile.round_base)
    unknowns = pd.DataFrame({
        "quantity": quantities, "derived": "", "value": [values.get(q, np.nan) for q in quantities],
        "threshold": [_threshold(q, "", profile) for q in quantities],
        "rows": rows.groupby("unknown")["row"].size().reindex(range(len(quantities))).to_numpy(),
    })  # fmt: skip
    derived = pd.DataFrame(
        [
            (None, r.derived, _rest(r, values), _threshold(r.total, r.derived, profile), 0)
            for r in relations
            if r.derived
        ],
        columns=unknowns.columns,
    )
    unknowns = pd.concat([unknowns, derived.astype(unknowns.dtypes)], ignore_index=True) if len(derived) else unknowns
    return System(unknowns, rows, _matrix(relations, position, len(unknowns)))


def _values(rows: pd.DataFrame) -> dict[Quantity, float]:
    """The value of each quantity: a count itself before what a percentage tells of it."""
    known = rows.dropna(subset="value").drop_duplicates("quantity")
    return dict(zip(known["quantity"], known["value"], strict=True))


def _rest(relation: Relation, values: Mapping[Quantity, float]) -> float:
    return values.get(relation.total, np.nan) - sum(values.get(part, np.nan) for part in relation.parts)


def _threshold(quantity: Quantity, derived: str, profile: Profile) -> float:
    """Protection that a hidden number needs; what is derived from published ones is a cell of its own (0: no rule)."""
    if quantity.role.startswith("sum:") or not profile.threshold(quantity.counts_of):
        return 0
    if quantity.counts_of == "organisations":
        return 0 if derived else profile.min_organisations
    return {"": profile.protection, "residual": profile.min_cell}.get(derived, profile.min_complement)


def _consistent(relations: Iterable[Relation], values: Mapping[Quantity, float], base: int) -> list[Relation]:
    """Relations that known values do not contradict beyond rounding (a funnel step can be larger than the last)."""
    kept = []
    for relation in dict.fromkeys(relations):
        rest = _rest(relation, values)
        slack = 0.5 + base * (len(relation.parts) + 1) / 2 + 1e-6 * abs(values.get(relation.total, 0))
        if not rest < -slack and (relation.derived or not rest > slack):
            kept.append(relation)
    return kept


def _relations(tables: Tables, rows: pd.DataFrame, position: Mapping[Quantity, int]) -> Iterator[Relation]:
    for names in stem_groups(tables).values():
        own = rows[rows["table"].isin(names)]
        yield from _sums(own, [tables[name][1] for name in names], position)
    yield from _shares(rows)
    for name, (_, meta) in tables.items():
        own = rows[(rows["table"] == name) & (rows["slot"] == "part")]
        yield from _losses(own, tables[name][0], meta, position)
        yield from _subsets(own, meta, position)
        yield from _populations(rows[rows["table"] == name], meta, position)


def _sums(rows: pd.DataFrame, metas: list[Meta], position: Mapping[Quantity, int]) -> Iterator[Relation]:
    """Levels of a dimension, units, and children of a parent level add up to what they are parts of."""
    quantities = list(dict.fromkeys(rows["quantity"]))
    for dim in additive_dims(metas):
        for total, parts in lines(quantities, dim).items():
            how = metas[0].adds.get(dim + family(total.role), "exact")
            if total in position and how != "overlap":
                yield Relation(total, tuple(parts), "residual" if how == "partial" else "")
    for nesting in {(n.dim, n.parent): n for meta in metas for n in meta.nestings}.values():
        for rest, parts in lines(quantities, nesting.dim).items():
            for level in sorted(set(nesting.of.values())):
                total = rest.at(levels=rest.levels | {(nesting.parent, level)})
                children = tuple(part for part in parts if nesting.of.get(dict(part.levels)[nesting.dim]) == level)
                if total in position and children:
                    yield Relation(total, children)


def _shares(rows: pd.DataFrame) -> Iterator[Relation]:
    """A share's denominator is its numerator and the others: the complement is a number that anyone can calculate."""
    key = ["table", "row"]
    pairs = rows[rows["slot"] == "part"].merge(rows[rows["slot"] == "whole"], on=key, suffixes=("", "_whole"))
    for part, whole in zip(pairs["quantity"], pairs["quantity_whole"], strict=True):
        if part != whole:
            yield Relation(whole, (part,), "complement")


def _losses(
    rows: pd.DataFrame, table: pd.DataFrame, meta: Meta, position: Mapping[Quantity, int]
) -> Iterator[Relation]:
    for dim in meta.steps:
        order = [level for level in dict.fromkeys(table[dim].astype(str)) if level != meta.totals.get(dim)]
        for parts in lines([q for q in rows["quantity"] if not q.role.startswith("sum:")], dim).values():
            steps = sorted(dict.fromkeys(parts), key=lambda q, dim=dim, order=order: order.index(dict(q.levels)[dim]))
            for before, after in zip(steps, steps[1:], strict=False):
                yield Relation(before, (after,), "loss")


def _subsets(rows: pd.DataFrame, meta: Meta, position: Mapping[Quantity, int]) -> Iterator[Relation]:
    for part, whole in meta.subsets:
        for quantity in rows.loc[rows["measure"] == part, "quantity"]:
            if quantity.at(role=whole) in position:
                yield Relation(quantity.at(role=whole), (quantity,), "difference")


def _populations(rows: pd.DataFrame, meta: Meta, position: Mapping[Quantity, int]) -> Iterator[Relation]:
    """Who is in the wider population and not in this one (at T0 but in no pair)."""
    for quantity in rows["quantity"] if meta.within else ():
        for role in dict.fromkeys((quantity.role, "count", "n")):
            wider = quantity.at(population=meta.within, role=role)
            if wider in position and family(quantity.role) != ":sum":
                yield Relation(wider, (quantity,), "difference")
                break


def _matrix(relations: list[Relation], position: Mapping[Quantity, int], width: int) -> sparse.csr_matrix:
    entries = []
    derived = len(position)
    for i, relation in enumerate(relations):
        entries.append((i, position[relation.total], 1.0))
        entries += [(i, position[part], -1.0) for part in relation.parts]
        if relation.derived:
            entries.append((i, derived, -1.0))
            derived += 1
    row, column, value = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_matrix((value, (row, column)), shape=(len(relations), width))
