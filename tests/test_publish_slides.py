"""The slides: native charts of released values only, nothing left empty, notes that say where numbers come from."""

import io
import re
import time
import zipfile
from datetime import datetime

import openpyxl
import pandas as pd
import pytest
from pptx import Presentation
from pptx.util import Emu
from present_cases import (
    add_actions,
    charts_of,
    deck_of,
    material_of,
    only,
    share_rows,
    tables,
    the_study,
    write,
)

from analysis import publish

STUDY = the_study()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return add_actions(write(tmp_path_factory.mktemp("reports")))


@pytest.fixture(scope="module", params=["nl", "en"])
def made(request, folder):
    """The deck of the made-up release in one language: material and bytes."""
    given = material_of(folder, request.param)
    return given, publish.slide_deck(given)


def test_the_deck_has_title_findings_charts_questions_and_action_points(made):
    material, content = made
    titles = [slide.shapes.title.text for slide in deck_of(content).slides]
    text = material.text
    order = [
        text("page.sections.in_brief"),
        text("figures.attrition"),
        text("slides.questions"),
        text("slides.actions"),
    ]
    assert [title for title in dict.fromkeys(titles) if title in order] == order
    assert titles[0].startswith(material.words.of(STUDY.title)) and len(charts_of(content)) == 7


def test_nothing_is_empty_and_every_slide_says_where_its_numbers_come_from(made):
    material, content = made
    for slide in deck_of(content).slides:
        assert all(shape.text_frame.text.strip() for shape in slide.placeholders)
        notes = slide.notes_slide.notes_text_frame.text
        named = set(re.findall(r"\d\d_[a-z]+__[a-z0-9_]+", notes))
        assert named <= set(material.tables) and (named or notes == material.text("slides.note_none"))
        if any(shape.has_chart for shape in slide.shapes):
            assert named and "=" in notes


def test_charts_are_native_and_have_alternative_text(made):
    for shape in charts_of(made[1]):
        alt = shape._element.nvGraphicFramePr.cNvPr.get("descr")
        assert 10 < len(alt) <= 200 and shape.chart.value_axis.minimum_scale == 0


def test_three_questions_with_the_numbers_of_the_release(made):
    """By hand: fewest took the step of feedback, 300 of 1900 (15.8 %); 40 % of 900 stopped for their health."""
    material, content = made
    title = material.text("slides.questions")
    slide = next(one for one in deck_of(content).slides if one.shapes.title.text == title)
    paragraphs = slide.placeholders[1].text_frame.paragraphs
    assert len(paragraphs) == 3
    percent = {"nl": ("15,8%", "40,0%"), "en": ("15.8%", "40.0%")}[material.words.language]
    assert percent[0] in paragraphs[0].text and percent[1] in paragraphs[1].text
    few = publish.slide_deck(only(material, "01_prepare__flow"))
    asked = next(one for one in deck_of(few).slides if one.shapes.title.text == title)
    assert [one.text for one in asked.placeholders[1].text_frame.paragraphs] == [
        material.text(f"slides.question.general_{at}") for at in (1, 2, 3)
    ]


def test_action_points_are_counted_and_a_hidden_count_stays_hidden(made):
    material, content = made
    slide = next(one for one in deck_of(content).slides if one.shapes.title.text == material.text("slides.actions"))
    lines = [one.text for one in slide.placeholders[1].text_frame.paragraphs]
    assert [re.findall(r"\d+", line) for line in lines] == [["12", "80"], ["25", "80"], ["40", "80"]]


def _embedded(shape) -> set[float]:
    book = openpyxl.load_workbook(io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert len(book.worksheets) == 1 and not any(cell.data_type == "f" for cell in cells)
    return {cell.value for cell in cells if cell.data_type == "n" and cell.value is not None}


def test_a_chart_and_its_embedded_workbook_hold_released_valuesonly(made, folder):
    for shape in charts_of(made[1]):
        frame = pd.read_csv(folder / f"{shape.name}.csv").query("status == 'shown'")
        shown = {round(value * scale, 4) for value in frame["value"] for scale in (1, 0.01)}
        shown |= {round(round(value) / 100, 4) for value in frame["value"]}
        drawn = {
            value for plot in shape.chart.plots for one in plot.series for value in one.values if value is not None
        }
        assert drawn and drawn == _embedded(shape) and {round(one, 4) for one in drawn} <= shown


def test_no_hidden_value_author_or_outside_link_is_in_the_file(made):
    with zipfile.ZipFile(io.BytesIO(made[1])) as file:
        parts = {name: file.read(name) for name in file.namelist()}
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    books = [io.BytesIO(content) for name, content in parts.items() if name.endswith(".xlsx")]
    assert len(books) == 7
    for book in books:
        with zipfile.ZipFile(book) as file:
            parts |= {f"{id(book)}/{name}": file.read(name) for name in file.namelist()}
    whole = b"".join(content for name, content in parts.items() if name.endswith((".xml", ".rels")))
    assert b"7777" not in whole and b'TargetMode="External"' not in whole
    about = deck_of(made[1]).core_properties
    assert (about.author, about.last_modified_by, about.language) == ("", "", made[0].words.language)
    assert about.created == about.modified == datetime(STUDY.as_of.year, STUDY.as_of.month, STUDY.as_of.day)


def test_equal_tables_are_equal_bytes(made):
    time.sleep(1.1)  # properties and zip entries hold seconds
    assert publish.slide_deck(made[0]) == made[1]


def test_a_template_gives_its_size_and_layouts_and_not_its_slides(folder, tmp_path):
    house = Presentation()
    house.slide_width = Emu(9_000_000)
    house.slides.add_slide(house.slide_layouts[0]).shapes.title.text = "Own slide of the house"
    house.save(tmp_path / "house.pptx")
    content = publish.slide_deck(only(material_of(folder), "01_prepare__flow"), tmp_path / "house.pptx")
    deck = deck_of(content)
    assert deck.slide_width == 9_000_000 and len(deck.slides) == 5
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert not any(b"Own slide" in file.read(name) for name in file.namelist())


def test_a_template_without_the_layouts_is_refused(folder, tmp_path):
    house = Presentation()
    for layout in list(house.slide_layouts)[1:]:
        house.slide_layouts.remove(layout)
    house.save(tmp_path / "house.pptx")
    with pytest.raises(ValueError, match="no layout with just title and text"):
        publish.slide_deck(material_of(folder), tmp_path / "house.pptx")


def test_hostile_text_stays_text(tmp_path):
    folder = write(tmp_path, omit=tuple(set(tables()) - {"05_referrals__referrers"}))
    hostile = "<a:t>=cmd()</a:t>"
    share_rows("referrer", {hostile: 40.0, "gp": 20.0}).to_csv(folder / "05_referrals__referrers.csv", index=False)
    shape = charts_of(publish.slide_deck(material_of(folder)))[0]
    assert hostile in list(shape.chart.plots[0].categories) and _embedded(shape) == {0.4, 0.2}
