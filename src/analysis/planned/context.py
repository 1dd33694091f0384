"""Public figures of the units beside the country's, and the change that the country alone would lead one to expect."""

import numpy as np
import pandas as pd

from analysis.planned import voices
from analysis.study import Study

EQUAL = 2.0  # points: bounds are not published, and smaller differences are within the error of such models
COMPARED = {"value": "rate", "country": "rate", "difference": "rate"}
EXPECTED = {"yearly": "rate", "expected": "rate"}
_KEYS = ["indicator", "population", "table_id", "year"]


def compared(study: Study, context: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Each percentage of a unit (of all units for `all`, in the plan's order: no ranking) beside the country's of the
    same table, population and year, the latest that both have. `against` calls a difference below 2 points `equal`.
    """
    units = list(study.units) if unit == "all" else [unit]
    shares = _percentages(context)
    own = shares[shares["unit"].isin(units)]
    country = shares[~shares["unit"].isin(study.units)].rename(columns={"value": "country"})
    both = own.merge(country[[*_KEYS, "country"]], on=_KEYS).sort_values(["year", "table_id"], kind="stable")
    last = both.drop_duplicates(["unit", "indicator", "population"], keep="last")
    if last.empty:
        return voices.absent(["indicator", "population", "area", "against", "year", "table_id"], COMPARED)
    apart = (last["value"] - last["country"]).round(6)
    against = np.select([apart.abs() < EQUAL, apart > 0], ["equal", "higher"], "lower")
    order = {area: at for at, area in enumerate(units)}
    table = last.assign(area=last["unit"], difference=apart, against=against, year=last["year"].astype(str), note="")
    return table.sort_values(
        ["indicator", "population", "area"], key=lambda c: c.map(order) if c.name == "area" else c, kind="stable"
    ).drop(columns="unit")


def expected(study: Study, context: pd.DataFrame) -> pd.DataFrame:
    """What the national trend alone leads one to expect of each outcome that has a public indicator: points a year
    between the last two years of one table (`year` names them), and at each later wave. Nothing is extrapolated
    beyond saying so: it is the scale of what happens anyway, not a correction.
    """
    pairs = {part.characteristic: part.indicator for part in study.representative_of}
    country = _percentages(context[~context["unit"].isin(study.units)])
    rows = []
    for outcome in study.outcomes:
        known = country[country["indicator"] == pairs.get(outcome.id)]
        last = _last_two(known)
        if last is None:
            continue
        (first, second), table_id, population = last
        yearly = (second["value"] - first["value"]) / (second["year"] - first["year"])
        for wave in study.waves[1:]:
            rows.append({
                "outcome": outcome.id, "indicator": pairs[outcome.id], "population": population, "table_id": table_id,
                "year": f"{first['year']:.0f}-{second['year']:.0f}", "wave": wave.id, "yearly": yearly,
                "expected": yearly * wave.month / 12, "note": "",
            })  # fmt: skip
    if not rows:
        why = "no outcome has a public indicator that is known in two years"
        return voices.absent(["outcome", "population", "table_id", "year", "wave"], EXPECTED, why)
    return pd.DataFrame(rows)


def _last_two(known: pd.DataFrame) -> tuple[tuple[pd.Series, pd.Series], str, str] | None:
    """The last two years of the table and population that reach furthest; None where none has two."""
    best = None
    for (table_id, population), rows in known.groupby(["table_id", "population"], sort=True, observed=True):
        rows = rows.drop_duplicates("year").sort_values("year")
        if len(rows) > 1 and (best is None or rows["year"].max() > best[0][1]["year"]):
            best = (rows.iloc[-2], rows.iloc[-1]), str(table_id), str(population)
    return best


def _percentages(context: pd.DataFrame) -> pd.DataFrame:
    """The rows of indicators that are percentages: none of their values lies above 100."""
    known = context.dropna(subset=["value"])
    most = known.groupby("indicator", observed=True)["value"].transform("max")
    names = {name: known[name].astype(str) for name in ("indicator", "population")}
    return known.assign(**names)[most <= 100]
