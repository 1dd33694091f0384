"""Excel workbooks: the sheet and the header row are found and stated; what Excel shows but does not store is named."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import contents, member, refuse, safe_zip
from analysis.intake.checks import IntakeError, Problem, of_file, remark
from analysis.intake.codes import cell_code
from analysis.intake.learnt import Learnt
from analysis.intake.sheet_layout import layout, without_notes

HEADER_WITHIN = 25  # rows that are searched for the header
SHEET_LIMIT = 300_000_000  # bytes of XML in one sheet


def read_workbook(path: Path, *, sheet: str | None = None, columns: Sequence[str] = ()) -> tuple[pd.DataFrame, Learnt]:
    """One sheet as a frame (index = row number in Excel); `columns` are names that the header row is searched for."""
    contents(path)
    book = _opened(path)
    chosen, rows, remarks = _sheet(path, book, sheet, columns)
    place = _header_place(rows, columns)
    if place is None:
        refuse(
            path,
            "header row",
            f"sheet {chosen.title!r} has no row of column names",
            "Put the names in one row above the values.",
        )
    frame, skipped = _body(path.name, rows, place)
    problems = [*remarks, *skipped, *layout(path.name, chosen, place + 1)]
    if frame.empty and not skipped:
        problems.append(of_file(path.name, "rows", "holds a header and no rows", "Export it again."))
    if stopping := [found for found in problems if found.level == "error"]:
        raise IntakeError(stopping)
    return frame, Learnt(sheet=chosen.title, remarks=tuple(problems))


def _opened(path: Path):
    """The workbook with values; a formula that was never computed has none, which is an error of its own."""
    import warnings

    import openpyxl

    with safe_zip(path) as archive:
        names = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        sheets = [member(path, archive, name, SHEET_LIMIT) for name in names]
    if not names:
        refuse(path, "workbook", "is a zip without worksheets", "Save it in Excel as .xlsx.")
    uncomputed = sum(
        len(re.findall(rb"</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>|<f[^>]*/>\s*(?:<v\s*/>|<v></v>)?\s*</c>", xml))
        for xml in sheets
    )
    if uncomputed:
        refuse(
            path,
            "computed formulas",
            f"{uncomputed} cell(s) hold a formula without its value",
            "Open the file in Excel and save it.",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, data_only=True)
    except Exception:  # openpyxl raises whatever its XML layer meets; the file is wrong in all cases
        refuse(path, "workbook", "cannot be read as an Excel workbook", "Open it in Excel and save it as .xlsx.")


def _sheet(path: Path, book, sheet: str | None, columns: Sequence[str]) -> tuple:
    """The declared sheet, else the one that holds the declared columns, else the only visible one with cells."""
    if sheet is not None and sheet not in book.sheetnames:
        refuse(
            path,
            "sheet",
            f"has no sheet of the declared name; sheets: {', '.join(book.sheetnames)}",
            "Correct `sheet` in study.yaml.",
        )
    every = {found.title: _rows(found) for found in book.worksheets if sheet in (None, found.title)}
    filled = [found for found in book.worksheets if any(every.get(found.title, ()))]
    if not filled:
        refuse(path, "not empty", "the sheets are empty", "Export it again.")
    visible = [found for found in filled if found.sheet_state == "visible"] or filled
    fitting = [
        found
        for found in visible
        if _fit(every[found.title], columns) == max(_fit(every[other.title], columns) for other in visible)
    ]
    if len(fitting) > 1:
        refuse(
            path,
            "sheet",
            f"{len(fitting)} sheets could be the table: {', '.join(found.title for found in fitting)}",
            "Name one under `sheet` in study.yaml.",
        )
    remarks = []
    hidden = [found.title for found in filled if found.sheet_state != "visible"]
    if hidden:
        remarks.append(
            of_file(
                path.name,
                "hidden sheets",
                f"{len(hidden)} sheet(s) are hidden: {', '.join(hidden)}",
                "Check that nothing is missed.",
                level="warning",
            )
        )
    return fitting[0], every[fitting[0].title], remarks


def _rows(sheet) -> list[list]:
    return [[_value(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def _value(value):
    """Cells as the other readers give them: whole numbers, 0 and 1 for false and true, blanks as empty."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return value.strip() or None
    return value


def _fit(rows: list[list], columns: Sequence[str]) -> int:
    """How many of the declared columns the best of the first rows holds."""
    wanted = {name.casefold() for name in columns}
    return max(
        (len({str(v).casefold() for v in row if v is not None} & wanted) for row in rows[:HEADER_WITHIN]), default=0
    )


def _header_place(rows: list[list], columns: Sequence[str]) -> int | None:
    """Place of the header: the row with most declared names; without any, the first that is as full of text as the
    table is wide.
    """
    near = rows[:HEADER_WITHIN]
    fits = [_fit([row], columns) for row in near]
    if fits and max(fits) > 0:
        return fits.index(max(fits))
    filled = [sum(value is not None for value in row) for row in near]
    widest = max(filled, default=0)
    places = [
        p
        for p, row in enumerate(near)
        if filled[p] >= 0.8 * widest and all(isinstance(v, str) for v in row if v is not None)
    ]
    return places[0] if places and widest else None


def _body(file: str, rows: list[list], place: int) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows below the header as text, and what stands around them: notes, titles, cells beyond the last column."""
    header, numbered = rows[place], list(enumerate(rows, 1))
    width = max(p for p, value in enumerate(header) if value is not None) + 1
    beyond = [number for number, row in numbered[place + 1 :] if any(v is not None for v in row[width:])]
    kept = [(n, row[:width]) for n, row in numbered[place + 1 :] if any(v is not None for v in row[:width])]
    kept, notes = without_notes(kept, width)
    above = [number for number, row in numbered[:place] if any(v is not None for v in row)]
    found = []
    if beyond:
        text = "cells stand to the right of the last column name"
        found.append(of_file(file, "cells beyond the header", text, "Name the column or empty the cells.", rows=beyond))
    if notes:
        found.append(remark(file, "notes below the table", f"{len(notes)} row(s) below the table left out", rows=notes))
    if above:
        found.append(
            remark(file, "rows above the header", f"{len(above)} row(s) above the header left out", rows=above)
        )
    names = ["" if value is None else str(value).strip() for value in header[:width]]
    cells = [[cell_code(value) for value in row] for _, row in kept]
    return pd.DataFrame(cells, columns=names, index=[number for number, _ in kept], dtype="str"), found
