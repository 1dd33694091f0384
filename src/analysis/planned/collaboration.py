"""The learning network: meetings, what partners say of their cooperation, sessions across domains, action points."""

import pandas as pd

from analysis import process
from analysis.planned import voices
from analysis.planned.organisations import units_in
from analysis.study import Study

STATES = {
    "done by the due date": "done_by_due",
    "done after the due date": "done_after_due",
    "late": "late",
    "open": "open",
    "dropped": "dropped",
}


def meetings(study: Study, held: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Meetings held of those planned, with residents, by mode, and attendance by role: `unit, indicator, level,
    count, n, percent`.
    """
    found = process.meetings(held, by="unit", levels=units_in(study, held), as_of=as_of)
    level = found["value"].replace("", "all").fillna("all")
    names = {"with residents": "with_residents", "levels with a meeting": "units_with_meeting"}
    return found.assign(
        indicator=found["measure"].replace(names), level=level, count=found["n"], n=found["denominator"]
    )


def dimensions(study: Study, answers: pd.DataFrame) -> pd.DataFrame:
    """The dimensions of the checklist as the plan divides its statements: mean of respondents and share of the answers
    that agree, per moment; a row that says so where the plan divides nothing.
    """
    of = {item: part.id for part in study.checklist for item in part.items}
    found = process.checklist(answers, dimensions=of)
    found = found[found["scope"] == "dimension"]
    if found.empty:
        return voices.absent(["dimension_of_checklist", "moment"], ("mean", "agreeing"), "no statement was answered")
    order = {part.id: at for at, part in enumerate(study.checklist)}
    found = found.sort_values(["name", "moment"], key=lambda c: c.map(order) if c.name == "name" else c, kind="stable")
    return found.assign(dimension_of_checklist=found["name"], agreeing=found["percent"], n=found["people"])


def checklist(answers: pd.DataFrame) -> pd.DataFrame:
    """The checklist of the partnership per item and moment: mean answer and share agreeing, of the people who
    answered.
    """
    found = process.checklist(answers)
    found = found[found["scope"] == "item"]
    return found.assign(item=found["name"].astype(str), n=found["denominator"])


def work_sessions(study: Study, sessions: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """How integral work sessions were: mean score, mean number of domains, share with each domain at the table."""
    domains = [level.level for level in study.levels("domain")]
    found = process.collaboration(sessions, known=domains, as_of=as_of)
    level = found["value"].where(found["measure"] == "present", "all").replace("", "all")
    n = found["denominator"].fillna(found["n"])
    return found.assign(indicator=found["measure"], level=level, count=found["n"].where(found["percent"].notna()), n=n)


def action_states(study: Study, points: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """What became of every action point: done by its due date or after it, late, open or dropped; adds up to all."""
    found = process.action_points(points, as_of=as_of).set_index("measure").loc[list(STATES)].reset_index()
    return found.assign(state=found["measure"].map(STATES), count=found["n"], n=found["denominator"])
