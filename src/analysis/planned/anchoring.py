"""From plan to practice over time: when plans ran, how integral work became, what is recognised, who was not heard."""

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis import process
from analysis.planned import voices
from analysis.study import Study

MONTHS = ("first_opened", "middle_opened", "middle_due", "middle_closed", "last_due", "last_closed")
PLAN_TIMES = dict.fromkeys(MONTHS, "rate") | {"delay": "rate", "in_periods": "rate"}
PLACES = ("meetings", "fragments", "settings", "marks")


def plan_times(study: Study, points: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """When the actions of each phase were opened, due and closed (first, middle, last; months as the number
    202006), the median delay of those done in days, and the percentage of the planned days in public measures.
    """
    if not study.has("actions"):
        return voices.absent(["phase"], PLAN_TIMES)
    phases = [level.level for level in study.levels("phase")]
    found = process.action_plans(points, phases=phases, periods=voices.periods(study), as_of=as_of)
    months = {name: 100 * found[name].dt.year + found[name].dt.month for name in MONTHS}
    return found.assign(**months, in_periods=100 * found["in_periods"])


def integration(study: Study, sessions: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """How integral work sessions were per half-year (`half` as `2020_1`): mean score and mean number of domains at the
    table, over `n` sessions.
    """
    if not study.has("work_sessions"):
        return voices.absent(["half", "indicator"], ["mean"])
    half = sessions["date"].dt.year.astype(str) + "_" + ((sessions["date"].dt.month > 6) + 1).astype(str)
    domains = [level.level for level in study.levels("domain")]
    found = process.collaboration(
        sessions.assign(half=half), known=domains, by="half", levels=sorted(half.unique()), as_of=as_of
    )
    found = found[found["measure"].isin(["integration", "domains"])]
    return found.assign(half=found["unit"], indicator=found["measure"])


def interventions(study: Study, offered: pd.DataFrame) -> pd.DataFrame:
    """What was offered, with its recognition, policy theme and frame, the source of these, and in how many units."""
    dims = ["intervention", "recognition", "theme", "policy", "recognition_source"]
    if not study.has("interventions"):
        return voices.absent(dims, ["units"])
    found = offered.rename(columns={"source": "recognition_source"})
    return found.groupby(dims, sort=False)["unit"].nunique().rename("units").reset_index()


def heard(study: Study, tables: Mapping[str, pd.DataFrame], *, as_of=None) -> pd.DataFrame:
    """Who was heard and who was not: `place, who, number`, every role that the study's lists name, zero included.

    Places: `meetings` (attendances), `fragments` (coded, by role of the speaker), `settings` (occasions with
    residents) and `marks` (experience; without roles, as the table has none: who else was asked is not known).
    """
    rows = [row for place in PLACES for row in _HEARD[place](study, tables, as_of)]
    if not rows:
        return voices.absent(["place", "who"], ["number"])
    return pd.DataFrame(rows, columns=["place", "who", "number", "note"])


def _attended(study: Study, tables: Mapping, as_of) -> Iterator[tuple]:
    if study.has("meetings"):
        found = process.meetings(tables["meetings"], as_of=as_of).query("measure == 'attendance'")
        numbers = found.set_index("value")["n"]
        yield from _listed(study, "meetings", "meeting_role", numbers)


def _spoken(study: Study, tables: Mapping, as_of) -> Iterator[tuple]:
    if study.has("fragments"):
        numbers = tables["fragments"].groupby("role")["fragment"].nunique()
        yield from _listed(study, "fragments", "informant", numbers)


def _occasions(study: Study, tables: Mapping, as_of) -> Iterator[tuple]:
    if study.has("involvement"):
        found = voices.involvement(study, tables["involvement"], as_of=as_of).query("indicator == 'setting'")
        yield from _listed(study, "settings", "setting", found.set_index("level")["count"])


def _marks(study: Study, tables: Mapping, as_of) -> Iterator[tuple]:
    if study.has("experience") and "role" not in tables["experience"]:
        yield "marks", "unknown", float("nan"), "not estimable, because no role was recorded with the marks"
    elif study.has("experience"):
        numbers = tables["experience"].dropna(subset=["score"]).groupby("role")["person"].nunique()
        yield from _listed(study, "marks", "role", numbers)


_HEARD = {"meetings": _attended, "fragments": _spoken, "settings": _occasions, "marks": _marks}


def _listed(study: Study, place: str, levels: str, numbers: pd.Series) -> Iterator[tuple]:
    """Every level of a list with its number, zero where nobody was heard."""
    for level in study.levels(levels):
        yield place, level.level, float(numbers.get(level.level, 0)), ""
