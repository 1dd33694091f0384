"""Are the people who take part like those the programme is for?"""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.process.shares import wilson
from analysis.process.tables import by_level, counted, require, sentence

NAMED, FLAGGED = 0.1, 0.25  # standardised differences; a convention, not an established limit


def representativeness(
    participants: pd.DataFrame,
    target: pd.DataFrame,
    *,
    person: str = "person",
    by: str | None = None,
    characteristic: str = "characteristic",
    category: str = "category",
    percent: str = "percent",
    level: float = 0.95,
) -> pd.DataFrame:
    """Participants against the target population: standardised difference and equity ratio per characteristic.

    `participants` has one row a person with a column per characteristic; `target` one row a characteristic and
    category with its `percent` in the target population (and `by`), or, for an amount such as age, with `mean` and
    `sd` instead of a category. Unknown values leave the denominator and are counted in the note.

    `d` = difference / pooled standard deviation, for shares sqrt((p(1-p) + q(1-q)) / 2) (Austin 2009). `equity_ratio`
    is the reach in this category divided by the reach in all others, 1 = equal, below 1 = less reached, with limits
    from the numbers of participants (log scale; the population is taken as known). `mark`: `named` above 0.1,
    `flagged` above 0.25, thresholds of convention. A category nobody belongs to is a result: 0 with its upper limit.
    """
    require(participants, person, *target[characteristic].unique(), by)
    require(target, characteristic, category, percent, by)
    people = participants.dropna(subset=[person]).drop_duplicates(person)
    groups = dict(by_level(target, by))
    rows = []
    for unit, here in by_level(people, by, list(groups)):
        for goal in groups.get(unit, target.iloc[:0]).to_dict("records"):
            values = here[goal[characteristic]]
            row = {"unit": unit, "characteristic": goal[characteristic]}
            amount = pd.isna(goal[category])
            found = _amount(values, goal) if amount else _category(values, goal[category], goal[percent], level)
            rows.append(row | found)
    table = pd.DataFrame(rows)
    size = table["d"].abs()
    table["mark"] = np.select([size > FLAGGED, size > NAMED], ["flagged", "named"], "")
    return table


def _category(values: pd.Series, category, percent: float, level: float) -> dict:
    """Share in one category against the population's share."""
    known = values.dropna()
    n, total, goal = int((known.astype(str) == str(category)).sum()), len(known), percent / 100
    share = n / total if total else np.nan
    spread = np.sqrt((share * (1 - share) + goal * (1 - goal)) / 2)
    ratio, lower, upper = _equity(n, total - n, goal, level)
    return {
        "category": str(category), "n": n, "denominator": total, **wilson(n, total, level=level).iloc[0],
        "target": percent, "difference": 100 * share - percent, "d": (share - goal) / spread if spread > 0 else np.nan,
        "equity_ratio": ratio, "equity_lower": lower, "equity_upper": upper,
        "note": _note(total, len(values) - total, "" if n or not total else "nobody of this group takes part"),
    }  # fmt: skip


def _equity(inside: int, outside: int, goal: float, level: float) -> tuple[float, float, float]:
    """Reach inside a category over reach outside it; no limits when one of both is empty."""
    if not outside or not 0 < goal < 1:
        return np.nan, np.nan, np.nan
    ratio = (inside / goal) / (outside / (1 - goal))
    if not inside:
        return ratio, np.nan, np.nan
    half = stats.norm.ppf(0.5 + level / 2) * np.sqrt(1 / inside + 1 / outside)
    return ratio, ratio * np.exp(-half), ratio * np.exp(half)


def _amount(values: pd.Series, goal: dict) -> dict:
    """Mean of an amount against the population's mean."""
    known = values.dropna().astype(float)
    spread = np.sqrt((known.var(ddof=1) + goal["sd"] ** 2) / 2)
    difference = known.mean() - goal["mean"]
    return {
        "category": "", "n": len(known), "denominator": len(known), "mean": known.mean(), "target": goal["mean"],
        "difference": difference, "d": difference / spread, "note": _note(len(known), len(values) - len(known), ""),
    }  # fmt: skip


def _note(known: int, unknown: int, remark: str) -> str:
    empty = "" if known else "not estimable, because nobody's value is known"
    return sentence([empty, remark, counted(unknown, "people with an unknown value left out")])
