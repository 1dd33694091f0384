"""Groups side by side: an outcome a line, a group a column, letters for the columns from which a number differs.

A letter is shown only where the test says that two groups differ and a reader sees two different numbers. Public
figures stand in columns of their own, without letters: they are about other people and are not tested.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase

import pandas as pd

from analysis.present.cells import HIDDEN, NOT_APPLICABLE, SHOWN, Cell, as_share, cell, outcome_of
from analysis.present.reading import ALL, Released
from analysis.present.tables import Grid, general_notes, marks_of, name_of
from analysis.present.wording import Words

UNKNOWN = "unknown"
PUBLIC = "value"  # the measure of a table of public figures


@dataclass(frozen=True)
class Column:
    """A group: the level of a characteristic, with the letter that other columns call it by."""

    variable: str
    level: str
    letter: str


@dataclass(frozen=True)
class Benchmark:
    """A public figure's column: people of an area, such as all inhabitants of 65 years and older of the country."""

    population: str
    area: str


@dataclass(frozen=True)
class Crossing:
    """What a crossing is made from: means by group, tests between groups, and public figures where there are any."""

    means: Released
    tests: Released | None = None
    public: Released | None = None
    unit: str = ALL

    def columns(self) -> tuple[Column, ...]:
        """The groups of which something may be seen; the letters begin anew at each characteristic."""
        shown = self.means.shown[["variable", "level"]].drop_duplicates()
        shown = shown[~shown["level"].isin([ALL, UNKNOWN])]
        found = []
        for variable in self.means.levels("variable"):
            seen = set(shown.loc[shown["variable"] == variable, "level"])
            levels = [level for level in self.means.where(variable=variable).levels("level") if level in seen]
            found += [Column(variable, *pair) for pair in zip(levels, ascii_lowercase, strict=False)]
        return tuple(found)


def crossing_grid(crossing: Crossing, words: Words) -> Grid:
    """The means of `crossing` in words: a line an outcome; total, groups, and public figures of the same share."""
    columns, public = crossing.columns(), tuple(_benchmarks(crossing, words))
    rows = {tuple(row[dim] for dim in crossing.means.dims): row for row in crossing.means.rows.to_dict("records")}
    differ = _differing(crossing, words)
    lines = tuple(
        ((words.level("outcome", outcome),), tuple(_line(outcome, columns, public, rows, differ, crossing, words)))
        for outcome in crossing.means.levels("outcome")
    )
    heads = [words.text("crossing.total"), *(_head(column, words) for column in columns)]
    return Grid((words.label("outcome"),), (*heads, *(_public_head(one, words) for one in public)), lines)


def people_grid(crossing: Crossing, words: Words) -> Grid:
    """How many people are behind each mean of `crossing_grid`, in the same columns (without the public figures)."""
    columns, table = crossing.columns(), crossing.means
    rows = {tuple(row[dim] for dim in table.dims): row for row in table.rows.to_dict("records")}
    first = next(iter(table.levels("variable")), "")
    lines = []
    for outcome in table.levels("outcome"):
        asked = [(outcome, first, ALL), *((outcome, one.variable, one.level) for one in columns)]
        cells = tuple(_people(rows.get(key), words) for key in asked)
        lines.append(((words.level("outcome", outcome),), cells))
    heads = (words.text("crossing.total"), *(_head(replace(column, letter=""), words) for column in columns))
    return Grid((words.label("outcome"),), heads, tuple(lines))


def crossing_notes(crossing: Crossing, words: Words, found: Grid) -> tuple[str, ...]:
    """What stands below on a page: `crossing_marks`, and what is true of every table of a release."""
    return (*crossing_marks(crossing, words, found), *general_notes(crossing.means, words))


def crossing_marks(crossing: Crossing, words: Words, found: Grid) -> tuple[str, ...]:
    """Marks, what a letter means, how was tested, what is not shown, and what is not compared."""
    gone = list(_gone(crossing, words))
    method = words.text(f"crossing.correction.{words.study.multiplicity.secondary}")
    texts = [*marks_of(crossing.means, words, found)]
    texts += [words.text("crossing.letters", correction=method), words.text("crossing.equal")] * _tested(crossing)
    texts += [words.text("crossing.public")] if any(_benchmarks(crossing, words)) else []
    texts += [words.text("picture.not_shown", levels="; ".join(gone))] if gone else []
    return tuple(texts)


