"""Delimited text: encoding, separator and decimal mark are found and stated unless given."""

import csv
import io
import re
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import contents, refuse
from analysis.intake.checks import IntakeError, Problem, of_file
from analysis.intake.codes import cell_code
from analysis.intake.learnt import Learnt

SEPARATORS = (",", ";", "\t", "|")
FIELD_LIMIT = 1_000_000  # characters in one cell
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_delimited(
    path: Path, *, encoding: str | None = None, separator: str | None = None
) -> tuple[pd.DataFrame, Learnt]:
    """A text file with a header row as a frame of text, and what was found; index = row number as a spreadsheet shows
    it.
    """
    content = contents(path)
    encoding = encoding or _encoding(content)
    text = _decoded(path, content, encoding)
    text, told = _told_separator(text)
    separator = separator or told or _separator(text)
    lines = _lines(path, text, separator)
    frame, remarks = _frame(path, lines, separator)
    if encoding.lower().replace("-", "") not in ("utf8", "utf8sig"):
        remarks.append(
            of_file(
                path.name,
                "encoding",
                f"read as {encoding}",
                "Declare `encoding` if letters with accents look wrong.",
                level="warning",
            )
        )
    return frame, Learnt(encoding=encoding, separator=separator, decimal=_decimal(frame), remarks=tuple(remarks))


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except (UnicodeError, LookupError):
        known = "; it looks like UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        refuse(
            path, "encoding", f"not readable as {encoding}{known}", "Declare the `encoding` of the table in study.yaml."
        )
    text = text.lstrip("\ufeff")
    if "\x00" in text:
        refuse(
            path,
            "NUL characters",
            "holds NUL characters: not text, or UTF-16",
            "Declare the `encoding`, or export it again as UTF-8.",
        )
    return text


def _encoding(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        content.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "windows-1252"


def _told_separator(text: str) -> tuple[str, str | None]:
    """Excel may write `sep=;` as the first line; it stays as an empty row, so that row numbers hold."""
    first, _, rest = text.partition("\n")
    found = re.fullmatch(r'"?sep=(.)"?\r?', first)
    return ("\n" + rest, found[1]) if found else (text, None)


def _separator(text: str) -> str:
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return max(SEPARATORS, key=header.count) if any(mark in header for mark in SEPARATORS) else ","


def _lines(path: Path, text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Rows with their number; rows without anything in them are left out."""
    if len(separator) != 1 or separator in '\r\n"':
        refuse(path, "separator", "the declared separator is not one character", "Use , ; | or a tab in study.yaml.")
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [(number, row) for number, row in enumerate(reader, 1) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        line = reader.line_num
        if "field larger" in str(error):
            refuse(
                path,
                "cell size",
                f"a cell holds more than {FIELD_LIMIT:,} characters",
                "A quote is not closed, or this is not a table.",
                rows=(line,),
            )
        refuse(
            path,
            "quotes",
            "a quote is opened and not closed, or closed halfway a cell",
            "Correct the quotes, or export it again.",
            rows=(line,),
        )


def _frame(path: Path, lines: list[tuple[int, list[str]]], separator: str) -> tuple[pd.DataFrame, list[Problem]]:
    if not lines:
        refuse(path, "not empty", "the file is empty", "Export it again.")
    header, body = [name.strip() for name in lines[0][1]], lines[1:]
    body, problems = _without_trailing_field(path, header, body)
    problems += _shape_problems(path, header, body, separator)
    problems += _cell_problems(path, header, body)
    if stopping := [found for found in problems if found.level == "error"]:
        raise IntakeError(stopping)
    cells = [[cell_code(cell) for cell in row] for _, row in body]
    frame = pd.DataFrame(cells, columns=header, index=[number for number, _ in body], dtype="str")
    empty = body[-1][0] - lines[0][0] - len(body)
    if empty:
        problems.append(
            of_file(
                path.name,
                "empty rows",
                f"{empty} empty row(s) between the rows left out",
                "None needed.",
                level="warning",
            )
        )
    return frame, problems


def _without_trailing_field(path: Path, header: list[str], body: list) -> tuple[list, list[Problem]]:
    """Some exports end each row, but not the header, with a separator: one empty extra field is accepted and stated."""
    if not body or any(len(row) != len(header) + 1 or row[-1].strip() for _, row in body):
        return body, []
    remark = of_file(
        path.name,
        "trailing separator",
        "each row ends with a separator that the header lacks",
        "None needed.",
        level="warning",
    )
    return [(number, row[:-1]) for number, row in body], [remark]


def _shape_problems(path: Path, header: list[str], body: list, separator: str) -> list[Problem]:
    problems = []
    ragged = [number for number, row in body if len(row) != len(header)]
    if ragged:
        problems.append(
            of_file(
                path.name,
                "fields in a row",
                f"{len(ragged)} row(s) have another number of fields than the header's {len(header)} "
                f"(first: row {ragged[0]})",
                f"Check separators and quotes; found separator {separator!r}.",
            )
        )
    if not body:
        problems.append(of_file(path.name, "rows", "holds a header and no rows", "Export it again."))
    again = [number for number, row in body if [cell.strip() for cell in row] == header]
    if again:
        problems.append(
            of_file(
                path.name,
                "header once",
                "the header comes again among the rows",
                "Exports were pasted together: remove it.",
                rows=again,
            )
        )
    others = [mark for mark in SEPARATORS if mark != separator and len(header) == 1 and mark in header[0]]
    if others:
        problems.append(
            of_file(
                path.name,
                "separator",
                f"one column with separator {separator!r}; the header holds {others[0]!r}",
                "Declare the right `separator` in study.yaml.",
            )
        )
    return problems


def _cell_problems(path: Path, header: list[str], body: list) -> list[Problem]:
    control = [number for number, row in body if any(_CONTROL.search(cell) for cell in row)]
    if any(_CONTROL.search(name) for name in header):
        control = [1, *control]
    if not control:
        return []
    return [
        of_file(
            path.name,
            "control characters",
            f"{len(control)} row(s) hold control characters",
            "Remove them, or export it again.",
            rows=control,
        )
    ]


def _decimal(frame: pd.DataFrame) -> str | None:
    """The decimal mark: a comma or a point where a column of numbers holds one, None where no decimals are met."""
    for mark, pattern in ((",", re.compile(r"-?\d+(,\d+)?")), (".", re.compile(r"-?\d+(\.\d+)?"))):
        for place in range(frame.shape[1]):  # by place: names may stand twice
            held = {value for value in frame.iloc[:, place].tolist() if isinstance(value, str)}
            if any(mark in value for value in held) and all(map(pattern.fullmatch, held)):
                return mark
    return None
