"""Raw values to the types, levels and missing reasons that the codebook declares; what it does not declare is a
problem.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.codebook import Variable
from analysis.intake.checks import Problem, problem, rows
from analysis.intake.codes import code
from analysis.intake.days import Days, iso_days
from analysis.intake.decimals import Decimals, decimal_points

__all__ = ["Converted", "code", "convert"]
CALENDAR = (1900, 2100)  # years outside it are typing errors or codes
KEPT = {"decimal comma", "order of days", "digits of keys"}  # rules that state something and change no value
CODE_SPAN = 25  # a range up to this width is a set of codes, whose values may be named in a message


@dataclass(frozen=True)
class Converted:
    """A variable's values, the declared reason of each missing value (empty where none), and what was wrong."""

    values: pd.Series
    reasons: pd.Series
    problems: tuple[Problem, ...]


def convert(raw: pd.Series, variable: Variable) -> Converted:
    """One raw column (codes as text, indexed by row number in the file) as the codebook's variable."""
    raw, problems = _one_way_of_writing(raw, variable)
    missing = raw.isin(list(variable.missing))
    reasons = raw.where(missing).map(variable.missing).astype("str").where(missing, "")
    present = raw.mask(missing)
    values, found = _CONVERTERS[variable.type](present, variable)
    stated = tuple(_stated_empty(each) for each in (*problems, *found))
    return Converted(values.rename(variable.name), reasons.rename(variable.name), stated)


def _stated_empty(found: Problem) -> Problem:
    """Where a broken rule only warns, the value is left empty, and the message says so."""
    if found.level == "error" or found.rule in KEPT:
        return found
    return replace(found, found=f"{found.found}; left empty")


def _one_way_of_writing(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    """Values with points for decimals and whole numbers without: so that codes compare equal however a program wrote
    them.
    """
    if variable.type not in ("integer", "number"):
        return (_without_decimals(raw) if variable.type in ("category", "boolean", "id") else raw), []
    read = decimal_points(raw)
    problems = _of_marks(raw, read, variable)
    values = read.values.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True) if read.comma else read.values
    return values.mask(read.mixed | read.unclear), problems


