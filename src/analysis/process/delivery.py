"""Was the approach carried out as meant, and what was changed on the way?"""

from collections.abc import Sequence

import pandas as pd

from analysis.process.clock import Moment, known_by
from analysis.process.shares import share
from analysis.process.tables import ALL, by_level, counted, flag, level_of, levels_of, require, sentence

FRAME = ("what", "why", "who", "planned", "consistent")


def fidelity(
    data: pd.DataFrame,
    *,
    case: str = "case",
    element: str = "element",
    applicable: str = "applicable",
    delivered: str = "delivered",
    by: str | None = None,
    levels: Sequence | None = None,
    elements: Sequence | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Essential elements delivered / applicable, per element and for all elements together (`element` is `all`).

    `data` has one row a case and element, both columns yes/no. What did not apply, or is unknown, leaves the
    denominator. `elements` is the checklist: an element that was never scored is then a row of its own. The row `all`
    adds `cases` (with at least one applicable element), `case_median` (median over cases of their own percent) and
    `complete` (percent of cases with everything delivered); its percent has no limits, because elements of a case
    belong together.
    """
    require(data, case, element, applicable, delivered, by)
    asked, done = flag(data[applicable]), flag(data[delivered])
    scored = data.assign(_asked=asked, _done=done)
    rows = []
    for unit, here in by_level(scored, by, levels):
        for name in levels_of(data, element, elements):
            part = here[level_of(here, element) == name]
            rows.append({"unit": unit, "element": name, **_delivered(part, level)})
        rows.append({"unit": unit, "element": ALL, **_delivered(here, level), **_cases(here, case)})
    table = pd.DataFrame(rows)
    table.loc[table["element"] == ALL, ["lower", "upper"]] = float("nan")
    return table


def _delivered(part: pd.DataFrame, level: float) -> dict:
    """Delivered of applicable, and what could not be counted."""
    usable = part[(part["_asked"] == 1) & part["_done"].notna()]
    row = share(usable["_done"].sum(), len(usable), "it applied to no case", level=level)
    unknown = (part["_asked"].isna() | ((part["_asked"] == 1) & part["_done"].isna())).sum()
    odd = ((part["_asked"] == 0) & (part["_done"] == 1)).sum()
    return row | {
        "note": sentence(
            [
                row["note"],
                counted(unknown, "unknown left out"),
                counted(odd, "delivered though not applicable, left out"),
            ]
        )
    }


def _cases(part: pd.DataFrame, case: str) -> dict:
    """Percent delivered per case: how many cases, the median case, the share of complete cases."""
    own = 100 * part[part["_asked"] == 1].groupby(case)["_done"].mean().dropna()
    return {"cases": len(own), "case_median": own.median(), "complete": 100 * (own == 100).mean()}


def adaptations(
    data: pd.DataFrame,
    *,
    aspects: Sequence[str] = FRAME,
    date: str = "date",
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """The log of adaptations, counted per aspect (FRAME: what, why, who, planned or reactive, consistent or not).

    One row a level, aspect and value with `n`, `denominator` (all adaptations of the level), percent with Wilson
    limits; unknown is a value of its own. A level without adaptations gets one row that says that none were logged,
    which is not the same as that none were made.
    """
    require(data, *aspects, by, date if as_of is not None else None)
    rows = []
    for unit, here in by_level(data, by, levels):
        known = known_by(here, date, as_of)
        if known.empty:
            empty = share(0, 0, "no adaptation was logged", level=level)
            rows.append({"unit": unit, "aspect": ALL, "value": ALL, **empty})
        for aspect in aspects if len(known) else ():
            counts = level_of(known, aspect).value_counts()
            for value in levels_of(known, aspect):
                found = share(counts.get(value, 0), len(known), "", level=level)
                rows.append({"unit": unit, "aspect": aspect, "value": value, **found})
    return pd.DataFrame(rows)
