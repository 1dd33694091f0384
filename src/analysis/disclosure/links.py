"""How the numbers of a set of tables hang together, found from the true values before anything is hidden."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.disclosure.meta import Meta, described
from analysis.disclosure.quantities import UNIT, Names, Quantity, Tables, published, stem
from analysis.disclosure.rules import contributors

HOME = "home"  # column that keeps rows of different units' tables apart


def resolve(tables: Tables) -> dict[str, tuple[pd.DataFrame, Meta]]:
    """The tables with descriptions that name their links: numerators, denominators, sums, populations.

    Two tables that claim the same population but disagree on a number are about different people: the later one gets a
    population of its own (`<population>@<table>`), so that no false relation is used.
    """
    found = dict(tables)
    known: dict[Quantity, float] = {}
    for settle in (_settle_parts, _settle_population, _settle_n, _settle_sums):
        for group in stem_groups(found).values():
            found |= settle({name: found[name] for name in group}, known, Names.of(found))
    return found


def lines(quantities: Iterable[Quantity], dim: str) -> dict[Quantity, list[Quantity]]:
    """Total -> the parts that stand for it along `dim`, among `quantities`."""
    found: dict[Quantity, list[Quantity]] = {}
    for quantity in quantities:
        if any(name == dim for name, _ in quantity.levels):
            found.setdefault(quantity.without((dim,)), []).append(quantity)
    return found


def additive_dims(metas: Iterable[Meta]) -> list[str]:
    """Dimensions whose levels are declared, or were found, to make up a total; units always do."""
    metas = list(metas)
    settled = {name.partition(":")[0] for meta in metas for name in meta.adds}
    return sorted({dim for meta in metas for dim in meta.totals} | settled | {UNIT})


def adds_up(meta: Meta, dim: str, role: str, unsettled: str = "") -> str:
    """How levels of `dim` make up their total for numbers of this role: exact, partial, overlap; else `unsettled`."""
    return meta.adds.get(f"{dim}:{role}", meta.adds.get(dim, unsettled))


def stem_groups(tables: Tables) -> dict[tuple, list[str]]:
    """Names of the tables per stem: the same table of several units stands together."""
    groups: dict[tuple, list[str]] = {}
    for name, (_, meta) in tables.items():
        groups.setdefault((stem(name), meta.dims), []).append(name)
    return groups


def _settle_parts(tables: Tables, known: dict, names: Names) -> dict[str, tuple[pd.DataFrame, Meta]]:
    """What a percentage or mean is computed from, and over which dimensions its n stays the same."""
    cells = pd.concat([described(*pair).assign(**{HOME: pair[1].unit}) for pair in tables.values()], ignore_index=True)
    meta = next(iter(tables.values()))[1]
    kind = cells["measure"].map(dict(meta.kinds))
    by_kind = cells.groupby(kind)["measure"].unique().to_dict()
    part = contributors(cells, kind)["part"].mask(kind.eq("mean"), cells["value"] * cells["n"])
    wide = cells.assign(part=part.mask(kind.eq("sum"), cells["value"])).pivot(
        index=[HOME, *meta.dims], columns="measure", values="part"
    )
    counts, percents = list(by_kind.get("count", ())), list(by_kind.get("percent", ()))
    part_of = {measure: _numerator(wide, measure, counts, percents) for measure in percents}
    part_of |= _means_of_sums(wide, list(by_kind.get("mean", ())), list(by_kind.get("sum", ())))
    shares = cells.loc[kind.eq("count") & (cells["n"] > cells["value"]), "measure"].unique()
    rest = cells.loc[~kind.isin(["count", "text"]), "measure"].unique()
    limits = by_kind.get("lower", ()), by_kind.get("upper", ())
    n_over = {measure: _constant_over(cells[cells["measure"] == measure], meta.dims) for measure in [*shares, *rest]}
    settled = {"part_of": part_of, "n_over": n_over, "n_of": dict.fromkeys(n_over, "n")}
    settled["limits_of"] = _shares_of([limit for found in limits for limit in found], percents)
    return {name: (table, replace(meta, **settled)) for name, (table, meta) in tables.items()}


def _numerator(wide: pd.DataFrame, measure: str, counts: list[str], percents: list[str]) -> str:
    """Role of a percentage's numerator: the count that it equals in every row group, else a count of its own."""
    for count in counts:
        both = wide[[measure, count]].dropna()
        if len(both) and (both[measure] - both[count]).abs().max() <= 1:
            return "count" if len(counts) == 1 else count
    return "count" if not counts and len(percents) == 1 else measure


