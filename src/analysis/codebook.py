"""The codebook of a study: every processed variable, where it comes from, what it may hold and what it is called.

`codebook.csv` has one row a variable; its `levels` column holds a range (`1..6`) or the name of a set in `levels.csv`,
where each raw code of the set gets its id (language-neutral) and its Dutch and English label. `source` says how the raw
file gives the variable: a column (`AGE`), a sum (`A + B`), a constant (`=0`) or a column under a condition
(`DAYS where STATUS=1`); an empty source means that `prepare` derives it.
"""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = ["table", "name", "source", "type", "unit", "levels", "missing", "required", "label_nl", "label_en",
           "sensitivity", "check", "note"]  # fmt: skip
LEVEL_COLUMNS = ["set", "code", "level", "label_nl", "label_en"]
TYPES = {"id", "category", "list", "integer", "number", "date", "boolean", "text"}
SENSITIVITIES = {"direct", "quasi", "sensitive", "open"}
CHECKS = {"error", "warning"}
_SOURCE = re.compile(r"^(?:=(?P<constant>.+)|(?P<column>.+?) where (?P<other>.+?)=(?P<value>.+)|(?P<sum>.+))$")


class StudyError(ValueError):
    """Everything that is wrong with a study at once; `problems` holds one full sentence each."""

    def __init__(self, problems: list[str]):
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Source:
    """How a raw file gives a variable: `columns` to read, a `constant`, or a condition on another column."""

    columns: tuple[str, ...] = ()
    constant: str | None = None
    condition: tuple[str, str] | None = None

    @classmethod
    def parse(cls, text: str) -> "Source":
        """The source written in the codebook; empty when the variable is derived."""
        found = _SOURCE.match(text.strip())
        if not found:
            return cls()
        if found["constant"] is not None:
            return cls(constant=found["constant"].strip())
        if found["column"]:
            return cls((found["column"].strip(),), condition=(found["other"].strip(), found["value"].strip()))
        return cls(tuple(part.strip() for part in found["sum"].split(" + ")))

    @property
    def reads(self) -> tuple[str, ...]:
        """Every raw column that must be there."""
        return self.columns + ((self.condition[0],) if self.condition else ())


@dataclass(frozen=True)
class Level:
    """One value of a category: the raw `code`, the `level` id that processed tables hold, and its labels."""

    code: str
    level: str
    label_nl: str
    label_en: str

    def label(self, language: str) -> str:
        """The label in `nl` or `en`."""
        return self.label_nl if language == "nl" else self.label_en


@dataclass(frozen=True)
class Variable:
    """One row of the codebook; `levels` is a set of levels, `limits` a range, `missing` maps raw codes to reasons."""

    table: str
    name: str
    source: Source
    type: str
    unit: str
    set: str
    levels: tuple[Level, ...]
    limits: tuple[float, float] | None
    missing: dict[str, str]
    required: bool
    label_nl: str
    label_en: str
    sensitivity: str
    check: str
    note: str = field(default="", compare=False)

    @property
    def derived(self) -> bool:
        """True when `prepare` computes the variable rather than reading it."""
        return not self.source.columns and self.source.constant is None

    def label(self, language: str) -> str:
        """The label in `nl` or `en`."""
        return self.label_nl if language == "nl" else self.label_en


def read(folder: Path) -> tuple[Variable, ...]:
    """The codebook of the study in `folder`; raises `StudyError` with every problem of both files."""
    problems: list[str] = []
    rows = table_rows(folder / "codebook.csv", COLUMNS, problems)
    sets = _level_sets(table_rows(folder / "levels.csv", LEVEL_COLUMNS, problems), problems)
    variables = tuple(_variable(line, row, sets, problems) for line, row in rows)
    seen: set[tuple[str, str]] = set()
    for line, variable in zip((line for line, _ in rows), variables, strict=True):
        if (variable.table, variable.name) in seen:
            problems.append(f"codebook.csv line {line}: {variable.table}.{variable.name} stands twice. Remove one row.")
        seen.add((variable.table, variable.name))
    if problems:
        raise StudyError([f"{folder.name}/{problem}" for problem in problems])
    return variables


def table_rows(path: Path, columns: list[str], problems: list[str]) -> list[tuple[int, dict[str, str]]]:
    """The lines of a CSV file that people write: line number and stripped cells of `columns`.

    A file or column that is absent is added to `problems`.
    """
    if not path.exists():
        problems.append(f"{path.name}: not found. Add it; its columns are {', '.join(columns)}.")
        return []
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        absent = [column for column in columns if column not in (reader.fieldnames or [])]
        if absent:
            problems.append(f"{path.name}: column(s) {', '.join(absent)} not found. Columns are {', '.join(columns)}.")
            return []
        return [(reader.line_num, {key: (row[key] or "").strip() for key in columns}) for row in reader]


def _level_sets(rows: list[tuple[int, dict[str, str]]], problems: list[str]) -> dict[str, tuple[Level, ...]]:
    sets: dict[str, tuple[Level, ...]] = {}
    for line, row in rows:
        known = sets.get(row["set"], ())
        if any(row["code"] and row["code"] == level.code for level in known):
            problems.append(f"levels.csv line {line}: code {row['code']} stands twice in set {row['set']}. Keep one.")
        if not re.fullmatch(r"[a-z0-9][a-z0-9_]*", row["level"]):
            problems.append(f"levels.csv line {line}: level {row['level']!r} is not an id (a-z, 0-9 and _). Rename it.")
        sets[row["set"]] = (*known, Level(row["code"], row["level"], row["label_nl"], row["label_en"]))
    return sets


def _variable(line: int, row: dict[str, str], sets: dict, problems: list[str]) -> Variable:
    where = f"codebook.csv line {line} ({row['table']}.{row['name']})"
    for column, allowed in (("type", TYPES), ("sensitivity", SENSITIVITIES), ("check", CHECKS)):
        if row[column] not in allowed:
            problems.append(f"{where}: {column} is {row[column]!r}; allowed: {', '.join(sorted(allowed))}.")
    for column in ("label_nl", "label_en"):
        if not row[column]:
            problems.append(f"{where}: {column} is empty. Every variable has a label in both languages.")
    limits = _limits(row["levels"])
    if row["type"] in ("category", "list") and row["levels"] not in sets:
        problems.append(
            f"{where}: levels {row['levels']!r} is not a set in levels.csv; sets: {', '.join(sorted(sets))}."
        )
    if row["levels"] and row["type"] not in ("category", "list") and limits is None:
        problems.append(f"{where}: levels {row['levels']!r} is not a range. Write it as 1..6.")
    missing = dict(part.partition("=")[::2] for part in row["missing"].split("|") if part)
    return Variable(
        row["table"], row["name"], Source.parse(row["source"]), row["type"], row["unit"],
        row["levels"] if row["type"] in ("category", "list") else "", sets.get(row["levels"], ()), limits, missing,
        row["required"] == "yes", row["label_nl"], row["label_en"], row["sensitivity"], row["check"], row["note"],
    )  # fmt: skip


def _limits(text: str) -> tuple[float, float] | None:
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)", text)
    return (float(found[1]), float(found[2])) if found else None
