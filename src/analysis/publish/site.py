"""All pages and files of a study, written together: everything is made before anything is replaced."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import store
from analysis.publish.html import index, page
from analysis.publish.slides import slide_deck
from analysis.publish.workbook import table_book

if TYPE_CHECKING:
    from analysis.study import Study

OWNED = ("index.*.html", "*/report.*.html", "*/figures/*.png", "*/tables.*.xlsx", "*/slides.*.pptx")


def publish(folder: Path, study: "Study", languages: Sequence[str], as_of: date | None = None) -> tuple[Path, ...]:
    """Write the report, figures, table book and slides of every unit, and the index, in each language, in `folder`.

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
            made[f"{unit}/report.{language}.html"] = found.html.encode()
            made |= {f"{unit}/figures/{_named(name, language)}": block.png for name, block in found.figures.items()}
            made[f"{unit}/tables.{language}.xlsx"] = table_book(found.material)
            made[f"{unit}/slides.{language}.pptx"] = slide_deck(found.material)
    written = tuple(store.write_report(study.id, name, content) for name, content in sorted(made.items()))
    for path in sorted({path for pattern in OWNED for path in folder.glob(pattern)} - set(written)):
        path.unlink()
    return written


def _named(picture: str, language: str) -> str:
    return f"{Path(picture).stem}.{language}.png"
