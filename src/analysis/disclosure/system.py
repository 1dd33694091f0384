"""The published numbers of a release as unknowns and their relations: what an outsider can calculate with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.disclosure.links import additive_dims, adds_up, answered, lines, shares, stem_groups
from analysis.disclosure.meta import Meta, step_before
from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import UNIT, Names, Quantity
from analysis.disclosure.reading import Reader, Row
from analysis.disclosure.stacks import Tables


@dataclass(frozen=True)
class System:
    """Unknowns and relations of a set of tables.

    unknowns   frame, one row an unknown: quantity (None when derived), derived ('' | complement | residual | loss |
               increment | estimated | difference | open | rounding), value (NaN when no row shows it), threshold (0:
               no rule), rows (how many rows publish it), slack (`rounding` lies between plus and minus this)
    rows       what each table row publishes (columns as in `Row`), with `unknown`, the position in `unknowns`
    relations  matrix with one row a relation and one column an unknown; relation @ values = 0
    """

    unknowns: pd.DataFrame
    rows: pd.DataFrame
    relations: sparse.csr_matrix


@dataclass(frozen=True)
class Relation:
    """`total` is the sum of `parts`, plus, where `derived` names one, a number that no row publishes.

    `slack` bounds it when it is what estimated parts miss of their total; `rule` names what it rests on where the
    numbers may say otherwise, and `stem` the table.
    """

    total: Quantity
    parts: tuple[Quantity, ...]
    derived: str = ""
    slack: float = 0.0
    rule: str = field(default="", compare=False)
    stem: tuple = field(default=(), compare=False)


def system(tables: Tables, profile: Profile) -> System:
    """Unknowns and relations of resolved tables (see `links.resolve`): sums, shares, funnels, nested populations."""
    rows, position = _rows(tables, Reader())
    return _system(rows, position, _relations(tables, rows, position), profile)


def truthful(
    tables: Tables, profile: Profile, reader: Reader | None = None
) -> tuple[dict[str, tuple[pd.DataFrame, Meta]], System]:
    """Resolved tables, before anything is hidden, with the relations that their numbers contradict named in `untrue`.

    A relation is left out for a table as a whole (in all units), so that a release and its audit reckon with the same
    ones and the list tells of no cell. Beside them their system, without those relations. `reader`: see `resolve`.
    """
    rows, position = _rows(tables, reader or Reader())
    values, relations = _values(rows), list(_relations(tables, rows, position))
    wrong: dict[tuple, set[str]] = {}
    for relation in relations:
        if relation.rule and _contradicted(relation, values):
            wrong.setdefault(relation.stem, set()).add(relation.rule)
    group = {name: key for key, names in stem_groups(tables).items() for name in names}
    found = {
        name: (table, replace(meta, untrue=tuple(sorted(wrong.get(group[name], ())))))
        for name, (table, meta) in tables.items()
    }
    true = (relation for relation in relations if relation.rule not in wrong.get(relation.stem, ()))
    return found, _system(rows, position, true, profile)


def _system(rows: list[Row], position: Mapping[Quantity, int], stated: Iterable, profile: Profile) -> System:
    values, relations, quantities = _values(rows), list(dict.fromkeys(stated)), list(position)
    said = pd.DataFrame(rows, columns=list(Row._fields)).assign(unknown=[position[row.quantity] for row in rows])
    unknowns = pd.DataFrame({
        "quantity": quantities, "derived": "", "value": [values.get(q, np.nan) for q in quantities],
        "threshold": [_threshold(q, "", profile) for q in quantities],
        "rows": np.bincount(said["unknown"], minlength=len(quantities)),
        "slack": 0.0,
    })  # fmt: skip
    derived = pd.DataFrame(
        [
            (None, r.derived, _rest(r, values), _threshold(r.total, r.derived, profile), 0, r.slack)
            for r in relations
            if r.derived
        ],
        columns=unknowns.columns,
    )
    unknowns = pd.concat([unknowns, derived.astype(unknowns.dtypes)], ignore_index=True) if len(derived) else unknowns
    return System(unknowns, said, _matrix(relations, position, len(unknowns)))


def _contradicted(relation: Relation, values: Mapping[Quantity, float]) -> bool:
    """Whether known values say that a part is more than its whole (half a person is rounding)."""
    rest, slack = _rest(relation, values), 0.5 + 1e-6 * abs(values.get(relation.total, 0))
    return rest < -slack or (not relation.derived and rest > slack)


def _rows(tables: Tables, reader: Reader) -> tuple[list[Row], dict[Quantity, int]]:
    rows = reader.published(tables, Names.of(tables))
    return rows, {quantity: i for i, quantity in enumerate(dict.fromkeys(row.quantity for row in rows))}


def _values(rows: Iterable[Row]) -> dict[Quantity, float]:
    """The value of each quantity: a count itself before what a percentage tells of it."""
    found: dict[Quantity, float] = {}
    for row in rows:
        if row.value == row.value:
            found.setdefault(row.quantity, row.value)
    return found


def _rest(relation: Relation, values: Mapping[Quantity, float]) -> float:
    return values.get(relation.total, np.nan) - sum(values.get(part, np.nan) for part in relation.parts)


def _threshold(quantity: Quantity, derived: str, profile: Profile) -> float:
    """Protection that a hidden number needs; what is derived from published ones is a cell of its own (0: no rule)."""
    if quantity.role.startswith("sum:") or not profile.threshold(quantity.counts_of):
        return 0
    if quantity.counts_of == "organisations":
        return 0 if derived else profile.min_organisations
    return {"": profile.protection, "residual": profile.min_cell, "open": 0, "rounding": 0}.get(
        derived, profile.min_complement
    )


def _relations(tables: Tables, rows: list[Row], position: Mapping[Quantity, int]) -> Iterator[Relation]:
    by_table: dict[str, list[Row]] = {}
    for row in rows:
        by_table.setdefault(row.table, []).append(row)
    for key, names in stem_groups(tables).items():
        own = {name: by_table[name] for name in names if name in by_table}
        if not own:
            continue
        yield from _sums([row for told in own.values() for row in told], [tables[name][1] for name in names], position)
        for name, told in own.items():
            table, meta = tables[name]
            parts = (*_complements(told), *_within_counts(told, meta))
            nested = (*_losses(told, table, meta), *_subsets(told, meta, position))
            for relation in (*parts, *nested, *_populations(told, meta, position)):
                if relation.rule not in meta.untrue:
                    yield replace(relation, stem=key)


def _sums(rows: list[Row], metas: list[Meta], position: Mapping[Quantity, int]) -> Iterator[Relation]:
    """Levels of a dimension, units, answers and children of a parent level add up to what they are parts of."""
    quantities = list(dict.fromkeys(row.quantity for row in rows))
    declared = {UNIT, *(dim for meta in metas for dim in meta.totals)}
    for dim in additive_dims(metas):
        for total, parts in lines(quantities, dim).items():
            how = adds_up(metas[0], dim, total.role, "exact" if dim in declared else "")
            if total in position and how.startswith("about"):
                yield Relation(total, tuple(parts), "rounding", float(how.split()[1]))
            elif total in position and how in ("exact", "partial"):
                yield Relation(total, tuple(parts), "residual" if how == "partial" else "")
    for name, total, parts in answered(rows):
        if metas[0].adds.get(name) == "exact":
            yield Relation(total, parts)
    for nesting in {(n.dim, n.parent): n for meta in metas for n in meta.nestings}.values():
        for rest, parts in lines(quantities, nesting.dim).items():
            for level in sorted(set(nesting.of.values())):
                total = rest.at(levels=rest.levels | {(nesting.parent, level)})
                children = tuple(part for part in parts if nesting.of.get(dict(part.levels)[nesting.dim]) == level)
                if total in position and children:
                    yield Relation(total, children)


def _complements(rows: list[Row]) -> Iterator[Relation]:
    """A share's denominator is its numerator and the others: the complement is a number that anyone can calculate."""
    for part, whole in shares(rows):
        if part.quantity != whole.quantity:
            yield Relation(whole.quantity, (part.quantity,), "complement", rule=f"share {part.measure}")


