"""The table book: released tables in words, numbers as the page shows them, nothing that can run or tell on anybody."""

import io
import json
import re
import zipfile
from datetime import date, datetime
from textwrap import wrap

import openpyxl
import pytest
from babel.numbers import parse_decimal
from present_cases import long, material_of, share_rows, sheets_of, the_study, write

from analysis import present, publish
from analysis.present.cells import Cell
from analysis.publish.sheet import number_of

STUDY = the_study()
SECTIONS = 9  # of the made-up release, with tables of their own


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module", params=["nl", "en"])
def made(request, folder):
    """The made-up release in one language: the material and the bytes of its book."""
    given = material_of(folder, request.param)
    return given, publish.table_book(given)


def _texts(sheet) -> list[str]:
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]


def _row_of(sheet, label: str) -> list:
    """The cells right of the first line that starts with `label`."""
    return next(
        [cell for cell in row[1:] if cell.value is not None] for row in sheet.iter_rows() if row[0].value == label
    )


def test_the_contents_sheet_leads_to_every_table(made):
    material, content = made
    contents, *sheets = sheets_of(content)
    links = [(cell.value, cell.hyperlink) for row in contents.iter_rows() for cell in row if cell.hyperlink]
    assert len(links) == len(material.tables) and len(sheets) == SECTIONS
    by_name = {sheet.title: sheet for sheet in sheets}
    for caption, link in links:
        assert link.target is None
        name, place = re.fullmatch(r"'(.+)'!(A\d+)", link.location).groups()
        assert by_name[name][place].value == caption


def test_each_sheet_prints_its_heads_and_keeps_them_in_sight(made):
    for sheet in sheets_of(made[1]):
        assert sheet.freeze_panes and sheet.print_title_rows == "$1:$2" and sheet.sheet_state == "visible"
        hidden = [one for one in (*sheet.column_dimensions.values(), *sheet.row_dimensions.values()) if one.hidden]
        assert hidden == [] and len(sheet.title) <= 31


def test_numbers_are_numbers_written_as_the_language_writes_them(made):
    """Participants at T1 by hand: 518 of 700 is 74.0 %; the mental health change at T1 is 4.1 (2.0 to 6.2)."""
    material, content = made
    by_name = {sheet.title: sheet for sheet in sheets_of(content)}
    words, locale = material.words, {"nl": "[$-413]", "en": "[$-809]"}[material.words.language]
    sheet = by_name[material.text("book.sheets.whom_we_reached")]
    count, percent = _row_of(sheet, words.level("wave", "t1"))
    assert (count.value, count.number_format) == (518, f"{locale}#,##0")
    assert (percent.value, percent.number_format) == (0.74, f"{locale}#,##0.0%")
    change = _row_of(by_name[material.text("book.sheets.what_changed")], words.level("outcome", "mhi5"))
    assert {4.1, 2.0, 6.2} <= {cell.value for cell in change}


def test_a_hidden_cell_is_a_star_and_the_star_is_explained(made):
    material, content = made
    sheet = next(one for one in sheets_of(content) if one.title == material.text("book.sheets.whom_we_reached"))
    texts = _texts(sheet)
    assert [cell.value for cell in _row_of(sheet, material.words.level("wave", "t0"))] == [700, "*"]
    assert material.text("table.note_hidden") in texts
    assert any(text.startswith(present.tables.profile_text(material.words)) for text in texts)
    wholly = next(one for one in sheets_of(content) if one.title == material.text("book.sheets.costs"))
    assert material.text("empty.hidden") in _texts(wholly)


def _crossed(folder):
    """The made-up release with means by sex, and a test that finds that they differ."""
    groups = {"all": 61.0, "man": 59.64, "woman": 61.9, "other": 66.0}
    one = {"outcome": "mhi5", "variable": "sex", "n": 250}
    rows = [
        one | {"level": level, "mean": mean, "hide": ("mean",) * (level == "other")} for level, mean in groups.items()
    ]
    for name, found, dims in (
        ("crossings", rows, ["outcome", "variable", "level"]),
        ("crossing_tests", [one | {"level": "man", "other": "woman", "p_adjusted": 0.01}],
         ["outcome", "variable", "level", "other"]),
    ):  # fmt: skip
        path = folder / f"02_participants__{name}.csv"
        long(found, dims).to_csv(path, index=False)
        facts = (folder / "01_prepare__flow.json").read_text().replace('["step"]', json.dumps(dims))
        path.with_suffix(".json").write_text(facts)
    return folder


