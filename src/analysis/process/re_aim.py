"""RE-AIM: the five dimensions, each with its numerator and denominator, and a line for what was not measured."""

import pandas as pd

from analysis.process.shares import wilson
from analysis.process.tables import require, sentence

# re-aim.org; Implementation Science 2019: maintenance has two levels
DIMENSIONS = (
    ("reach", "person"), ("effectiveness", "person"), ("adoption", "setting"),
    ("implementation", "setting"), ("maintenance", "person"), ("maintenance", "setting"),
)  # fmt: skip


def reaim(
    indicators: pd.DataFrame,
    *,
    dimension: str = "dimension",
    at: str = "level",
    indicator: str = "indicator",
    numerator: str = "numerator",
    denominator: str = "denominator",
    by: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Indicators in RE-AIM order as shares with Wilson limits; a dimension without an indicator is a row that says so.

    `indicators` has one row an indicator: its dimension, the level it speaks of (`person` or `setting`), what it is,
    numerator and denominator as counts. An indicator that is no share (a mean change) leaves the numerator empty, gives
    its number in a column `estimate` (with `lower`, `upper`) and the people it rests on as denominator. Nothing is made
    up: without a denominator, or with a numerator above it, the share is not estimable.

    Returns `unit, dimension, level, indicator, n, denominator, percent, lower, upper, note` and the columns that came
    along. A dimension that RE-AIM does not know raises an error.
    """
    require(indicators, dimension, at, indicator, numerator, denominator, by)
    strange = set(zip(indicators[dimension], indicators[at], strict=True)) - set(DIMENSIONS)
    if strange:
        raise ValueError(f"found {sorted(strange)}; RE-AIM knows {', '.join(map(' at '.join, DIMENSIONS))}.")
    names = {dimension: "dimension", at: "level", indicator: "indicator", numerator: "n", denominator: "denominator"}
    table = indicators.rename(columns=names).assign(unit="all" if by is None else indicators[by].astype(str))
    units = pd.DataFrame({"unit": sorted(set(table["unit"])) or ["all"]})
    frame = units.merge(pd.DataFrame(DIMENSIONS, columns=["dimension", "level"]), how="cross")
    table = frame.merge(table, on=["unit", "dimension", "level"], how="left")
    usable = (table["denominator"] > 0) & (table["n"] <= table["denominator"])
    limits = wilson(table["n"].where(usable), table["denominator"].where(usable), level=level)
    for name in ("lower", "upper"):
        given = pd.to_numeric(table[name]) if name in table else float("nan")
        table[name] = limits[name].fillna(given)
    table["percent"] = limits["percent"]
    table["note"] = [_note(row) for row in table.to_dict("records")]
    first = ["unit", "dimension", "level", "indicator", "n", "denominator", "percent", "lower", "upper"]
    return table[[*first, *[name for name in table if name not in [*first, "note"]], "note"]]


def _note(row: dict) -> str:
    """Why a share is missing; an estimate stands for itself."""
    if pd.isna(row["indicator"]):
        return f"not estimable, because no indicator of {row['dimension']} at the level of {row['level']} was measured"
    if pd.notna(row.get("estimate")):
        return sentence(["an estimate, not a share"])
    if pd.isna(row["n"]) or not row["denominator"] > 0:
        return "not estimable, because its numerator or denominator is not known"
    return "not estimable, because its numerator exceeds its denominator" if row["n"] > row["denominator"] else ""
