"""Self-contained accessible pages: one report a unit and language, one index a study and language."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis import present
from analysis.publish.blocks import blocks
from analysis.publish.contents import Section, completed, sections
from analysis.publish.material import Block, Material

if TYPE_CHECKING:
    from analysis.study import Study

# characters that turn the direction of text around, and controls: a label may not reorder a page
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class Chapter:
    """A section as it stands on a page."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A report: its HTML, the figures in it (blocks with a picture) by file name, and what it was made from."""

    html: str
    figures: Mapping[str, Block]
    material: Material


def report(
    tables: Path, study: "Study", unit: str, language: str, as_of: date | None = None, *, languages: Iterable[str] = ()
) -> str:
    """The report of one unit in one language as a self-contained HTML page, from the released tables in `tables`.

    `languages` are those of the study's other reports, to link to. Raises FileNotFoundError without a released table.
    """
    return page(tables, study, unit, language, as_of, languages=languages).html


def page(
    tables: Path, study: "Study", unit: str, language: str, as_of: date | None = None, *,
    languages: Iterable[str] = (), cells: Mapping[str, str] = MappingProxyType({}),
) -> Page:  # fmt: skip
    """As `report`, with the figures apart; `cells` are the ids of the notebook cells that released the tables."""
    material = replace(gathered(tables, study, unit, language, as_of), cells=cells)
    words = material.words
    made = blocks([section for section in completed(material.tables) if _told(section, material)], material)
    chapters = [Chapter(id, words.text(f"page.sections.{id}"), found) for id, found in made.items()]
    title = words.text("page.title", study=words.of(study.title), unit=study.unit_label(unit, language))
    html = _render("report.html", material, title, chapters=chapters, others=_others(languages, language, "report"))
    figures = {block.picture: block for chapter in chapters for block in chapter.blocks if block.picture}
    return Page(html, figures, material)


def gathered(tables: Path, study: "Study", unit: str, language: str, as_of: date | None = None) -> Material:
    """The released tables in `tables` (of one unit), with the words of a language; raises as `report` does."""
    found = _tables(tables)
    whole = found if unit == "all" else _tables(tables.parents[1] / "all" / "tables", _of_all())
    parts = [part for section in completed(found) for part in section.parts if part.table]
    absent = dict.fromkeys(part.table for part in parts if part.table not in (whole if part.of == "all" else found))
    return Material(found, present.words(study, language), unit, as_of, tuple(absent), whole)


def _tables(folder: Path, names: Iterable[str] = ()) -> dict[str, "present.Released"]:
    """The released tables of a folder that have rows, by name; with `names` those of these that are there."""
    paths = [folder / f"{name}.csv" for name in names] if names else sorted(folder.glob("*.csv"))
    read = {path.stem: present.read(path) for path in paths if path.exists()}
    if not read and not names:
        raise FileNotFoundError(f"{folder.parent.name}/{folder.name}: no released table. Run the release first.")
    return {name: table for name, table in read.items() if len(table.rows)}


def _of_all() -> list[str]:
    """Tables that every report takes from the report of all units."""
    parts = [part for section in sections() for part in section.parts if part.of == "all"]
    return sorted({name for part in parts for name in (part.table, *part.beside)})


def index(
    study: "Study", units: Iterable[str], language: str, as_of: date | None = None, *, languages: Iterable[str] = ()
) -> str:
    """The page of a study that leads to the reports of its units."""
    words = present.words(study, language)
    material = Material({}, words, "all", as_of)
    title = words.text("page.index_title", study=words.of(study.title))
    links = [(f"{unit}/report.{language}.html", study.unit_label(unit, language)) for unit in units]
    design = [str(sentence) for sentence in present.design(words)]
    return _render(
        "index.html", material, title, links=links, design=design, others=_others(languages, language, "index")
    )


def _told(section: Section, material: Material) -> bool:
    """A section stays unless all its parts are about tables and none of these is there."""
    return any(not part.table or part.table in material.tables for part in section.parts)


def _others(languages: Iterable[str], language: str, kind: str) -> list[tuple[str, str, str]]:
    """The same page in other languages: language, its own name for itself, address."""
    names = {one: present.fixed_texts(one)["page.language"] for one in languages if one != language}
    return [(one, name, f"{kind}.{one}.html") for one, name in names.items()]


def _render(template: str, material: Material, title: str, **context: object) -> str:
    study = material.words.study
    html = _environment().get_template(template).render(
        title=title, text=material.text, language=material.words.language, synthetic=study.kind == "synthetic",
        unit=study.unit_label(material.unit, material.words.language), study=material.words.of(study.title),
        as_of=material.words.date(material.as_of) if material.as_of else "", source=material.words.source, **context,
    )  # fmt: skip
    return _UNSEEN.sub("", html)


@lru_cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("analysis.publish", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
