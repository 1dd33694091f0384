"""How the numbers of a set of tables hang together, found from the true values before anything is hidden."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.disclosure.meta import Meta
from analysis.disclosure.parts import settle_parts
from analysis.disclosure.quantities import UNIT, Names, Quantity
from analysis.disclosure.reading import Reader, Row
from analysis.disclosure.releases import level_text
from analysis.disclosure.stacks import Tables, stem

WHOLE = 0.01  # persons: what a share computed from counts can be away from one of them
HOW = ("exact", "about", "partial", "overlap")  # how parts make up a total, the later outranks the earlier


def resolve(tables: Tables, reader: Reader | None = None) -> dict[str, tuple[pd.DataFrame, Meta]]:
    """The tables with descriptions that name their links: numerators, denominators, sums, populations.

    Two tables that claim the same population but disagree on a number are about different people: the later one gets a
    population of its own (`<population>@<table>`), so that no false relation is used. `reader` keeps what it read.
    """
    found, reader = dict(tables), reader or Reader()
    known: dict[Quantity, float] = {}
    names = Names.of(found)
    for settle in (settle_parts, _settle_population, _settle_n, _settle_sums):
        for group in stem_groups(found).values():
            settled = settle({name: found[name] for name in group}, known, names, reader)
            moved = any(found[name][1].population != meta.population for name, (_, meta) in settled.items())
            found |= settled
            names = Names.of(found) if moved else names
    return found


def lines(quantities: Iterable[Quantity], dim: str) -> dict[Quantity, list[Quantity]]:
    """Total -> the parts that stand for it along `dim`, among `quantities`."""
    found: dict[Quantity, list[Quantity]] = {}
    for quantity in quantities:
        if any(name == dim for name, _ in quantity.levels):
            found.setdefault(quantity.without((dim,)), []).append(quantity)
    return found


def shares(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Pairs of what one table row tells: part and denominator."""
    rows, wholes = list(rows), {}
    for row in rows:
        if row.slot == "whole":
            wholes.setdefault((row.table, row.row), []).append(row)
    for row in rows:
        if row.slot == "part":
            yield from ((row, whole) for whole in wholes.get((row.table, row.row), ()))


def answered(rows: Iterable[Row]) -> Iterator[tuple[str, Quantity, tuple[Quantity, ...]]]:
    """Levels that may make up the denominator of their shares (answers of a question): name, denominator, parts.

    The name is that of the relation in `Meta.adds`; it holds for a question, such as one `variable`, in all units.
    """
    pairs = dict.fromkeys((part.quantity, whole.quantity) for part, whole in shares(rows))
    found: dict[tuple, list[Quantity]] = {}
    for part, whole in pairs:
        for dim, _ in part.levels:
            rest = part.without((dim,))
            if dim != UNIT and rest != whole:
                found.setdefault((dim, rest, whole), []).append(part)
    for (dim, rest, whole), parts in found.items():
        if len(parts) > 1:
            yield f"{dim}:{rest.role}>{whole.role} {level_text(rest.without((UNIT,)))}", whole, tuple(parts)


def additive_dims(metas: Iterable[Meta]) -> list[str]:
    """Dimensions whose levels are declared, or were found, to make up a total; units always do."""
    metas = list(metas)
    settled = {name.partition(":")[0] for meta in metas for name in meta.adds}
    return sorted({dim for meta in metas for dim in meta.totals} | settled | {UNIT})


def adds_up(meta: Meta, dim: str, role: str, unsettled: str = "") -> str:
    """How levels of `dim` make up their total for numbers of this role (see `Meta.adds`); else `unsettled`."""
    return meta.adds.get(f"{dim}:{role}", meta.adds.get(dim, unsettled))


def stem_groups(tables: Tables) -> dict[tuple, list[str]]:
    """Names of the tables per stem: the same table of several units stands together."""
    groups: dict[tuple, list[str]] = {}
    for name, (_, meta) in tables.items():
        groups.setdefault((stem(name), meta.dims), []).append(name)
    return groups


def _told(tables: Tables, names: Names, reader: Reader, slots: tuple[str, ...]) -> list[Row]:
    """Rows of these slots of which the value is known."""
    return [row for row in reader.published(tables, names) if row.slot in slots and row.value == row.value]


def _settle_population(tables: Tables, known: dict, names: Names, reader: Reader) -> Tables:
    for population in ("", f"@{stem(next(iter(tables)))}"):
        settled = {
            name: (table, replace(meta, population=meta.population + population))
            for name, (table, meta) in tables.items()
        }
        parts = [(row.quantity, row.value) for row in _told(settled, names, reader, ("part",))]
        if not _contradicts(parts, known):
            break
    known.update(parts)
    return settled


