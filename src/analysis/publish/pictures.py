"""The small pictures of the README: a page, a figure, a sheet and a slide of a study, as their readers see them.

Needs Chromium and LibreOffice, which draw them; a reader of the repository does not need to run it.
"""

import io
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from analysis import store
from analysis.codebook import StudyError

if TYPE_CHECKING:
    from analysis.study import Study

NAMES = ("report", "forest", "tables", "slide")
WIDTH, COLOURS = 900, 64  # of a picture: pixels, and colours, so that it stays small
WINDOW = (900, 1150)  # of the browser
CORNER = (9, 16)  # columns and rows of the sheet: what can be read in a small picture
FOREST, SLIDE = "03_change__forest__forest", "05_referrals__funnel"  # the figure, and the table of the slide's chart
PROGRAMS = {
    "browser": ("chromium", "chromium-browser", "google-chrome"),
    "office": ("soffice", "libreoffice"),
}


def pictures(study: "Study", folder: Path, language: str = "en") -> Iterator[Path]:
    """Write a PNG for each of `NAMES`, of all units together, into `folder`; yields each path.

    Raises `StudyError` for a program or a report that is absent.
    """
    reports = store.reports(study.id) / "all"
    if not (reports / f"report.{language}.html").exists():
        raise StudyError([f"{study.id}: no reports. Run `python -m analysis run {study.id}`."])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        drawn = (
            _page(reports / f"report.{language}.html", scratch),
            sorted((reports / "figures").glob(f"{FOREST}*.{language}.png"))[-1].read_bytes(),
            _sheet(reports / f"tables.{language}.xlsx", scratch),
            _slide(reports / f"slides.{language}.pptx", scratch),
        )
    for name, content in zip(NAMES, drawn, strict=True):
        (folder / f"{name}.png").write_bytes(_small(content))
        yield folder / f"{name}.png"


def _program(kind: str) -> str:
    found = next(filter(None, map(which, PROGRAMS[kind])), "")
    if not found:
        raise StudyError([f"{PROGRAMS[kind][0]}: not installed. It draws the pictures; install it and run this again."])
    return found


def _page(page: Path, scratch: Path) -> bytes:
    target = scratch / "page.png"
    size = ",".join(map(str, WINDOW))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={size}"]
    _run([_program("browser"), *options, f"--screenshot={target}", page.as_uri()])
    return target.read_bytes()


def _sheet(book: Path, scratch: Path) -> bytes:
    """The sheet on which groups stand side by side, or the last one: a picture shows the first sheet only."""
    import openpyxl

    file = openpyxl.load_workbook(book)
    kept = max(file.worksheets, key=lambda sheet: sheet.max_column)
    for sheet in file.worksheets:
        if sheet is not kept:
            file.remove(sheet)
    kept.delete_cols(CORNER[0] + 1, kept.max_column)
    kept.delete_rows(CORNER[1] + 1, kept.max_row)
    kept.oddFooter.center.text = ""  # or the border below is not empty
    file.save(scratch / "tables.xlsx")
    return _office(scratch / "tables.xlsx")


def _slide(slides: Path, scratch: Path) -> bytes:
    """The slide with the chart of the referrals, or the first with a chart."""
    from pptx import Presentation

    deck = Presentation(slides)
    charts = [at for at, slide in enumerate(deck.slides) if any(shape.has_chart for shape in slide.shapes)]
    named = [at for at in charts if any(shape.name == SLIDE for shape in deck.slides[at].shapes)]
    kept, listed = (named or charts)[0], deck.slides._sldIdLst
    for at, one in reversed(list(enumerate(listed))):
        if at != kept:
            deck.part.drop_rel(one.rId)
            listed.remove(one)
    deck.save(scratch / "slides.pptx")
    return _office(scratch / "slides.pptx")


def _office(file: Path) -> bytes:
    own = f"-env:UserInstallation={(file.parent / 'settings').as_uri()}"
    _run([_program("office"), own, "--headless", "--convert-to", "png", "--outdir", str(file.parent), str(file)])
    return file.with_suffix(".png").read_bytes()


def _run(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=True, timeout=120)


def _small(content: bytes) -> bytes:
    """The picture without its empty border, at most so wide, in few colours and without metadata."""
    from PIL import Image, ImageChops

    image = Image.open(io.BytesIO(content)).convert("RGB")
    edge = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox() or (0, 0, *image.size)
    left, top, right, low = edge
    image = image.crop((max(0, left - 20), max(0, top - 20), min(image.width, right + 20), min(image.height, low + 20)))
    if image.width > WIDTH:
        image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.quantize(COLOURS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
