"""The same table of several units below one another: rules that look at rows only read a hundred tables in one go."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.disclosure.meta import Meta, described

Tables = Mapping[str, tuple[pd.DataFrame, Meta]]
TABLE, HOME = "its table", "its unit"  # columns of stacked tables that no table has


def stem(name: str) -> str:
    """Name of a table without the unit's folder: the same table of several units has one stem."""
    return name.rpartition("/")[2]


@dataclass(frozen=True)
class Stack:
    """Tables with one description.

    cells  their cells (see `described`) below one another, with `TABLE` (its name) and `HOME` (its unit)
    meta   their description, in which `TABLE` is a dimension more, so that no rule mixes two tables
    sizes  name -> number of rows
    """

    cells: pd.DataFrame
    meta: Meta
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, tables: Tables, columns: Iterable[str] = ()) -> "Stack":
        """The tables below one another; of each only `columns` where these are named. Raises what `described` does."""
        first, wanted = next(iter(tables.values()))[1], list(columns)
        frames = [table[[column for column in wanted if column in table]] if wanted else table
                  for table, _ in tables.values()]  # fmt: skip
        sizes = {name: len(table) for name, (table, _) in tables.items()}
        told = {TABLE: list(sizes), HOME: [meta.unit for _, meta in tables.values()]}
        cells = pd.concat(frames, ignore_index=True).assign(
            **{column: np.repeat(np.array(names, dtype=object), list(sizes.values())) for column, names in told.items()}
        )
        kinds = {measure: kind for _, meta in tables.values() for measure, kind in meta.kinds.items()}
        meta = replace(first, dims=(TABLE, *first.dims), kinds=kinds)
        return cls(described(cells, meta), meta, sizes)

    @property
    def row(self) -> np.ndarray:
        """Position of each cell in its own table."""
        return np.concatenate([np.arange(size) for size in self.sizes.values()])

    def apart(self, cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """What was made of the cells, table by table, each with a fresh index."""
        own, found, start = cells.drop(columns=[TABLE, HOME]), {}, 0
        for name, size in self.sizes.items():
            found[name] = own.iloc[start : start + size].reset_index(drop=True)
            start += size
        return found


def alike(tables: Tables, form: Callable[[pd.DataFrame, Meta], Hashable] = lambda *_: ()) -> list[Tables]:
    """The tables in groups of one stem, one description but for the unit, and one `form`; in order of the first."""
    found: dict[tuple, list[tuple[Meta, dict]]] = {}
    for name, (table, meta) in tables.items():
        about, kin = replace(meta, unit=""), found.setdefault((stem(name), form(table, meta)), [])
        group = next((group for known, group in kin if known == about), None)
        if group is None:
            kin.append((about, group := {}))
        group[name] = (table, meta)
    return [group for kin in found.values() for _, group in kin]
