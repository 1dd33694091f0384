"""What released rows say of the numbers that they show: rounding, decimals and totals that only repeat leave room."""

import numpy as np
import pandas as pd

from analysis.disclosure.attack import FAR
from analysis.disclosure.profiles import Profile
from analysis.disclosure.stacks import Tables
from analysis.disclosure.system import System

TINY = 1e-6


def shown_bounds(found: System, tables: Tables, profile: Profile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the shown rows say of each unknown (the narrowest of all), and which unknowns no row shows."""
    rows = _row_bounds(found.rows, tables, profile).dropna(subset=["low", "high"])
    size = len(found.unknowns)
    low = rows.groupby("unknown")["low"].max().reindex(range(size))
    high = rows.groupby("unknown")["high"].min().reindex(range(size))
    unknown = low.isna().to_numpy()
    signed = np.array([q is not None and q.role.startswith("sum:") for q in found.unknowns["quantity"]], dtype=bool)
    lower = low.fillna(0.0).to_numpy(copy=True)
    lower[unknown & signed & bool((lower[signed] < 0).any())] = -FAR
    upper = high.fillna(max(FAR, 10 * high.abs().fillna(0).max())).to_numpy()
    slack = found.unknowns["slack"].to_numpy(float)
    lower, upper = np.where(slack > 0, -slack, lower), np.where(slack > 0, slack, upper)
    return np.minimum(lower, upper), np.maximum(lower, upper), unknown


def _row_bounds(rows: pd.DataFrame, tables: Tables, profile: Profile) -> pd.DataFrame:
    """True values that each shown value can stand for: rounding, decimals, totals that only repeat."""
    cells, kind = _cells(rows, tables), _of_measure(rows, tables)
    persons, base = (
        rows["table"].map({name: getattr(meta, what) for name, (_, meta) in tables.items()})
        for what in ("counts_of", "base")
    )
    percent = rows["slot"].eq("part") & kind.eq("percent")
    sums = rows["slot"].eq("part") & kind.eq("sum")
    places = np.where(cells["n"] >= profile.whole_percent_below, 0.05, 0.5) * persons.eq("persons")
    exact = cells["value"].where(rows["slot"].eq("part"), cells["n"])
    middle = exact.mask(percent, cells["value"] / 100 * cells["n"])
    half = (places * cells["n"] / 100).where(percent, (TINY * exact.abs()).where(sums, 0.0))
    base = base * ~sums
    low, high = middle - half - base // 2, middle + half + (base - (base > 0)) // 2
    repeated = cells["repeated"] & kind.eq("count") & (profile.totals == "sum_of_rounded")
    # What a mean or a limit tells of a number follows from the n and the percentage beside it.
    use = ~repeated & (rows["slot"].eq("n") | kind.isin(["count", "percent", "sum"]))
    return rows.assign(low=low.where(use).clip(lower=low.where(sums, 0.0)), high=high.where(use))


def _cells(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Value and n of the table row that each of `rows` stands in, and whether it is a rounded table's total."""
    start = dict(zip(tables, np.cumsum([0, *(len(table) for table, _ in tables.values())]), strict=False))
    at = rows["table"].map(start).to_numpy(int) + rows["row"].to_numpy(int)
    repeated = [
        np.logical_or.reduce([np.zeros(len(table), bool), *(table[d].eq(level) for d, level in meta.totals.items())])
        if meta.base else np.zeros(len(table), bool)
        for table, meta in tables.values()
    ]  # fmt: skip
    columns = {
        name: np.concatenate([table[name].to_numpy(float) for table, _ in tables.values()]) for name in ("value", "n")
    }
    return pd.DataFrame(columns | {"repeated": np.concatenate(repeated)}).iloc[at].set_index(rows.index)


def _of_measure(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """Kind of the measure of each of `rows`."""
    pairs = zip(rows["table"], rows["measure"], strict=True)
    return pd.Series([tables[name][1].kinds[measure] for name, measure in pairs], rows.index, dtype="str")
