"""Residents' part: how far up the ladder, what came of their points, how they experienced it, and who was not heard."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from analysis.process.clock import Moment, days, known_by
from analysis.process.shares import share
from analysis.process.tables import ALL, by_level, counted, level_of, levels_of, require, sentence

LADDER = ("informed", "consulted", "advising", "coproducing", "deciding")


def involvement(
    data: pd.DataFrame,
    *,
    step: str = "step",
    residents: str = "residents",
    raised: str = "points_raised",
    done: str = "points_done",
    setting: str = "setting",
    date: str = "date",
    ladder: Sequence[str] = LADDER,
    settings: Sequence[str] | None = None,
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Involvement of residents in meetings and decisions, one row an occasion in `data`; absence is a result.

    Rows per level: `with residents` (occasions where residents were), `step` per rung of the ladder (of the occasions
    with residents; every rung is shown), `at least advising` (the upper three rungs), `points done` (of the points
    that residents raised; without limits, because points of one occasion belong together) and `setting` per setting
    (with residents, of all occasions there; `settings` lists all, so that one without any is shown as not heard). A
    level without occasions gets a row `with residents` whose note says that no involvement was recorded.
    """
    require(data, step, residents, raised, done, setting, by, date if as_of is not None else None)
    known = known_by(data, date, as_of) if as_of is not None else data
    places = levels_of(data, setting, settings)
    rows = []
    for unit, here in by_level(known, by, levels if by is None or levels is not None else levels_of(data, by)):
        present = here[here[residents] > 0]
        found = share(len(present), len(here), "no involvement was recorded", level=level)
        silent = counted(here[residents].isna().sum(), "occasions with an unknown number of residents")
        absent = "residents were never there" if len(here) and present.empty else ""
        found["note"] = sentence([found["note"], absent, silent])
        rows.append({"unit": unit, "measure": "with residents", "value": "", **found})
        rows += [{"unit": unit, **row} for row in _rungs(present, step, ladder, level)]
        rows.append({"unit": unit, "measure": "points done", "value": "", **_points(here, raised, done)})
        rows += [{"unit": unit, **row} for row in _settings(here, present, setting, places, level)]
    return pd.DataFrame(rows)


def _rungs(present: pd.DataFrame, step: str, ladder: Sequence[str], level: float) -> list[dict]:
    """Occasions with residents per rung, and from the middle rung up."""
    names = level_of(present, step)
    empty = "residents were never there"
    every = levels_of(present, step, ladder)
    rows = [
        {"measure": "step", "value": name, **share((names == name).sum(), len(names), empty, level=level)}
        for name in every
    ]
    upper = names.isin(list(ladder)[len(ladder) // 2 :]).sum()
    name = f"at least {list(ladder)[len(ladder) // 2]}"
    return [*rows, {"measure": name, "value": "", **share(upper, len(names), empty, level=level)}]


def _points(here: pd.DataFrame, raised: str, done: str) -> dict:
    """Points done of points raised; an occasion with more done than raised is a mistake in the data and is left out."""
    wrong = here[done] > here[raised]
    usable = here[~wrong]
    row = share(usable[done].sum(), usable[raised].sum(), "residents raised no point")
    note = sentence([row["note"], counted(wrong.sum(), "occasions with more points done than raised left out")])
    return row | {"lower": np.nan, "upper": np.nan, "note": note}


def _settings(here: pd.DataFrame, present: pd.DataFrame, setting: str, places: list[str], level: float) -> list[dict]:
    """Per setting the occasions with residents, of all there."""
    every, with_them = level_of(here, setting).value_counts(), level_of(present, setting).value_counts()
    rows = []
    for name in places:
        found = share(
            with_them.get(name, 0), every.get(name, 0), "there was no such occasion: nobody was heard", level=level
        )
        rows.append({"measure": "setting", "value": name, **found})
    return rows


def experience(
    data: pd.DataFrame,
    *,
    score: str = "score",
    person: str = "person",
    role: str | None = None,
    roles: Sequence[str] | None = None,
    date: str = "date",
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Experience as a mark from 0 to 10, per level and role: the last mark of each person known on `as_of`.

    `n, mean` with limits from Student's t, `median, q1, q3`, and `note`. `roles` lists who should have been asked: a
    role without marks is a row that says it was not heard. Marks outside 0-10 are left out and counted.
    """
    require(data, score, person, role, date, by)
    known = known_by(data, date, as_of) if as_of is not None else data
    known = known.dropna(subset=[score, person])
    possible = known[score].between(0, 10)
    known = known.assign(_wrong=~possible, _day=days(known[date])).sort_values("_day", kind="stable")
    rows = []
    for unit, here in by_level(known, by, levels if by is None or levels is not None else levels_of(data, by)):
        groups = [(ALL, here)] + ([] if role is None else list(by_level(here, role, levels_of(data, role, roles))))
        for name, part in groups:
            last = part[~part["_wrong"]].drop_duplicates(person, keep="last")[score].astype(float)
            wrong = counted(part["_wrong"].sum(), "marks outside 0-10 left out")
            rows.append({"unit": unit, "role": name, **_marks(last, wrong, level)})
    return pd.DataFrame(rows)


def _marks(marks: pd.Series, wrong: str, level: float) -> dict:
    """Mean with limits, median and quartiles of some marks."""
    n, mean, error = len(marks), marks.mean(), marks.sem()
    half = stats.t.ppf(0.5 + level / 2, n - 1) * error if n > 1 else np.nan
    note = "" if n > 1 else "one mark: no limits" if n else "not estimable, because nobody of this group gave a mark"
    return {
        "n": n, "mean": mean, "lower": max(mean - half, 0), "upper": min(mean + half, 10), "median": marks.median(),
        "q1": marks.quantile(0.25), "q3": marks.quantile(0.75), "note": sentence([note, wrong]),
    }  # fmt: skip
