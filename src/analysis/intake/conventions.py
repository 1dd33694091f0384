"""What export programs mean by their headings, codes and extra rows; each program has a module of its own."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import refuse
from analysis.intake.checks import of_file
from analysis.intake.learnt import Learnt, remarked


def apply(name: str, path: Path, frame: pd.DataFrame, learnt: Learnt) -> tuple[pd.DataFrame, Learnt]:
    """The frame and what was learnt by the conventions of `name`; what was left out is stated as remarks."""
    from analysis.intake.castor import castor
    from analysis.intake.limesurvey import limesurvey
    from analysis.intake.qualtrics import qualtrics

    known = {"castor": castor, "limesurvey": limesurvey, "qualtrics": qualtrics}
    if name not in known:
        refuse(path, "conventions", f"conventions {name!r} are not known", f"Known: {', '.join(known)}.")
    return known[name](path, frame, learnt)


def without_identifiers(
    names: Collection[str], path: Path, frame: pd.DataFrame, learnt: Learnt
) -> tuple[pd.DataFrame, Learnt]:
    """The frame without the columns by which a survey program identifies a person, stated by name."""
    found = [column for column in frame.columns if column in names]
    if not found:
        return frame, learnt
    text = f"column(s) {', '.join(found)} identify persons and were not read"
    remark = of_file(path.name, "identifiers left out", text, "None needed.", level="warning")
    return frame.drop(columns=found), remarked(learnt, [remark])


def without_rows(
    path: Path, frame: pd.DataFrame, learnt: Learnt, out: pd.Series, rule: str, what: str
) -> tuple[pd.DataFrame, Learnt]:
    """The frame without the rows that `out` marks, stated with their number and place."""
    if not out.any():
        return frame, learnt
    text = f"{int(out.sum())} {what} left out"
    remark = of_file(path.name, rule, text, "None needed.", rows=list(frame.index[out]), level="warning")
    if out.all():
        refuse(path, "rows", f"no row is left: {text}", "Export the finished answers too.")
    return frame[~out], remarked(learnt, [remark])