def test_groups_stand_side_by_side_as_numbers_with_letters(tmp_path):
    """The letter is part of how the number is shown, so that the cell stays a number; 66.0 is hidden."""
    material = material_of(_crossed(write(tmp_path)), "en")
    sheet = next(one for one in sheets_of(publish.table_book(material)) if one.title == "Groups side by side")
    cells = _row_of(sheet, material.words.level("outcome", "mhi5"))
    assert [cell.value for cell in cells] == [61.0, 59.6, 61.9]
    assert [cell.number_format.partition("0.0")[2] for cell in cells] == ["", '" b"', '" a"']
    assert not any("crossing_tests" in text or "7777" in text for text in _texts(sheet))


def test_rows_are_as_high_and_columns_as_wide_as_their_texts(made):
    """No label runs out of its cell: text in lines of the column's width fits the height of the row."""
    for sheet in sheets_of(made[1])[1:]:
        spans = sheet.column_dimensions.values()  # columns of one width stand together
        wide = {at: span.width for span in spans for at in range(span.min, span.max + 1)}
        for row in sheet.iter_rows():
            found = [one for one in row if isinstance(one.value, str) and one.alignment.wrap_text]
            lines = [len(wrap(one.value, int(wide[one.column]))) for one in found]
            assert 15 * max([1, *lines]) <= (sheet.row_dimensions[row[0].row].height or 15)


def test_a_table_without_data_is_absent_and_not_hidden(tmp_path):
    folder = write(tmp_path)
    path = folder / "08_costs__per_step.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "referred,count,,,shown,,", "referred,percent,,,shown,,"]) + "\n")
    material = material_of(folder)
    sheet = next(
        one for one in sheets_of(publish.table_book(material)) if one.title == material.text("book.sheets.costs")
    )
    assert material.text("empty.absent") in _texts(sheet) and material.text("empty.hidden") not in _texts(sheet)


def test_no_hidden_value_formula_outside_link_or_name_is_in_the_file(made):
    with zipfile.ZipFile(io.BytesIO(made[1])) as file:
        parts = {name: file.read(name).decode("utf-8") for name in file.namelist()}
        assert {info.date_time[:3] for info in file.infolist()} == {(1980, 1, 1)}
    whole = "".join(parts.values())
    assert "7777" not in whole and "<f>" not in whole and "<f " not in whole and 'TargetMode="External"' not in whole
    assert not any(word in name for name in parts for word in ("vba", "external", "comments", "calcChain"))
    assert re.search(r"<dc:creator></dc:creator>|<dc:creator/>", parts["docProps/core.xml"])
    assert set(re.findall(r"20\d\d-\d\d-\d\dT[\d:]+Z", parts["docProps/core.xml"])) == {f"{STUDY.as_of}T00:00:00Z"}


def test_equal_tables_are_equal_bytes(made, folder):
    material, content = made
    assert publish.table_book(material_of(folder, material.words.language)) == content
    undated = openpyxl.load_workbook(io.BytesIO(publish.table_book(material_of(folder, as_of=None))))
    assert undated.properties.created == datetime(2000, 1, 1)
    assert publish.table_book(material_of(folder, as_of=date(2020, 1, 2))) != content


@pytest.mark.parametrize("hostile", ["=cmd()", "+1", "-2+3", "@x", "http://example.org", "=HYPERLINK('a')", "\t=1"])
def test_text_that_looks_like_a_formula_stays_text(tmp_path, hostile):
    folder = write(tmp_path)
    share_rows("referrer", {hostile: 40.0}).to_csv(folder / "05_referrals__referrers.csv", index=False)
    cells = [
        cell
        for sheet in sheets_of(publish.table_book(material_of(folder)))[1:]
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert [cell for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    assert [cell.data_type for cell in cells if str(cell.value).strip() == hostile.strip()] == ["s"]


@pytest.mark.parametrize(
    ("text", "language", "value", "shape"),
    [
        ("1.234,5", "nl", 1234.5, "[$-413]#,##0.0"), ("1,234.5", "en", 1234.5, "[$-809]#,##0.0"),
        ("−0,06", "nl", -0.06, "[$-413]#,##0.00"), ("74%", "nl", 0.74, "[$-413]#,##0%"),
        ("74.5%", "en", 0.745, "[$-809]#,##0.0%"), ("< 0,001", "nl", None, ""), ("1,0 tot 2,0", "nl", None, ""),
    ],
)  # fmt: skip
def test_a_number_is_the_one_that_the_page_shows(folder, text, language, value, shape):
    found = number_of(Cell(text), material_of(folder, language))
    assert (None if found is None else (found.value, found.shape)) == (None if value is None else (value, shape))


def test_points_keep_their_unit(folder):
    material = material_of(folder)
    found = number_of(Cell(material.text("number.percent_points_short", number="6,0")), material)
    assert found.value == parse_decimal("6,0", locale="nl") and found.shape.startswith('[$-413]#,##0.0"')
