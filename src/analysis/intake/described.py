"""Columns to rows of codebook.csv and levels.csv: names, types, levels, missing codes and labels, as the file gives
them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.codebook import COLUMNS, LEVEL_COLUMNS
from analysis.intake.learnt import Learnt
from analysis.intake.recognition import Question, plain, words

LEVELS_AT_MOST = 30  # a text column with more different values is free text


@dataclass(frozen=True)
class Level:
    """One row of levels.csv to be."""

    set: str
    code: str
    level: str
    label: str
    label_en: str = ""  # empty: the file gave one label, which stands for both languages


@dataclass(frozen=True)
class Described:
    """One row of codebook.csv to be, and the levels of its set."""

    row: Mapping[str, str]
    levels: tuple[Level, ...] = ()


def row(
    table: str, name: str, source: str, type: str, label_nl: str, label_en: str, sensitivity: str, **more: str
) -> Described:
    """A row of the codebook; what is not named is empty, and every rule is an error."""
    given = {
        "table": table,
        "name": name,
        "source": source,
        "type": type,
        "label_nl": label_nl,
        "label_en": label_en,
        "sensitivity": sensitivity,
        "check": "error",
        **more,
    }
    return Described({column: given.get(column, "") for column in COLUMNS})


def identifier(text: str, taken: Iterable[str] = ()) -> str:
    """A text as an id (a-z, 0-9 and _) that is not taken yet."""
    name = plain(text) or "value"
    name = name if re.match(r"[a-z]", name) else f"v{name}"
    number, taken, made = 1, set(taken), name
    while made in taken:
        number += 1
        made = f"{name}_{number}"
    return made


def missing(column: str, learnt: Learnt) -> str:
    """Missing codes as the codebook writes them; the reason is known by a word of its label, else the label itself."""
    return "|".join(f"{code}={_reason(text)}" for code, text in learnt.missing.get(column, {}).items())


def _reason(text: str) -> str:
    for name, known in words()["reasons"].items():
        if any(plain(word) in text for word in known):
            return name
    return identifier(text) if text != "user_missing" else "unknown"


def category(
    table: str,
    name: str,
    column: str,
    values: pd.Series,
    learnt: Learnt,
    labels: tuple[str, str],
    sensitivity: str,
    **more: str,
) -> Described:
    """A categorical column: its levels are the labelled codes and those that are met, each with its label."""
    texts = learnt.value_labels.get(column, {})
    gone = learnt.missing.get(column, {})
    codes = list(
        dict.fromkeys([*(code for code in texts if code not in gone), *sorted(set(values.dropna()) - set(gone))])
    )
    made: dict[str, str] = {}
    for code in codes:
        wanted = texts.get(code, code)
        made[code] = identifier(wanted, {*made.values(), *({"all"} if name == "unit" else ())})
    levels = tuple(Level(name, code, level, texts.get(code, code)) for code, level in made.items())
    found = row(
        table, name, column, "category", *labels, sensitivity, levels=name, missing=missing(column, learnt), **more
    )
    return Described(found.row, levels)


def item(question: Question, column: str, learnt: Learnt) -> Described:
    """An item of a questionnaire: a whole number in the range of its codes, with the file's own label where there is
    one.
    """
    label = learnt.labels.get(column, "")
    limits = f"{min(question.codes)}..{max(question.codes)}" if question.codes else ""
    return row(
        "answers",
        question.column,
        column,
        "integer",
        label or question.texts[0],
        question.texts[1],
        "sensitive",
        levels=limits,
        missing=missing(column, learnt),
    )


def other(table: str, column: str, values: pd.Series, learnt: Learnt, taken: Iterable[str]) -> Described | None:
    """A column that was not recognised, by its content: a category, a number or a date; None for free text."""
    name, label = identifier(column, taken), learnt.labels.get(column, "") or column
    gone = learnt.missing.get(column, {})
    present = values.dropna()
    present = present[~present.isin(list(gone))]
    if present.empty:
        return None
    if len(set(learnt.value_labels.get(column, {})) - set(gone)) > 1:
        return category(table, name, column, values, learnt, (label, label), "sensitive")
    kind = next((kind for kind, pattern in _KINDS if present.str.fullmatch(pattern).all()), None)
    if kind:
        return row(table, name, column, kind, label, label, "sensitive", missing=missing(column, learnt))
    few = present.nunique() <= min(LEVELS_AT_MOST, max(2, len(present) // 3))
    return category(table, name, column, values, learnt, (label, label), "sensitive") if few else None


_KINDS = (
    ("integer", r"-?\d+"),
    ("number", r"-?\d+([.,]\d+)?"),
    ("date", r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}.*"),
)  # fmt: skip


def codebook_frame(found: Iterable[Described]) -> pd.DataFrame:
    """Rows as codebook.csv."""
    return pd.DataFrame([described.row for described in found], columns=COLUMNS)


def levels_frame(found: Iterable[Described]) -> pd.DataFrame:
    """Levels as levels.csv, each set once."""
    rows = dict.fromkeys(
        (level.set, level.code, level.level, level.label, level.label_en or level.label)
        for described in found
        for level in described.levels
    )
    return pd.DataFrame(list(rows), columns=LEVEL_COLUMNS)