def _shares_of(limits: list[str], percents: list[str]) -> dict[str, str]:
    """The percentage that each limit stands beside: the only one, or the one that is called alike (`lower_first`)."""
    found = {}
    for limit in limits:
        alike = [p for p in percents if p.removeprefix("percent") == limit.removeprefix("lower").removeprefix("upper")]
        of = percents if len(percents) == 1 else alike
        found |= {limit: of[0]} if of else {}
    return found


def _means_of_sums(wide: pd.DataFrame, means: list[str], sums: list[str]) -> dict[str, str]:
    found = {}
    for mean in means:
        for total in sums:
            both = wide[[mean, total]].dropna()
            if len(both) and np.allclose(both[mean], both[total], rtol=1e-3):
                found[mean] = f"sum:{total}"
    return found


def _constant_over(cells: pd.DataFrame, dims: tuple[str, ...]) -> tuple[str, ...]:
    """Dimensions that n does not vary with, taken away one after the other."""
    over: list[str] = []
    for dim in dims:
        kept = [name for name in dims if name not in (*over, dim)]
        if cells[dim].nunique() > 1 and cells.groupby([HOME, *kept])["n"].nunique().le(1).all():
            over.append(dim)
    return tuple(over)


def _rows(tables: Tables, names: Names, slots: tuple[str, ...]) -> pd.DataFrame:
    rows = pd.concat([published(name, *pair, names) for name, pair in tables.items()], ignore_index=True)
    return rows[rows["slot"].isin(slots)].dropna(subset="value")


def _settle_population(tables: Tables, known: dict, names: Names) -> dict[str, tuple[pd.DataFrame, Meta]]:
    for population in ("", f"@{stem(next(iter(tables)))}"):
        settled = {
            name: (table, replace(meta, population=meta.population + population))
            for name, (table, meta) in tables.items()
        }
        parts = _rows(settled, names, ("part",))
        if not _contradicts(parts, known):
            break
    known.update(zip(parts["quantity"], parts["value"], strict=True))
    return settled


def _contradicts(rows: pd.DataFrame, known: Mapping[Quantity, float]) -> bool:
    """Whether a quantity of `rows` has another value in `known` (percentages tell a count to within rounding)."""
    before = rows["quantity"].map(known)
    return bool(((before - rows["value"]).abs() > 1e-6 * before.abs() + 0.5).any())


def _settle_n(tables: Tables, known: dict, names: Names) -> dict[str, tuple[pd.DataFrame, Meta]]:
    """Whether each measure's n is a count that another row shows, the n of another table, or a number of its own."""
    rows = _rows(tables, names, ("whole", "n"))
    n_of = {}
    for measure, found in rows.groupby("measure"):
        n_of[measure] = _role_of_n(found, f"n@{measure}", known)
        known.update((q.at(role=n_of[measure]), v) for q, v in zip(found["quantity"], found["value"], strict=True))
    return {name: (table, replace(meta, n_of={**meta.n_of, **n_of})) for name, (table, meta) in tables.items()}


def _role_of_n(found: pd.DataFrame, own: str, known: Mapping[Quantity, float]) -> str:
    """The first name under which nothing known says otherwise: a count, the common n, the measure's, its own."""
    for role in ("count", "n", own):
        named = found.assign(quantity=[quantity.at(role=role) for quantity in found["quantity"]])
        if (role != "count" or named["quantity"].isin(known).any()) and not _contradicts(named, known):
            return role
    return f"n@{stem(found['table'].iloc[0])}:{own}"


def _settle_sums(tables: Tables, known: dict, names: Names) -> dict[str, tuple[pd.DataFrame, Meta]]:
    """Per dimension and role whether levels make up their total, leave somebody out, or overlap.

    A dimension for which no total is declared counts when its levels make up a total that another table shows.
    """
    quantities = set(_rows(tables, names, ("part", "whole", "n"))["quantity"])
    metas = [meta for _, meta in tables.values()]
    declared, adds = additive_dims(metas), {}
    for dim in sorted({dim for meta in metas for dim in meta.dims} | set(declared)):
        for total, parts in lines(quantities, dim).items():
            if total not in known or (len(parts) < 2 and dim not in declared):
                continue
            name, rest = f"{dim}:{total.role}", known[total] - sum(known[part] for part in parts)
            slack = 0.5 + 1e-6 * abs(known[total])
            now = "overlap" if rest < -slack else "partial" if rest > slack else "exact"
            adds[name] = max(now, adds.get(name, "exact"), key=("exact", "partial", "overlap").index)
    kept = {name: how for name, how in adds.items() if how == "exact" or name.partition(":")[0] in declared}
    return {name: (table, replace(meta, adds=kept)) for name, (table, meta) in tables.items()}
