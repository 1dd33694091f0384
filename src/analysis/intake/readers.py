"""Files as received, to frames of raw values and what was learnt about them; nothing is guessed in silence."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis.codebook import StudyError

SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Learnt:
    """What a file told about itself: encoding, separator, labels, value labels, missing codes and reasons, remarks."""

    encoding: str | None = None
    separator: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping] = field(default_factory=dict)
    missing: Mapping[str, Mapping] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read(path: Path, conventions: str | None = None, *, encoding: str | None = None, separator: str | None = None):
    """The frame of a CSV file (all values text, index = row number in the file) and what was learnt (`Learnt`).

    Encoding and separator are found and stated unless given. Raises `StudyError` naming the file and the remedy.
    """
    content = _content(path)
    encoding = encoding or _encoding(content)
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        raise StudyError([f"{path.name}: not readable as {encoding}. Declare the `encoding` of the table in study.yaml."]) from None
    separator = separator or _separator(text)
    return _frame(path, text.lstrip("\ufeff"), separator), Learnt(encoding=encoding, separator=separator)


def _content(path: Path) -> bytes:
    if not path.exists():
        near = ", ".join(sorted(found.name for found in path.parent.glob("*") if found.is_file())[:8]) or "nothing"
        raise StudyError([f"{path.name}: not found in {path.parent.name}/ (which holds {near}). Put the file there or correct study.yaml."])
    content = path.read_bytes()
    if not content.strip():
        raise StudyError([f"{path.name}: the file is empty. Export it again."])
    return content


def _encoding(content: bytes) -> str:
    try:
        content.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "windows-1252"


def _separator(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(SEPARATORS, key=header.count) if any(mark in header for mark in SEPARATORS) else ","


def _frame(path: Path, text: str, separator: str) -> pd.DataFrame:
    lines = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    header, body = [name.strip() for name in lines[0]], lines[1:]
    problems = [f"{path.name}: column {name!r} stands twice in the header. Rename one." for name in _twice(header)]
    ragged = [place + 2 for place, row in enumerate(body) if len(row) != len(header)]
    if ragged:
        problems.append(
            f"{path.name}: {len(ragged)} row(s) have another number of fields than the header's {len(header)} "
            f"(first: row {ragged[0]}). Check separators and quotes; found separator {separator!r}."
        )
    if not body:
        problems.append(f"{path.name}: holds a header and no rows. Export it again.")
    if problems:
        raise StudyError(problems)
    frame = pd.DataFrame(body, columns=header, index=range(2, len(body) + 2), dtype="str")
    return frame.mask(frame == "")


def _twice(header: list[str]) -> list[str]:
    return sorted({name for name in header if header.count(name) > 1})
