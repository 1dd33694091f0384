"""What follows from the design alone: dimensions, totals, order of rows, which outcome is primary, what difference
matters.
"""

from collections.abc import Iterable

import pandas as pd

from analysis.study import Outcome, Study

DIFFERENCE = "difference"
ALL = "all"


def arms(study: Study) -> list[str]:
    """The arm column, where the design compares arms; else nothing."""
    return [study.design.arm] if study.design.kind == "comparison" else []


def dims(study: Study, *names: str) -> list[str]:
    """The dimensions of a table of changes: those named, and the arm where the design compares arms."""
    return [*names, *(["arm"] if study.design.kind == "comparison" else [])]


def from_start(study: Study) -> dict[str, str]:
    """Waves as parts of the first one, at which everybody is: nobody has to come to the second to come to the third."""
    first, *later = [wave.id for wave in study.waves]
    return {first: "", **dict.fromkeys(later, first)}


def totals(study: Study) -> dict[str, str]:
    """The total level of the arm dimension: the difference rests on the people of both arms together."""
    return {"arm": DIFFERENCE} if study.design.kind == "comparison" else {}


def primary(study: Study) -> list[str]:
    """Ids of the primary outcomes, in the plan's order."""
    return [outcome.id for outcome in study.outcomes if outcome.role == "primary"]


def important(study: Study, outcome: Outcome, rows: pd.DataFrame) -> float:
    """The minimal important difference of an outcome: the plan's, else half a standard deviation at the first wave."""
    spread = rows.loc[rows["wave"] == study.first, "value"].std()
    return outcome.mid or (0.5 * spread if spread > 0 else 1.0)


def in_order(table: pd.DataFrame, **orders: Iterable[str]) -> pd.DataFrame:
    """Rows sorted by the given order of levels, column after column."""
    ranks = {column: {level: place for place, level in enumerate(order)} for column, order in orders.items()}
    return table.sort_values(
        list(orders), key=lambda column: column.astype("str").map(ranks[column.name]), kind="stable"
    ).reset_index(drop=True)
