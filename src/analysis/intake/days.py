"""Days as people write them, to ISO days: only where the values themselves, or the codebook, leave one reading."""

from dataclasses import dataclass

import pandas as pd

FORMATS = ("dd-mm-yyyy", "mm-dd-yyyy", "yyyymmdd", "excel_serial", "excel_serial_1904")
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_ISO = rf"(\d{{4}}-\d{{2}}-\d{{2}}){_TIME}"
_WRITTEN = rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}"
_EPOCHS = {"excel_serial": "1899-12-30", "excel_serial_1904": "1904-01-01"}


@dataclass(frozen=True)
class Days:
    """Values with days as ISO text where they could be read; `order` is the format that was found, if any.

    `ambiguous` is true when every value could be read with the day or the month first; then nothing is changed.
    """

    values: pd.Series
    order: str | None = None
    ambiguous: bool = False


def iso_days(raw: pd.Series, declared: str = "") -> Days:
    """Text as ISO days: ISO with or without a time, the declared format, or a day-month order that the values prove."""
    values = raw.str.replace(f"^{_ISO}$", r"\1", regex=True)
    present = values.dropna()
    if declared in _EPOCHS:
        return Days(_from_serial(values, _EPOCHS[declared]))
    if declared == "yyyymmdd":
        return Days(values.str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True))
    if declared in FORMATS:
        return Days(_turned(values, declared))
    if present.empty or not present.str.fullmatch(_WRITTEN).all():
        return Days(values)
    parts = present.str.extract(_WRITTEN)
    first, second = parts[0].astype("int64"), parts[2].astype("int64")
    if (first <= 12).all() and (second <= 12).all():
        return Days(values, ambiguous=True)
    if (second <= 12).all():
        return Days(_turned(values, "dd-mm-yyyy"), order="dd-mm-yyyy")
    if (first <= 12).all():
        return Days(_turned(values, "mm-dd-yyyy"), order="mm-dd-yyyy")
    return Days(values)


def _turned(values: pd.Series, order: str) -> pd.Series:
    day, month = (1, 3) if order == "dd-mm-yyyy" else (3, 1)
    turn = f"^{_WRITTEN}$"
    return values.str.replace(turn, lambda m: f"{m[4]}-{int(m[month]):02d}-{int(m[day]):02d}", regex=True)


def _from_serial(values: pd.Series, epoch: str) -> pd.Series:
    """Excel's day numbers since its epoch; a part of a day is cut off, and what is no number stays as it is."""
    numbers = pd.to_numeric(values, errors="coerce")
    numbers = numbers.where(numbers.between(1, 2_958_465))  # Excel's last day is 31-12-9999
    days = pd.Timestamp(epoch) + pd.to_timedelta(numbers.floordiv(1), unit="D")
    return days.dt.strftime("%Y-%m-%d").astype("str").where(numbers.notna(), values)
