"""The fact sheet of a unit: two pages as PDF/UA-1 (tagged, titled, in a language, with alternative texts)."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from analysis._yaml import read_yaml
from analysis.publish.archive import UNDATED
from analysis.publish.blocks import say
from analysis.publish.contents import Section, completed
from analysis.publish.material import Block, Material

PAGES = 2
TEMPLATE, DATA = "factsheet.typ", "data.json"
SIZES = (11.0, 10.5, 10.0, 9.5, 9.0, 8.5, 8.0)  # of the text, in points: the largest that keeps to two pages
HEIGHT = 7.0  # centimetres of a figure that the plan says nothing of


@dataclass(frozen=True)
class Shown:
    """A figure on the sheet: its file beside the template, alternative text, height in centimetres."""

    file: str
    alt: str
    height: float


@dataclass(frozen=True)
class Paragraphs:
    """A section of the sheet, and the page it stands on."""

    title: str
    sentences: tuple[str, ...]
    picture: Shown | None
    page: int


def fact_sheet(material: Material, figures: Mapping[str, Block]) -> bytes:
    """The sheet of `material` as a PDF/UA-1 file; equal tables give equal bytes on every machine.

    `figures` are those of the page (`html.page`). Texts are handed over as data, so that no label can be taken for an
    instruction. Fonts are those of installed packages, never those of the machine. Raises typst.TypstError when the
    file would not be accessible.
    """
    parts = tuple(_parts(material, figures))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for picture in filter(None, (part.picture for part in parts)):
            (folder / picture.file).write_bytes(figures[picture.file].png)
        template = files("analysis.publish").joinpath(f"templates/{TEMPLATE}").read_bytes()
        (folder / TEMPLATE).write_bytes(template)
        for size in SIZES:
            sheet = _compiled(folder, _data(material, parts, size), material.as_of or UNDATED)
            if pages(sheet) <= PAGES:
                break
    return sheet


def _compiled(folder: Path, data: Mapping, day: date) -> bytes:
    import matplotlib
    import typst

    (folder / DATA).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return typst.compile(
        folder / TEMPLATE, root=folder, format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True,
        font_paths=[Path(matplotlib.get_data_path()) / "fonts" / "ttf"],
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
    )  # fmt: skip


def pages(sheet: bytes) -> int:
    """How many pages a PDF made here has: typst writes page objects uncompressed."""
    return len(re.findall(rb"/Type\s*/Page\b", sheet))


@lru_cache
def _plan() -> tuple[Mapping, ...]:
    return tuple(read_yaml(files("analysis.publish").joinpath("factsheet.yaml").read_text(encoding="utf-8")))


def _parts(material: Material, figures: Mapping[str, Block]) -> Iterator[Paragraphs]:
    """The sections of factsheet.yaml that have something to tell, in order."""
    found = {section.id: section for section in completed(material.tables)}
    for asked in _plan():
        sentences = _sentences(found[asked["section"]], material, asked.get("say"))[: asked["most"]]
        name = next((name for name in figures if name.startswith(asked["figure"])), "") if "figure" in asked else ""
        picture = Shown(name, figures[name].alt, asked.get("height", HEIGHT)) if name else None
        if sentences or picture:
            title = material.text(f"page.sections.{asked['section']}")
            yield Paragraphs(title, tuple(sentences), picture, asked["page"])


def _sentences(section: Section, material: Material, chosen: Sequence[str] | None) -> list[str]:
    """What the report says in a section (of the `chosen` kinds, if given), each once."""
    parts = [part for part in section.parts if part.verb == "say" and (chosen is None or part.what in chosen)]
    told = [part for part in parts if not part.table or material.table(part) is not None]
    return list(dict.fromkeys(str(sentence) for part in told for sentence in say(part, material)))


def _data(material: Material, parts: tuple[Paragraphs, ...], size: float) -> dict:
    """What the template reads; `turn` is the place of the first section of the second page."""
    words = material.words
    unit, study = words.study.unit_label(material.unit, words.language), words.of(words.study.title)
    lines = [material.text("page.as_of", date=words.date(material.as_of))] if material.as_of else []
    lines += [material.text("synthetic.banner")] * (words.study.kind == "synthetic")
    title = material.text("page.title", study=study, unit=unit)
    return {
        "title": title, "description": material.text("factsheet.description", unit=unit), "language": words.language,
        "lines": lines, "size": size, "footer": material.text("page.footer", source=words.source),
        "parts": [asdict(part) for part in parts],
        "turn": next((at for at, part in enumerate(parts) if part.page == PAGES), len(parts)),
    }  # fmt: skip
