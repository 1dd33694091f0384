"""A released table: the only thing that tables, figures and sentences are made from."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

VALUE_COLUMNS = ("measure", "value", "n", "status", "reason", "note")
NUMBERS = ("value", "n")
SHOWN = "shown"
COARSER = "coarser"  # the reason of what is shown for all units together only
INTERIM = "interim"  # the reason of what is not shown while counts are rounded
ALL = "all"


@dataclass(frozen=True)
class Released:
    """Released rows (one a cell) with what their `<name>.json` says of them.

    `rows` has the dimension columns (ids) and `measure, value, n, status, reason, note`; a row that is not shown has no
    value here, whatever the file held. `totals` maps a dimension to its total level, `kinds` a measure to its kind;
    `apart` holds the levels that `parts` took this one at.
    """

    name: str
    rows: pd.DataFrame = field(repr=False)
    dims: tuple[str, ...]
    totals: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    unit: str = "all"
    profile: str = ""
    as_of: dt.date | None = None
    apart: tuple[tuple[str, str], ...] = ()

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The measures, in the order of the file."""
        return tuple(dict.fromkeys(self.rows["measure"]))

    @cached_property
    def records(self) -> tuple[Mapping, ...]:
        """The rows one by one, each by column."""
        names = list(self.rows)
        columns = [self.rows[name].tolist() for name in names]
        return tuple(dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The rows that have a value which may be seen."""
        return self.rows[(self.rows["status"].to_numpy() == SHOWN) & self.rows["value"].notna().to_numpy()]

    @cached_property
    def hidden(self) -> pd.DataFrame:
        """The rows that disclosure control hid."""
        return self.rows[self.rows["status"].to_numpy() != SHOWN]

    @property
    def empty(self) -> bool:
        """Whether nothing of the table may be seen."""
        return self.shown.empty

    @property
    def together(self) -> bool:
        """Whether the table is shown for all units together only: every row is hidden for that reason."""
        return len(self.rows) > 0 and bool((self.hidden["reason"] == COARSER).sum() == len(self.rows))

    @property
    def public(self) -> bool:
        """Whether its numbers are public figures: of all people of an area, from a public table."""
        return {"area", "table_id"} <= set(self.dims)

    def where(self, **levels: str) -> "Released":
        """The rows at these levels; a dimension that the table does not have is ignored."""
        keep = np.ones(len(self.rows), bool)
        for dim, level in levels.items():
            if dim in self.dims:
                keep &= self.rows[dim].to_numpy() == level
        return self._with(self.rows[keep])

    def only(self, *measures: str) -> "Released":
        """The rows of these measures."""
        return self._with(self.rows[np.array([one in measures for one in self.rows["measure"]], bool)])

    def totals_but(self, *dims: str) -> "Released":
        """The rows at the total level of every dimension but `dims` (where the table has such a total)."""
        return self.where(**{dim: level for dim, level in self.totals.items() if dim not in dims})

    def parts(self, *dims: str) -> tuple["Released", ...]:
        """The table at its totals but for `dims`, apart by level of any further dimension (an arm without total)."""
        whole = self.totals_but(*dims)
        further = [dim for dim in whole.dims if dim not in dims and len(whole.levels(dim)) > 1]
        keys = whole.rows[further].drop_duplicates().to_dict("records") if further else [{}]
        return tuple(replace(whole.where(**key), apart=tuple(key.items())) for key in keys)

    def levels(self, dim: str) -> tuple[str, ...]:
        """The levels of a dimension, in the order of the file; none when the table lacks it."""
        return tuple(dict.fromkeys(self.rows[dim])) if dim in self.dims else ()

    def cells(self) -> pd.DataFrame:
        """Shown values with one row a cell of the dimensions and one column a measure."""
        if not self.dims:
            return self.shown.set_index("measure")["value"].to_frame().T.reset_index(drop=True)
        lines: dict[tuple, dict[str, object]] = {tuple(row[dim] for dim in self.dims): {} for row in self.records}
        for row in self.records:
            if row["status"] == SHOWN and row["value"] == row["value"]:
                line = lines[tuple(row[dim] for dim in self.dims)]
                line.setdefault(row["measure"], row["value"])
        measures = dict.fromkeys(row for line in lines.values() for row in line)
        found = [(*key, *(line.get(one, np.nan) for one in measures)) for key, line in lines.items() if line]
        return pd.DataFrame(found, columns=[*self.dims, *measures])

    def _with(self, rows: pd.DataFrame) -> "Released":
        return replace(self, rows=rows)


def released(frame: "pd.DataFrame | Released", facts: Mapping | None = None, *, name: str = "") -> Released:
    """A released long frame as `Released`; `facts` are those of its json file (by default `frame.attrs`)."""
    if isinstance(frame, Released):
        return frame
    absent = [column for column in ("measure", "value", "status") if column not in frame.columns]
    if absent:
        raise KeyError(f"{name or 'table'}: no column {', '.join(absent)}. Give the frame that store.release returned.")
    facts = facts if facts is not None else frame.attrs
    found = dict(frame.items())  # without attrs, which pandas would copy deeply at every step
    absent = pd.Series(np.nan, frame.index)
    columns = {column: found.get(column, absent) for column in _order(facts, frame.columns)}
    lists = {one: pd.to_numeric(of).tolist() if one in NUMBERS else _texts(of) for one, of in columns.items()}
    return _described(lists, facts, name)


def read(path: Path) -> Released:
    """The released table in the CSV file `path`, with the facts in the json file beside it."""
    return parsed(path.read_bytes(), json.loads(path.with_suffix(".json").read_text(encoding="utf-8")), path.stem)


def parsed(content: bytes, facts: Mapping, name: str) -> Released:
    """The released table `name` in the bytes of a CSV file, with the `facts` of its json file."""
    header, *lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    found = dict(zip(header, map(list, zip(*lines, strict=True)), strict=True)) if lines else {}
    absent = [""] * len(lines)
    columns = {column: found.get(column, absent) for column in _order(facts, header)}
    numbers = {column: [float(one or "nan") for one in columns[column]] for column in NUMBERS}
    return _described(columns | numbers, facts, name)


def _order(facts: Mapping, header: Iterable[str]) -> list[str]:
    """The columns of the rows: dimensions, by default all columns that are none of ours, and those that all have."""
    return [*(facts.get("dims") or (column for column in header if column not in VALUE_COLUMNS)), *VALUE_COLUMNS]


def _texts(column: pd.Series) -> list[str]:
    return ["" if gone else str(one) for one, gone in zip(column.tolist(), column.isna().tolist(), strict=True)]


def _described(columns: Mapping[str, list], facts: Mapping, name: str) -> Released:
    """The table of these columns, with nothing in a cell that is not shown.

    Texts are Python objects in one block: of a small table, arrow's columns take ten times as long to choose rows from.
    """
    order, dims = list(columns), tuple(columns)[: -len(VALUE_COLUMNS)]
    rows = pd.DataFrame({one: columns[one] for one in order if one not in NUMBERS}, dtype=object)
    seen = [status == SHOWN for status in columns["status"]]
    for column in NUMBERS:
        number = [value if one else np.nan for value, one in zip(columns[column], seen, strict=True)]
        rows.insert(order.index(column), column, np.array(number, float))
    known = f"{facts['notebook']}__{facts['name']}" if "notebook" in facts and "name" in facts else ""
    return Released(
        name=name or known, rows=rows, dims=dims,
        totals={dim: ALL for dim in dims if ALL in columns[dim]} | dict(facts.get("totals") or {}),
        kinds=dict(facts.get("kinds") or {}), unit=str(facts.get("unit") or ALL),
        profile=str(facts.get("profile") or ""),
        as_of=dt.date.fromisoformat(facts["as_of"]) if facts.get("as_of") else None,
    )  # fmt: skip
