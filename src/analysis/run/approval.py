"""The second checker: decisions that people write, the output-check record that shows them, and what may be packed.

Decisions stand in `studies/<study>/approvals.csv`, a record that is only added to. A decision is about the bytes of a
table: it lives on in later runs as long as these stay the same, and ends when they change.
"""

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.run.layout import write_whole

DECISIONS = {"approve": "approved", "reject": "rejected"}
DECIDED = ["checker", "decision", "reason_of_checker", "date"]
COLUMNS = ["table", "sha256", "as_of", *DECIDED]
CHECKED = [
    "table", "unit", "profile", "n_min", "cells_total", "cells_hidden_primary", "cells_hidden_secondary", "rounding",
    "linked_to", "how", "attack", "status", "reason", "collapsed", "code_hash", "data_hash",
    "as_of", "sha256",
]  # fmt: skip
LOG = "release_log.csv"
TURNING = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CHECK = "check"  # what the release step adds to the description of a table: its row of the log


def decisions(study: str) -> pd.DataFrame:
    """All decisions ever taken on released tables of a study, oldest first; columns `COLUMNS`."""
    path = store.study_folder(study) / "approvals.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.exists() else pd.DataFrame(columns=COLUMNS)


def log(study: str) -> pd.DataFrame:
    """The output-check record: a row a released table, with the latest decision on its present bytes, if any.

    Counts of cells only. Raises `StudyError` when nothing is released.
    """
    folder = store.reports(study)
    paths = sorted(folder.glob("*/tables/*.csv"), key=lambda path: (path.parts[-3], path.stem))
    if not paths:
        raise StudyError([f"{study}: nothing is released. Run `python -m analysis run {study}`."])
    found = pd.DataFrame([_row(path) for path in paths]).reindex(columns=CHECKED)
    taken = decisions(study).drop_duplicates(["table", "sha256"], keep="last").drop(columns="as_of")
    return found.merge(taken, on=["table", "sha256"], how="left").fillna("")[[*CHECKED, *DECIDED]]


def write_log(study: str) -> pd.DataFrame:
    """Write the output-check record anew; returns it.

    It is no result of the release step for its receipt: a decision must not make the step run again.
    """
    found = log(study)
    write_whole(store.reports(study) / LOG, store.to_csv(found))
    return found


def _row(path: Path) -> dict:
    about = json.loads(path.with_suffix(".json").read_text("utf-8"))
    own = {"table": f"{path.parts[-3]}/{path.stem}", "unit": about.get("unit", ""), "profile": about.get("profile", "")}
    last = {"as_of": about.get("as_of", ""), "sha256": _sha256(path.read_bytes())}
    return own | about.get(CHECK, {"status": "unchecked"}) | last


def decided(study: str, checker: str, decision: str, reason: str, files: Sequence[str], today: dt.date) -> bytes:
    """`approvals.csv` with a decision added for each of `files` (names as in the log; all tables when empty).

    Raises `StudyError` that lists every problem: an empty name or reason, an unknown decision or table, a table that
    failed the check and is to be approved.
    """
    tables = log(study)
    wanted = {Path(name).with_suffix("").as_posix().replace("/tables/", "/") for name in files} or set(tables["table"])
    chosen = tables[tables["table"].isin(wanted)]
    problems = [f"{name}: no such released table of {study}." for name in sorted(wanted - set(chosen["table"]))]
    problems += [
        f"--{what}: is empty." for what, text in (("checker", checker), ("reason", reason)) if not text.strip()
    ]
    if decision not in DECISIONS:
        problems.append(f"--decision: {decision!r} is not one of {', '.join(DECISIONS)}.")
    elif decision == "approve":
        problems += [
            f"{row.table}: {_unfit(row)}; it cannot be approved." for row in chosen.itertuples() if _unfit(row)
        ]
    if problems:
        raise StudyError(problems)
    new = chosen[["table", "sha256", "as_of"]].assign(
        decision=DECISIONS[decision],
        checker=_plain(checker),
        reason_of_checker=_plain(reason),
        date=str(today),
    )
    return store.to_csv(pd.concat([decisions(study), new], ignore_index=True)[COLUMNS])


def _plain(text: str) -> str:
    """What a person typed on one line, without characters that turn text around or make a spreadsheet compute."""
    line = " ".join("".join(" " if ord(c) < 32 or c in TURNING else c for c in text).split())
    return f"'{line}" if line[:1] in tuple("=+-@") else line


def _unfit(row) -> str:
    """Why a table can never leave, or nothing."""
    if row.status not in ("pass", "review"):
        return "failed the check" if row.status == "fail" else "has no record of a check"
    return ""


def refused(tables: pd.DataFrame) -> dict[str, str]:
    """Tables of the log that may not be packed, with the reason."""
    waiting = {row.table: "rejected" if row.decision == "rejected" else "no decision" for row in tables.itertuples()}
    return {
        row.table: _unfit(row) or waiting[row.table]
        for row in tables.itertuples()
        if _unfit(row) or row.decision != "approved"
    }


def packable(study: str, tables: pd.DataFrame) -> dict[str, bytes]:
    """Files of a release by name: approved tables, and the rest of a unit (pages, ...) when all its tables are.

    What is about the study as a whole goes along when everything is approved. The log always does.
    """
    folder, refusals = store.reports(study), refused(tables)
    shut = {name.split("/")[0] for name in refusals}
    approved = [name for name in tables["table"] if name not in refusals]
    names = {
        f"{unit}/tables/{stem}{end}" for unit, stem in (n.split("/") for n in approved) for end in (".csv", ".json")
    }
    for path in (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        parts = path.relative_to(folder).parts
        whole = parts[0] not in shut if len(parts) > 1 else not shut
        if whole and parts[0] != "releases" and "tables" not in parts[:-1] and len(parts) <= 3:
            names.add("/".join(parts))
    content = {name: (folder / name).read_bytes() for name in sorted(names - {LOG})}
    record = pd.concat([tables.astype(object), _covered(content, tables)], ignore_index=True).fillna("")
    return content | {LOG: store.to_csv(record)}


def _covered(content: Mapping[str, bytes], tables: pd.DataFrame) -> pd.DataFrame:
    """A row for everything else that leaves (pages, figures, ...): its hash, and whose tables it is made from."""
    units = set(tables["unit"])
    rows = [
        {"table": name, "unit": name.split("/")[0] if name.split("/")[0] in units else "", "sha256": _sha256(found)}
        for name, found in content.items()
        if "/tables/" not in name
    ]
    shown = [{**row, "reason": f"shows released tables of {row['unit'] or 'all units'} only"} for row in rows]
    return pd.DataFrame(shown, columns=["table", "unit", "reason", "sha256"])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip file whose bytes depend on `files` only: sorted, one date, one system, stored."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            out.writestr(entry, files[name], compress_type=zipfile.ZIP_STORED)
    return packed.getvalue()
