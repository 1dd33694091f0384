"""The learning network: meetings planned and held, who came, and how partners judge their coordination."""

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.process.clock import Moment, known_by
from analysis.process.shares import share, wilson
from analysis.process.tables import ALL, UNKNOWN, by_level, counted, flag, level_of, levels_of, require, sentence

RULE_OF_THUMB = "rule of thumb, not an established limit"


def meetings(
    data: pd.DataFrame,
    *,
    meeting: str = "meeting",
    date: str = "date",
    mode: str = "mode",
    planned: str = "planned",
    held: str = "held",
    role: str = "role",
    invited: str | None = "invited",
    attended: str = "attended",
    residents: str = "residents",
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Meetings held of those planned, how they were held, with residents or not, and attendance by role.

    `data` has one row a meeting, or one a meeting and role. With `as_of` only meetings dated on or before it count.
    Rows per level of `by`: `held` (of planned; unplanned meetings that were held are in the note), `mode` (of held),
    `with residents` (of held), `attendance` by role (people who came, of those invited; without limits because the
    same people come again; `per_meeting` is their mean number). With `by` a last row `levels with a meeting` counts
    in how many levels at least one was held: "3 of 6", a number with its denominator. Returns `unit, measure, value,
    n, denominator, percent, lower, upper, per_meeting, note`.
    """
    require(data, meeting, mode, planned, held, role, attended, residents, by, date if as_of is not None else None)
    known = known_by(data, date, as_of) if as_of is not None else data
    known = known.assign(_held=flag(known[held]) == 1, _planned=flag(known[planned]) == 1)
    rows, met = [], 0
    for unit, here in by_level(known, by, levels if by is None or levels is not None else levels_of(data, by)):
        once = here.groupby(meeting).agg(
            held=("_held", "max"), planned=("_planned", "max"), mode=(mode, "first"), residents=(residents, "max")
        )
        met += bool(once["held"].any())
        found = [*_held(once, level), *_attendance(here[here["_held"]], meeting, role, attended, invited)]
        rows += [{"unit": unit, **row} for row in found]
    if by is not None:
        total = len({row["unit"] for row in rows})
        rows.append(
            {"unit": ALL, "measure": "levels with a meeting", "value": "", **share(met, total, "", level=level)}
        )
    order = ["unit", "measure", "value", "n", "denominator", "percent", "lower", "upper", "per_meeting", "note"]
    return pd.DataFrame(rows).reindex(columns=order)


def _held(once: pd.DataFrame, level: float) -> list[dict]:
    """Counts of meetings, one row a meeting: held, in what mode, with residents."""
    took = once[once["held"].astype(bool)]
    planned = once["planned"].astype(bool)
    held = share((planned & once["held"].astype(bool)).sum(), planned.sum(), "no meeting was planned", level=level)
    extra = counted((~once.loc[took.index, "planned"].astype(bool)).sum(), "held without being planned")
    rows = [{"measure": "held", "value": "", **held, "note": sentence([held["note"], extra])}]
    modes = level_of(took, "mode").value_counts().sort_index()
    rows += [{"measure": "mode", "value": name, **share(n, len(took), "", level=level)} for name, n in modes.items()]
    with_residents = share((took["residents"] > 0).sum(), len(took), "no meeting was held", level=level)
    return [*rows, {"measure": "with residents", "value": "", **with_residents}]


def _attendance(rows: pd.DataFrame, meeting: str, role: str, attended: str, invited: str | None) -> list[dict]:
    """People who came per role, of those invited to meetings that were held."""
    found = []
    for name, part in by_level(rows, role) if len(rows) else ():
        came = part[attended].sum()
        asked = part[invited].sum() if invited in part else 0
        percent = 100 * came / asked if asked >= max(came, 1) else float("nan")
        note = "" if asked >= max(came, 1) else "not estimable, because the number invited is not known"
        row = {"measure": "attendance", "value": name, "n": int(came), "denominator": int(asked), "percent": percent}
        found.append(row | {"per_meeting": came / part[meeting].nunique(), "note": note})
    return found


def checklist(
    data: pd.DataFrame,
    *,
    item: str = "item",
    answer: str = "answer",
    respondent: str = "respondent",
    moment: str | None = "moment",
    by: str | None = None,
    levels: Sequence | None = None,
    dimensions: Mapping | None = None,
    agree: Sequence = (4, 5),
    disagree: Sequence = (1, 2),
    thresholds: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Answers to a list of statements per item, dimension (`dimensions` maps items to them) and moment.

    For the Coordinated Action Checklist (Wagemakers 2010; no .. yes as 1..5) `percent` is the share 'rather yes' or
    'yes' of the known answers, `mean` the mean answer; for MIDI determinants the same with `percent_disagree`. A
    missing answer leaves the denominator and is counted. A dimension's mean is the mean over respondents of their own
    mean (`people` of them); its percent is over all answers and has no limits, because answers of one person belong
    together. The assignment of items to dimensions is the caller's.

    With `thresholds` the column `mark` says `facilitator` from 80 % agreeing and `barrier` from 20 % disagreeing
    (both when both hold); every such row's note says that this is a rule of thumb, not an established limit.
    """
    require(data, item, answer, respondent, moment, by)
    rows = []
    for unit, here in by_level(data, by, levels):
        for when, part in by_level(here, moment):
            where = {"unit": unit, "moment": when}
            for name, answers in part.groupby(item, sort=True):
                row = _answers(answers[answer], agree, disagree, level)
                rows.append({**where, "scope": "item", "name": str(name), **row})
            for name, answers in part.groupby(part[item].map(dimensions or {}), sort=True):
                row = _answers(answers[answer], agree, disagree, level)
                own = {
                    "people": answers.dropna(subset=[answer])[respondent].nunique(),
                    "mean": answers.groupby(respondent)[answer].mean().mean(),
                    "lower": float("nan"),
                    "upper": float("nan"),
                }
                rows.append({**where, "scope": "dimension", "name": str(name), **row, **own})
            if part.empty:
                empty = _answers(part[answer], agree, disagree, level)
                rows.append({**where, "scope": "item", "name": UNKNOWN, **empty})
    return _marked(pd.DataFrame(rows)) if thresholds else pd.DataFrame(rows)


def _answers(answers: pd.Series, agree: Sequence, disagree: Sequence, level: float) -> dict:
    """Agreeing and disagreeing shares of the known answers, and their mean."""
    known = answers.dropna()
    row = share(known.isin(list(agree)).sum(), len(known), "there is no answer", level=level)
    no = wilson(known.isin(list(disagree)).sum(), len(known), level=level).iloc[0]
    note = sentence([row.pop("note"), counted(len(answers) - len(known), "missing answers")])
    return {**row, "percent_disagree": no["percent"], "mean": known.astype(float).mean(), "note": note}


def _marked(table: pd.DataFrame) -> pd.DataFrame:
    """The table with what a rule of thumb calls barriers and facilitators."""
    names = {"facilitator": table["percent"] >= 80, "barrier": table["percent_disagree"] >= 20}
    words = pd.DataFrame({name: met.map({True: name, False: ""}) for name, met in names.items()})
    mark = words.apply(lambda row: " and ".join(filter(None, row)), axis=1)
    return table.assign(mark=mark, note=[sentence([note, RULE_OF_THUMB]) for note in table["note"]])
