"""Problems for people to work through: a table for the terminal and a workbook."""

import io
from collections.abc import Sequence

from analysis.intake.checks import Problem, as_frame

HEADINGS = {
    "level": "level",
    "table": "table or file",
    "column": "column",
    "rule": "rule",
    "count": "rows",
    "example_rows_without_content": "first rows",
    "found": "found",
    "remedy": "remedy",
}


def terminal_table(problems: Sequence[Problem]):
    """The problems as a rich table, errors first."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_lines=False, header_style="bold")
    for heading in ("where", "rule", "rows", "found", "remedy"):
        table.add_column(heading, overflow="fold")
    for found in sorted(problems, key=lambda problem: problem.level):
        rows = ", ".join(map(str, found.example_rows_without_content)) + (", ..." if found.count > 5 else "")
        where = ".".join(part for part in (found.table, found.column) if part)
        cells = (where, f"{found.rule} ({found.level})", rows, found.found, found.remedy)
        table.add_row(*(escape(cell) for cell in cells), style="red" if found.level == "error" else None)
    return table


def workbook(problems: Sequence[Problem]) -> bytes:
    """The problems as an .xlsx file, one row each; text is written as text, so that nothing in it can run."""
    import xlsxwriter

    frame, memory = as_frame(problems), io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, bold, wrap = (
        book.add_worksheet("problems"),
        book.add_format({"bold": True}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    for place, (column, heading) in enumerate(HEADINGS.items()):
        sheet.write_string(0, place, heading, bold)
        sheet.set_column(place, place, 50 if column in ("found", "remedy") else 16)
        for row, value in enumerate(frame[column], 1):
            if column == "count":
                sheet.write_number(row, place, value, wrap)
            else:
                sheet.write_string(row, place, str(value), wrap)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(frame), 1), len(HEADINGS) - 1)
    book.close()
    return memory.getvalue()