def _tested(crossing: Crossing) -> bool:
    return crossing.tests is not None and not crossing.tests.empty


def _line(outcome: str, columns: Sequence[Column], public: Sequence[Benchmark], rows: Mapping, differ: Mapping,
          crossing: Crossing, words: Words) -> Iterator[Cell]:  # fmt: skip
    first = next(iter(crossing.means.levels("variable")), "")
    yield _written(words, rows.get((outcome, first, ALL)), crossing.means)
    written = {one: _written(words, rows.get((outcome, one.variable, one.level)), crossing.means) for one in columns}
    for one, own in written.items():
        others = [other for other in columns if (outcome, one.variable, frozenset((one.level, other.level))) in differ]
        letters = [other.letter for other in others if other != one and _apart(own, written[other])]
        yield replace(own, mark=",".join(letters)) if own.status == SHOWN else own
    for one in public:
        yield _public_cell(outcome, one, crossing, words)


def _written(words: Words, row: Mapping | None, means: Released) -> Cell:
    """A mean with its name in the released table."""
    found = cell(words, row, kind="mean")
    return found if row is None else replace(found, at=name_of(row, means))


def _apart(one: Cell, other: Cell) -> bool:
    """Whether a reader sees two numbers, and that they differ."""
    return one.status == other.status == SHOWN and one.text != other.text


def _differing(crossing: Crossing, words: Words) -> set[tuple[str, str, frozenset[str]]]:
    """Outcome, characteristic and two levels whose corrected p-value is below the plan's level."""
    if crossing.tests is None:
        return set()
    rows = crossing.tests.only("p_adjusted").shown
    found = rows[rows["value"] < round(1 - words.study.inference.level, 6)]  # 1 - 0.95 is a little more than 0.05
    return {(row.outcome, row.variable, frozenset((row.level, row.other))) for row in found.itertuples()}


def _people(row: Mapping | None, words: Words) -> Cell:
    if row is None:
        return Cell(words.text("table.not_applicable"), NOT_APPLICABLE)
    if row["status"] != SHOWN or pd.isna(row["n"]):
        return Cell(words.text("table.hidden"), HIDDEN)
    return Cell(words.number(row["n"]))


def _head(column: Column, words: Words) -> str:
    label = f"{words.label(column.variable)}: {words.level(column.variable, column.level)}"
    return words.text("crossing.column", label=label, letter=column.letter) if column.letter else label


def _gone(crossing: Crossing, words: Words) -> Iterator[str]:
    there = {(one.variable, one.level) for one in crossing.columns()}
    for row in crossing.means.rows[["variable", "level"]].drop_duplicates().itertuples():
        if row.level not in (ALL, UNKNOWN) and (row.variable, row.level) not in there:
            yield f"{words.label(row.variable)}: {words.level(row.variable, row.level)}"


def _indicators(words: Words) -> dict[str, str]:
    """The public percentage of each outcome that is a share itself, as the plan lays them side by side."""
    pairs = {one.characteristic: one.indicator for one in words.study.representative_of}
    return {name: found for name, found in pairs.items() if as_share(outcome_of(words, name))}


def _benchmarks(crossing: Crossing, words: Words) -> Iterator[Benchmark]:
    """The unit's own area (in its own report) and each larger one, for each population that a figure is about."""
    if crossing.public is None:
        return
    rows = crossing.public.shown
    rows = rows[rows["indicator"].isin(_indicators(words).values())]
    areas = [area for area in dict.fromkeys(rows["area"]) if area == crossing.unit or area not in words.study.units]
    for population in dict.fromkeys(rows["population"]):
        yield from (Benchmark(population, area) for area in sorted(areas, key=lambda area: area != crossing.unit))


def _public_head(one: Benchmark, words: Words) -> str:
    area, population = words.level("area", one.area), words.level("population", one.population)
    return words.text("crossing.public_head", area=area, population=population)


def _public_cell(outcome: str, one: Benchmark, crossing: Crossing, words: Words) -> Cell:
    indicator = _indicators(words).get(outcome, "")
    rows = crossing.public.where(indicator=indicator, population=one.population, area=one.area).only(PUBLIC).shown
    if rows.empty:
        return Cell(words.text("table.not_applicable"), NOT_APPLICABLE)
    return Cell(words.percent(rows.sort_values("year")["value"].iloc[-1]))
