"""Did the network change between two moments? On the organisations that were there both times, and on no others."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.effect.estimates import frame, not_estimable
from analysis.process import graphs
from analysis.process.graphs import MAXIMUM
from analysis.process.tables import by_level, flag, require

MEASURES = ("density", "degree centralisation", "cross-domain share", "E-I index")


def network_change(
    ties: pd.DataFrame,
    organisations: pd.DataFrame,
    *,
    rng: np.random.Generator,
    first: str = "t0",
    last: str = "t1",
    moment: str = "moment",
    organisation: str = "organisation",
    source: str = "source",
    target: str = "target",
    domain: str = "domain",
    by: str | None = None,
    levels: Sequence | None = None,
    answered: Mapping[str, str] | None = None,
    rule: str = MAXIMUM,
    draws: int = 999,
    level: float = 0.95,
) -> pd.DataFrame:
    """Change of density, degree centralisation, cross-domain share and E-I index from `first` to `last`, per level of
    `by`.

    The node set is the same at both moments: the listed organisations that answered both times (`answered` gives the
    yes/no column of each moment), or without it all listed ones. Density falls when a network grows, so a change over
    different sets says nothing. `rule` as in `network`.

    Limits: percentiles of a vertex bootstrap (Snijders and Borgatti 1999) that draws the same organisations at both
    moments and leaves out pairs of an organisation with itself. `p_value` only for cross-domain share and E-I index:
    the domain labels are permuted over the organisations (sizes kept, same labels at both moments) and the change
    compared with the observed one, two-sided about the mean of the permutations; `p_floor` is 1 / (draws + 1). A
    single density has no test: one network is one observation. Further rows: ties kept, gained and lost. Further
    columns: `first_value`, `last_value`.
    """
    require(ties, source, target, moment, by)
    require(organisations, organisation, domain, by, *(answered or {}).values())
    ties_of, rows = dict(by_level(ties, by)), []
    for unit, nodes in by_level(organisations.drop_duplicates(organisation), by, levels):
        kept = nodes[_both_times(nodes, (first, last), answered)]
        here = ties_of.get(unit, ties.iloc[:0])
        known = {"unit": unit, "contrast": f"{last} - {first}", "n": len(kept), "n_listed": len(nodes), "note": ""}
        moments = [here[here[moment].astype(str) == when] for when in (first, last)]
        if len(kept) < 3 or any(part.empty for part in moments):
            why = "fewer than three organisations are known at both moments, or one moment has no ties"
            rows.append(not_estimable(why, outcome="density", method="same organisations", **known))
            continue
        pairs = [graphs.reports(part, kept[organisation], source, target).pairs(rule) for part in moments]
        rows += _changes(pairs, kept[domain].to_numpy(object), known, rule, draws, level, rng)
    return frame(rows)


def _both_times(nodes: pd.DataFrame, moments: Sequence[str], answered: Mapping[str, str] | None) -> np.ndarray:
    """Organisations that answered at both moments."""
    use = np.ones(len(nodes), bool)
    for when in [moment for moment in moments if moment in (answered or {})]:
        use &= (flag(nodes[answered[when]]) == 1).to_numpy()
    return use


def _changes(pairs, domain, known: dict, rule: str, draws: int, level: float, rng) -> list[dict]:
    """Estimate, limits and (for mixing) the permutation test of each measure, then the turnover of ties."""
    n, codes = len(domain), pd.factorize(domain)[0]
    ties = [(part["a"].to_numpy(), part["b"].to_numpy()) for part in pairs]
    first, last = (_values(tie, codes, np.ones(n)) for tie in ties)
    redrawn = np.array([_redrawn_change(ties, codes, rng) for _ in range(draws)])
    shuffled = np.array([_mixing_change(ties, rng.permutation(codes)) for _ in range(draws)])
    tail, rows = (1 - level) / 2, []
    with np.errstate(all="ignore"):
        limits = np.nanquantile(redrawn, [tail, 1 - tail], axis=0)
    for at, name in enumerate(MEASURES):
        row = {
            **known, "outcome": name, "method": f"same organisations, {rule}", "estimate": last[at] - first[at],
            "first_value": first[at], "last_value": last[at], "lower": limits[0, at], "upper": limits[1, at],
        }  # fmt: skip
        scale = {"cross-domain share": 1, "E-I index": 2}.get(name)
        rows.append(row | (_test(row["estimate"], scale * shuffled) if scale else {}))
    return [*rows, *_turnover(pairs, known, rule)]


def _values(ties: tuple[np.ndarray, np.ndarray], codes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The four measures when each organisation is in the sample so many `times`; copies of one are not a pair."""
    a, b = ties
    n, both = times.sum(), times[a] * times[b]
    room = (n**2 - (times**2).sum()) / 2
    degree = np.bincount(a, times[b], len(times)) + np.bincount(b, times[a], len(times))
    central = (times * (degree[times > 0].max() - degree)).sum() / ((n - 1) * (n - 2))
    share = _cross_share(ties, codes, both)
    return np.array([both.sum() / room if room else np.nan, central, share, 2 * share - 1])


def _cross_share(ties: tuple[np.ndarray, np.ndarray], codes: np.ndarray, weight: np.ndarray | float = 1.0) -> float:
    """Share of the ties with two known domains that join different ones."""
    one, two = codes[ties[0]], codes[ties[1]]
    counted = weight * ((one >= 0) & (two >= 0))
    return (counted * (one != two)).sum() / counted.sum() if counted.sum() else np.nan


def _redrawn_change(ties, codes, rng) -> np.ndarray:
    """Change of the measures in one bootstrap sample of organisations."""
    times = np.bincount(rng.integers(0, len(codes), len(codes)), minlength=len(codes)).astype(float)
    first, last = (_values(tie, codes, times) for tie in ties)
    return last - first


def _mixing_change(ties, codes) -> float:
    """Change of the cross-domain share with these domain labels."""
    return _cross_share(ties[1], codes) - _cross_share(ties[0], codes)


def _test(observed: float, shuffled: np.ndarray) -> dict:
    """Two-sided permutation p-value about the mean of the permutations; the observed labels count as one of them."""
    drawn = shuffled[~np.isnan(shuffled)]
    if np.isnan(observed) or not len(drawn):
        return {"note": "not estimable, because a moment has no tie between organisations of known domain"}
    floor, centre = 1 / (len(drawn) + 1), drawn.mean()
    extreme = (np.abs(drawn - centre) >= abs(observed - centre) - 1e-12).sum()
    return {"p_value": (1 + extreme) * floor, "p_floor": floor}


def _turnover(pairs: list[pd.DataFrame], known: dict, rule: str) -> list[dict]:
    """Ties kept, gained and lost, as counts."""
    first, last = (pd.MultiIndex.from_frame(part[["a", "b"]]) for part in pairs)
    kept = len(first.intersection(last))
    counts = {"ties kept": kept, "ties gained": len(last) - kept, "ties lost": len(first) - kept}
    common = {**known, "method": f"same organisations, {rule}"}
    return [{**common, "outcome": name, "estimate": float(number)} for name, number in counts.items()]
