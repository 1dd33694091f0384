"""Problems for people: a workbook in which nothing runs, a table on the terminal, levels from the codebook, all at
once.
"""

import io

import openpyxl
import pytest
from bad_inputs.little_study import SECRET, little, write
from rich.console import Console

from analysis import __main__, prepare, store
from analysis.intake.checks import IntakeError, Problem, as_frame, problem
from analysis.intake.problem_report import terminal_table, workbook

PROBLEMS = [
    problem("answers", "=1+1", "levels", range(2, 12), "10 rows hold 7, not in codebook", "Add the code.", "warning"),
    problem("persons", "[bold]age", "type", [4], "1 row holds something that is not a number", "Correct it."),
]


def test_a_problem_names_place_rows_and_remedy_in_one_sentence():
    assert str(PROBLEMS[1]) == "persons.[bold]age: 1 row holds something that is not a number (row 4). Correct it."
    assert "(rows 2, 3, 4, 5, 6, ...)" in str(PROBLEMS[0])


def test_the_workbook_holds_text_and_no_formula():
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(PROBLEMS))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:5] == ("level", "table or file", "column", "rule", "rows")
    assert rows[1][:6] == ("warning", "answers", "=1+1", "levels", 10, "2, 3, 4, 5, 6")
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} == {"s", "n"}


def test_the_terminal_shows_errors_first_and_takes_nothing_for_markup():
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(terminal_table(PROBLEMS))
    said = console.export_text()
    assert said.index("persons.[bold]age") < said.index("answers.=1+1")


def test_no_problems_make_an_empty_table():
    assert list(as_frame([]).columns) == list(Problem.__dataclass_fields__) and workbook([])


@pytest.fixture
def spoilt(tmp_path, monkeypatch):
    """Errors in two tables and a warning, each in a variable whose level the codebook sets."""
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    study = little()
    study.tables["persons"].loc[0, "geslacht"] = SECRET
    study.tables["answers"].loc[3, "q1"] = 7
    study.codebook.loc[study.codebook["name"] == "mhi5_1", "check"] = "warning"
    write(study, tmp_path)
    return tmp_path


def test_errors_stop_warnings_do_not_and_both_levels_come_from_the_codebook(spoilt):
    with pytest.raises(IntakeError) as error:
        prepare.prepare(store.study("little"))
    assert [(found.table, found.column) for found in error.value.found] == [("persons", "sex")]
    path = spoilt / "studies" / "little" / "codebook.csv"
    path.write_text(
        path.read_text("utf-8").replace(
            "persons,sex,geslacht,category,,sex,9=unknown,,quasi,sex,sex,error",
            "persons,sex,geslacht,category,,sex,9=unknown,,quasi,sex,sex,warning",
        ),
        encoding="utf-8",
    )
    made = prepare.prepare(store.study("little"))
    assert {(found.column, found.level) for found in made.problems} == {("sex", "warning"), ("mhi5_1", "warning")}
    assert made.tables["persons"]["sex"].isna().sum() == 1, "what warned is empty, and stated"


def test_check_writes_the_workbook_and_removes_it_when_all_is_well(spoilt, monkeypatch, capsys):
    path = spoilt / "data" / "processed" / "little" / "problems.xlsx"
    monkeypatch.setattr("sys.argv", ["analysis", "check", "little"])
    with pytest.raises(SystemExit):
        __main__.main()
    said = "".join(capsys.readouterr())
    assert path.exists() and "persons.sex" in said and SECRET not in said
    assert SECRET.encode() not in path.read_bytes() and "Traceback" not in said
    study = little()
    write(study, spoilt)
    with pytest.raises(SystemExit) as exit_:
        __main__.main()
    assert exit_.value.code in (0, None) and not path.exists()


def test_a_warning_leaves_only_its_own_cells_empty_also_where_row_numbers_repeat():
    """A wide table has a row number once a wave: what is wrong at one wave must not touch the other."""
    import pandas as pd

    from analysis.codebook import Level, Source, Variable
    from analysis.intake.convert import convert

    def variable(type_: str, levels=()) -> Variable:
        return Variable(
            "t", "v", Source(("v",)), type_, "", "set", levels, None, {}, False, "v", "v", "open", "warning"
        )

    def converted(type_: str, values: list, levels=()) -> list:
        return list(convert(pd.Series(values, index=[2, 3, 2, 3], dtype="str"), variable(type_, levels)).values)

    dates = converted("date", ["1899-01-01", "2021-01-02", "2021-01-03", "2021-01-04"])
    assert [str(day)[:10] for day in dates] == ["NaT", "2021-01-02", "2021-01-03", "2021-01-04"]
    assert pd.isna(converted("number", ["1,5", "2.5", "3.5", "4"])).tolist() == [True, False, False, False]
    levels = (Level("1", "one", "1", "1"), Level("2", "two", "2", "2"))
    assert converted("list", ["1 2", "2", "1", "1;2"], levels) == ["one;two", "two", "one", "one;two"]
