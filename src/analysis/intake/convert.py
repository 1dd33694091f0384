"""Raw values to the types, levels and missing reasons that the codebook declares; what it does not declare is a problem."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.codebook import Variable
from analysis.intake.checks import Problem, problem, rows

CODE_SPAN = 25  # a range up to this width is a set of codes, whose values may be named in a message


@dataclass(frozen=True)
class Converted:
    """A variable's values, the declared reason of each missing value (empty where none), and what was wrong."""

    values: pd.Series
    reasons: pd.Series
    problems: tuple[Problem, ...]


def code(values: pd.Series) -> pd.Series:
    """Values as codes: text without surrounding blanks, whole numbers without decimals, dates as ISO days, empty as missing."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d").astype("str")
    if pd.api.types.is_bool_dtype(values):
        return values.astype("Int64").astype("str").where(values.notna())
    if pd.api.types.is_numeric_dtype(values):
        return values.map(_number_code, na_action="ignore").astype("str").where(values.notna())
    text = values.map(_object_code, na_action="ignore").astype("str").str.strip()
    text = text.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    return text.where(values.notna() & (text != ""))


def _number_code(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _object_code(value) -> str:
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return _number_code(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def convert(raw: pd.Series, variable: Variable) -> Converted:
    """One raw column (codes as text, indexed by row number in the file) as the codebook's variable."""
    missing = raw.isin(list(variable.missing))
    reasons = raw.where(missing).map(variable.missing).astype("str").where(missing, "")
    present = raw.mask(missing)
    values, problems = _CONVERTERS[variable.type](present, variable)
    return Converted(values.rename(variable.name), reasons.rename(variable.name), tuple(problems))


def _text(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    return raw.astype("str"), []


def _category(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    levels = {level.code: level.level for level in variable.levels if level.code}
    # SPSS exports and Excel give the labels instead of the codes: a label stands for its level, once
    by_label = {label: level.level for level in variable.levels for label in (level.label_nl, level.label_en, level.level)}
    values = raw.map({**by_label, **levels}).astype("str")
    unknown = raw[raw.notna() & values.isna()]
    return values, _unknown_codes(unknown, variable, f"allowed {', '.join(levels)}")


def _list(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    """Several categories in one cell, divided by blanks, commas or semicolons; ids joined by `;`."""
    parts = raw.str.split(r"[\s,;]+", regex=True).explode()
    levels, problems = _category(parts.dropna(), variable)
    joined = levels.dropna().groupby(level=0).agg(";".join)
    return joined.reindex(raw.index).astype("str"), problems


def _number(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    wrong = raw.notna() & ~np.isfinite(numbers)
    whole = numbers.round() if variable.type == "integer" else numbers
    problems = _of_type(raw.index[wrong], variable, "a number")
    fraction = numbers.notna() & (numbers != whole)
    problems += _of_type(raw.index[fraction], variable, "a whole number")
    if variable.limits is not None:
        outside = numbers.notna() & ~numbers.between(*variable.limits)
        problems += _outside(raw[outside], variable)
    values = whole.astype("Int64") if variable.type == "integer" else numbers
    return values, problems


def _outside(raw: pd.Series, variable: Variable) -> list[Problem]:
    low, high = (f"{limit:g}" for limit in variable.limits)
    if variable.limits[1] - variable.limits[0] <= CODE_SPAN:
        return _unknown_codes(raw, variable, f"allowed {low}-{high}")
    if raw.empty:
        return []
    return [problem(variable.table, variable.name, "range", list(raw.index), f"{rows(len(raw), 'lie')} outside {low}..{high}",
                    "Correct the raw file, add a line to corrections.csv, or declare the code as missing in codebook.csv.",
                    variable.check)]  # fmt: skip


def _date(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    iso = raw.str.fullmatch(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool) & raw.notna()
    dates = pd.to_datetime(raw.where(iso), format="%Y-%m-%d", errors="coerce").astype("datetime64[s]")
    return dates, _of_type(raw.index[raw.notna() & dates.isna()], variable, "a date written as 2020-12-31")


def _boolean(raw: pd.Series, variable: Variable) -> tuple[pd.Series, list[Problem]]:
    values = raw.map({"0": False, "1": True, "False": False, "True": True}).astype("boolean")
    return values, _of_type(raw.index[raw.notna() & values.isna()], variable, "0 or 1")


_CONVERTERS = {
    "id": _text, "text": _text, "category": _category, "list": _list, "integer": _number, "number": _number, "date": _date, "boolean": _boolean,
}  # fmt: skip


def _of_type(found, variable: Variable, what: str) -> list[Problem]:
    if not len(found):
        return []
    text = f"{rows(len(found), 'hold')} something that is not {what}"
    return [problem(variable.table, variable.name, "type", list(found), text, "Correct the raw file, or the type in codebook.csv.",
                    variable.check)]  # fmt: skip


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
        problems.append(problem(variable.table, variable.name, "levels", list(group.index), text, remedy, variable.check))
    return problems
