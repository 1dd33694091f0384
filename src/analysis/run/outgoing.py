"""What people do with a release after a run: attack it, record the second checker's decision, pack what is approved."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.disclosure import audit as attack
from analysis.run import approval, released
from analysis.run.layout import write_whole
from analysis.run.lock import Busy, exclusive

SHOWN = ["table", "cells", "hidden", "attacked", "narrowest", "verdict", "reason"]


def audit(place: Path, previous: Path | None = None) -> pd.DataFrame:
    """Verdict on each released table below `place`: cells, hidden ones, numbers attacked, narrowest interval, reasons.

    `previous` is the release before. Differences between the two stand in a row `(difference)`. Raises `StudyError`
    when there is no released table, or when profiles are mixed.
    """
    tables = released.tables(released.contents(place))
    if not tables:
        raise StudyError([f"{place.name}: holds no released table (a .csv with its .json beside it)."])
    before = released.tables(released.contents(previous)) if previous else None
    found = attack(tables, released.rules(tables), before, exact=False)
    rows = [_verdict(name, table, found[_about(found, name)]) for name, (table, _) in tables.items()]
    between = found["reason"].eq("releases")
    nameless = ~between & ~found["table"].map(lambda names: bool(tables.keys() & set(str(names).split())))
    rows += [_verdict("(difference)", None, found[between])] if between.any() else []
    rows += [_verdict("(together)", None, found[nameless])] if nameless.any() else []
    return pd.DataFrame(rows, columns=SHOWN)


def _about(found: pd.DataFrame, name: str) -> pd.Series:
    return found["table"].map(lambda names: name in str(names).split())


def _verdict(name: str, table: pd.DataFrame | None, found: pd.DataFrame) -> dict:
    failed = found[found["verdict"].eq("fail")]
    width = (found["upper"] - found["lower"]).clip(lower=0).min() if len(found) else float("nan")
    cells, hidden = (len(table), int(table["status"].ne("shown").sum())) if table is not None else (0, 0)
    return {
        "table": name, "cells": cells, "hidden": hidden, "attacked": len(found), "narrowest": width,
        "verdict": "fail" if len(failed) else "pass", "reason": " ".join(sorted(set(failed["reason"].astype(str)))),
    }  # fmt: skip


def _unsafe(study: str, files: Mapping[str, bytes] | None = None) -> dict[str, str]:
    """Tables among `files` (by default everything released) that the attack opens, with the reason.

    Those that have failed already are known; what left before, at this date or an earlier one, is reckoned with.
    """
    log = approval.log(study)
    failed = set(log.loc[~log["status"].isin(["pass", "review"]), "table"])
    found = released.tables(files or released.contents(store.reports(study)))
    tables = {name: pair for name, pair in found.items() if name not in failed and not name.startswith("releases/")}
    if not tables:
        return {}
    before = released.earlier(study, max(log["as_of"]))
    verdicts = attack(tables, released.rules(tables), before, exact=False)
    opened = verdicts[verdicts["verdict"].eq("fail")]
    return {row.table or "two releases": f"the attack opens it ({row.reason})" for row in opened.itertuples()}


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the reports folder. Raises `StudyError` while a run is at work on it."""
    try:
        with exclusive(store.root() / "reports"):
            yield
    except Busy as busy:
        raise StudyError([str(busy)]) from None


def approve(study: str, checker: str, decision: str, reason: str, files: Sequence[str] = ()) -> pd.DataFrame:
    """Record a decision on released tables (all when `files` is empty) and show it in the log; returns the log.

    Before an approval the release is attacked once more, as it lies there.
    """
    with _alone():
        if decision == "approve" and (unsafe := _unsafe(study)):
            raise StudyError([f"{name}: {why}; nothing is approved." for name, why in unsafe.items()])
        record = approval.decided(study, checker, decision, reason, files, dt.date.today())
        write_whole(store.study_folder(study) / "approvals.csv", record)
        return approval.write_log(study)


def pack(study: str, echo: Callable[[str], None]) -> Path:
    """Write the approved objects of a study to `reports/<study>/releases/<as_of>/` and name those that stay.

    A release that left stays as it is: a different one of the same date gets the next number. Raises `StudyError`
    when nothing is approved, or when the tables are of several dates.
    """
    with _alone():
        tables = approval.log(study)
        refusals = approval.refused(tables)
        if len(refusals) == len(tables):
            raise StudyError(
                [f"{name}: {why}." for name, why in refusals.items()] + [f"{study}: nothing to pack is approved."]
            )
        dates = sorted(set(tables["as_of"]))
        if len(dates) > 1:
            raise StudyError(
                [f"{study}: tables are of several dates ({', '.join(dates)}). Run the whole study with one --as-of."]
            )
        for name, why in refusals.items():
            echo(f"not packed: {name} ({why})")
        files = approval.packable(study, tables)
        if unsafe := _unsafe(study, files):
            raise StudyError([f"{name}: {why}; nothing is packed." for name, why in unsafe.items()])
        content = approval.archive(files)
        return _kept(store.reports(study) / "releases" / (dates[0] or "undated"), study, content)


def _kept(folder: Path, study: str, content: bytes) -> Path:
    """The file in `folder` that holds `content`: the one that is there, or a new one with the next number."""
    there = sorted(folder.glob(f"{study}_*.zip"))
    same = next((path for path in there if path.read_bytes() == content), None)
    path = same or folder / f"{study}_{folder.name}_{len(there) + 1:02d}.zip"
    if same is None:
        write_whole(path, content)
    return path
