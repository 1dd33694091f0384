"""Rules that need more than one column of a study: keys, persons, units, order of waves and steps, dates."""

from collections.abc import Mapping

import pandas as pd

from analysis.intake import checks
from analysis.intake.checks import Problem, problem
from analysis.study import Study


def check(study: Study, tables: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Rules that need more than one column: keys, persons, units, order of waves and steps, dates in the window."""
    found: list[Problem] = []
    persons = tables["persons"].set_index("person") if "persons" in tables else None
    for name, frame in tables.items():
        if "person" in frame and name != "persons":
            found += checks.known_persons(
                frame, name, "person", persons.index.to_series(), study.variable(name, "person").check
            )
        if "person" in frame and "unit" in frame and name != "persons":
            found += checks.same_unit(frame, name, "person", persons["unit"], study.variable(name, "unit").check)
        found += _outside_window(study, name, frame)
    clock = study.time
    if "answers" in tables and clock in tables["answers"]:
        found += checks.waves_in_order(
            tables["answers"], clock, [wave.id for wave in study.waves], study.variable("answers", clock).check
        )
    if "referrals" in tables:
        levels = {variable.name: variable.check for variable in study.columns("referrals")}
        found += checks.steps_in_order(tables["referrals"], study.referral_steps, levels)
    return found


def _outside_window(study: Study, name: str, frame: pd.DataFrame) -> list[Problem]:
    if study.window is None:
        return []
    start, end = (pd.Timestamp(day) for day in study.window)
    found = []
    for variable in study.columns(name):
        if variable.type == "date" and variable.name in frame:
            outside = frame.index[frame[variable.name].notna() & ~frame[variable.name].between(start, end)]
            if len(outside):
                found.append(
                    problem(
                        name,
                        variable.name,
                        "window",
                        list(outside),
                        f"{checks.rows(len(outside), 'lie')} outside the study window "
                        f"{study.window[0]} to {study.window[1]}",
                        "Correct the date or `window` in study.yaml.",
                        variable.check,
                    )
                )
    return found
