"""Numbers with a decimal comma, to numbers with a point: only where a column leaves one reading."""

from dataclasses import dataclass

import pandas as pd

_PLAIN = r"-?\d+(?:,\d+)?"
_GROUPED = r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?|-?\d+(?:,\d+)?"
_POINT = r"-?\d+\.\d+"
_THOUSAND = r"-?\d{1,3},\d{3}"


@dataclass(frozen=True)
class Decimals:
    """Values with points; `comma` is true when commas were read as decimals.

    `mixed` marks rows of the rarer mark where a column uses both; `unclear` is true when every comma could as well
    divide thousands. In both cases nothing is changed.
    """

    values: pd.Series
    mixed: pd.Series
    comma: bool = False
    unclear: bool = False


def decimal_points(raw: pd.Series) -> Decimals:
    """Text numbers with a point as decimal mark; a column with `1.234,5` is read as Dutch."""
    none = pd.Series(False, index=raw.index)
    present = raw.dropna()
    commas = present[present.str.contains(",", regex=False)]
    if commas.empty:
        return Decimals(raw, none)
    if present.str.fullmatch(_GROUPED).all() and not present.str.fullmatch(_PLAIN).all():
        if commas.str.contains(".", regex=False).any():
            return Decimals(raw.str.replace(".", "", regex=False).str.replace(",", ".", regex=False), none, comma=True)
        return Decimals(raw, _rarer(raw))
    if present.str.fullmatch(f"{_PLAIN}|{_POINT}").all():
        if present.str.fullmatch(_POINT).any():
            return Decimals(raw, _rarer(raw))
        if commas.str.fullmatch(_THOUSAND).all():
            return Decimals(raw, none, unclear=True)
        return Decimals(raw.str.replace(",", ".", regex=False), none, comma=True)
    return Decimals(raw, none)


def _rarer(raw: pd.Series) -> pd.Series:
    comma, point = (raw.str.contains(mark, regex=False, na=False).astype(bool) for mark in (",", "."))
    return comma if comma.sum() <= point.sum() else point
