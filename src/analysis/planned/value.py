"""What public figures say of the units."""

import pandas as pd

from analysis.study import Study


def profile(study: Study, context: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Public figures of a unit (all units for `all`) beside the country, latest year of each indicator and
    population.
    """
    areas = [*(study.units if unit == "all" else [unit]), *country(study, context)]
    rows = context[context["unit"].isin(areas)].dropna(subset=["value"])
    last = rows.sort_values(["year", "table_id"], kind="stable").drop_duplicates(
        ["unit", "indicator", "population"], keep="last"
    )
    order = {area: place for place, area in enumerate(areas)}
    last = last.assign(area=last["unit"], year=last["year"].astype(str)).drop(columns="unit")
    return last.sort_values(
        ["indicator", "population", "area"], key=lambda c: c.map(order) if c.name == "area" else c, kind="stable"
    )


def public_range(study: Study, context: pd.DataFrame, indicator: str, population: str) -> tuple[float, float]:
    """The lowest and highest latest public figure of an indicator over the units in `context`; NaN where none is
    known."""
    rows = context[(context["indicator"] == indicator) & (context["population"] == population)]
    rows = rows[rows["unit"].isin(study.units)].dropna(subset=["value"]).sort_values(["year", "table_id"])
    last = rows.drop_duplicates("unit", keep="last")["value"]
    return float(last.min()), float(last.max())


def trend(study: Study, context: pd.DataFrame, unit: str, *, table: str | None = None) -> pd.DataFrame:
    """Public figures over the years for indicators known in at least two years, one source table at a time (they are
    never joined).
    """
    areas = [*(study.units if unit == "all" else [unit]), *country(study, context)]
    rows = context[context["unit"].isin(areas)].dropna(subset=["value"])
    known = rows.groupby(["table_id", "indicator", "population"])["year"].transform("nunique")
    rows = rows[(known >= 2) & ((rows["table_id"] == table) if table else True)]
    return rows.assign(area=rows["unit"], year=rows["year"].astype(str)).drop(columns="unit")


def country(study: Study, context: pd.DataFrame) -> list[str]:
    """The areas of the public figures that are not units of the study."""
    return [
        level.level
        for level in study.levels("area")
        if level.level not in study.units and (context["unit"] == level.level).any()
    ]
