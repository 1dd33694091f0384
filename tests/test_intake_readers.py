"""Files as people send them: the same values whatever the format, what a file tells is kept, nothing is guessed in
silence.
"""

import datetime as dt

import pandas as pd
import pyreadstat
import pytest
from bad_inputs.little_study import little, write
from sav_files import with_multiple_response

from analysis import prepare, store
from analysis.intake.checks import IntakeError
from analysis.intake.days import iso_days
from analysis.intake.decimals import decimal_points
from analysis.intake.learnt import chosen, reasons
from analysis.intake.readers import read

FRAME = pd.DataFrame(
    {
        "id": ["a1", "b2", "c3", "d4"],
        "code": [1.0, 9.0, -2.0, 2.0],
        "naam": ["Zoë", "Z", "coördinatie", None],
        "dag": [dt.date(2020, 1, 2), dt.date(2021, 3, 4), None, dt.date(2020, 12, 31)],
        "maat": [1.5, 2.25, 3.0, None],
    }
)
CODES = [
    ["a1", "1", "Zoë", "2020-01-02", "1.5"],
    ["b2", "9", "Z", "2021-03-04", "2.25"],
    ["c3", "-2", "coördinatie", None, "3"],
    ["d4", "2", None, "2020-12-31", None],
]


def cells(frame: pd.DataFrame) -> list[list]:
    return frame.astype("object").where(frame.notna(), None).to_numpy().tolist()


def write_xlsx(path, rows) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.fixture
def delivered(tmp_path):
    """One table in every format."""
    pyreadstat.write_sav(FRAME, tmp_path / "t.sav", variable_format={"dag": "EDATE10"})
    pyreadstat.write_sav(FRAME, tmp_path / "t.zsav", compress=True, variable_format={"dag": "DATE11"})
    pyreadstat.write_dta(FRAME.astype({"dag": "str"}).replace({"dag": {"nan": ""}}), tmp_path / "t.dta")
    plain = FRAME.assign(naam=["Zoe", "Z", "coordinatie", ""], dag=["2020-01-02", "2021-03-04", "", "2020-12-31"])
    pyreadstat.write_por(plain, tmp_path / "t.por")
    FRAME.to_parquet(tmp_path / "t.parquet")
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    FRAME.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    FRAME.to_csv(tmp_path / "t.txt", index=False, sep=";", encoding="windows-1252")
    write_xlsx(tmp_path / "t.xlsx", [list(FRAME), *cells(FRAME)])
    return tmp_path


@pytest.mark.parametrize("suffix", ["sav", "zsav", "dta", "parquet", "csv", "tsv", "txt", "xlsx"])
def test_every_format_gives_the_same_codes(delivered, suffix):
    frame, _ = read(delivered / f"t.{suffix}")
    assert list(frame.columns) == list(FRAME.columns)
    assert cells(frame) == CODES


def test_a_portable_file_gives_the_same_codes_in_plain_letters(delivered):
    frame, _ = read(delivered / "t.por")
    frame.columns = [name.lower() for name in frame.columns]
    assert cells(frame.drop(columns="naam")) == [[*row[:2], *row[3:]] for row in CODES]


def test_what_a_text_file_uses_is_found_and_stated(delivered):
    told = {suffix: read(delivered / f"t.{suffix}")[1] for suffix in ("csv", "tsv", "txt")}
    assert [(each.encoding, each.separator, each.decimal) for each in told.values()] == [
        ("utf-8", ",", "."),
        ("utf-8", "\t", "."),
        ("windows-1252", ";", "."),
    ]
    assert [remark.rule for remark in told["txt"].remarks] == ["encoding"]


def test_what_is_declared_is_followed(tmp_path):
    (tmp_path / "t.csv").write_bytes("a|b\n1|\x80 5\n".encode("latin-1"))
    assert read(tmp_path / "t.csv", encoding="latin-1", separator="|")[0].loc[2, "b"] == "\x80 5"
    assert read(tmp_path / "t.csv")[0].loc[2, "b"] == "€ 5"


def test_excel_says_the_separator_in_the_first_line(tmp_path):
    (tmp_path / "t.csv").write_text("sep=;\na;b\n1;2,5\n", encoding="utf-8")
    frame, learnt = read(tmp_path / "t.csv")
    assert (cells(frame), list(frame.index), learnt.decimal) == ([["1", "2,5"]], [3], ",")