def _id(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    """Keys as text; a spreadsheet may have turned long keys into powers of ten, which makes different keys equal."""
    lost = raw.index[raw.str.fullmatch(r"-?\d([.,]\d+)?[eE]\+?\d+", na=False)]
    if not len(lost):
        return raw.astype("str"), []
    text = f"{rows(len(lost), 'hold')} a key written as a power of ten, whose last digits are lost"
    remedy = "Make the column text in the spreadsheet and export it again from the source."
    return raw.astype("str"), [
        problem(variable.table, variable.name, "digits of keys", list(lost), text, remedy, variable.check)
    ]


def _text(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    return raw.astype("str"), []


def _category(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    levels = {level.code: level.level for level in variable.levels if level.code}
    # SPSS exports and Excel give the labels instead of the codes: a label stands for its level, once
    named = [
        (label, level.level) for level in variable.levels for label in (level.label_nl, level.label_en, level.level)
    ]
    by_label = {label: level for label, level in named if {level} == {other for text, other in named if text == label}}
    values = raw.map({**by_label, **levels}).astype("str")
    unknown = raw[raw.notna() & values.isna()]
    return values, _unknown_codes(unknown, variable, f"allowed {', '.join(levels)}")


def _without_decimals(raw: pd.Series) -> pd.Series:
    """Codes that a program with decimal commas wrote as `1,0`, where every value of the column is written so."""
    written = r"(-?\d+),0+"
    if not raw.notna().any() or not raw.dropna().str.fullmatch(written).all():
        return raw
    return raw.str.replace(f"^{written}$", r"\1", regex=True)


def _list(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    """Several categories in one cell, divided by blanks, commas or semicolons; ids joined by `;`."""
    numbered = raw.reset_index(drop=True)  # row numbers stand twice in a wide table
    parts = numbered.str.split(r"[\s,;]+", regex=True).explode()
    levels, _ = _category(parts.dropna(), variable)
    joined = levels.dropna().groupby(level=0).agg(";".join).reindex(numbered.index)
    split = raw.str.split(r"[\s,;]+", regex=True).explode().dropna()
    return joined.set_axis(raw.index).astype("str"), _category(split, variable)[1]


def _number(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    problems = _of_type(raw.index[raw.notna() & ~np.isfinite(numbers)], variable, "a number")
    whole = numbers.round() if variable.type == "integer" else numbers
    fraction = numbers.notna() & np.isfinite(numbers) & (numbers != whole)
    problems += _of_type(raw.index[fraction], variable, "a whole number")
    if variable.limits is not None:
        outside = numbers.notna() & ~numbers.between(*variable.limits)
        problems += _outside(raw[outside], variable)
        numbers, whole = numbers.mask(outside), whole.mask(outside)
    numbers = numbers.where(np.isfinite(numbers))
    values = whole.where(np.isfinite(whole) & ~fraction).astype("Int64") if variable.type == "integer" else numbers
    return values, problems


def _of_marks(raw: pd.Series, read: Decimals, variable: Variable) -> list[Problem]:
    """What the decimal marks of a column say: one reading is stated, more than one is refused."""
    commas = raw.index[raw.str.contains(",", regex=False, na=False)]
    where = (variable.table, variable.name)
    if read.mixed.any():
        text = f"{rows(int(read.mixed.sum()), 'write')} the other decimal mark than the rest of the column"
        return [
            problem(
                *where,
                "one decimal mark",
                list(raw.index[read.mixed]),
                text,
                "Use one mark in the raw file.",
                variable.check,
            )
        ]
    if read.unclear:
        text = f"{rows(len(commas), 'hold')} a comma that may mark decimals or thousands"
        return [
            problem(*where, "decimals or thousands", list(commas), text, "Write points for decimals.", variable.check)
        ]
    if read.comma:
        text = f"{rows(len(commas), 'write')} decimals with a comma, read as such"
        return [problem(*where, "decimal comma", list(commas), text, "None needed.", "warning")]
    return []


def _outside(raw: pd.Series, variable: Variable) -> list[Problem]:
    low, high = (f"{limit:g}" for limit in variable.limits)
    if variable.limits[1] - variable.limits[0] <= CODE_SPAN:
        return _unknown_codes(raw, variable, f"allowed {low}-{high}")
    if raw.empty:
        return []
    return [
        problem(
            variable.table,
            variable.name,
            "range",
            list(raw.index),
            f"{rows(len(raw), 'lie')} outside {low}..{high}",
            "Correct the raw file, add a line to corrections.csv, or declare the code as missing in codebook.csv.",
            variable.check,
        )
    ]


def _date(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    """Days; the codebook may name their format as the variable's unit (`dd-mm-yyyy`, `excel_serial`, ...)."""
    read = iso_days(raw, variable.unit)
    iso = read.values.str.fullmatch(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool) & raw.notna()
    dates = pd.to_datetime(read.values.where(iso), format="%Y-%m-%d", errors="coerce").astype("datetime64[s]")
    wrong = raw.notna() & dates.isna() & (not read.ambiguous)
    problems = _of_order(raw, read, variable) + _of_type(raw.index[wrong], variable, "a date written as 2020-12-31")
    absurd = (dates.dt.year < CALENDAR[0]) | (dates.dt.year > CALENDAR[1])
    if absurd.any():
        text = f"{rows(int(absurd.sum()), 'hold')} a year outside {CALENDAR[0]} to {CALENDAR[1]}"
        remedy = "Correct the raw file; for a code that means missing, declare it in codebook.csv."
        problems.append(
            problem(variable.table, variable.name, "calendar", list(raw.index[absurd]), text, remedy, variable.check)
        )
    return dates.mask(absurd), problems


def _of_order(raw: pd.Series, read: Days, variable: Variable) -> list[Problem]:
    """A day-month order that the values prove is stated; one that they leave open is refused."""
    filled = list(raw.index[raw.notna()])
    where = (variable.table, variable.name)
    if read.ambiguous:
        text = f"{rows(len(filled), 'hold')} a day whose order of day and month cannot be told"
        remedy = "Write dd-mm-yyyy or mm-dd-yyyy as `unit` of the variable in codebook.csv."
        return [problem(*where, "order of day and month", filled, text, remedy, variable.check)]
    if read.order:
        text = f"{rows(len(filled), 'hold')} a day read as {read.order}, the only order that fits"
        return [
            problem(
                *where, "order of days", filled, text, "None needed; `unit` in codebook.csv can declare it.", "warning"
            )
        ]
    return []


def _boolean(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    values = raw.str.lower().map({"0": False, "1": True, "false": False, "true": True}).astype("boolean")
    return values, _of_type(raw.index[raw.notna() & values.isna()], variable, "0 or 1")


_CONVERTERS = {
    "id": _id,
    "text": _text,
    "category": _category,
    "list": _list,
    "integer": _number,
    "number": _number,
    "date": _date,
    "boolean": _boolean,
}


def _of_type(found, variable: Variable, what: str) -> list[Problem]:
    if not len(found):
        return []
    text = f"{rows(len(found), 'hold')} something that is not {what}"
    return [
        problem(
            variable.table,
            variable.name,
            "type",
            list(found),
            text,
            "Correct the raw file, or the type in codebook.csv.",
            variable.check,
        )
    ]


def _unknown_codes(unknown: pd.Series, variable: Variable, allowed: str) -> list[Problem]:
    """One problem a code; a text is named only when several rows hold it, since one text may be a person's own."""
    if variable.missing:
        allowed += f", missing {', '.join(variable.missing)}"
    remedy = "Add the code to codebook.csv (levels or missing) or correct the raw file."
    problems = []
    for value, group in unknown.groupby(unknown, sort=True):
        numeric = value.lstrip("-").replace(".", "", 1).isdigit() and len(value) <= 6
        shown = value if numeric or (len(group) >= 3 and len(value) <= 20) else "a text"
        text = f"{rows(len(group), 'hold')} {shown}, not in codebook ({allowed})"
        problems.append(
            problem(variable.table, variable.name, "levels", list(group.index), text, remedy, variable.check)
        )
    return problems
