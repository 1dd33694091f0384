"""All pages and files of a study, written together: everything is made before anything is replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from analysis import store
from analysis._processes import spread_over
from analysis.publish import provenance
from analysis.publish.factsheet import fact_sheet
from analysis.publish.html import Page, index, page
from analysis.publish.slides import slide_deck
from analysis.publish.workbook import table_book

if TYPE_CHECKING:
    from analysis import present
    from analysis.study import Study

OWNED = (
    "index.*.html", "*/report.*.html", "*/figures/*.png", "*/tables.*.xlsx", "*/slides.*.pptx", "*/factsheet.*.pdf",
)  # fmt: skip


def publish(
    folder: Path,
    study: "Study",
    languages: Sequence[str],
    as_of: date | None = None,
    *,
    earlier: Mapping[str, Mapping[str, "present.Released"]] = MappingProxyType({}),
    template: Path | None = None,
    processes: int = 1,
) -> tuple[Path, ...]:
    """Write pages, figures, table books, slides and fact sheets of all units, in each language, into `folder`.

    `earlier` are the tables of the release before, by unit and name; `template` is a .pptx of the house for the slides.
    Only these, the released tables below `folder` and the ids of notebook cells are read. All is made in memory first,
    by as many `processes` at a time; then each file is replaced whole (one that would not change is left alone), and
    pages and figures that no longer belong are removed. Returns the files. Raises ValueError for another folder than
    the study's own: only there does the store write.
    """
    if folder != store.reports(study.id):
        raise ValueError(f"reports of {study.id} are written to its own folder in reports/ only, not to {folder.name}.")
    units = [unit for unit in ("all", *study.units) if any((folder / unit / "tables").glob("*.csv"))]
    made = {f"index.{one}.html": index(study, units, one, as_of, languages=languages).encode() for one in languages}
    cells = provenance.cells(path.stem for path in folder.glob("*/tables/*.csv"))
    works = [
        _Work(folder, study, unit, one, tuple(languages), as_of, earlier.get(unit, {}), template, cells)
        for unit, one in product(units, languages)
    ]
    with spread_over(min(processes, len(works))) as spread:
        made |= {name: content for done in spread(_Work.__call__, works) for name, content in done.items()}
    written = tuple(store.write_report(study.id, name, content) for name, content in sorted(made.items()))
    for path in sorted({path for pattern in OWNED for path in folder.glob(pattern)} - set(written)):
        path.unlink()
    return written


@dataclass(frozen=True)
class _Work:
    """One unit in one language: what a process is given."""

    folder: Path
    study: "Study"
    unit: str
    language: str
    languages: tuple[str, ...]
    as_of: date | None
    earlier: Mapping[str, "present.Released"]
    template: Path | None
    cells: Mapping[str, str]

    def __call__(self) -> dict[str, bytes]:
        """The files of the unit in this language, by name below the study's folder."""
        tables = self.folder / self.unit / "tables"
        about = {"languages": self.languages, "cells": self.cells}
        found = page(tables, self.study, self.unit, self.language, self.as_of, **about)
        found = replace(found, material=replace(found.material, earlier=self.earlier))
        made = _files(found, self.language, self.template)
        return {f"{self.unit}/{name}": content for name, content in made.items()}


def _files(found: Page, language: str, template: Path | None) -> dict[str, bytes]:
    """All that is made of one unit in one language, by file name."""
    return {
        f"report.{language}.html": found.html.encode(),
        f"tables.{language}.xlsx": table_book(found.material),
        f"slides.{language}.pptx": slide_deck(found.material, template),
        f"factsheet.{language}.pdf": fact_sheet(found.material, found.figures),
    } | {f"figures/{_named(name, language)}": block.png for name, block in found.figures.items()}


def _named(picture: str, language: str) -> str:
    return f"{Path(picture).stem}.{language}.png"
