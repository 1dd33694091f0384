"""Qualtrics exports: two or three header rows, previews, unfinished answers, time zones, columns that identify a
person.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import refuse
from analysis.intake.checks import of_file
from analysis.intake.conventions import without_identifiers, without_rows
from analysis.intake.learnt import Learnt, remarked

IDENTIFIERS = frozenset({
    "IPAddress", "LocationLatitude", "LocationLongitude", "RecipientEmail", "RecipientFirstName", "RecipientLastName",
    "ExternalReference", "EmailAddress", "Name",
})  # fmt: skip
_TIMES = ("StartDate", "EndDate", "RecordedDate")


def qualtrics(path: Path, frame: pd.DataFrame, learnt: Learnt) -> tuple[pd.DataFrame, Learnt]:
    """Header rows are known by their content; previews and tests are left out, unfinished answers counted, times set
    to Amsterdam.
    """
    frame, learnt, zone = _header(path, frame, learnt)
    status = frame["Status"] if "Status" in frame.columns else pd.Series("", index=frame.index)
    preview = status.str.casefold().isin(["1", "2", "survey preview", "survey test", "17", "spam, survey preview"])
    frame, learnt = without_rows(path, frame, learnt, preview, "previews", "preview(s) and test(s)")
    finished = frame["Finished"] if "Finished" in frame.columns else pd.Series("1", index=frame.index)
    partial = finished.str.casefold().isin(["0", "false"])
    if partial.any():
        remark = of_file(
            path.name,
            "unfinished answers",
            f"{int(partial.sum())} answer(s) are unfinished and kept",
            "Leave them out with `rows` in study.yaml if need be.",
            rows=list(frame.index[partial]),
            level="warning",
        )
        learnt = remarked(learnt, [remark])
    if zone:
        frame = frame.assign(**{c: _amsterdam(frame[c], zone) for c in _TIMES if c in frame.columns})
    return without_identifiers(IDENTIFIERS, path, frame, learnt)


def _header(path: Path, frame: pd.DataFrame, learnt: Learnt) -> tuple[pd.DataFrame, Learnt, str | None]:
    first = frame.iloc[0]
    if "ResponseID" in first.tolist() and frame.columns[0] == "V1":  # a legacy export: two header rows
        names = {c: str(v) for c, v in first.items() if re.fullmatch(r"V\d+", c) and pd.notna(v)}
        labels = {c: str(v) for c, v in first.items() if c not in names and pd.notna(v)}
        return frame.iloc[1:].rename(columns=names), replace(learnt, labels={**learnt.labels, **labels}), None
    imports = [
        place
        for place in range(min(3, len(frame)))
        if frame.iloc[place].astype("str").str.contains('"ImportId"', regex=False).any()
    ]
    if not imports:
        if path.suffix.lower() in (".csv", ".tsv", ".txt", ".xlsx"):
            refuse(
                path,
                "Qualtrics export",
                "has no row with ImportId and no legacy header",
                "Export with all header rows, or remove `conventions`.",
            )
        return frame, learnt, None
    texts = {c: str(v) for c, v in first.items() if imports[0] > 0 and pd.notna(v)}
    body = frame.iloc[imports[0] + 1 :]
    if body.empty:
        refuse(path, "rows", "holds a header and no rows", "Export it again.")
    return body, replace(learnt, labels={**learnt.labels, **texts}), _zone(frame.iloc[imports[0]])


def _zone(row: pd.Series) -> str | None:
    """The account's time zone, which the ImportId of a time names."""
    for cell in row.dropna():
        try:
            found = json.loads(cell)
        except ValueError:
            continue
        if isinstance(found, dict) and isinstance(found.get("timeZone"), str):
            return found["timeZone"]
    return None


def _amsterdam(values: pd.Series, zone: str) -> pd.Series:
    """Times of an account's zone as times in the Netherlands; what is no time stays as it is."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        times = pd.to_datetime(values, errors="coerce", format="%Y-%m-%d %H:%M:%S").dt.tz_localize(
            ZoneInfo(zone), ambiguous="NaT", nonexistent="NaT"
        )
    except (ZoneInfoNotFoundError, ValueError):
        return values
    written = times.dt.tz_convert(ZoneInfo("Europe/Amsterdam")).dt.strftime("%Y-%m-%d %H:%M:%S")
    return written.astype("str").where(times.notna(), values)
