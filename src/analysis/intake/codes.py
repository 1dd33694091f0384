"""Values of any file as codes: one way to write a value, so that the same study in another format is the same text."""

import re

import pandas as pd

_WHOLE = re.compile(r"^(-?\d+)\.0+$")


def code(values: pd.Series) -> pd.Series:
    """Values as codes: text without surrounding blanks, whole numbers without decimals, dates as ISO days, empty as
    missing.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d").astype("str")
    if pd.api.types.is_bool_dtype(values):
        return values.astype("Int64").astype("str").where(values.notna())
    if pd.api.types.is_numeric_dtype(values):
        return values.map(_number_code, na_action="ignore").astype("str").where(values.notna())
    plain = isinstance(values.dtype, pd.StringDtype)
    text = (values if plain else values.map(_object_code, na_action="ignore").astype("str")).str.strip()
    text = text.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    return text.where(values.notna() & (text != ""))


def cell_code(value) -> str | None:
    """One value as `code` writes it; None for an empty one."""
    if value is None:
        return None
    text = (value if isinstance(value, str) else _object_code(value)).strip()
    if text[-1:] == "0" and "." in text:
        text = _WHOLE.sub(r"\1", text)
    return text or None


def _number_code(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _object_code(value) -> str:
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return _number_code(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
