"""Excel workbooks: the sheet and the header row are found and stated; what Excel shows but does not store is named."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import contents, member, refuse, safe_zip
from analysis.intake.checks import IntakeError, Problem, of_file
from analysis.intake.convert import cell_code
from analysis.intake.learnt import Learnt

HEADER_WITHIN = 25  # rows that are searched for the header
SHEET_LIMIT = 300_000_000  # bytes of XML in one sheet


def read_workbook(path: Path, *, sheet: str | None = None, columns: Sequence[str] = ()) -> tuple[pd.DataFrame, Learnt]:
    """One sheet as a frame (index = row number in Excel); `columns` are the names that the header row is searched for."""
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
    frame, skipped = _body(rows, place)
    problems = [*remarks, *skipped, *_layout(path, chosen, place + 1, frame)]
    if frame.empty and not skipped:
        problems.append(of_file(path.name, "rows", "holds a header and no rows", "Export it again."))
    problems = [_named(path, found) for found in problems]
    if stopping := [found for found in problems if found.level == "error"]:
        raise IntakeError(stopping)
    return frame, Learnt(sheet=chosen.title, remarks=tuple(problems))


def _named(path: Path, found: Problem) -> Problem:
    from dataclasses import replace

    return replace(found, table=path.name)


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
    """Place of the header: the row with most declared names; without any, the first that is as full of text as the table is wide."""
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


def _body(rows: list[list], place: int) -> tuple[pd.DataFrame, list[Problem]]:
    header, remarks = rows[place], []
    width = max(p for p, value in enumerate(header) if value is not None) + 1
    beyond = [
        number for number, row in enumerate(rows[place + 1 :], place + 2) if any(v is not None for v in row[width:])
    ]
    if beyond:
        remarks.append(
            of_file(
                "",
                "cells beyond the header",
                "cells stand to the right of the last column name",
                "Name the column or empty the cells.",
                rows=beyond,
            )
        )
    kept = [
        (n, row[:width])
        for n, row in enumerate(rows[place + 1 :], place + 2)
        if any(v is not None for v in row[:width])
    ]
    kept, notes = _without_notes(kept, width)
    if notes:
        remarks.append(
            of_file(
                "",
                "notes below the table",
                f"{len(notes)} row(s) below the table left out",
                "None needed.",
                rows=notes,
                level="warning",
            )
        )
    above = [number for number, row in enumerate(rows[:place], 1) if any(v is not None for v in row)]
    if above:
        remarks.append(
            of_file(
                "",
                "rows above the header",
                f"{len(above)} row(s) above the header left out",
                "None needed.",
                rows=above,
                level="warning",
            )
        )
    names = ["" if value is None else str(value).strip() for value in header[:width]]
    cells = [[cell_code(value) for value in row] for _, row in kept]
    frame = pd.DataFrame(cells, columns=names, index=[number for number, _ in kept], dtype="str")
    return frame, remarks


def _without_notes(kept: list[tuple[int, list]], width: int) -> tuple[list, list[int]]:
    """Rows after an empty row of which only the first cell is filled are notes, where the table is three or more columns wide."""
    for place in range(1, len(kept)):
        gap = kept[place][0] > kept[place - 1][0] + 1
        rest = kept[place:]
        if (
            gap
            and width >= 3
            and all(sum(v is not None for v in row) == 1 and isinstance(row[0], str) for _, row in rest)
        ):
            return kept[:place], [number for number, _ in rest]
    return kept, []


def _layout(path: Path, sheet, header: int, frame: pd.DataFrame) -> Iterator[Problem]:
    """What a table of values cannot keep: merged cells, hidden rows and columns, colours; and cells that hold an Excel error."""
    merged = sorted(
        {
            row
            for area in sheet.merged_cells.ranges
            for row in range(area.min_row, area.max_row + 1)
            if area.max_row >= header
        }
    )
    if merged:
        yield of_file(
            "",
            "merged cells",
            "cells are merged, so that all but one of them are empty",
            "Unmerge them and fill each cell.",
            rows=merged,
        )
    hidden = sorted(number for number, row in sheet.row_dimensions.items() if row.hidden and number > header)
    if hidden:
        yield of_file(
            "",
            "hidden rows",
            f"{len(hidden)} hidden row(s) were read too",
            "Remove them if they do not belong.",
            rows=hidden,
            level="warning",
        )
    columns = [letter for letter, column in sheet.column_dimensions.items() if column.hidden]
    if columns:
        yield of_file(
            "",
            "hidden columns",
            f"hidden column(s) {', '.join(columns)} were read too",
            "Remove them if they do not belong.",
            level="warning",
        )
    coloured = [
        row[0].row
        for row in sheet.iter_rows(min_row=header + 1)
        if any(cell.has_style and _filled(cell) for cell in row)
    ]
    if coloured:
        yield of_file(
            "",
            "coloured cells",
            "colours are not read; if a colour means something, its meaning is lost",
            "Put the meaning in a column of its own.",
            rows=coloured,
            level="warning",
        )


def _filled(cell) -> bool:
    return (
        cell.fill is not None
        and cell.fill.patternType == "solid"
        and cell.fill.fgColor.rgb not in ("00000000", "FFFFFFFF")
    )
