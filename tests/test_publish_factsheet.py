"""The fact sheet: two pages that a screen reader can read, made from released tables only."""

import json
import re
import time

import pytest
from present_cases import tables, the_study, write

from analysis import publish
from analysis.publish import factsheet
from analysis.publish.html import gathered, page

STUDY = the_study()
FEW = ("02_participants__attrition", "03_change__estimates", "03_change__forest", "05_referrals__funnel",
       "07_factors__factors")  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("reports"), omit=tuple(set(tables()) - set(FEW)))


@pytest.fixture(scope="module", params=["nl", "en"])
def made(request, folder):
    """The page that the sheet is made with, and the bytes of the sheet."""
    found = page(folder, STUDY, "all", request.param, STUDY.as_of)
    return found, publish.fact_sheet(found.material, found.figures)


def test_it_is_two_pages_of_pdf_ua(made):
    _, sheet = made
    assert sheet.startswith(b"%PDF-1.7") and len(re.findall(rb"/Type\s*/Page\b", sheet)) == 2
    assert b"<pdfuaid:part>1</pdfuaid:part>" in sheet


def test_tags_title_and_language_are_there(made):
    found, sheet = made
    language = found.material.words.language
    assert re.search(rb"/Lang\(%s[^)]*\)/StructTreeRoot \d+ 0 R/MarkInfo<</Marked true" % language.encode(), sheet)
    assert b"/DisplayDocTitle true" in sheet and re.search(rb"/Title\s*[(<]", sheet)
    assert sheet.count(b"/S/H1") == 1 and sheet.count(b"/S/H2") >= 5 and sheet.count(b"/S/LI") >= 10
    assert b"/Author" not in sheet and not re.search(rb"/JavaScript|/EmbeddedFile|/URI", sheet)


def test_every_figure_has_the_alternative_text_of_the_page(made):
    found, sheet = made
    assert sheet.count(b"/S/Figure") == sheet.count(b"/Alt") == 2
    shown = [part.picture.alt for part in factsheet._parts(found.material, found.figures) if part.picture]
    assert len(shown) == 2 and all(alt in found.html.replace("&#34;", '"') for alt in shown)


def test_no_hidden_value_is_handed_to_the_sheet(made):
    found, _ = made
    parts = tuple(factsheet._parts(found.material, found.figures))
    text = json.dumps(factsheet._data(found.material, parts, 9.0), ensure_ascii=False)
    assert "7777" not in re.sub(r"[.,\s]", "", text) and "nan" not in text.lower().split()
    said = [sentence for part in parts for sentence in part.sentences]
    assert len(said) > 10 and len(set(said)) >= len(said) - 2


def test_equal_tables_are_equal_bytes(made):
    found, sheet = made
    time.sleep(1.1)
    assert publish.fact_sheet(found.material, found.figures) == sheet


def test_long_texts_still_make_two_pages(made, monkeypatch):
    """The text gets smaller before a third page starts: at its first size this would be more."""
    material = made[0].material
    long = ["A sentence that is a good deal longer than what this page says of anything, to fill the lines. " * 3] * 20
    monkeypatch.setattr(factsheet, "_sentences", lambda section, material, chosen: long)
    monkeypatch.setattr(factsheet, "_plan", lambda: ({"section": "factors", "page": 1, "most": 20},) * 2)
    assert factsheet.pages(publish.fact_sheet(material, {})) == 2
    monkeypatch.setattr(factsheet, "SIZES", factsheet.SIZES[:1])
    assert factsheet.pages(publish.fact_sheet(material, {})) > 2


def test_labels_are_text_and_never_instructions(tmp_path):
    folder = write(tmp_path, omit=tuple(set(tables()) - {"07_factors__factors"}))
    path = folder / "07_factors__factors.csv"
    path.write_text(path.read_text().replace("trust", "#panic($x_1$) *b* [c] @d <e>"))
    material = gathered(folder, STUDY, "all", "nl", STUDY.as_of)
    said = [sentence for part in factsheet._parts(material, {}) for sentence in part.sentences]
    assert any("#panic" in sentence for sentence in said)
    assert factsheet.pages(publish.fact_sheet(material, {})) == 2
