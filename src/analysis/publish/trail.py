"""From a sentence or number of a report back to where it came from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis import present, store
from analysis.publish.contents import completed
from analysis.publish.provenance import Origin, origin

if TYPE_CHECKING:
    from analysis.study import Study


@dataclass(frozen=True)
class Told:
    """A piece of a report: page, section, its text, and the cells that it came from (`dim=level;measure`)."""

    page: str
    section: str
    text: str
    unit: str
    table: str
    cells: tuple[str, ...]


def told(study: "Study", units: Iterable[str] | None = None) -> Iterator[Told]:
    """Every computed sentence about a table, of every report of a study, as the pages say it."""
    for language in study.languages:
        words = present.words(study, language)
        for unit in units or ("all", *study.units):
            folder = store.reports(study.id) / unit / "tables"
            read = {path.stem: present.read(path) for path in sorted(folder.glob("*.csv"))}
            tables = {name: table for name, table in read.items() if len(table.rows)}
            yield from _of_page(f"{unit}/report.{language}.html", unit, tables, words)


def _of_page(page: str, unit: str, tables: Mapping[str, "present.Released"], words: "present.Words") -> Iterator[Told]:
    for section in completed(tables):
        title = words.text(f"page.sections.{section.id}")
        for part in section.parts:
            if part.verb == "say" and part.table in tables:
                for one in present.describe(part.what, tables[part.table], words, **part.options):
                    yield Told(page, title, one.text, unit, one.table or part.table, one.cells)


def find(study: "Study", query: str) -> tuple[Told, ...]:
    """Sentences that hold `query`; for a number that no sentence holds, the table cells that show it.

    A number is found as written (`1.5`, `1,5`), and a cell shows it when it rounds to it. A query with `=` is the name
    of a cell, as the notes of the slides have it (`wave=t1;count`).
    """
    if "=" in query:
        return tuple(_cells(study, query.strip()))
    wanted = " ".join(query.split()).lower()
    number = re.fullmatch(r"[-−]?\d+(?:[.,]\d+)?", wanted)
    pattern = re.compile(rf"(?<![\d.,]){re.escape(wanted)}(?![.,]?\d)" if number else re.escape(wanted))
    sentences = tuple(one for one in told(study) if pattern.search(one.text.lower()))
    return sentences or (tuple(_showing(study, wanted)) if number else ())


def _cells(study: "Study", name: str) -> Iterator[Told]:
    """The cells of this name, in whatever table of whatever unit."""
    levels = [part.split("=", 1)[0] for part in name.split(";")[:-1]]
    for path in sorted(store.reports(study.id).glob("*/tables/*.csv")):
        table = present.read(path)
        if set(levels) <= set(table.dims) and len(_named(table, name)):
            unit = path.parts[-3]
            yield Told(f"{unit}/report.{study.languages[0]}.html", "", name, unit, path.stem, (name,))


def _showing(study: "Study", wanted: str) -> Iterator[Told]:
    text = wanted.replace(",", ".").replace("−", "-")
    digits = len(text.partition(".")[2])
    for path in sorted(store.reports(study.id).glob("*/tables/*.csv")):
        table = present.read(path)
        for _, row in table.shown[table.shown["value"].round(digits).eq(float(text))].iterrows():
            cell = ";".join([*(f"{dim}={row[dim]}" for dim in table.dims), row["measure"]])
            unit = path.parts[-3]
            yield Told(f"{unit}/report.{study.languages[0]}.html", "", f"{row['value']:g}", unit, path.stem, (cell,))


def values(study: "Study", one: Told) -> pd.DataFrame:
    """The cells of a sentence in its released table (`cell`, `value`, `status`), one row each."""
    table = present.read(store.reports(study.id) / one.unit / "tables" / f"{one.table}.csv")
    rows = [
        {"cell": cell, "value": row["value"], "status": row["status"]}
        for cell in one.cells
        for _, row in _named(table, cell).iterrows()
    ]
    return pd.DataFrame(rows, columns=["cell", "value", "status"])


def _named(table: "present.Released", cell: str) -> pd.DataFrame:
    *levels, measure = cell.split(";")
    return table.where(**dict(level.split("=", 1) for level in levels)).only(measure).rows


def way(study: "Study", one: Told) -> tuple[str, ...]:
    """The way of a piece of a report in lines: page, text, cells, notebook and section, processed tables, raw files."""
    cells = [f"{row.cell} = {_number(row)}" for row in values(study, one).itertuples()]
    found = origin(study, one.unit, one.table)
    start = [
        f"page      reports/{study.id}/{one.page}{f' ({one.section})' if one.section else ''}", f"text      {one.text}",
        f"table     reports/{study.id}/{one.unit}/tables/{one.table}.csv", *(f"cell      {cell}" for cell in cells),
    ]  # fmt: skip
    return (*start, *(_before(found) if found else ["notebook  unknown: no receipt tells of it; run the study again"]))


def _number(row) -> str:
    return "hidden" if row.status != "shown" else "none" if pd.isna(row.value) else f"{row.value:g}"


def _before(found: Origin) -> list[str]:
    lines = [f"notebook  {found.notebook}{f' ({found.section})' if found.section else ''}"]
    lines += [f"processed {name}" for name in found.processed]
    return lines + [f"raw       {name}  {value}" for name, value in found.raw.items()]
