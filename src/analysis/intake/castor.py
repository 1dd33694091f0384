"""Castor EDC exports: missing codes, missing years, days, several-answer columns, surveys that were not completed."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.intake.conventions import without_rows
from analysis.intake.learnt import Learnt, MultipleResponse

REASONS = {
    "95": "measurement_failed",
    "96": "not_applicable",
    "97": "not_asked",
    "98": "asked_but_unknown",
    "99": "not_done",
}
_DAY_FIRST = r"(\d{2})-(\d{2})-(\d{4})(?: (\d{2}:\d{2}(?::\d{2})?))?"


def castor(path: Path, frame: pd.DataFrame, learnt: Learnt) -> tuple[pd.DataFrame, Learnt]:
    """Missing codes -95..-99, years 2995-2999 and both spellings of the text code become codes with a reason; days
    become ISO.
    """
    columns, missing = {}, dict(learnt.missing)
    for column in frame.columns:
        values = _days(frame[column])
        found = {value: reason for value in values.dropna().unique() if (reason := _reason(value))}
        columns[column] = values
        if found:
            missing[column] = {**missing.get(column, {}), **found}
    options: dict[str, list[str]] = {}
    for column in frame.columns:
        if "#" in column:
            options.setdefault(column.split("#")[0], []).append(column)
    multiple = {
        name: MultipleResponse(learnt.labels.get(name, ""), tuple(found), "1") for name, found in options.items()
    }
    learnt = replace(learnt, missing=missing, multiple={**learnt.multiple, **multiple})
    frame = pd.DataFrame(columns, index=frame.index)
    completed = next(
        (c for c in frame.columns if re.sub(r"[^a-z]", "", c.lower()) in ("completedon", "surveycompletedon")), None
    )
    if completed is None:
        return frame, learnt
    return without_rows(
        path, frame, learnt, frame[completed].isna(), "unfinished surveys", "survey(s) that were not completed"
    )


def _days(values: pd.Series) -> pd.Series:
    """Castor writes days as dd-mm-yyyy, with or without a time; they become ISO days where every value of a column is
    one.
    """
    present = values.dropna()
    others = present[~present.str.fullmatch(r"##_?USER_MISSING_9[5-9]##|-9[5-9]")]
    if others.empty or not others.str.fullmatch(_DAY_FIRST).all():
        return values
    return values.str.replace(f"^{_DAY_FIRST}$", lambda m: f"{m[3]}-{m[2]}-{m[1]}", regex=True)


def _reason(value: str) -> str | None:
    found = re.fullmatch(r"-(9[5-9])|##_?USER_MISSING_(9[5-9])##|29(9[5-9])-\d{2}-\d{2}.*", value)
    return REASONS[next(group for group in found.groups() if group)] if found else None
