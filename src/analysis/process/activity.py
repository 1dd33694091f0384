"""What people received: contacts with the link worker, sessions attended and hours."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.process.clock import Moment, known_by
from analysis.process.shares import wilson
from analysis.process.tables import ALL, by_level, counted, level_of, require, sentence


def dose(
    data: pd.DataFrame,
    *,
    people: pd.DataFrame | None = None,
    person: str = "person",
    contact: str = "contact",
    contacts: Sequence = ("coach", "yes", True),
    kind: str = "kind",
    minutes: str = "minutes",
    date: str = "date",
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    enough: int = 3,
    level: float = 0.95,
) -> pd.DataFrame:
    """Contacts, sessions and hours per person, in all and for literal and figurative movement apart.

    `data` has one row a contact or session attended; a row is a contact with the link worker where the column
    `contact` is one of `contacts`, else a session. `people` holds all persons who could have received something (and
    `by`): who has no row received nothing and counts as zero; without it only persons with a row count, and the note
    says so.

    One row a level, kind (`all`, then each kind of session) and measure (`contacts`, `sessions`, `hours`): `n`
    persons, `total, mean, median, q1, q3`; for contacts also `n_enough, percent, lower, upper`, the share with at
    least `enough` contacts (three: Mercer 2019). Somebody with a row without minutes has unknown hours and is left
    out of the hours.
    """
    require(data, person, contact, kind, minutes, by if people is None else None)
    rows = known_by(data, date, as_of) if as_of is not None else data
    who = (data if people is None else people).dropna(subset=[person]).drop_duplicates(person)
    strangers = counted((~rows[person].isin(who[person])).sum(), "rows of people not in the list left out")
    note = "only people with at least one row" if people is None else strangers
    is_contact = rows[contact].isin(list(contacts))
    sessions = rows[~is_contact]
    parts = [(ALL, "contacts", rows[is_contact]), (ALL, "sessions", sessions), (ALL, "hours", rows)]
    for name in sorted(set(level_of(sessions, kind))):
        here = sessions[level_of(sessions, kind) == name]
        parts += [(name, "sessions", here), (name, "hours", here)]
    table = [
        {
            "unit": unit,
            "kind": name,
            "measure": measure,
            **_per_person(part, group[person], measure, person, minutes, note),
        }
        | (_enough(part, group[person], person, enough, level) if measure == "contacts" else {})
        for unit, group in by_level(who, by, levels)
        for name, measure, part in parts
    ]
    return pd.DataFrame(table)


def _per_person(part: pd.DataFrame, people: pd.Series, measure: str, person: str, minutes: str, note: str) -> dict:
    """Number of rows or hours per person, nobody left out who received nothing."""
    grouped = part.groupby(person)[minutes]
    amounts = grouped.sum(min_count=0) / 60 if measure == "hours" else grouped.size()
    amounts = amounts.reindex(people).fillna(0).astype(float)
    if measure == "hours":
        unclear = people.isin(part.loc[part[minutes].isna(), person]).to_numpy()
        amounts = amounts[~unclear]
        note = sentence([note, counted(unclear.sum(), "people with unknown minutes left out")])
    return {**_spread(amounts), "note": note if len(amounts) else "not estimable, because there is nobody"}


def _spread(amounts: pd.Series) -> dict[str, float]:
    """Total, mean, median and quartiles (linear interpolation, type 7) over people."""
    q1, median, q3 = np.quantile(amounts, [0.25, 0.5, 0.75]) if len(amounts) else [np.nan] * 3
    return {"n": len(amounts), "total": amounts.sum(), "mean": amounts.mean(), "median": median, "q1": q1, "q3": q3}


def _enough(part: pd.DataFrame, people: pd.Series, person: str, enough: int, level: float) -> dict:
    """Persons with at least `enough` contacts, of all persons."""
    number = part.groupby(person).size().reindex(people).fillna(0)
    n = int((number >= enough).sum())
    return {"n_enough": n, **wilson(n, len(people), level=level).iloc[0]}