def test_row_numbers_are_those_of_the_spreadsheet(tmp_path):
    (tmp_path / "t.csv").write_text('a,b\n1,"x\ny"\n\n3,z\n', encoding="utf-8")
    assert list(read(tmp_path / "t.csv")[0].index) == [2, 4]


def test_an_spss_file_keeps_labels_missing_values_and_sets(tmp_path):
    path = tmp_path / "t.sav"
    frame = FRAME.assign(act_a=[1.0, 0.0, None, 0.0], act_b=[1.0, 1.0, None, 0.0])
    pyreadstat.write_sav(
        frame,
        path,
        column_labels={"code": "Vraag één"},
        variable_value_labels={"code": {1: "ja", 2: "nee", 9: "Onbekend"}},
        missing_ranges={"code": [9, {"lo": -3, "hi": -1}], "naam": ["Z"]},
        variable_format={"dag": "EDATE10"},
    )
    with_multiple_response(path, "$act=D1 1 10 activiteit act_a act_b")
    got, learnt = read(path)
    assert cells(got[FRAME.columns]) == CODES, "the codes stay"
    assert learnt.labels == {"code": "Vraag één"}
    assert learnt.value_labels["code"] == {"1": "ja", "2": "nee", "9": "Onbekend"}
    assert learnt.missing == {"code": {"-2": "user_missing", "9": "onbekend"}, "naam": {"Z": "user_missing"}}
    why = reasons(got, learnt)
    assert list(why["code"]) == ["", "onbekend", "user_missing", ""]
    assert list(why["naam"]) == ["", "user_missing", "", "empty"]
    (question,) = learnt.multiple.values()
    assert (question.columns, question.counted, question.label) == (("act_a", "act_b"), "1", "activiteit")
    counts = chosen(got, question).set_index("option")
    assert list(counts["count"]) == [1, 2] and set(counts["answered"]) == {2}


def test_an_old_encoding_is_told_by_the_file(tmp_path):
    pyreadstat.write_sav(FRAME, tmp_path / "t.sav", column_labels={"naam": "Coördinatie"})
    content = (tmp_path / "t.sav").read_bytes()
    old = (
        content.replace(b"Co\xc3\xb6rdinatie", b"Co\xf6rdinatie ")
        .replace(b"UTF-8", b"CP125")
        .replace("Zoë".encode(), b"Zo\xeb ")
    )
    (tmp_path / "t.sav").write_bytes(old)
    with pytest.raises(IntakeError, match="encoding"):
        read(tmp_path / "t.sav")
    frame, learnt = read(tmp_path / "t.sav", encoding="windows-1252")
    assert learnt.labels["naam"].startswith("Coördinatie") and frame["naam"].iloc[0] == "Zoë"


def test_excel_with_a_title_a_note_and_names_in_another_case(tmp_path):
    write_xlsx(
        tmp_path / "t.xlsx",
        [["Meting najaar"], [], ["ID", "Code", "Naam"], ["a1", 1, "x"], ["b2", True, "y"], [], ["Bron: wij"]],
    )
    frame, learnt = read(tmp_path / "t.xlsx", columns=["id", "code"])
    assert (
        list(frame.columns) == ["id", "code", "Naam"]
        and list(frame["code"]) == ["1", "1"]
        and list(frame.index) == [4, 5]
    )
    assert {remark.rule for remark in learnt.remarks} == {
        "notes below the table",
        "rows above the header",
        "case of names",
    }


def test_the_sheet_with_the_declared_columns_is_taken(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["uitleg", "bij", "bestand"])
    book.active.append(["a", "b", "c"])
    book.create_sheet("data").append(["id", "code"])
    book["data"].append(["a1", 4])
    book.save(tmp_path / "t.xlsx")
    frame, learnt = read(tmp_path / "t.xlsx", columns=["id", "code"])
    assert (learnt.sheet, cells(frame)) == ("data", [["a1", "4"]])


def test_column_order_does_not_matter(delivered):
    shuffled = pd.read_csv(delivered / "t.csv")[["maat", "dag", "naam", "code", "id"]]
    shuffled.to_csv(delivered / "u.csv", index=False)
    pd.testing.assert_frame_equal(read(delivered / "u.csv")[0][list(FRAME)], read(delivered / "t.csv")[0])


