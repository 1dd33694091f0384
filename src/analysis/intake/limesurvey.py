"""LimeSurvey exports: three heading styles, unfinished answers, columns that identify a person."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import refuse
from analysis.intake.conventions import without_identifiers, without_rows
from analysis.intake.learnt import Learnt, renamed

IDENTIFIERS = frozenset({"ipaddr", "token", "refurl", "email", "firstname", "lastname"})


def limesurvey(path: Path, frame: pd.DataFrame, learnt: Learnt) -> tuple[pd.DataFrame, Learnt]:
    """All three heading styles become question codes with `_` before a subquestion; unfinished answers are left out
    and counted.
    """
    texts = {
        column: found
        for column in frame.columns
        if (found := re.fullmatch(r"(?s)(\w+(?:\[[^\]]+\])*)\. ?(.*)", column))
    }
    names = {column: (texts[column][1] if column in texts else column) for column in frame.columns}
    names = {column: re.sub(r"\]", "", re.sub(r"\[", "_", name)) for column, name in names.items()}
    if len(set(names.values())) < len(names):
        refuse(
            path,
            "column once",
            "two headings stand for the same question code",
            "Export with question codes as headings.",
        )
    learnt = renamed(learnt, names)
    learnt = replace(
        learnt,
        labels={
            **learnt.labels,
            **{names[column]: found[2].strip() for column, found in texts.items() if found[2].strip()},
        },
    )
    frame = frame.rename(columns=names)
    if "submitdate" not in frame.columns:
        refuse(
            path,
            "LimeSurvey export",
            "has no column submitdate",
            "Export all columns, or remove `conventions` in study.yaml.",
        )
    frame, learnt = without_rows(
        path,
        frame,
        learnt,
        frame["submitdate"].isna(),
        "unfinished answers",
        "unfinished answer(s), without submit date,",
    )
    return without_identifiers(IDENTIFIERS, path, frame, learnt)
