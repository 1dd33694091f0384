"""What the numbers of a release have to do with one another: sums, shares, funnels, nested populations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from analysis.disclosure.links import additive_dims, adds_up, answered, lines, shares, stem_groups
from analysis.disclosure.meta import Meta, step_before
from analysis.disclosure.quantities import UNIT, Quantity
from analysis.disclosure.reading import Row
from analysis.disclosure.stacks import Tables


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


def relations_of(tables: Tables, rows: list[Row], position: Mapping[Quantity, int]) -> Iterator[Relation]:
    """The relations between the quantities in `position`, which `rows` of resolved tables publish; table by table."""
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
