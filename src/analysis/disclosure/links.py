"""How the numbers of a set of tables hang together, found from the true values before anything is hidden."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.disclosure.meta import Meta, described
from analysis.disclosure.quantities import UNIT, Names, Quantity, Tables, published, stem
from analysis.disclosure.releases import level_text
from analysis.disclosure.rules import contributors

WHOLE = 0.01  # persons: what a share computed from counts can be away from one of them
HOW = ("exact", "about", "partial", "overlap")  # how parts make up a total, the later outranks the earlier
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


def answered(rows: pd.DataFrame) -> Iterator[tuple[str, Quantity, tuple[Quantity, ...]]]:
    """Levels that may make up the denominator of their shares (answers of a question): name, denominator, parts.

    The name is that of the relation in `Meta.adds`; it holds for a question, such as one `variable`, in all units.
    """
    pairs = rows[rows["slot"] == "part"].merge(rows[rows["slot"] == "whole"], on=["table", "row"], suffixes=("", "_of"))
    found: dict[tuple, list[Quantity]] = {}
    for part, whole in dict.fromkeys(zip(pairs["quantity"], pairs["quantity_of"], strict=True)):
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
    rows = published(tables, names)
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
    before = np.array([known.get(quantity, np.nan) for quantity in rows["quantity"]], dtype=float)
    return bool((np.abs(before - rows["value"].to_numpy(float)) > 1e-6 * np.abs(before) + 0.5).any())


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
        if (role != "count" or any(quantity in known for quantity in named["quantity"])) and not _contradicts(
            named, known
        ):
            return role
    return f"n@{stem(found['table'].iloc[0])}:{own}"


def _settle_sums(tables: Tables, known: dict, names: Names) -> dict[str, tuple[pd.DataFrame, Meta]]:
    """Per dimension and role whether levels make up their total, leave somebody out, or overlap.

    A dimension for which no total is declared counts when its levels make up a total that another table shows.
    """
    rows = _rows(tables, names, ("part", "whole", "n"))
    quantities, estimates = set(rows["quantity"]), _estimates(tables, rows)
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
    kept = {
        name: f"{how} {max(np.ceil(2 * missed), 1) / 2:g}" if how == "about" else how
        for name, (how, missed) in adds.items()
        if how in ("exact", "about") or name.partition(":")[0] in declared
    }
    missing: dict[str, bool] = {}
    for name, total, parts in answered(rows):
        missing[name] = missing.get(name, False) or abs(known[total] - sum(known[part] for part in parts)) > 0.5
    kept |= {name: "exact" for name, some in missing.items() if not some}
    return {name: (table, replace(meta, adds=kept)) for name, (table, meta) in tables.items()}


def _how(rest: float, total: float, missed: float, parts: int) -> tuple[str, float]:
    """How parts make up a total from which they are `rest` away; estimated ones may miss it by half a person each."""
    slack = 0.5 + 1e-6 * abs(total)
    if missed <= (parts + 1) / 2:
        return "about", missed
    return ("overlap" if rest < -slack else "partial" if rest > slack else "exact"), 0.0


def _sum_of_estimates(total: Quantity, parts: list[Quantity], known: Mapping, estimates: Mapping) -> float:
    """What parts miss of their total before either is brought to whole persons."""
    return estimates.get(total, known[total]) - sum(estimates.get(part, known[part]) for part in parts)


def _estimates(tables: Tables, rows: pd.DataFrame) -> dict[Quantity, float]:
    """Numerators of shares that are estimated (people were followed for unequal times), as fractions of persons.

    A table counts as estimated when one of its shares is no whole number of its denominator.
    """
    found: dict[Quantity, float] = {}
    for name, own in rows[rows["slot"].eq("part")].groupby("table", sort=False):
        table, meta = tables[name]
        percent = own[own["measure"].map(dict(meta.kinds)).eq("percent")]
        if percent.empty:
            continue
        cells = described(table, meta).loc[percent["row"]]
        found |= dict(zip(percent["quantity"], (cells["value"] * cells["n"] / 100).tolist(), strict=True))
    whole = all(abs(value - round(value)) < WHOLE for value in found.values())
    return {} if whole else found
