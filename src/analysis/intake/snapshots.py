"""Dated snapshots of public figures: one CSV a date in the codebook's raw names and codes, and its hash in an index."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.codebook import StudyError, Variable
from analysis.intake.statline import CATALOGS, COLUMNS, PATIENCE, Catalog, fetch
from analysis.intake.visits import Patience
from analysis.study import Study

INDEX = "snapshots.csv"
_INDEX_COLUMNS = ["file", "retrieved", "tables", "rows", "sha256"]


@dataclass(frozen=True)
class Snapshot:
    """Public figures as they were on a day: the file, when they were fetched, from which tables, how many rows."""

    path: Path
    retrieved: dt.date
    tables: tuple[str, ...]
    rows: int


def take(
    study: Study,
    folder: Path,
    today: dt.date,
    *,
    catalogs: Mapping[str, Catalog] = CATALOGS,
    patience: Patience = PATIENCE,
) -> Snapshot:
    """Fetch every table of the plan's `context` and write it as `<today>.csv` into `folder`, whole or not at all.

    An earlier snapshot is never overwritten: a second one of a day gets a number; equal figures give no new file.
    Raises as `statline.fetch`; nothing is written then.
    """
    if not study.context:
        raise StudyError([f"{study.id}/study.yaml: names no `context` tables, so there is nothing to fetch."])
    parts = [fetch(asked, study.unit.codes, catalogs[asked.catalog], patience) for asked in study.context]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(source=[f"{text}; {today.isoformat()}" for text in rows["source"]])
    content = _as_received(study, rows).to_csv(index=False, lineterminator="\n", float_format="%.10g").encode()
    return _write(content, folder, today, sorted(set(rows["table_id"])), len(rows))


def last(folder: Path) -> Snapshot | None:
    """The latest snapshot in `folder`; None without one. Raises `StudyError` when its bytes do not fit its hash."""
    index = _index(folder)
    if index.empty:
        return None
    row = index.sort_values("retrieved", kind="stable").iloc[-1]
    path = folder / row["file"]
    if not path.exists() or _hash(path.read_bytes()) != row["sha256"]:
        raise StudyError(
            [f"{path.name}: is not the file that {INDEX} describes (sha256 differs). Fetch the figures again."]
        )
    return Snapshot(path, dt.date.fromisoformat(row["retrieved"]), tuple(row["tables"].split("; ")), int(row["rows"]))


def _write(content: bytes, folder: Path, today: dt.date, tables: list[str], rows: int) -> Snapshot:
    folder.mkdir(parents=True, exist_ok=True)
    index, path, number = _index(folder), folder / f"{today.isoformat()}.csv", 1
    while path.exists() and path.read_bytes() != content:
        number += 1
        path = folder / f"{today.isoformat()}_{number}.csv"
    if not path.exists():
        path.write_bytes(content)
        line = [path.name, today.isoformat(), "; ".join(tables), str(rows), _hash(content)]
        index = pd.concat([index, pd.DataFrame([line], columns=_INDEX_COLUMNS)], ignore_index=True)
        index.to_csv(folder / INDEX, index=False, lineterminator="\n")
    return Snapshot(path, today, tuple(tables), rows)


def _index(folder: Path) -> pd.DataFrame:
    path = folder / INDEX
    return pd.read_csv(path, dtype="str") if path.exists() else pd.DataFrame(columns=_INDEX_COLUMNS, dtype="str")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _as_received(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in the raw column names and codes that the codebook expects, so that `prepare` reads them."""
    columns, problems = {}, []
    for name in COLUMNS:
        variable = study.variable("context", name)
        columns[variable.source.columns[0]], unknown = _coded(rows[name], variable)
        problems += [f"context.{name}: {level!r} is not a level of {variable.set} in levels.csv." for level in unknown]
    if problems:
        raise StudyError([f"{study.id}: {problem}" for problem in problems])
    return pd.DataFrame(columns)


def _coded(values: pd.Series, variable: Variable) -> tuple[pd.Series, list[str]]:
    if not variable.levels:
        return values, []
    codes = {level.level: level.code for level in variable.levels}
    return values.map(codes), sorted(set(values) - set(codes))
