"""One network of organisations, cleaned and symmetrised by a stated rule, and Freeman's measures on it."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

MAXIMUM, CONFIRMED = "maximum", "confirmed"


@dataclass(frozen=True)
class Reports:
    """Who reported a tie with whom on a fixed set of organisations (positions), and what was left out of the raw
    ties.
    """

    nodes: pd.Index
    source: np.ndarray
    target: np.ndarray
    self_ties: int
    strangers: int
    answered: np.ndarray | None = field(default=None)

    def pairs(self, rule: str) -> pd.DataFrame:
        """Undirected ties as pairs of positions (a < b): `maximum` when either reported it, `confirmed` when both
        did.
        """
        low, high = np.minimum(self.source, self.target), np.maximum(self.source, self.target)
        count = pd.DataFrame({"a": low, "b": high}).groupby(["a", "b"]).size().reset_index(name="reports")
        return count if rule == MAXIMUM else count[count["reports"] == 2].reset_index(drop=True)

    def unconfirmable(self) -> int:
        """Ties that one side reported of an organisation that did not answer: they cannot be confirmed."""
        if self.answered is None:
            return 0
        found = self.pairs(MAXIMUM)
        silent = ~(self.answered[found["a"]] & self.answered[found["b"]])
        return int((silent & (found["reports"] < 2)).sum())


def reports(
    ties: pd.DataFrame, nodes: pd.Series, source: str, target: str, answered: np.ndarray | None = None
) -> Reports:
    """The reported ties between `nodes` once each; ties with oneself or with an organisation outside are counted, not
    kept.
    """
    index = pd.Index(nodes)
    start, end = index.get_indexer(ties[source]), index.get_indexer(ties[target])
    itself = (ties[source] == ties[target]).to_numpy()
    outside = ~itself & ((start < 0) | (end < 0))
    kept = pd.DataFrame({"s": start, "t": end})[~itself & ~outside].drop_duplicates()
    return Reports(index, kept["s"].to_numpy(), kept["t"].to_numpy(), int(itself.sum()), int(outside.sum()), answered)


def graph_of(pairs: pd.DataFrame, n: int):
    """An undirected networkx graph of n organisations, those without ties included."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(pairs[["a", "b"]].to_numpy().tolist())
    return graph


def density(ties: int, n: int) -> float:
    """Ties that are there, of all that could be: 2E / (N (N - 1))."""
    return 2 * ties / (n * (n - 1)) if n > 1 else np.nan


def centralisation(scores: np.ndarray, most: float) -> float:
    """Freeman (1979): how far the scores lie below the highest one, of the most that is possible with this many."""
    return float((scores.max() - scores).sum() / most) if len(scores) > 2 else np.nan


def degree_centralisation(pairs: pd.DataFrame, n: int) -> float:
    """0 when all organisations have as many ties, 1 for a star."""
    degree = np.bincount(pairs[["a", "b"]].to_numpy().ravel(), minlength=n)
    return centralisation(degree, (n - 1) * (n - 2))


def betweenness(graph, *, sample: int | None = None, rng: np.random.Generator | None = None) -> np.ndarray:
    """Normalised betweenness (0-1) of each organisation; with `sample` estimated from that many random pivots."""
    import networkx as nx

    seed = None if sample is None else int(rng.integers(2**31))
    found = nx.betweenness_centrality(graph, k=sample, seed=seed, weight=None)
    return np.array([found[node] for node in range(len(found))])


def closeness_centralisation(graph) -> float:
    """Freeman's closeness centralisation of a connected network."""
    import networkx as nx

    n = len(graph)
    scores = np.array(list(nx.closeness_centrality(graph).values()))
    return centralisation(scores, (n - 1) * (n - 2) / (2 * n - 3)) if n > 2 else np.nan


def crossing(pairs: pd.DataFrame, domain: np.ndarray) -> np.ndarray:
    """Per tie whether it joins two domains; ties with an unknown domain are left out."""
    a, b = domain[pairs["a"]], domain[pairs["b"]]
    known = pd.notna(a) & pd.notna(b)
    return (a != b)[known]


def ei_index(external: int, internal: int) -> float:
    """(E - I) / (E + I), from -1 (all ties within domains) to +1 (all between); Krackhardt and Stern 1988."""
    return (external - internal) / (external + internal) if external + internal else np.nan


def expected_ei(domain: np.ndarray) -> float:
    """The E-I index when every pair of organisations is as likely to be tied: it depends on the domain sizes alone."""
    sizes = pd.Series(domain).value_counts().to_numpy()
    inside = (sizes * (sizes - 1) / 2).sum()
    every = sizes.sum() * (sizes.sum() - 1) / 2
    return ei_index(every - inside, inside)