def _contradicts(told: Iterable[tuple[Quantity, float]], known: Mapping[Quantity, float]) -> bool:
    """Whether a told quantity has another value in `known` (percentages tell a count to within rounding)."""
    before = ((known[quantity], value) for quantity, value in told if quantity in known)
    return any(abs(old - value) > 1e-6 * abs(old) + 0.5 for old, value in before)


def _settle_n(tables: Tables, known: dict, names: Names, reader: Reader) -> Tables:
    """Whether each measure's n is a count that another row shows, the n of another table, or a number of its own."""
    by_measure: dict[str, list[Row]] = {}
    for row in _told(tables, names, reader, ("whole", "n")):
        by_measure.setdefault(row.measure, []).append(row)
    n_of = {}
    for measure in sorted(by_measure):
        n_of[measure], named = _role_of_n(by_measure[measure], f"n@{measure}", known)
        known.update(named)
    return {name: (table, replace(meta, n_of={**meta.n_of, **n_of})) for name, (table, meta) in tables.items()}


def _role_of_n(found: list[Row], own: str, known: Mapping[Quantity, float]) -> tuple[str, list[tuple[Quantity, float]]]:
    """The first name under which nothing known says otherwise: a count, the common n, the measure's, its own.

    Beside it the numbers under that name.
    """
    for role in ("count", "n", own, f"n@{stem(found[0].table)}:{own}"):
        named = [(row.quantity.at(role=role), row.value) for row in found]
        if (role != "count" or any(quantity in known for quantity, _ in named)) and not _contradicts(named, known):
            break
    return role, named


def _settle_sums(tables: Tables, known: dict, names: Names, reader: Reader) -> Tables:
    """Per dimension and role whether levels make up their total, leave somebody out, or overlap.

    A dimension for which no total is declared counts when its levels make up a total that another table shows.
    """
    rows = _told(tables, names, reader, ("part", "whole", "n"))
    kept = _sums(tables, rows, known)
    missing: dict[str, bool] = {}
    for name, total, parts in answered(rows):
        missing[name] = missing.get(name, False) or abs(known[total] - sum(known[part] for part in parts)) > 0.5
    kept |= {name: "exact" for name, some in missing.items() if not some}
    return {name: (table, replace(meta, adds=kept)) for name, (table, meta) in tables.items()}


def _sums(tables: Tables, rows: list[Row], known: Mapping[Quantity, float]) -> dict[str, str]:
    """`dim:role` -> how the levels make up their total (see `Meta.adds`), the worst of all places."""
    quantities, estimates = dict.fromkeys(row.quantity for row in rows), _estimates(tables, rows)
    metas = [meta for _, meta in tables.values()]
    declared, adds = additive_dims(metas), {}
    for dim in sorted({dim for meta in metas for dim in meta.dims} | set(declared)):
        for total, parts in lines(quantities, dim).items():
            if total not in known or (len(parts) < 2 and dim not in declared):
                continue
            name, rest = f"{dim}:{total.role}", known[total] - sum(known[part] for part in parts)
            missed = max(abs(rest), abs(_sum_of_estimates(total, parts, known, estimates)))
            now = _how(rest, known[total], missed if total in estimates else np.inf, len(parts))
            adds[name] = max(now, adds.get(name, ("exact", 0.0)), key=lambda how: (HOW.index(how[0]), how[1]))
    return {
        name: f"{how} {max(np.ceil(2 * missed), 1) / 2:g}" if how == "about" else how
        for name, (how, missed) in adds.items()
        if how in ("exact", "about") or name.partition(":")[0] in declared
    }


def _how(rest: float, total: float, missed: float, parts: int) -> tuple[str, float]:
    """How parts make up a total from which they are `rest` away; estimated ones may miss it by half a person each."""
    slack = 0.5 + 1e-6 * abs(total)
    if missed <= (parts + 1) / 2:
        return "about", missed
    return ("overlap" if rest < -slack else "partial" if rest > slack else "exact"), 0.0


def _sum_of_estimates(total: Quantity, parts: list[Quantity], known: Mapping, estimates: Mapping) -> float:
    """What parts miss of their total before either is brought to whole persons."""
    return estimates.get(total, known[total]) - sum(estimates.get(part, known[part]) for part in parts)


def _estimates(tables: Tables, rows: Iterable[Row]) -> dict[Quantity, float]:
    """Numerators of shares that are estimated (people were followed for unequal times), as fractions of persons.

    A table counts as estimated when one of its shares is no whole number of its denominator.
    """
    found: dict[Quantity, float] = {}
    cells = {name: table[["value", "n"]].to_numpy(float) for name, (table, meta) in tables.items() if "n" in table}
    for row in rows:
        if row.slot == "part" and tables[row.table][1].kinds[row.measure] == "percent":
            value, n = cells[row.table][row.row].tolist()
            found[row.quantity] = value * n / 100
    whole = all(abs(value - round(value)) < WHOLE for value in found.values())
    return {} if whole else found