def _within_counts(rows: list[Row], meta: Meta) -> Iterator[Relation]:
    """What stands beside a count of people at the same levels is about some of them, as far as the numbers agree.

    Such as those of them who were followed long enough to be judged: no group of its own, but a bound on the count.
    """
    counts = [row for row in rows if row.slot == "part" and meta.kinds[row.measure] == "count"]
    if len({row.measure for row in counts}) != 1:
        return
    whole_of = {row.quantity.at(role=""): row.quantity for row in counts}
    for row in rows:
        total = whole_of.get(row.quantity.at(role=""))
        if total is not None and total != row.quantity and not row.quantity.role.startswith("sum:"):
            yield Relation(total, (row.quantity,), "open", rule=f"within {row.slot} {row.measure}")


def _losses(rows: list[Row], table: pd.DataFrame, meta: Meta) -> Iterator[Relation]:
    """Who was in the step (or the longer time) that a step is a part of, and is not in it."""
    counted = [row for row in rows if row.slot == "part" and not row.quantity.role.startswith("sum:")]
    for dim in (*meta.steps, *meta.cumulative):
        estimated = any(how.startswith("about") for how in meta.adds.values())
        kind = ("estimated" if estimated else "increment") if dim in meta.cumulative else "loss"
        rest = [*(name for name in meta.dims if name != dim), "measure"]
        columns = [table[name].astype(str).tolist() for name in (dim, *rest)]
        at = {tuple(column[row.row] for column in columns): row.quantity for row in counted}
        before = step_before(list(dict.fromkeys(columns[0])), meta, dim)
        for (now, *others), quantity in at.items():
            total = at.get((before.get(now, ""), *others))
            if total is not None and total != quantity:
                yield Relation(total, (quantity,), kind, rule=f"loss {dim}={now}")


def _subsets(rows: list[Row], meta: Meta, position: Mapping[Quantity, int]) -> Iterator[Relation]:
    for part, whole in meta.subsets:
        for row in rows:
            wider = row.quantity.at(role=whole)
            if row.slot == "part" and row.measure == part and wider in position:
                yield Relation(wider, (row.quantity,), "difference", rule=f"subset {part} {whole}")


def _populations(rows: list[Row], meta: Meta, position: Mapping[Quantity, int]) -> Iterator[Relation]:
    """Who is in the wider population and not in this one (at T0 but in no pair)."""
    for quantity in (row.quantity for row in rows) if meta.within else ():
        for role in dict.fromkeys((quantity.role, "count", "n")):
            wider = quantity.at(population=meta.within, role=role)
            if wider in position and not quantity.role.startswith("sum:"):
                yield Relation(wider, (quantity,), "difference", rule=f"population {quantity.role}")
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