# --- days and decimals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "declared", "expected"),
    [
        (["2021-02-03 10:20:30", "2021-02-04"], "", ["2021-02-03", "2021-02-04"]),
        (["31-12-2020", "3-4-2021"], "", ["2020-12-31", "2021-04-03"]),
        (["12/31/2020 9:05", "4/3/2021"], "", ["2020-12-31", "2021-04-03"]),
        (["03-04-2021"], "", ["03-04-2021"]),
        (["31-12-2020", "12-31-2020"], "", ["31-12-2020", "12-31-2020"]),
        (["03-04-2021"], "dd-mm-yyyy", ["2021-04-03"]),
        (["03-04-2021"], "mm-dd-yyyy", ["2021-03-04"]),
        (["44197", "44197.75", "x"], "excel_serial", ["2021-01-01", "2021-01-01", "x"]),
        (["42735"], "excel_serial_1904", ["2021-01-01"]),
        (["20210203"], "yyyymmdd", ["2021-02-03"]),
        (["1-2-21"], "", ["1-2-21"]),
    ],
)
def test_days_become_iso_only_where_one_reading_is_left(written, declared, expected):
    assert list(iso_days(pd.Series(written, dtype="str"), declared).values) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["1,5", "2", "3,25"], ["1.5", "2", "3.25"]),
        (["1.234,5", "2"], ["1234.5", "2"]),
        (["1.5", "2"], ["1.5", "2"]),
        (["1,5", "2.5"], ["1,5", "2.5"]),
        (["1,500", "2,250"], ["1,500", "2,250"]),
        (["1,2,3"], ["1,2,3"]),
    ],
)
def test_decimal_commas_are_read_only_where_one_reading_is_left(written, expected):
    assert list(decimal_points(pd.Series(written, dtype="str")).values) == expected


# --- one study, five formats --------------------------------------------------------------------------------


def processed(root, monkeypatch, format: str, **options) -> dict[str, bytes]:
    monkeypatch.setenv("ANALYSIS_ROOT", str(root))
    study = little()
    study.formats = dict.fromkeys(study.formats, format)
    study.labels = dict.fromkeys(study.formats, options) if options else {}
    write(study, root)
    prepare.write(store.study("little"))
    tables = root / "data" / "processed" / "little" / "tables"
    return {str(path.relative_to(tables)): path.read_bytes() for path in sorted(tables.rglob("*.parquet"))}


def test_the_same_study_in_five_formats_gives_the_same_bytes(tmp_path, monkeypatch):
    ways = {"sav": {}, "xlsx": {}, "csv": {}, "parquet": {}}
    made = {name: processed(tmp_path / name, monkeypatch, name, **options) for name, options in ways.items()}
    made["semicolons"] = processed(tmp_path / "semicolons", monkeypatch, "csv", sep=";", decimal=",")
    first = made.pop("csv")
    assert len(first) >= 12
    for name, files in made.items():
        differing = [
            file for file in first if files.get(file) != first[file] and not file.startswith("prepare_problems")
        ]
        assert not differing and set(files) - set(first) <= {"prepare_problems/unit=_none.parquet"}, name


def test_the_default_study_in_other_formats_gives_the_same_bytes(project):
    """Three tables of the real layout: SPSS with a file's own dates, Excel, and semicolons with decimal commas."""
    import yaml

    study = "samen_in_beweging"
    before = {name: frame.to_parquet() for name, frame in prepare.prepare(store.study(study)).tables.items()}
    raw, path = project / "data" / "raw" / study, project / "studies" / study / "study.yaml"
    plan = yaml.safe_load(path.read_text("utf-8"))
    for table, file in (
        ("persons", "persons.sav"),
        ("answers", "measures.parquet"),
        ("costs", "costs.xlsx"),
        ("referrals", "referrals.csv"),
    ):
        frame = pd.read_csv(
            raw / plan["tables"][table]["file"], dtype=dict.fromkeys(("respondent", "verwijzing", "tabel"), "str")
        )
        plan["tables"][table] = {"file": file}
        if file.endswith(".sav"):
            pyreadstat.write_sav(frame, raw / file)
        elif file.endswith(".parquet"):
            frame.to_parquet(raw / file)
        elif file.endswith(".xlsx"):
            frame.to_excel(raw / file, index=False)
        else:
            frame.to_csv(raw / file, index=False, sep=";", decimal=",")
    path.write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")
    after = {name: frame.to_parquet() for name, frame in prepare.prepare(store.study(study)).tables.items()}
    assert after == before
