"""The corpus: one spoilt thing a case, with the rule that must name it and the place it must name.

`tests/bad_inputs/make.py FOLDER` writes every bad file to a folder, to look at; the tests make them one at a time, so
that no large file is in the repository.
"""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bad_inputs.little_study import SECRET, Little
from bad_inputs.projects import CODES, TEXT, Coded

Spoil = Callable[[Little], None]
After = Callable[[Path], None]


def nothing(_) -> None:
    """Leave it as it is."""


@dataclass(frozen=True)
class Case:
    """One bad input of a study: `setup` makes the twin too, `spoil` (before) and `after` (the file) break it."""

    name: str
    rule: str
    place: tuple[str, str]
    table: str = "answers"
    format: str = "csv"
    spoil: Spoil = nothing
    after: After = nothing
    setup: Spoil = nothing
    whole: bool = False  # true: the whole study is prepared; false: the file is read as prepare reads it
    level: str = "error"
    rows: tuple[int, ...] | None = None


@dataclass(frozen=True)
class ProjectCase:
    """One bad coded project."""

    name: str
    rule: str
    project: Callable[[], Coded]
    after: After = nothing
    level: str = "error"


# --- small ways to spoil ----------------------------------------------------------------------------------------------


def cell(table: str, row: int, column: str, value) -> Spoil:
    def change(study: Little) -> None:
        frame = study.tables[table].astype({column: "object"})
        frame.loc[row, column] = value
        study.tables[table] = frame

    return change


