"""What a sheet shows and a table of values cannot keep: merged and hidden cells, colours, notes below the table."""

from collections.abc import Iterator

from analysis.intake.checks import Problem, of_file, remark


def layout(file: str, sheet, header: int) -> Iterator[Problem]:
    """What the cells of a sheet lose below the header row: merged cells are an error, what is hidden or coloured
    warns.
    """
    areas = [area for area in sheet.merged_cells.ranges if area.max_row >= header]
    if merged := sorted({row for area in areas for row in range(area.min_row, area.max_row + 1)}):
        text = "cells are merged, so that all but one of them are empty"
        yield of_file(file, "merged cells", text, "Unmerge them and fill each cell.", rows=merged)
    if hidden := sorted(number for number, row in sheet.row_dimensions.items() if row.hidden and number > header):
        text = f"{len(hidden)} hidden row(s) were read too"
        yield remark(file, "hidden rows", text, "Remove them if they do not belong.", rows=hidden)
    if columns := [letter for letter, column in sheet.column_dimensions.items() if column.hidden]:
        text = f"hidden column(s) {', '.join(columns)} were read too"
        yield remark(file, "hidden columns", text, "Remove them if they do not belong.")
    below = sheet.iter_rows(min_row=header + 1)
    if coloured := [row[0].row for row in below if any(cell.has_style and _filled(cell) for cell in row)]:
        text = "colours are not read; if a colour means something, its meaning is lost"
        yield remark(file, "coloured cells", text, "Put the meaning in a column of its own.", rows=coloured)


def _filled(cell) -> bool:
    return (
        cell.fill is not None
        and cell.fill.patternType == "solid"
        and cell.fill.fgColor.rgb not in ("00000000", "FFFFFFFF")
    )


def without_notes(kept: list[tuple[int, list]], width: int) -> tuple[list, list[int]]:
    """Rows after an empty row of which only the first cell is filled are notes, where the table is three or more
    columns wide.
    """
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
