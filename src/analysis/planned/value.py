"""What each step cost, and what public figures say of the units."""

import pandas as pd

from analysis import process
from analysis.planned.referral import funnel
from analysis.study import Study

COSTS = {"total": "sum", "cost_per_person": "mean"}


def costs(study: Study, spent: pd.DataFrame, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Cost of each step and per person who reached it; what misses a price is not estimable, and says so."""
    people = funnel(study, referrals, as_of=as_of)[["step", "n"]]
    found = process.cost_per_step(spent, people)
    kept = found[found["step"].isin(spent["step"].unique()) | (found["step"] == "all")]
    return kept.assign(
        total=kept["cost"].where(kept["step"] != "all", kept["known_cost"]), cost_per_person=kept["per_person"]
    )


def resources(spent: pd.DataFrame) -> pd.DataFrame:
    """Volume and cost of each resource, over all steps; a resource without a price has a volume only."""
    priced = spent.assign(cost=spent["volume"] * spent["unit_price"])
    table = priced.groupby("resource", sort=True).agg(
        volume=("volume", "sum"), total=("cost", lambda cost: cost.sum(skipna=False))
    )
    note = table["total"].isna().map({True: "not estimable, because a price is missing", False: ""})
    return table.assign(note=note).reset_index()


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
