"""Whom the programme reached of those it is for, and whether they are alike."""

import numpy as np
import pandas as pd

from analysis.process.shares import wilson
from analysis.process.tables import level_of, require, sentence


def reach(
    participants: pd.DataFrame,
    population: pd.DataFrame,
    *,
    by: str = "unit",
    person: str = "person",
    size: str = "population",
    source: str = "source",
    per: float = 1000,
    level: float = 0.95,
) -> pd.DataFrame:
    """People reached per 1,000 of the target population, per level of `by` and for all levels together.

    `participants` has one row or more a person reached; `population` one row a level with its `size` and where that
    number comes from (`source`). Limits are Wilson's for the number reached, with the population taken as known: it
    is an estimate itself, which the note repeats. A level without a population, or with more people reached than
    there are, is not estimable; the total leaves such levels out on both sides and says so.
    """
    require(participants, by, person)
    require(population, by, size)
    counts = participants.dropna(subset=[person]).drop_duplicates(person)
    target = population.dropna(subset=[by]).groupby(population[by].astype(str))[size].sum(min_count=1)
    found = level_of(counts, by).value_counts().sort_index()
    units = list(dict.fromkeys([*target.index, *found.index]))
    table = pd.DataFrame({"unit": units, "n": found.reindex(units, fill_value=0).to_numpy()})
    table["denominator"] = target.reindex(units).to_numpy(float)
    usable = table["denominator"] >= np.maximum(table["n"], 1)
    total = {"unit": "all", "n": table.loc[usable, "n"].sum(), "denominator": table.loc[usable, "denominator"].sum()}
    table = pd.concat([table, pd.DataFrame([total])], ignore_index=True)
    usable = table["denominator"] >= np.maximum(table["n"], 1)
    rate = wilson(table["n"], table["denominator"].where(usable), level=level) * per / 100
    table[["rate", "lower", "upper"]] = rate.to_numpy()
    table["per"] = per
    named = dict(zip(population[by].astype(str), population[source], strict=True)) if source in population else {}
    table["source"] = [named.get(unit, "") for unit in table["unit"]]
    table["note"] = _reach_notes(table, usable)
    return table


def _reach_notes(table: pd.DataFrame, usable: pd.Series) -> list[str]:
    """Why a rate is missing, and what the total leaves out."""
    lacking = list(table["unit"][~usable])
    notes = []
    for row, fine in zip(table.itertuples(), usable, strict=True):
        unknown = np.isnan(row.denominator) or not row.denominator
        why = "its target population is not known" if unknown else "more people were reached than it has"
        gap = f"without {', '.join(lacking)}" if row.unit == "all" and lacking and fine else ""
        estimate = "target population is an estimate, taken as known" if fine else f"not estimable, because {why}"
        notes.append(sentence([estimate, gap]))
    return notes
