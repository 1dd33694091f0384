"""Files as received, to frames of text codes and what was learnt about them; nothing is guessed in silence."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import refuse
from analysis.intake.checks import IntakeError, Problem, of_file
from analysis.intake.learnt import Learnt, remarked, renamed

TEXT = {".csv", ".txt", ".tsv"}
WORKBOOKS = {".xlsx", ".xlsm"}
STATISTICAL = {".sav", ".zsav", ".por", ".dta"}
COLUMNS_LIMIT = 5_000  # above it a table is almost surely turned on its side
_EXCEL_ERRORS = {
    "#N/A",
    "#DIV/0!",
    "#REF!",
    "#VALUE!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#N/B",
    "#DEEL/0!",
    "#VERW!",
    "#WAARDE!",
    "#NAAM?",
}


def read(
    path: Path,
    conventions: str | None = None,
    *,
    encoding: str | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    columns: Sequence[str] = (),
) -> tuple[pd.DataFrame, Learnt]:
    """A received file as a frame of codes and what was learnt about it.

    Every value is text as `analysis.intake.convert.code` writes it and an empty cell is missing; the index is the row
    number as a spreadsheet shows it (the case number for SPSS, Stata and parquet). `conventions` is castor, limesurvey
    or qualtrics; encoding, separator and sheet are found and stated unless given; `columns` are the names that the
    codebook expects: they find an Excel header row, and names that differ in case only. Raises `IntakeError` with every
    problem of the file.
    """
    path = Path(path)
    frame, learnt = _read(path, encoding, separator, sheet, columns)
    _stop(_name_problems(path, frame, columns))
    if conventions:
        from analysis.intake.conventions import apply

        frame, learnt = apply(conventions, path, frame, learnt)
    frame, learnt = _matched(path, frame, learnt, columns)
    found = _cell_problems(path, frame)
    _stop(found)
    return frame, remarked(learnt, found)


def _read(path: Path, encoding: str | None, separator: str | None, sheet: str | None, columns: Sequence[str]):
    suffix = path.suffix.lower()
    if suffix in TEXT:
        from analysis.intake.delimited import read_delimited

        return read_delimited(path, encoding=encoding, separator=separator)
    if suffix in WORKBOOKS:
        from analysis.intake.workbook import read_workbook

        return read_workbook(path, sheet=sheet, columns=columns)
    if suffix in STATISTICAL:
        from analysis.intake.statistical import read_statistical

        return read_statistical(path, encoding=encoding)
    if suffix == ".parquet":
        from analysis.intake.statistical import read_parquet

        return read_parquet(path)
    if suffix == ".qdpx":
        from analysis.intake.qualitative import read_fragments

        return read_fragments(path)
    known = ", ".join(sorted(TEXT | WORKBOOKS | STATISTICAL | {".parquet", ".qdpx"}))
    refuse(path, "known format", f"files of kind {suffix or '(none)'} are not read", f"Save it as one of {known}.")


def _stop(problems: Sequence[Problem]) -> None:
    stopping = [found for found in problems if found.level == "error"]
    if stopping:
        raise IntakeError(stopping)


def _name_problems(path: Path, frame: pd.DataFrame, columns: Sequence[str]) -> list[Problem]:
    """Names that cannot tell columns apart, and a first row that is no header."""
    names = [str(name) for name in frame.columns]
    problems = [
        of_file(path.name, "column once", f"column {name!r} stands twice in the header", "Rename one.")
        for name in sorted({n for n in names if names.count(n) > 1} - {""})
    ]
    empty = [place for place, name in enumerate(names, 1) if not name.strip()]
    if empty:
        problems.append(
            of_file(
                path.name,
                "column names",
                f"column(s) {', '.join(map(str, empty[:5]))} have no name",
                "Name or remove them.",
            )
        )
    numbers = [name for name in names if re.fullmatch(r"-?[\d.,/:\- ]+", name)]
    if len(numbers) > len(names) / 2 and not set(names) & set(columns):
        problems.append(
            of_file(path.name, "header", "the first row holds values, not column names", "Add a row of column names.")
        )
    if not len(frame):
        problems.append(of_file(path.name, "rows", "holds a header and no rows", "Export it again."))
    return problems


def _matched(path: Path, frame: pd.DataFrame, learnt: Learnt, columns: Sequence[str]) -> tuple[pd.DataFrame, Learnt]:
    """Expected names that the file writes in another case (as monitors do from year to year) are taken, and stated."""
    by_case: dict[str, list[str]] = {}
    for name in frame.columns:
        by_case.setdefault(name.casefold(), []).append(name)
    absent = [name for name in columns if name not in frame.columns]
    names = {by_case[name.casefold()][0]: name for name in absent if len(by_case.get(name.casefold(), [])) == 1}
    if not names:
        return frame, learnt
    remark = of_file(
        path.name,
        "case of names",
        f"column(s) {', '.join(sorted(names))} differ in case from the codebook",
        "None needed.",
        level="warning",
    )
    return frame.rename(columns=names), remarked(renamed(learnt, names), [remark])


def _cell_problems(path: Path, frame: pd.DataFrame) -> list[Problem]:
    """Cells that no type would refuse but that cannot be meant: Excel errors, formulas as text, broken letters."""
    problems = []
    for name in frame.columns:
        held = {value for value in frame[name].tolist() if isinstance(value, str)}
        for rule, fits, found, remedy, level in _CELL_RULES:
            meant = [value for value in held if fits(value)]
            if meant:
                rows = list(frame.index[frame[name].isin(meant)])
                problems.append(of_file(path.name, rule, found, remedy, column=name, rows=rows, level=level))
    if len(frame.columns) > COLUMNS_LIMIT:
        text, remedy = f"has {len(frame.columns):,} columns", "Check that rows and columns are not swapped."
        problems.append(of_file(path.name, "number of columns", text, remedy, level="warning"))
    return problems


def _formula(value: str) -> bool:
    return value[0] in "=@" or (value[0] in "+-" and bool(re.match(r"[+-][A-Za-z(]", value)))


def _broken(value: str) -> bool:
    return not value.isascii() and ("\ufffd" in value or bool(re.search("Ã[\u0080-\u00bf]|â‚¬", value)))


_CELL_RULES = (
    ("Excel errors", _EXCEL_ERRORS.__contains__, "cells hold an Excel error",
     "Correct the formula in Excel, or empty the cell.", "error"),
    ("formula as text", _formula, "cells hold text that a spreadsheet would run as a formula",
     "Check who wrote it; it is kept as text.", "warning"),
    ("broken letters", _broken, "letters were lost or decoded twice before this file was made",
     "Export it again as UTF-8.", "warning"),
)  # fmt: skip
