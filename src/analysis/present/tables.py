"""Released tables as people read them: one row a thing, one column a measure, marks explained below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import pandas as pd
from markupsafe import Markup, escape

from analysis.present.cells import (
    HIDDEN,
    LATER,
    NOT_APPLICABLE,
    NOT_ESTIMABLE,
    REASON,
    SHOWN,
    TOGETHER,
    Cell,
    as_share,
    cell,
    interval_text,
    outcome_of,
)
from analysis.present.reading import ALL, Released, released
from analysis.present.wording import Words

INTERVAL = "interval"
LIMITS = ("lower", "upper")


@dataclass(frozen=True)
class Grid:
    """A table in words: headings of the label columns and of the value columns, and lines of labels and cells."""

    label_heads: tuple[str, ...]
    heads: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], tuple[Cell, ...]], ...]

    def has(self, status: str) -> bool:
        """Whether a cell of this status stands in the table."""
        return any(found.status == status for _, cells in self.lines for found in cells)


def wide(
    table: pd.DataFrame | Released, words: Words, *, across: str | None = None, measures: Sequence[str] | None = None
) -> pd.DataFrame:
    """A released table in words, for a notebook: labels as index, a column a measure (and a level of `across`).

    `measures` chooses and orders them; `interval` stands for the lower and upper limit together. Cells are text: `*` is
    hidden, `-` does not apply. What the marks mean is said by `footnotes`.
    """
    found = grid(released(table), words, across=across, measures=measures)
    labels = pd.MultiIndex.from_tuples([line[0] for line in found.lines], names=found.label_heads)
    index = labels if len(found.label_heads) > 1 else labels.get_level_values(0) if len(labels) else pd.Index([])
    return pd.DataFrame([[c.text for c in line[1]] for line in found.lines], index=index, columns=list(found.heads))


def footnotes(table: pd.DataFrame | Released, words: Words, found: Grid | None = None) -> tuple[str, ...]:
    """What stands below the table: marks that occur, why something could not be estimated, profile, rounding, date."""
    table = released(table)
    return (*marks_of(table, words, found or grid(table, words)), *general_notes(table, words))


def marks_of(table: Released, words: Words, found: Grid) -> tuple[str, ...]:
    """The marks that occur in a table and why something in it could not be estimated."""
    texts = [words.text("table.note_hidden")] * found.has(HIDDEN)
    texts += [words.text("table.note_together", whole=words.level("unit", ALL))] * found.has(TOGETHER)
    texts += [words.text("table.note_later")] * found.has(LATER)
    texts += [words.text("table.note_not_applicable")] * found.has(NOT_APPLICABLE)
    notes = table.rows.loc[table.rows["value"].isna(), "note"].unique() if found.has(NOT_ESTIMABLE) else []
    texts += [_sentence(words.translated(note)) for note in notes if REASON in note]
    return (*texts, *[words.text("table.note_points")] * _has_points(table, words))


def general_notes(table: Released, words: Words) -> tuple[str, ...]:
    """What is true of every table of a release: profile, rounding, date, and that people are synthetic."""
    texts = [profile_text(words, table.profile), words.text("table.note_rounding")]
    texts += [words.text("table.note_as_of", date=words.date(table.as_of))] if table.as_of else []
    return (*texts, *[words.text("table.note_synthetic")] * (words.study.kind == "synthetic" and not table.public))


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:].rstrip('.')}."


def profile_text(words: Words, profile: str = "") -> str:
    """The disclosure rules in one sentence or two."""
    profile = profile or words.study.disclosure.profile
    known = words.texts.get(f"profiles.{profile}")
    return known or words.text("profiles.other", profile=profile)


def why_empty(table: Released, words: Words) -> str:
    """Why nothing of a table may be seen: no data, hidden, or shown for all units together only."""
    kind = "absent" if table.hidden.empty else "together" if table.together else "hidden"  # absent: nothing to hide
    return words.text(f"empty.{kind}", whole=words.level("unit", ALL))


def title_of(table: str, words: Words) -> str:
    """The title of a table by its name."""
    return words.texts.get(f"tables.{table}") or words.text("tables.other", name=table)


def html_table(
    table: pd.DataFrame | Released,
    words: Words,
    *,
    across: str | None = None,
    measures: Sequence[str] | None = None,
    title: str = "",
    id: str = "",
) -> Markup:
    """The table as accessible HTML: caption, scoped heads of rows and columns, marks explained, all text escaped.

    It stands in a region that can be scrolled with the keyboard on a narrow screen. `id` is unique on its page.
    """
    table = released(table)
    found = grid(table, words, across=across, measures=measures)
    title = caption_of(table, words, title)
    return html_grid(found, words, title=title, notes=footnotes(table, words, found), id=id or table.name)


def html_grid(
    found: Grid,
    words: Words,
    *,
    title: str,
    notes: Sequence[str],
    id: str,
    ids: Mapping[str, str] = MappingProxyType({}),
) -> Markup:
    """A grid as `html_table` writes it, with `notes` below; `ids` are addresses of cells, by their name (`at`)."""
    labels = Markup("").join(Markup('<th scope="col" class="label">{}</th>').format(text) for text in found.label_heads)
    heads = labels + Markup("").join(_head(text, "col") for text in found.heads)
    lines = Markup("\n").join(_line(labels, cells, ids) for labels, cells in found.lines)
    region = Markup('<div class="scroll" role="region" tabindex="0" aria-label="{}">').format(
        words.text("table.scroll", title=title)
    )
    return Markup(
        '{}\n<table id="{}">\n<caption><span>{}</span></caption>\n<thead><tr>{}</tr></thead>\n'
        '<tbody>\n{}\n</tbody>\n</table>\n</div>\n<p class="notes">{}</p>\n'
    ).format(region, id, title, heads, lines, Markup("\n").join(notes))


def _head(text: str, scope: str) -> Markup:
    return Markup(f'<th scope="{scope}">{escape(text)}</th>')


def _line(labels: tuple[str, ...], cells: tuple[Cell, ...], ids: Mapping[str, str]) -> Markup:
    heads = Markup("").join(_head(label, "row") for label in labels)
    return Markup(f"<tr>{heads}{Markup('').join(_written(one, ids.get(one.at, '')) for one in cells)}</tr>")


def _written(one: Cell, id: str) -> Markup:
    address = f' id="{escape(id)}"' if id else ""
    address += f' data-n="{escape(one.n)}"' if id and one.n else ""  # seen when a link arrives here
    mark = "" if one.status == SHOWN else ' class="mark"'
    return Markup(f"<td{address}{mark}>{escape(one.marked)}</td>")


def grid(table: Released, words: Words, *, across: str | None = None, measures: Sequence[str] | None = None) -> Grid:
    """The table in words, in the order of the file, without dimensions that are the same in every line."""
    across = across if across in table.dims else None
    measures = [one for one in measures or table.measures if one in table.measures or _both(one, table)]
    apart = {across, *constant(table)}
    dims = [dim for dim in table.dims if dim not in apart] or list(table.dims[:1])
    by_cell = {tuple(row[dim] for dim in table.dims) + (row["measure"],): row for row in table.records}
    own = [dim for dim in table.dims if dim != across]
    keys: dict[object, Mapping] = {}  # the first row of each line
    for at, row in enumerate(table.records):
        keys.setdefault(tuple(row[dim] for dim in own) or at, row)
    columns = [(level, measure) for level in (table.levels(across) if across else (None,)) for measure in measures]
    lines = []
    for key in keys.values():
        found = [_cell(table, words, by_cell, key | ({across: level} if across else {}), one) for level, one in columns]
        lines.append((tuple(_label(table, words, key, dim) for dim in dims), tuple(found)))
    return Grid(
        tuple(words.label(dim) for dim in dims),
        tuple(_column(words, across, level, measure, len(measures) == 1) for level, measure in columns),
        tuple(lines),
    )


def _both(measure: str, table: Released) -> bool:
    return measure == INTERVAL and all(limit in table.measures for limit in LIMITS)


def constant(table: Released) -> dict[str, str]:
    """Dimensions (of several) with one level throughout, and that level: said in the caption, not in each line."""
    same = {dim: levels[0] for dim in table.dims if len(levels := table.levels(dim)) == 1}
    if len(same) == len(table.dims):  # a table of one line keeps its last label
        same.pop(table.dims[-1], None)
    return same


def caption_of(table: Released, words: Words, title: str = "") -> str:
    """The title of a table with, in brackets, the levels that all its lines share (totals go without saying)."""
    title, same = title or title_of(table.name, words), constant(table).items()
    items = [words.text("table.same_item", dim=words.label(dim), level=words.level(dim, level))
             for dim, level in same if level != table.totals.get(dim, ALL)]  # fmt: skip
    return words.text("table.same", title=title, same="; ".join(items)) if items else title


def _column(words: Words, across: str | None, level: str | None, measure: str, single: bool) -> str:
    if across is None:
        return words.measure(measure)
    label = words.level(across, level)
    return label if single else words.text("table.column", level=label, measure=words.measure(measure))


def _label(table: Released, words: Words, row: Mapping, dim: str) -> str:
    """The label of a line; the level of a characteristic is looked up in that characteristic's own levels."""
    if dim in ("level", "other") and (own := row.get("variable", row.get("indicator"))):
        return words.level(own, row[dim]) if row[dim] else words.text("table.not_applicable")
    if dim == "unit" and row[dim] == ALL:  # the total of this table: of the unit that the table is about
        return words.level(dim, table.unit)
    return words.level(dim, row[dim])


def _cell(table: Released, words: Words, by_cell: Mapping, key: Mapping, measure: str) -> Cell:
    where = tuple(key[dim] for dim in table.dims)
    name = name_of(key | {"measure": measure if measure != INTERVAL else LIMITS[0]}, table)
    if measure != INTERVAL:
        return replace(cell(words, by_cell.get((*where, measure)), kind=table.kinds.get(measure, "")), at=name)
    low, high = (by_cell.get((*where, limit)) for limit in LIMITS)
    ends = [cell(words, low), cell(words, high)]
    worst = next((end for end in ends if end.status != SHOWN), None)
    if worst:
        return replace(worst, at=name)
    text = interval_text(words, low["value"], high["value"], outcome_of(words, key.get("outcome")))
    return replace(ends[0], text=text, at=name)


def name_of(row: Mapping, table: Released) -> str:
    """The name of a row's cell, as sentences name it: `dim=level;measure`."""
    return ";".join([*(f"{dim}={row[dim]}" for dim in table.dims), row["measure"]])


def _has_points(table: Released, words: Words) -> bool:
    shares = (as_share(outcome_of(words, outcome)) for outcome in table.levels("outcome"))
    return "estimate" in table.measures and any(shares)
