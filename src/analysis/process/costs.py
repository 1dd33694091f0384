"""What each step cost: volumes times unit prices, with the price year and where the price comes from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.process.tables import ALL, by_level, level_of, require, sentence

RATES = Path(__file__).with_name("discount_rates.csv")


def cost_per_step(
    costs: pd.DataFrame,
    people: pd.DataFrame,
    *,
    step: str = "step",
    resource: str = "resource",
    volume: str = "volume",
    price: str = "unit_price",
    year: str = "price_year",
    n: str = "n",
    by: str | None = None,
    levels: Sequence | None = None,
    index: pd.DataFrame | None = None,
    to_year: int | None = None,
    minimum: int = 10,
) -> pd.DataFrame:
    """Cost per person who reached each step: of that step's own resources, and of everything spent.

    `costs` has one row a resource with its volume, unit price and price year; `people` the number `n` of people per
    step (and `by`), such as the funnel gives (own rows per level). `index` (columns `year`, `index`) brings prices to
    `to_year`. Nothing is filled in: a price, volume or index that is missing makes the cost not estimable,
    `known_cost` still adds up what is known (a lower bound) and the note names the resource and year. Prices of
    different years added without an index are named too. Fewer than `minimum` people: no cost per person, for it
    would rest on few and, with the total, give their number away.

    Rows per level and step of `people`, and `all` for what was spent without a step of its own: `n, cost` (of the
    step), `per_person`, `total` (all resources of the level) and `total_per_person`, in the currency of the prices.
    """
    require(costs, step, resource, volume, price, year, by)
    require(people, step, n, by)
    priced = _priced(costs, volume, price, year, index, to_year)
    spent, rows = dict(by_level(priced, by)), []
    for unit, here in by_level(people, by, levels):
        part = spent.get(unit, priced.iloc[:0])
        total = _sum(part, resource, year)
        for name, count in zip(here[step].astype(str), here[n], strict=True):
            own = _sum(part[level_of(part, step) == name], resource, year)
            few = f"not estimable, because fewer than {minimum} people reached it" if count < minimum else ""
            size = count if count >= minimum else np.nan
            note = sentence(dict.fromkeys([few, own["note"], total["note"]]))
            shares = {
                "per_person": own["cost"] / size,
                "total": total["cost"],
                "total_per_person": total["cost"] / size,
            }
            rows.append({"unit": unit, "step": name, "n": count, **own, **shares, "note": note})
        rows.append({"unit": unit, "step": ALL, **total, "total": total["cost"]})
    return pd.DataFrame(rows)


def _priced(costs, volume: str, price: str, year: str, index: pd.DataFrame | None, to_year: int | None) -> pd.DataFrame:
    """The rows with their amount, in prices of one year when there is an index."""
    factor = 1.0
    if index is not None:
        level = index.set_index("year")["index"]
        factor = level.get(to_year, np.nan) / costs[year].map(level)
    return costs.assign(_amount=costs[volume] * costs[price] * factor, _indexed=index is not None)


def _sum(part: pd.DataFrame, resource: str, year: str) -> dict:
    """Cost of some rows, what is known of it, and what is missing or mixed."""
    unknown = part[part["_amount"].isna()]
    named = ", ".join(sorted({f"{row[resource]} {row[year]}" for row in unknown.to_dict("records")}))
    years = sorted(part[year].dropna().unique())
    mixed = len(years) > 1 and not part["_indexed"].any()
    cost = part["_amount"].sum() if len(part) and not named else np.nan
    why = (
        "nothing was recorded for it"
        if part.empty
        else f"price, volume or index is missing for {named}"
        if named
        else ""
    )
    return {
        "cost": cost, "known_cost": part["_amount"].sum(), "price_years": ", ".join(f"{one:g}" for one in years),
        "note": sentence([
            f"not estimable, because {why}" if why else "",
            f"prices of {', '.join(f'{one:g}' for one in years)} added as they are" if mixed else "",
        ]),
    }  # fmt: skip


def discount(
    data: pd.DataFrame,
    amount: str,
    years: str,
    *,
    kind: str = "costs",
    on: str = "2024-10-01",
    rates: pd.DataFrame | None = None,
    first_year: bool = False,
) -> pd.DataFrame:
    """Present value of amounts that fall `years` after the start: amount / (1 + rate) ** years.

    The rate is that of the Dutch guideline for economic evaluations in force on the date `on`, from a dated table
    (`kind, valid_from, rate, status, source`; the package's own unless `rates` is given) for `kind` costs or effects.
    What falls within the first year is not discounted unless `first_year`. Returns the rows with `rate`, `factor` and
    `present_value`; an amount or moment that is missing stays missing, and a kind without a rate on that date is an
    error.
    """
    require(data, amount, years)
    table = pd.read_csv(RATES) if rates is None else rates
    valid = table[(table["kind"] == kind) & (pd.to_datetime(table["valid_from"]) <= pd.Timestamp(on))]
    if valid.empty:
        raise ValueError(
            f"no discount rate for {kind!r} on {on}; the table has {', '.join(sorted(set(table['kind'])))}."
        )
    rate = float(valid.sort_values("valid_from", key=pd.to_datetime)["rate"].iloc[-1])
    time = data[years].astype(float)
    counted = time if first_year else time.mask(time <= 1, 0)
    factor = (1 + rate) ** -counted
    return data.assign(rate=rate, factor=factor, present_value=data[amount] * factor)
