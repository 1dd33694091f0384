"""Table books and slides open in another office programme than they were made for: LibreOffice reads them too."""

import os
import re
import subprocess
from pathlib import Path
from shutil import which

import pytest
from pptx.enum.shapes import MSO_SHAPE_TYPE
from present_cases import add_actions, deck_of, material_of, sheets_of, the_study, write

from analysis import publish

SOFFICE = which("soffice") or which("libreoffice") or ""
INSTALL = (
    "LibreOffice is not installed. Install it (Debian, Ubuntu: `sudo apt-get install --no-install-recommends "
    "libreoffice-calc libreoffice-impress`) and run this again."
)
NAMED = [(unit, language) for unit in ("all", "kampen") for language in the_study().languages]
BOOKS = [f"tables.{unit}.{language}.xlsx" for unit, language in NAMED]
DECKS = [f"slides.{unit}.{language}.pptx" for unit, language in NAMED]


def _convert(folder: Path, *names: str) -> subprocess.CompletedProcess:
    """LibreOffice makes a PDF beside each file, with settings of its own instead of those of who runs the test."""
    own = f"-env:UserInstallation={(folder / 'settings').as_uri()}"
    files = [folder / name for name in names]
    command = [SOFFICE, own, "--headless", "--convert-to", "pdf", "--outdir", folder, *files]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A small published study, converted. Without LibreOffice: skipped, but failed on the machine for checks."""
    if not SOFFICE:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(INSTALL)
    folder = tmp_path_factory.mktemp("office")
    for unit, language in NAMED:
        given = material_of(add_actions(write(folder / "reports", unit)), language, unit=unit)
        (folder / f"tables.{unit}.{language}.xlsx").write_bytes(publish.table_book(given))
        (folder / f"slides.{unit}.{language}.pptx").write_bytes(publish.slide_deck(given))
    run = _convert(folder, *BOOKS, *DECKS)
    assert run.returncode == 0 and "error" not in (run.stdout + run.stderr).lower(), run.stderr
    return folder


def _pages(folder: Path, name: str) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", (folder / name).with_suffix(".pdf").read_bytes()))


@pytest.mark.parametrize("name", DECKS)
def test_each_slide_becomes_a_page_and_nothing_on_it_is_empty_or_a_picture(converted, name):
    slides = deck_of((converted / name).read_bytes()).slides
    assert _pages(converted, name) == len(slides) > 5
    shapes = [shape for slide in slides for shape in slide.shapes]
    assert sum(shape.has_chart for shape in shapes) == 7
    assert not [shape for shape in shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]
    assert all(shape.text_frame.text.strip() for shape in shapes if shape.is_placeholder and shape.has_text_frame)


@pytest.mark.parametrize("name", BOOKS)
def test_each_sheet_becomes_pages_and_holds_no_formula(converted, name):
    sheets = sheets_of((converted / name).read_bytes())
    assert _pages(converted, name) >= len(sheets) > 5
    cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row]
    assert cells and not [cell for cell in cells if cell.data_type in ("f", "e")]


def test_a_broken_file_is_noticed(converted):
    """What LibreOffice cannot read gives no pages, so that the tests above can fail."""
    (converted / "broken.pptx").write_bytes((converted / DECKS[0]).read_bytes()[:2000])
    _convert(converted, "broken.pptx")
    assert not (converted / "broken.pdf").exists()
