"""The second checker: decisions that people write, the output-check record that shows them, and what may be packed.

Decisions stand in `studies/<study>/approvals.csv`, a record that is only added to; a decision is about the bytes of a
table, so that it lives on in later runs as long as these do not change, and ends when they do.
"""

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError

DECISIONS = ("approve", "reject")
COLUMNS = ["table", "sha256", "as_of", "decision", "checker", "reason_of_checker", "date"]
LOG, RECORD = "release_log.csv", "release_record.csv"


def digest(content: bytes) -> str:
    """SHA-256 of a released file."""
    return hashlib.sha256(content).hexdigest()


def decisions(study: str) -> pd.DataFrame:
    """All decisions ever taken on released tables of a study, oldest first; columns `COLUMNS`."""
    path = store.study_folder(study) / "approvals.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.exists() else pd.DataFrame(columns=COLUMNS)


def write_record(study: str, record: pd.DataFrame) -> None:
    """Keep the record of a release (one row a table, with the hash of its bytes) and write the log that shows decisions."""
    folder = store.processed(study)
    folder.mkdir(parents=True, exist_ok=True)
    store.keep(folder / RECORD, store.to_csv(record))
    write_log(study)


def record(study: str) -> pd.DataFrame:
    """The record of the last release. Raises `StudyError` when nothing was released."""
    path = store.processed(study) / RECORD
    if not path.exists():
        raise StudyError([f"{study}: nothing is released. Run `python -m analysis run {study}`."])
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def log(study: str) -> pd.DataFrame:
    """The record with the latest decision on the present bytes of each table; empty where nobody decided."""
    taken = decisions(study).drop_duplicates(["table", "sha256"], keep="last")
    shown = taken[["table", "sha256", "checker", "decision", "reason_of_checker", "date"]]
    return record(study).merge(shown, on=["table", "sha256"], how="left").fillna("")