def frame(table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    def spoil(study: Little) -> None:
        study.tables[table] = change(study.tables[table])

    return spoil


def column(table: str, name: str, values) -> Spoil:
    return frame(table, lambda f: f.assign(**{name: values(f) if callable(values) else values}))


def plan(table: str, **keys) -> Spoil:
    return lambda study: study.plan["tables"][table].update(keys)


def variable(table: str, name: str, **keys) -> Spoil:
    def change(study: Little) -> None:
        here = (study.codebook["table"] == table) & (study.codebook["name"] == name)
        assert here.any()
        for key, value in keys.items():
            study.codebook.loc[here, key] = value

    return change


def added(*lines: str) -> Spoil:
    """Further rows of the codebook: table,name,source,type,sensitivity."""

    def change(study: Little) -> None:
        rows = pd.DataFrame(
            [line.split(",") for line in lines], columns=["table", "name", "source", "type", "sensitivity"]
        )
        rows = rows.assign(label_nl=rows["name"], label_en=rows["name"], check="error")
        study.codebook = pd.concat([study.codebook, rows], ignore_index=True).fillna("")

    return change


def both(*changes: Spoil) -> Spoil:
    def change(study: Little) -> None:
        for each in changes:
            each(study)

    return change


def as_bytes(change: Callable[[bytes], bytes]) -> After:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def as_text(change: Callable[[str], str], encoding: str = "utf-8") -> After:
    return lambda path: path.write_bytes(change(path.read_text("utf-8")).encode(encoding))


def lines(change: Callable[[list[str]], list[str]]) -> After:
    return as_text(lambda text: "\n".join(change(text.split("\n"))))


def line(number: int, change: Callable[[str], str]) -> After:
    return lines(lambda found: [change(each) if place == number else each for place, each in enumerate(found, 1)])


def book(change: Callable) -> After:
    def after(path: Path) -> None:
        import openpyxl

        workbook = openpyxl.load_workbook(path)
        change(workbook)
        workbook.save(path)

    return after


def in_zip(change: Callable[[str, bytes], tuple[str, bytes] | None]) -> After:
    """Write a zip anew with its members changed (None leaves one out)."""

    def after(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            members = [change(name, archive.read(name)) for name in archive.namelist()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for found in members:
                if found is not None:
                    archive.writestr(*found)

    return after


def and_member(name: str, content: bytes) -> After:
    def after(path: Path) -> None:
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)

    return after


def encrypted(content: bytes) -> bytes:
    """The flag that says that a member is encrypted, set in every header of a zip."""
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(magic), content):
            place = found.start() + offset
            content = content[:place] + bytes([content[place] | 1]) + content[place + 1 :]
    return content


def damaged(name: str) -> Callable[[Path], None]:
    """The packed bytes of one member overwritten."""

    def after(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(name)
        content = bytearray(path.read_bytes())
        start = info.header_offset + 30 + len(name)
        content[start + 4 : start + 24] = b"\xff" * 20
        path.write_bytes(bytes(content))

    return after


def renamed(suffix: str) -> Spoil:
    """The plan names the file with another ending; the file gets it too."""

    def change(study: Little) -> None:
        study.plan["tables"]["answers"]["file"] = f"answers{suffix}"

    return change


def moved(suffix: str) -> After:
    return lambda path: path.rename(path.with_name(f"answers{suffix}"))


CSV, XLSX, SAV, PARQUET, DTA = "answers.csv", "answers.xlsx", "answers.sav", "answers.parquet", "answers.dta"


def of_files() -> list[Case]:
    """Whether there is a file, and whether it is what its name says."""

    def swap(content: bytes) -> After:
        return as_bytes(lambda _: content)

    return [
        Case("no file", "file present", (CSV, ""), after=lambda path: path.unlink()),
        Case(
            "another file name",
            "file present",
            (CSV, ""),
            after=lambda path: path.rename(path.with_name("Answers (1).csv")),
        ),
        Case("a folder", "a file", (CSV, ""), after=lambda path: (path.unlink(), path.mkdir())),
        Case("no bytes", "not empty", (CSV, ""), after=swap(b"")),
        Case("blanks", "not empty", (CSV, ""), after=swap(b" \n\n \n")),
        Case("a byte-order mark only", "not empty", (CSV, ""), after=swap(b"\xef\xbb\xbf\n")),
        Case(
            "an empty workbook",
            "not empty",
            (XLSX, ""),
            format="xlsx",
            after=book(lambda b: b.active.delete_rows(1, 100)),
        ),
        Case("separators only", "not empty", (CSV, ""), after=swap(b",,,,\n,,,,\n")),
        Case("a workbook named csv", "kind of file", (CSV, ""), after=swap(b"PK\x03\x04 and so on")),
        Case("a web page named csv", "kind of file", (CSV, ""), after=swap(b"<!DOCTYPE html><html>log in</html>")),
        Case("a PDF named csv", "kind of file", (CSV, ""), after=swap(b"%PDF-1.7 ...")),
        Case(
            "an old or protected workbook",
            "kind of file",
            (XLSX, ""),
            format="xlsx",
            after=swap(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99),
        ),
        Case("a parquet file named sav", "kind of file", (SAV, ""), format="sav", after=swap(b"PAR1 ... PAR1")),
        Case(
            "an SPSS file with a password",
            "password",
            (SAV, ""),
            format="sav",
            after=swap(b"ENCRYPTEDSAV" + b"\x00" * 99),
        ),
        Case("a workbook cut off", "whole zip", (XLSX, ""), format="xlsx", after=as_bytes(lambda b: b[: len(b) // 2])),
        Case("text named xlsx", "whole zip", (XLSX, ""), format="xlsx", after=swap(b"pid;meting\n1;2\n")),
        Case("a damaged sheet", "zip member", (XLSX, ""), format="xlsx", after=damaged("xl/worksheets/sheet1.xml")),
        Case(
            "a member outside the workbook",
            "zip stays inside",
            (XLSX, ""),
            format="xlsx",
            after=and_member("..\\..\\start.bat", b"x"),
        ),
        Case(
            "a workbook with an encrypted member", "zip password", (XLSX, ""), format="xlsx", after=as_bytes(encrypted)
        ),
        Case(
            "a workbook that is a bomb",
            "zip size",
            (XLSX, ""),
            format="xlsx",
            after=and_member("xl/media/a.bin", b"\x00" * 80_000_000),
        ),
        *(
            Case(f"a file of kind {s or 'none'}", "known format", (f"answers{s}", ""), spoil=renamed(s), after=moved(s))
            for s in (".json", ".doc", ".ods", "")
        ),
    ]


def of_text() -> list[Case]:
    """Delimited text."""
    first = "pid,meting,datum"
    return [
        Case(
            "Windows letters declared as UTF-8",
            "encoding",
            (CSV, ""),
            spoil=column("answers", "q9", "één"),
            after=as_text(str, "windows-1252"),
        ),
        Case("UTF-16 declared as UTF-8", "encoding", (CSV, ""), after=as_text(str, "utf-16")),
        Case("an encoding that does not exist", "encoding", (CSV, ""), spoil=plan("answers", encoding="utf-9")),
        Case(
            "letters read as windows-1252",
            "encoding",
            (CSV, ""),
            level="warning",
            spoil=both(column("answers", "q9", "één"), plan("answers", encoding="windows-1252")),
            after=as_text(str, "windows-1252"),
        ),
        Case("UTF-16 without a mark", "NUL characters", (CSV, ""), after=as_text(str, "utf-16-le")),
        Case("a NUL in a cell", "NUL characters", (CSV, ""), after=line(4, lambda t: t + "\x00")),
        Case(
            "semicolons declared as commas",
            "separator",
            (CSV, ""),
            spoil=plan("answers", separator=","),
            after=as_text(lambda t: t.replace(",", ";")),
        ),
        Case("commas declared as tabs", "separator", (CSV, ""), spoil=plan("answers", separator="\t")),
        Case("a separator of two characters", "separator", (CSV, ""), spoil=plan("answers", separator=";;")),
        Case(
            "a cell of two million characters",
            "cell size",
            (CSV, ""),
            spoil=cell("answers", 2, "actief", "a" * 2_000_000),
        ),
        Case("a quote that is not closed", "quotes", (CSV, ""), after=line(5, lambda t: '"' + t)),
        Case("a quote that is closed halfway", "quotes", (CSV, ""), after=line(5, lambda t: '"ab"c' + t)),
        Case("a row with fields too many", "fields in a row", (CSV, ""), after=line(6, lambda t: t + ",1,2")),
        Case("a row with fields too few", "fields in a row", (CSV, ""), after=line(6, lambda t: t.rsplit(",", 3)[0])),
        Case(
            "decimal commas between commas",
            "fields in a row",
            (CSV, ""),
            after=as_text(lambda t: re.sub(r"(\d)\.(\d)", r"\1,\2", t)),
        ),
        Case("the last row cut off", "fields in a row", (CSV, ""), after=as_text(lambda t: t.rstrip()[:-12])),
        Case(
            "columns shifted in some rows",
            "fields in a row",
            (CSV, ""),
            after=lines(lambda f: [*f[:8], *("," + t for t in f[8:12]), *f[12:]]),
        ),
        Case(
            "a separator after each row",
            "trailing separator",
            (CSV, ""),
            level="warning",
            after=lines(lambda f: [f[0], *(t + "," if t else t for t in f[1:])]),
        ),
        Case("a header and no rows", "rows", (CSV, ""), spoil=frame("answers", lambda f: f.iloc[:0])),
        Case("two exports pasted together", "header once", (CSV, ""), after=as_text(lambda t: t + t), rows=(26,)),
        Case(
            "the header above and below",
            "header once",
            (CSV, ""),
            after=lines(lambda f: [*f[:-1], f[0], ""]),
            rows=(26,),
        ),
        Case(
            "a bell in a cell",
            "control characters",
            (CSV, ""),
            after=line(3, lambda t: t.replace("p7f", "p7\x07f")),
            rows=(3,),
        ),
        Case(
            "an escape in the header",
            "control characters",
            (CSV, ""),
            after=line(1, lambda t: t.replace("meting", "met\x1bing")),
            rows=(1,),
        ),
        Case(
            "a form feed between rows", "control characters", (CSV, ""), after=line(9, lambda t: "\x0c" + t), rows=(9,)
        ),
        Case(
            "empty lines between rows",
            "empty rows",
            (CSV, ""),
            level="warning",
            after=lines(lambda f: [*f[:5], "", "", *f[5:]]),
        ),
        Case(
            "rows of separators",
            "empty rows",
            (CSV, ""),
            level="warning",
            after=lines(lambda f: [*f[:5], ",,,,,,,,,", *f[5:]]),
        ),
        Case("a column twice", "column once", (CSV, ""), after=line(1, lambda t: t.replace("q2", "q1"))),
        Case(
            "a column twice but for a blank", "column once", (CSV, ""), after=line(1, lambda t: t.replace("q2", "q1 "))
        ),
        Case("a column without a name", "column names", (CSV, ""), after=line(1, lambda t: t.replace("q3", ""))),
        Case("no header", "header", (CSV, ""), after=lines(lambda f: ["1,0,2021-02-10,1,2,3,4,5,3.2,0", *f[2:]])),
        Case("names in capitals", "case of names", (CSV, ""), level="warning", after=line(1, str.upper)),
        Case(
            "one name in capitals",
            "case of names",
            (CSV, ""),
            level="warning",
            after=line(1, lambda t: t.replace(first, "PID,meting,datum")),
        ),
        Case(
            "10,000 columns",
            "number of columns",
            (CSV, ""),
            level="warning",
            after=lines(
                lambda f: [
                    t + (",x%d" * 10_000 % tuple(range(10_000)) if n == 0 else ",1" * 10_000) if t else t
                    for n, t in enumerate(f)
                ]
            ),
        ),
        Case(
            "an Excel error as text",
            "Excel errors",
            (CSV, "score"),
            spoil=cell("answers", 3, "score", "#DIV/0!"),
            rows=(5,),
        ),
        Case("a Dutch Excel error", "Excel errors", (CSV, "q2"), spoil=cell("answers", 0, "q2", "#DEEL/0!"), rows=(2,)),
        Case(
            "a formula that calls out",
            "formula as text",
            (CSV, "wijk"),
            level="warning",
            setup=column("answers", "wijk", "w"),
            spoil=cell("answers", 1, "wijk", f'=HYPERLINK("//{SECRET}")'),
            rows=(3,),
        ),
        Case(
            "a formula with an at sign",
            "formula as text",
            (CSV, "wijk"),
            level="warning",
            setup=column("answers", "wijk", "w"),
            spoil=cell("answers", 1, "wijk", "@SUM(A1)"),
            rows=(3,),
        ),
        Case(
            "a formula with a plus",
            "formula as text",
            (CSV, "wijk"),
            level="warning",
            setup=column("answers", "wijk", "w"),
            spoil=cell("answers", 1, "wijk", "+cmd|' /C calc'!A0"),
            rows=(3,),
        ),
        Case(
            "a formula with a minus",
            "formula as text",
            (CSV, "wijk"),
            level="warning",
            setup=column("answers", "wijk", "w"),
            spoil=cell("answers", 1, "wijk", "-(1+1)"),
            rows=(3,),
        ),
        Case(
            "letters lost before",
            "broken letters",
            (CSV, "wijk"),
            level="warning",
            setup=column("answers", "wijk", "w"),
            spoil=cell("answers", 4, "wijk", "caf\ufffd"),
            rows=(6,),
        ),
        Case(
            "letters decoded twice",
            "broken letters",
            (CSV, "wijk"),
            level="warning",
            setup=column("answers", "wijk", "w"),
            spoil=cell("answers", 4, "wijk", "cafÃ©"),
            rows=(6,),
        ),
        Case(
            "a euro sign decoded twice",
            "broken letters",
            (CSV, "wijk"),
            level="warning",
            setup=column("answers", "wijk", "w"),
            spoil=cell("answers", 4, "wijk", "â‚¬ 5"),
            rows=(6,),
        ),
    ]


def of_workbooks() -> list[Case]:
    """Excel."""

    def case(name: str, rule: str, change: Callable, column: str = "", **more) -> Case:
        return Case(name, rule, (XLSX, column), format="xlsx", after=book(change), **more)

    def values_only(b) -> None:
        b.active.delete_rows(1)
        for row in b.active.iter_rows():
            for place, each in enumerate(row):
                each.value = place

    def above(b) -> None:
        b.active.insert_rows(1, 2)
        b.active["A1"] = "Meting najaar"

    def below(b) -> None:
        b.active["A30"] = "Bron: eigen telling"

    def set_to(cell: str, value) -> Callable:
        return lambda b: b.active.__setitem__(cell, value)

    def again(b) -> None:
        b.copy_worksheet(b.active)

    def colour(b) -> None:
        from openpyxl.styles import PatternFill

        b.active["A4"].fill = PatternFill("solid", fgColor="FFFF0000")

    def hide(b) -> None:
        other = b.create_sheet("oud")
        other["A1"] = "pid"
        other.sheet_state = "hidden"

    return [
        case("a header and no rows in Excel", "rows", lambda b: b.active.delete_rows(2, 100)),
        case("a column twice in Excel", "column once", set_to("E1", "q1")),
        case("a column without a name in Excel", "column names", set_to("E1", None)),
        case("an Excel error", "Excel errors", set_to("E4", "#N/A"), "q2", rows=(4,)),
        case("only values in Excel", "header row", values_only),
        case("two sheets alike", "sheet", again),
        Case("a sheet that is not there", "sheet", (XLSX, ""), format="xlsx", spoil=plan("answers", sheet="metingen")),
        case("a hidden sheet", "hidden sheets", hide, level="warning"),
        case("formulas that were never computed", "computed formulas", set_to("I5", "=1+1")),
        Case(
            "a zip without sheets",
            "workbook",
            (XLSX, ""),
            format="xlsx",
            after=in_zip(lambda n, b: None if "worksheets" in n else (n, b)),
        ),
        Case(
            "a sheet whose XML is cut off",
            "workbook",
            (XLSX, ""),
            format="xlsx",
            after=in_zip(lambda n, b: (n, b[: len(b) // 2] if "sheet1.xml" in n else b)),
        ),
        Case(
            "a workbook without its index",
            "workbook",
            (XLSX, ""),
            format="xlsx",
            after=in_zip(lambda n, b: None if n == "xl/workbook.xml" else (n, b)),
        ),
        case("cells beside the table", "cells beyond the header", set_to("M7", "let op"), rows=(7,)),
        case("a note below the table", "notes below the table", below, level="warning", rows=(30,)),
        case("a title above the table", "rows above the header", above, level="warning", rows=(1,)),
        case("merged persons", "merged cells", lambda b: b.active.merge_cells("A2:A3"), rows=(2, 3)),
        case("a merged header", "merged cells", lambda b: b.active.merge_cells("D1:E2"), rows=(1, 2)),
        case(
            "hidden rows",
            "hidden rows",
            lambda b: setattr(b.active.row_dimensions[6], "hidden", True),
            level="warning",
            rows=(6,),
        ),
        case(
            "hidden columns",
            "hidden columns",
            lambda b: setattr(b.active.column_dimensions["H"], "hidden", True),
            level="warning",
        ),
        case("rows in red", "coloured cells", colour, level="warning", rows=(4,)),
    ]


def labelled(study: Little) -> None:
    """SPSS labels as a monitor has them."""
    study.labels["answers"] = {
        "variable_value_labels": {"q1": {n: f"antwoord {n}" for n in range(1, 7)}},
        "column_labels": {"q1": "Vraag één"},
    }


def of_statistics() -> list[Case]:
    """SPSS, Stata and parquet."""

    def labels(**more) -> Spoil:
        return lambda study: study.labels["answers"].update(more)

    return [
        Case("an SPSS file cut off", "SPSS or Stata file", (SAV, ""), format="sav", after=as_bytes(lambda b: b[:-60])),
        Case(
            "an SPSS file that is noise",
            "SPSS or Stata file",
            (SAV, ""),
            format="sav",
            after=as_bytes(lambda b: b[:4] + b"\x9f" * 400),
        ),
        Case(
            "a Stata file cut off",
            "SPSS or Stata file",
            (DTA, ""),
            format="dta",
            after=as_bytes(lambda b: b[: len(b) // 3]),
        ),
        Case(
            "text named sav",
            "SPSS or Stata file",
            (SAV, ""),
            format="sav",
            after=as_bytes(lambda b: b"pid;meting\n1;2\n"),
        ),
        Case(
            "an SPSS file without cases",
            "rows",
            (SAV, ""),
            format="sav",
            spoil=frame("answers", lambda f: f.iloc[:0].astype("object")),
        ),
        Case(
            "a label for two codes",
            "label once",
            (SAV, "q1"),
            format="sav",
            setup=labelled,
            level="warning",
            spoil=labels(variable_value_labels={"q1": dict.fromkeys(range(1, 7), "antwoord")}),
        ),
        Case(
            "values without a label",
            "labelled values",
            (SAV, "q1"),
            format="sav",
            setup=labelled,
            level="warning",
            spoil=labels(variable_value_labels={"q1": {1: "een", 2: "twee"}}),
        ),
        Case(
            "a label with broken letters",
            "letters in labels",
            (SAV, "q1"),
            format="sav",
            setup=labelled,
            level="warning",
            spoil=labels(column_labels={"q1": "Vraag Ã©Ã©n"}),
        ),
        Case(
            "a missing code that only the file declares",
            "missing codes",
            ("answers", "wellbeing"),
            format="sav",
            setup=labelled,
            level="warning",
            whole=True,
            spoil=both(cell("answers", 4, "score", 99.0), labels(missing_ranges={"score": [99]})),
        ),
        Case(
            "a missing range that only the file declares",
            "missing codes",
            ("answers", "wellbeing"),
            format="sav",
            setup=labelled,
            level="warning",
            whole=True,
            spoil=both(cell("answers", 4, "score", -2.0), labels(missing_ranges={"score": [{"lo": -3, "hi": -1}]})),
        ),
        Case(
            "a parquet file cut off", "parquet file", (PARQUET, ""), format="parquet", after=as_bytes(lambda b: b[:-30])
        ),
        Case(
            "a parquet file that is noise",
            "parquet file",
            (PARQUET, ""),
            format="parquet",
            after=as_bytes(lambda b: b"PAR1" + b"\x07" * 300 + b"PAR1"),
        ),
        Case(
            "lists in a column",
            "plain columns",
            (PARQUET, "q9"),
            format="parquet",
            spoil=column("answers", "q9", lambda f: [[1, 2]] * len(f)),
        ),
        Case(
            "bytes in a column",
            "plain columns",
            (PARQUET, "q9"),
            format="parquet",
            spoil=column("answers", "q9", lambda f: [b"ab"] * len(f)),
        ),
        Case(
            "a parquet file without rows",
            "rows",
            (PARQUET, ""),
            format="parquet",
            spoil=frame("answers", lambda f: f.iloc[:0]),
        ),
    ]


def limesurvey(study: Little) -> None:
    study.plan["tables"]["answers"]["conventions"] = "limesurvey"
    study.tables["answers"] = study.tables["answers"].assign(submitdate="2021-02-10 10:00:00")


def qualtrics(study: Little) -> None:
    study.plan["tables"]["answers"]["conventions"] = "qualtrics"
    answers = study.tables["answers"].astype("str").assign(Status="0", Finished="1")
    heads = pd.DataFrame(
        [{name: f"Vraag {name}" for name in answers}, {name: f'{{"ImportId":"{name}"}}' for name in answers}]
    )
    study.tables["answers"] = pd.concat([heads, answers], ignore_index=True)


def castor(study: Little) -> None:
    study.plan["tables"]["answers"]["conventions"] = "castor"
    study.tables["answers"] = study.tables["answers"].assign(**{"Survey Completed On": "10-02-2021 10:00:00"})


def of_conventions() -> list[Case]:
    """LimeSurvey, Qualtrics and Castor."""
    return [
        Case(
            "LimeSurvey without submit dates",
            "LimeSurvey export",
            (CSV, ""),
            setup=limesurvey,
            spoil=frame("answers", lambda f: f.drop(columns="submitdate")),
        ),
        Case(
            "LimeSurvey headings that meet",
            "column once",
            (CSV, ""),
            setup=limesurvey,
            after=line(1, lambda t: t.replace("q1,q2", "q[1],q_1")),
        ),
        Case(
            "unfinished answers in LimeSurvey",
            "unfinished answers",
            (CSV, ""),
            setup=limesurvey,
            level="warning",
            spoil=cell("answers", 3, "submitdate", None),
            rows=(5,),
        ),
        Case(
            "only unfinished answers in LimeSurvey",
            "rows",
            (CSV, ""),
            setup=limesurvey,
            spoil=column("answers", "submitdate", None),
        ),
        Case(
            "a token in LimeSurvey",
            "identifiers left out",
            (CSV, ""),
            setup=limesurvey,
            level="warning",
            spoil=column("answers", "token", SECRET),
        ),
        Case(
            "Qualtrics without import ids",
            "Qualtrics export",
            (CSV, ""),
            setup=qualtrics,
            spoil=frame("answers", lambda f: f.drop(index=1)),
        ),
        Case(
            "Qualtrics previews",
            "previews",
            (CSV, ""),
            setup=qualtrics,
            level="warning",
            spoil=cell("answers", 5, "Status", "Survey Preview"),
            rows=(7,),
        ),
        Case(
            "unfinished answers in Qualtrics",
            "unfinished answers",
            (CSV, ""),
            setup=qualtrics,
            level="warning",
            spoil=cell("answers", 5, "Finished", "False"),
            rows=(7,),
        ),
        Case(
            "an internet address in Qualtrics",
            "identifiers left out",
            (CSV, ""),
            setup=qualtrics,
            level="warning",
            spoil=column(
                "answers",
                "IPAddress",
                lambda f: ["IP Address", '{"ImportId":"ipAddress"}', *["145.97.1.1"] * (len(f) - 2)],
            ),
        ),
        Case(
            "unfinished surveys in Castor",
            "unfinished surveys",
            (CSV, ""),
            setup=castor,
            level="warning",
            spoil=cell("answers", 3, "Survey Completed On", None),
            rows=(5,),
        ),
    ]


def of_values() -> list[Case]:
    """The codebook's rules on one column."""

    def case(name: str, rule: str, place: str, spoil: Spoil, **more) -> Case:
        return Case(name, rule, tuple(place.split(".")), spoil=spoil, whole=True, **more)

    dated = variable("persons", "registered", check="error")
    return [
        case(
            "a column that is not there",
            "columns present",
            "answers.",
            frame("answers", lambda f: f.drop(columns="q4")),
        ),
        case(
            "a column under another name",
            "columns present",
            "persons.",
            frame("persons", lambda f: f.rename(columns={"leeftijd": "lft"})),
        ),
        case("rows kept by a column that is not there", "columns present", "rows.", plan("answers", rows={"ronde": 1})),
        case("a code that is not declared", "levels", "answers.mhi5_1", cell("answers", 3, "q1", 7), rows=(5,)),
        case("a missing code that is not declared", "levels", "answers.mhi5_2", cell("answers", 3, "q2", 8), rows=(5,)),
        case(
            "a municipality that is not in the study",
            "levels",
            "persons.unit",
            cell("persons", 3, "gemeente", "4"),
            rows=(5,),
        ),
        case("a text for a code", "levels", "persons.sex", cell("persons", 3, "geslacht", f"{SECRET} 12"), rows=(5,)),
        case("a wave that was not planned", "levels", "answers.wave", cell("answers", 3, "meting", "5"), rows=(5,)),
        case("a text for a number", "type", "persons.age", cell("persons", 3, "leeftijd", f"{SECRET}"), rows=(5,)),
        case("a fraction for a whole number", "type", "persons.age", cell("persons", 3, "leeftijd", 61.5), rows=(5,)),
        case("a truth value that is neither", "type", "answers.active", cell("answers", 3, "actief", "2"), rows=(5,)),
        case(
            "a day that does not exist",
            "type",
            "persons.registered",
            cell("persons", 3, "aanmelding", "2021-02-30"),
            rows=(5,),
        ),
        case(
            "one day written otherwise",
            "type",
            "persons.registered",
            cell("persons", 3, "aanmelding", "10-02-2021"),
            rows=(5,),
        ),
        case("an age of 200", "range", "persons.age", cell("persons", 3, "leeftijd", 200), rows=(5,)),
        case("an age below zero", "range", "persons.age", cell("persons", 3, "leeftijd", -4), rows=(5,)),
        case("a score above its range", "range", "answers.wellbeing", cell("answers", 3, "score", 1000), rows=(5,)),
        case("no person", "required", "persons.person", cell("persons", 3, "pid", None), rows=(5,)),
        case("no date", "required", "answers.date", cell("answers", 3, "datum", None), rows=(5,)),
        case("no municipality", "required", "persons.unit", cell("persons", 3, "gemeente", None), rows=(5,)),
        case(
            "the year 1899",
            "calendar",
            "persons.registered",
            both(dated, cell("persons", 3, "aanmelding", "1899-12-30")),
            rows=(5,),
        ),
        case(
            "the year 2999", "calendar", "persons.registered", cell("persons", 3, "aanmelding", "2999-01-01"), rows=(5,)
        ),
        case(
            "the year 21", "calendar", "persons.registered", cell("persons", 3, "aanmelding", "0021-02-10"), rows=(5,)
        ),
        case(
            "day and month unclear",
            "order of day and month",
            "persons.registered",
            column("persons", "aanmelding", "03-04-2021"),
        ),
        case(
            "day and month unclear with slashes",
            "order of day and month",
            "persons.registered",
            column("persons", "aanmelding", "3/4/2021"),
        ),
        case(
            "days written day first",
            "order of days",
            "persons.registered",
            column("persons", "aanmelding", lambda f: [f"{d.day}-{d.month}-{d.year}" for d in f["aanmelding"]]),
            level="warning",
        ),
        case(
            "days written month first",
            "order of days",
            "persons.registered",
            column("persons", "aanmelding", lambda f: [f"{d.month}/{d.day}/{d.year}" for d in f["aanmelding"]]),
            level="warning",
        ),
        case(
            "both decimal marks", "one decimal mark", "persons.weight", cell("persons", 3, "gewicht", "70,5"), rows=(5,)
        ),
        case(
            "both decimal marks and thousands",
            "one decimal mark",
            "persons.weight",
            column("persons", "gewicht", lambda f: ["1.234", "12,5", *["70"] * 10]),
        ),
        case(
            "decimals or thousands", "decimals or thousands", "persons.weight", column("persons", "gewicht", "70,500")
        ),
        case(
            "decimal commas",
            "decimal comma",
            "persons.weight",
            column("persons", "gewicht", lambda f: f["gewicht"].astype("str").str.replace(".", ",")),
            level="warning",
        ),
        case(
            "Dutch thousands",
            "decimal comma",
            "persons.weight",
            column("persons", "gewicht", "1.070,5"),
            level="warning",
        ),
        case(
            "keys as powers of ten",
            "digits of keys",
            "referrals.referral",
            column("referrals", "vid", lambda f: [f"1.2345{n}E+11" for n in range(12)]),
        ),
        case(
            "keys as Dutch powers of ten",
            "digits of keys",
            "referrals.referral",
            column("referrals", "vid", lambda f: [f"1,23{n}E+12" for n in range(12)]),
        ),
    ]


def of_rows() -> list[Case]:
    """Rules between rows and tables."""

    def case(name: str, rule: str, place: str, spoil: Spoil, **more) -> Case:
        return Case(name, rule, tuple(place.split(".")), spoil=spoil, whole=True, **more)

    def correction(to: str, person: str) -> Spoil:
        def change(study: Little) -> None:
            line = {
                "table": "persons",
                "person": person,
                "wave": "",
                "variable": "age",
                "from": "61",
                "to": to,
                "reason": "r",
            }
            study.corrections = pd.DataFrame([line])

        return change

    return [
        case(
            "a person twice",
            "unique",
            "persons.person",
            frame("persons", lambda f: pd.concat([f, f.iloc[[0]].assign(leeftijd=80)])),
            rows=(2, 14),
        ),
        case(
            "a measurement twice",
            "unique",
            "answers.person",
            frame("answers", lambda f: pd.concat([f, f.iloc[[3]].assign(q1=2)])),
            rows=(5, 26),
        ),
        case("a referral twice", "unique", "referrals.referral", cell("referrals", 3, "vid", "v0"), rows=(2, 5)),
        case(
            "answers of a stranger",
            "person in persons",
            "answers.person",
            cell("answers", 3, "pid", "p-other"),
            rows=(5,),
        ),
        case(
            "a referral of a stranger",
            "person in persons",
            "referrals.person",
            cell("referrals", 3, "pid", "p-other"),
            rows=(5,),
        ),
        case(
            "a person in two municipalities",
            "one unit a person",
            "referrals.unit",
            cell("referrals", 3, "plaats", "3"),
            rows=(5,),
        ),
        case(
            "a person in two municipalities, as a warning",
            "one unit a person",
            "referrals.unit",
            both(variable("referrals", "unit", check="warning"), cell("referrals", 3, "plaats", "3")),
            level="warning",
            rows=(5,),
        ),
        case("T1 before T0", "waves in order", "answers.date", cell("answers", 3, "datum", "2020-07-01"), rows=(5,)),
        case(
            "T1 before T0, as a warning",
            "waves in order",
            "answers.date",
            both(variable("answers", "date", check="warning"), cell("answers", 3, "datum", "2020-07-01")),
            level="warning",
            rows=(5,),
        ),
        case(
            "started before referred",
            "steps in order",
            "referrals.started",
            cell("referrals", 3, "gestart", "2020-07-01"),
            rows=(5,),
        ),
        case(
            "started before referred, as a warning",
            "steps in order",
            "referrals.started",
            both(variable("referrals", "started", check="warning"), cell("referrals", 3, "gestart", "2020-07-01")),
            level="warning",
            rows=(5,),
        ),
        case(
            "a date after the study",
            "window",
            "persons.registered",
            cell("persons", 3, "aanmelding", "2023-01-01"),
            rows=(5,),
        ),
        case(
            "a date before the study",
            "window",
            "persons.registered",
            cell("persons", 3, "aanmelding", "2019-01-01"),
            rows=(5,),
        ),
        case("a correction that fits no row", "correction", "persons.age", correction("62", "nobody")),
        case("a correction that fits no value", "correction", "persons.age", correction("62", "p7f3k05")),
    ]


def of_persons() -> list[Case]:
    """Columns that identify: half of the values are enough, and the clean twin holds something alike that does not."""

    def case(name: str, rule: str, held: list[str], clean: str, header: str = "kolom") -> Case:
        declared = both(added(f"persons,extra,{header},text,open"), column("persons", header, clean))
        return Case(
            name,
            rule,
            ("persons", "extra"),
            setup=declared,
            spoil=column("persons", header, (held * 12)[:12]),
            whole=True,
        )

    return [
        case("service numbers", "citizen service numbers (BSN)", ["111222333", "123456782"], "123456789"),
        case(
            "service numbers in half of the rows",
            "citizen service numbers (BSN)",
            ["111222333", "onbekend"],
            "111222334",
        ),
        case("service numbers with points", "citizen service numbers (BSN)", ["1112.22.333"], "1112.22.334"),
        case("e-mail addresses", "e-mail addresses", ["j.de.vries@kpn.nl"], "via de website"),
        case("e-mail addresses in half of the rows", "e-mail addresses", ["j.de.vries@kpn.nl", "geen"], "geen @"),
        case("mobile numbers", "telephone numbers", ["06-12345678", "0612345678"], "06-1234567"),
        case("international numbers", "telephone numbers", ["+31 6 12 34 56 78"], "+31"),
        case("addresses", "postcodes with a house number", [f"{SECRET} 12, 8011 AB", "8011 AB 12"], "8011 AB"),
        case("account numbers", "bank accounts (IBAN)", ["NL91ABNA0417164300"], "NL92ABNA0417164300"),
        case("internet addresses", "internet addresses", ["145.97.1.1"], "145.97"),
        case("birth dates", "birth dates", ["1948-03-02"], "1948", "geboortedatum"),
        case(
            "old dates without a telling name",
            "birth dates",
            [f"{year}-05-17" for year in range(1935, 1995, 5)],
            "2021-05-17",
        ),
        case("names", "names of persons", ["Bep Bakker", "Jan Jansen"], "12", "naam"),
        case("last names", "names of persons", ["Bakker"], "12", "achternaam"),
    ]


def of_projects() -> list[ProjectCase]:
    """Coded interviews."""
    laughs = (
        '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    )
    other = '<TextSource guid="T1" name="i" plainTextPath="internal://t1.txt"/>'
    lost = (
        '<PlainTextSelection guid="z" startPosition="9000" endPosition="9010"><Coding guid="zz" '
        'creatingUser="u1"><CodeRef targetGUID="a1"/></Coding></PlainTextSelection>'
    )

    def many() -> Coded:
        words = [found.span() for found in re.finditer(r"\w+", TEXT)]
        one = (
            '<PlainTextSelection guid="w%d" startPosition="%d" endPosition="%d"><Coding guid="x%d" '
            'creatingUser="u1"><CodeRef targetGUID="a1"/></Coding></PlainTextSelection>'
        )
        selections = "".join(one % (place, *span, place) for place, span in enumerate(words))
        return Coded(
            source=f'<TextSource guid="T1" name="i" plainTextPath="internal://t1.txt">{selections}{lost}</TextSource>'
        )

    return [
        ProjectCase("no project in the zip", "project.qde", lambda: Coded(members={"project.qde": None})),
        ProjectCase("two projects in the zip", "project.qde", lambda: Coded(members={"other.qde": b"<Project/>"})),
        ProjectCase("another kind of XML", "REFI-QDA", lambda: Coded(members={"project.qde": b"<html/>"})),
        ProjectCase(
            "a codebook as project",
            "REFI-QDA",
            lambda: Coded(members={"project.qde": b'<CodeBook xmlns="urn:QDA-XML:codebook:1.0"/>'}),
        ),
        ProjectCase("XML cut off", "XML", lambda: Coded(members={"project.qde": Coded().xml().encode()[:700]})),
        ProjectCase(
            "XML in an encoding that does not exist",
            "XML",
            lambda: Coded(head='<?xml version="1.0" encoding="utf-99"?>'),
        ),
        ProjectCase("XML that is noise", "XML", lambda: Coded(members={"project.qde": b"\x00\xff\x01"})),
        ProjectCase(
            "a billion laughs", "XML without entities", lambda: Coded(head=laughs, users='<User guid="u1" name="&c;"/>')
        ),
        ProjectCase(
            "an entity that reads a file",
            "XML without entities",
            lambda: Coded(head='<!DOCTYPE z [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
        ),
        ProjectCase(
            "a document type elsewhere",
            "XML without entities",
            lambda: Coded(head='<!DOCTYPE z SYSTEM "https://example.com/z.dtd">'),
        ),
        ProjectCase(
            "a member outside the project", "zip stays inside", lambda: Coded(members={"../../outside.txt": b"x"})
        ),
        ProjectCase("a member with a full path", "zip stays inside", lambda: Coded(members={"/etc/outside.txt": b"x"})),
        ProjectCase(
            "a project that is a bomb", "zip size", lambda: Coded(members={"sources/big.txt": b"0" * 80_000_000})
        ),
        ProjectCase("a project cut off", "whole zip", Coded, after=as_bytes(lambda b: b[:-40])),
        ProjectCase("a project that is text", "whole zip", Coded, after=as_bytes(lambda b: b"hello")),
        ProjectCase("a damaged project file", "zip member", Coded, after=damaged("project.qde")),
        ProjectCase("a damaged source text", "zip member", Coded, after=damaged("sources/t1.txt")),
        ProjectCase(
            "a code that is not in the codebook", "code known", lambda: Coded(code_of=("a1", "a2", "a2", "a9"))
        ),
        ProjectCase("a project without codebook", "code known", lambda: Coded(codes="")),
        ProjectCase("two codes with one guid", "code once", lambda: Coded(codes=CODES.replace("A3", "a2"))),
        ProjectCase("positions of another text", "positions", lambda: Coded(shift=3)),
        ProjectCase("a text cut off", "positions", lambda: Coded(members={"sources/t1.txt": b"Ik ga nu"})),
        ProjectCase(
            "a source in windows-1252",
            "encoding of sources",
            lambda: Coded(members={"sources/t1.txt": "één".encode("windows-1252")}),
        ),
        ProjectCase(
            "a project without sources",
            "source texts",
            lambda: Coded(members={"sources/t1.txt": None}),
            level="warning",
        ),
        ProjectCase(
            "an unknown namespace", "namespace", lambda: Coded(namespace="urn:QDA-XML:project:0:4"), level="warning"
        ),
        ProjectCase("a selection outside its text", "selections", many, level="warning"),
        ProjectCase("a project without codings", "codings", lambda: Coded(source=other)),
    ]


def cases() -> list[Case]:
    """Every case of a study."""
    return [
        *of_files(),
        *of_text(),
        *of_workbooks(),
        *of_statistics(),
        *of_conventions(),
        *of_values(),
        *of_rows(),
        *of_persons(),
    ]
