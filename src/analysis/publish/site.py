"""All pages and files of a study, written together: everything is made before anything is replaced."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import store
from analysis.publish.factsheet import fact_sheet
from analysis.publish.html import Page, index, page
from analysis.publish.slides import slide_deck
from analysis.publish.workbook import table_book

if TYPE_CHECKING:
    from analysis.study import Study

OWNED = (
    "index.*.html", "*/report.*.html", "*/figures/*.png", "*/tables.*.xlsx", "*/slides.*.pptx", "*/factsheet.*.pdf",
)  # fmt: skip


def publish(folder: Path, study: "Study", languages: Sequence[str], as_of: date | None = None) -> tuple[Path, ...]:
    """Write pages, figures, table books, slides and fact sheets of all units, in each language, into `folder`.

    Only the released tables below `folder` are read. All is made in memory first; then each file is replaced whole (one
    that would not change is left alone), and pages and figures that no longer belong are removed. Returns the files.
    Raises ValueError for another folder than the study's own: only there does the store write.
    """
    if folder != store.reports(study.id):
        raise ValueError(f"reports of {study.id} are written to its own folder in reports/ only, not to {folder.name}.")
    units = [unit for unit in ("all", *study.units) if any((folder / unit / "tables").glob("*.csv"))]
    made = {}
    for language in languages:
        made[f"index.{language}.html"] = index(study, units, language, as_of, languages=languages).encode()
        for unit in units:
            found = page(folder / unit / "tables", study, unit, language, as_of, languages=languages)
            made |= {f"{unit}/{name}": content for name, content in _files(found, language).items()}
    written = tuple(store.write_report(study.id, name, content) for name, content in sorted(made.items()))
    for path in sorted({path for pattern in OWNED for path in folder.glob(pattern)} - set(written)):
        path.unlink()
    return written


def _files(found: Page, language: str) -> dict[str, bytes]:
    """All that is made of one unit in one language, by file name."""
    return {
        f"report.{language}.html": found.html.encode(),
        f"tables.{language}.xlsx": table_book(found.material),
        f"slides.{language}.pptx": slide_deck(found.material),
        f"factsheet.{language}.pdf": fact_sheet(found.material, found.figures),
    } | {f"figures/{_named(name, language)}": block.png for name, block in found.figures.items()}


def _named(picture: str, language: str) -> str:
    return f"{Path(picture).stem}.{language}.png"
