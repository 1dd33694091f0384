"""The structure of one cleaned network as rows: density, centrality, components, and ties across domains."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.process import graphs
from analysis.process.graphs import CONFIRMED, MAXIMUM, Reports
from analysis.process.tables import counted, sentence

PIVOTS = 100


@dataclass(frozen=True)
class Sampling:
    """From how many organisations on betweenness is estimated, and with what random numbers."""

    exact_below: int
    rng: np.random.Generator | None


def structure(
    reported: Reports, rule: str, nodes: pd.DataFrame, domain: str, role: str, sampling: Sampling
) -> list[dict]:
    """Density, centralisation, components and mixing of domains under one rule."""
    import networkx as nx

    pairs, n = reported.pairs(rule), len(nodes)
    graph = graphs.graph_of(pairs, n)
    silent = counted(
        reported.unconfirmable() if rule == CONFIRMED else 0, "ties with one side silent cannot be confirmed"
    )
    small = "" if n > 2 else "not estimable, because there are fewer than three organisations"
    degree = graphs.degree_centralisation(pairs, n)
    rows = [
        {"measure": "ties", "estimate": len(pairs), "n": n, "note": silent},
        {"measure": "density", "estimate": graphs.density(len(pairs), n), "n": n, "note": silent if n > 1 else small},
        {"measure": "degree centralisation", "estimate": degree, "n": n, "note": small},
        {"measure": "components", "estimate": nx.number_connected_components(graph), "n": n},
        {"measure": "isolates", "estimate": nx.number_of_isolates(graph), "n": n},
    ]
    return rows + _central(graph, nodes, role, small, sampling) + _mixing(pairs, nodes[domain].to_numpy(object))


def _central(graph, nodes: pd.DataFrame, role: str, small: str, sampling: Sampling) -> list[dict]:
    """Betweenness and closeness centralisation, and the mean betweenness of each role."""
    n, large = len(graph), len(graph) >= sampling.exact_below
    rows = [_closeness(graph, small, large)]
    if small or (large and sampling.rng is None):
        why = small or f"not estimable, because {n} organisations need sampling: give rng"
        return [*rows, {"measure": "betweenness centralisation", "estimate": np.nan, "n": n, "note": why}]
    pivots = min(PIVOTS, n) if large else None
    scores = graphs.betweenness(graph, sample=pivots, rng=sampling.rng)
    note = f"estimated from {pivots} random pivots" if large else ""
    most = graphs.centralisation(scores, n - 1)
    rows.append({"measure": "betweenness centralisation", "estimate": most, "n": n, "note": note})
    if role in nodes:
        mean = pd.Series(scores).groupby(nodes[role].to_numpy()).agg(["mean", "size"])
        rows += [
            {"measure": "betweenness", "role": str(name), "estimate": row["mean"], "n": int(row["size"]), "note": note}
            for name, row in mean.iterrows()
        ]
    return rows


def _closeness(graph, small: str, large: bool) -> dict:
    """Closeness centralisation, refused where distances are not defined."""
    import networkx as nx

    row = {"measure": "closeness centralisation", "estimate": np.nan, "n": len(graph)}
    if small or large:
        return row | {"note": small or "not estimable, because the network is too large for all distances"}
    if not nx.is_connected(graph):
        return row | {"note": "not estimable, because some organisations cannot reach each other"}
    return row | {"estimate": graphs.closeness_centralisation(graph)}


def _mixing(pairs: pd.DataFrame, domain: np.ndarray) -> list[dict]:
    """Share of ties between domains and E-I index, beside what random mixing of these domains would give."""
    across = graphs.crossing(pairs, domain)
    chance = graphs.expected_ei(domain)
    note = "" if len(across) else "not estimable, because no tie between organisations of known domain is left"
    unknown = counted(len(pairs) - len(across), "ties with an unknown domain left out")
    external = int(across.sum())
    share = external / len(across) if len(across) else np.nan
    common = {"n": len(across), "note": sentence([note, unknown])}
    return [
        {"measure": "cross-domain share", "estimate": share, "expected": (chance + 1) / 2, **common},
        {
            "measure": "E-I index",
            "estimate": graphs.ei_index(external, len(across) - external),
            "expected": chance,
            **common,
        },
    ]


def reciprocity(reported: Reports) -> dict:
    """Pairs that both report, of the pairs that either reports, where both answered."""
    pairs = reported.pairs(MAXIMUM)
    if reported.answered is not None:
        pairs = pairs[reported.answered[pairs["a"]] & reported.answered[pairs["b"]]]
    both = int((pairs["reports"] == 2).sum())
    note = "" if len(pairs) else "not estimable, because no tie was reported between organisations that answered"
    return {
        "measure": "reciprocity",
        "estimate": both / len(pairs) if len(pairs) else np.nan,
        "n": len(pairs),
        "note": note,
    }
