"""Derived variables, one small function each, and the order of columns and rows of processed tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.intake import privacy
from analysis.study import Study


def derive(study: Study, received: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Processed tables with every derived variable, columns in the codebook's order, rows in a fixed order."""
    tables = dict(received)
    for name, frame in tables.items():
        columns = {v.name for v in study.columns(name)}
        if "unit" in columns and "unit" not in frame:
            unit_of = tables["persons"].set_index("person")["unit"]
            frame = frame.assign(unit=frame["person"].map(unit_of).astype("str"))
        if "kind" in columns and "kind" not in frame:
            frame = frame.assign(kind=kind(frame["activity"], study))
        tables[name] = frame
    if "persons" in tables:  # not among what is shared by all units
        tables["persons"] = _persons(study, tables)
        tables["answers"] = consented(tables["answers"], tables["persons"])
        tables["measures"] = measures(study, tables["answers"], tables["persons"])
    return {name: ordered(study, name, frame) for name, frame in tables.items()}


def consented(answers: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Answers without those of people who refused consent to research, where the study asks for it."""
    if "consent" not in persons:
        return answers
    return answers[~answers["person"].isin(persons.loc[persons["consent"] == "no", "person"])]


def _persons(study: Study, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    persons, wanted = tables["persons"], {variable.name for variable in study.columns("persons") if variable.derived}
    referrals = tables.get("referrals")
    if "age_class" in wanted:
        persons = persons.assign(
            age_class=age_class(persons["age"], [level.level for level in study.levels("age_class")])
        )
    if referrals is not None and "referrer" in wanted:
        persons = persons.assign(
            referrer=persons["person"].map(first_referrer(referrals, study.referral_steps[0])).astype("str")
        )
    if referrals is not None and "started" in wanted:
        persons = persons.assign(started=persons["person"].map(referrals.groupby("person")[study.referral_start].min()))
    persons = persons.assign(excluded=excluded(persons, tables["answers"], study))
    return persons.assign(in_study=persons["excluded"].isna())


def age_class(age: pd.Series, classes: list[str]) -> pd.Series:
    """Age in years as one of the classes, whose ids hold their bounds (`65_74`, `75_plus`)."""
    lows = [int(name.split("_")[0]) for name in classes]
    place = np.searchsorted(lows, age.astype("float64").fillna(-1), side="right") - 1
    named = pd.Series([classes[p] if p >= 0 else None for p in place], index=age.index, dtype="str")
    return named.where(age.notna())


def first_referrer(referrals: pd.DataFrame, step: str) -> pd.Series:
    """Referrer of each person's earliest referral, indexed by person."""
    first = referrals.sort_values([step, "referral"], kind="stable").drop_duplicates("person")
    return first.set_index("person")["referrer"]


def kind(activity: pd.Series, study: Study) -> pd.Series:
    """Literal or figurative movement, by the activity's place under `kinds` in study.yaml."""
    return activity.map({name: kind for kind, names in study.kinds.items() for name in names}).astype("str")


def excluded(persons: pd.DataFrame, answers: pd.DataFrame, study: Study) -> pd.Series:
    """First reason why a person is not in the effect study; missing for those who are in it."""
    first = answers.loc[answers["wave"] == study.first, "person"]
    reasons = {
        "no_consent": persons["consent"] != "yes" if "consent" in persons else False,
        "no_first_measurement": ~persons["person"].isin(first),
        "not_started": _not_started(persons, study),
    }
    reason = pd.Series(None, index=persons.index, dtype="str")
    for name, applies in reversed(reasons.items()):
        reason = reason.mask(pd.Series(applies, index=persons.index), name)
    return reason


def _not_started(persons: pd.DataFrame, study: Study) -> pd.Series | bool:
    """In a pre-post study the estimand is those who started; a reference group is kept for the sensitivity analysis."""
    if study.design.kind != "pre_post" or "started" not in persons:
        return False
    treated = persons[study.design.arm] == study.design.treated if study.design.arm else True
    return treated & persons["started"].isna()


def measures(study: Study, answers: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Long table of scores: one row a person, wave and outcome with value, class and number of missing items.

    Instruments are scored by their definitions; ready scores are taken as they are. A row without any answer to an
    outcome has no value and stays, so that missingness can be counted.
    """
    persons = persons.set_index("person")
    keys = [name for name in ("person", "unit", "wave", study.time) if name in answers]
    base = answers[keys].assign(
        **{column: answers["person"].map(persons[column]) for column in (study.group, study.design.arm) if column}
    )
    parts = [pd.concat([base, _scored(outcome, answers)], axis=1) for outcome in study.outcomes]
    return pd.concat(parts, ignore_index=True)


def _scored(outcome, answers: pd.DataFrame) -> pd.DataFrame:
    if outcome.score:
        value = answers[outcome.score].astype("float64")
        return pd.DataFrame(
            {"outcome": outcome.id, "value": value, "class": None, "n_missing_items": value.isna().astype("int64")}
        )
    from analysis.instruments import score

    scored = score(outcome.instrument, answers, convention=outcome.convention)
    name = outcome.instrument
    classes = scored[f"{name}_class"].astype("object") if f"{name}_class" in scored else None
    return pd.DataFrame(
        {
            "outcome": outcome.id,
            "value": scored[name].astype("float64"),
            "class": classes,
            "n_missing_items": scored[f"{name}_missing"].astype("int64"),
        },
        index=answers.index,
    )


def ordered(study: Study, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in the codebook's order, rows sorted by the identifying columns, so that files do not depend on row
    order.
    """
    columns = [variable.name for variable in study.columns(name) if privacy.carried(variable)]
    frame = frame[columns].astype(
        {
            v.name: "str"
            for v in study.columns(name)
            if v.name in columns and v.type in ("id", "category", "list", "text")
        }
    )
    order = [column for column in ("person", "unit", "wave", "moment", "outcome", "date") if column in columns]
    return frame.sort_values([*order, *(c for c in columns if c not in order)], kind="stable").reset_index(drop=True)
