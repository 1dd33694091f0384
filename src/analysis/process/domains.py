"""The network drawn by domain: which domains work together, without showing any organisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from analysis.process import graphs
from analysis.process.graphs import MAXIMUM
from analysis.process.tables import by_level, require

OTHER = "other"


@dataclass(frozen=True)
class Sociogram:
    """A network by domain: `nodes` (domains with their number of organisations) and `edges` (ties between and
    within).
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame


def sociogram(
    ties: pd.DataFrame,
    organisations: pd.DataFrame,
    *,
    minimum: int = 3,
    organisation: str = "organisation",
    source: str = "source",
    target: str = "target",
    domain: str = "domain",
    by: str | None = None,
    levels: Sequence | None = None,
    moment: str | None = None,
    rule: str = MAXIMUM,
) -> Sociogram:
    """Domains as nodes, the ties between and within them as edges, per level of `by` and moment.

    A domain with one welfare organisation *is* that organisation: domains with fewer than `minimum` organisations are
    joined as `other`, and when those together are still fewer than `minimum` they are not drawn (`shown` false, their
    numbers missing, their edges absent), and a note says so.

    `nodes`: `unit, moment, domain, organisations, shown, note`; `edges`: `unit, moment, domain_1, domain_2, ties,
    possible, density`, every pair of shown domains (also without ties), a domain with itself for ties within.
    """
    require(ties, source, target, by, moment)
    require(organisations, organisation, domain, by)
    every = None if moment is None else sorted(ties[moment].dropna().astype(str).unique())
    ties_of, nodes, edges = dict(by_level(ties, by)), [], []
    for unit, listed in by_level(organisations.drop_duplicates(organisation), by, levels):
        group = _groups(listed[domain], minimum)
        for when, here in by_level(ties_of.get(unit, ties.iloc[:0]), moment, every):
            where = {"unit": unit, "moment": when}
            sizes = group.value_counts().sort_index()
            nodes += [{**where, **_node(name, size, minimum)} for name, size in sizes.items()]
            pairs = graphs.reports(here, listed[organisation], source, target).pairs(rule)
            edges += [{**where, **edge} for edge in _edges(pairs, group, sizes[sizes >= minimum])]
    return Sociogram(
        pd.DataFrame(nodes, columns=["unit", "moment", "domain", "organisations", "shown", "note"]),
        pd.DataFrame(edges, columns=["unit", "moment", "domain_1", "domain_2", "ties", "possible", "density"]),
    )


def _groups(domain: pd.Series, minimum: int) -> pd.Series:
    """The domain of each organisation, small and unknown ones joined as `other`."""
    size = domain.map(domain.value_counts()).fillna(0)
    return domain.astype(object).where(size >= minimum, OTHER)


def _node(name: str, size: int, minimum: int) -> dict:
    shown = size >= minimum
    note = "" if shown else f"not shown, because there are fewer than {minimum} organisations outside the other domains"
    return {"domain": name, "organisations": size if shown else np.nan, "shown": shown, "note": note}


def _edges(pairs: pd.DataFrame, group: pd.Series, sizes: pd.Series) -> list[dict]:
    """Ties and possible ties of every pair of shown domains."""
    names = group.to_numpy()
    low, high = np.sort(np.column_stack([names[pairs["a"]], names[pairs["b"]]]).astype(str), axis=1).T
    count = pd.Series(list(zip(low, high, strict=True)), dtype=object).value_counts()
    rows = []
    for one, two in combinations_with_replacement(sorted(map(str, sizes.index)), 2):
        possible = sizes[one] * (sizes[one] - 1) // 2 if one == two else sizes[one] * sizes[two]
        found = int(count.get((one, two), 0))
        density = found / possible if possible else np.nan
        rows.append({"domain_1": one, "domain_2": two, "ties": found, "possible": int(possible), "density": density})
    return rows
