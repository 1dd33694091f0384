"""What percentages and means are computed from, and what their n is about, found from the true values."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from analysis.disclosure.quantities import Names
from analysis.disclosure.reading import Reader, Reading
from analysis.disclosure.stacks import Tables


def settle_parts(tables: Tables, known: dict, names: Names, reader: Reader) -> Tables:
    """What a percentage or mean is computed from, and over which dimensions its n stays the same."""
    reading = reader.reading(tables)
    counts, percents = reading.of_kind("count"), reading.of_kind("percent")
    part_of = {measure: _numerator(reading, measure, counts, percents) for measure in percents}
    part_of |= _means_of_sums(reading)
    rest = [measure for measure in reading.at if measure not in (*counts, *reading.of_kind("text"))]
    n_over = {measure: _constant_over(reading, measure) for measure in [*_shares_in(reading, counts), *rest]}
    limits = [*reading.of_kind("lower"), *reading.of_kind("upper")]
    settled = {"part_of": part_of, "n_over": n_over, "n_of": dict.fromkeys(n_over, "n")}
    settled["limits_of"] = _shares_of(limits, percents)
    return {name: (table, replace(meta, **settled)) for name, (table, meta) in tables.items()}


def _shares_in(reading: Reading, counts: list[str]) -> list[str]:
    """Counts of which some cell is a part of its n, in the order of those cells."""
    first = {}
    for measure in counts:
        parts = [i for i in reading.at[measure] if reading.n[i] > reading.part[i]]
        first |= {measure: parts[0]} if parts else {}
    return sorted(first, key=first.__getitem__)


def _both(reading: Reading, one: str, other: str) -> np.ndarray:
    """What two measures tell in the row groups where both are known, one row each."""
    known, beside = reading.parts(one), reading.parts(other)
    return np.array([(value, beside[group]) for group, value in known.items() if group in beside]).reshape(-1, 2)


def _numerator(reading: Reading, measure: str, counts: list[str], percents: list[str]) -> str:
    """Role of a percentage's numerator: the count that it equals in every row group, else a count of its own."""
    for count in counts:
        both = _both(reading, measure, count)
        if len(both) and np.abs(both[:, 0] - both[:, 1]).max() <= 1:
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


def _means_of_sums(reading: Reading) -> dict[str, str]:
    found = {}
    for mean in reading.of_kind("mean"):
        for total in reading.of_kind("sum"):
            both = _both(reading, mean, total)
            if len(both) and np.allclose(both[:, 0], both[:, 1], rtol=1e-3):
                found[mean] = f"sum:{total}"
    return found


def _constant_over(reading: Reading, measure: str) -> tuple[str, ...]:
    """Dimensions that a measure's n does not vary with, taken away one after the other."""
    dims, at = reading.stack.meta.dims[1:], reading.at[measure]
    levels = {dim: [reading.levels[i][reading.columns.index(dim)] for i in at] for dim in dims}
    over: list[str] = []
    for dim in dims:
        kept = [levels[name] for name in dims if name not in (*over, dim)]
        groups = zip([reading.table[i] for i in at], *kept, strict=True)
        if len(set(levels[dim])) > 1 and _one_each(groups, [reading.n[i] for i in at]):
            over.append(dim)
    return tuple(over)


def _one_each(groups: Iterable[tuple], values: Iterable[float]) -> bool:
    """Whether every group has one value at most, of those that are known."""
    first: dict[tuple, float] = {}
    return all(
        value == first.setdefault(group, value) for group, value in zip(groups, values, strict=True) if value == value
    )
