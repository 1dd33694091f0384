"""What an item may hold, and how a column of answers becomes positions in the item's list of answers.

A position is the index of an answer in the order of meaning in which the definition lists it; one further position, after the
last, means missing. Every later step is a look-up by position, so that a million people cost as many table look-ups.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.instruments.text import Text

_UNREADABLE = np.inf  # stands for an entry that is neither a number nor a label: never a valid code, and not missing
_LARGEST_NAMED = 999  # longer numbers may identify somebody and are counted, not shown


@dataclass(frozen=True)
class Decoded:
    """The positions of one column (integers, one per row) and, in words, what could not be placed (empty when all was)."""

    positions: np.ndarray
    problem: str


class Answers(Protocol):
    """The answers an item may hold: `Coded` or `Measured`."""

    @property
    def n_positions(self) -> int:
        """Number of answers, missing not counted."""

    def number(self, entry: object) -> float:
        """One entry as a number: its code or value, NaN for a blank, infinite when it is neither."""

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Positions of numbers; `n_positions` for missing, -1 for what is not declared."""

    @property
    def allowed(self) -> str:
        """What is allowed, for a message."""


@dataclass(frozen=True)
class Coded:
    """Whole-number codes in the order of their meaning, with labels in two languages, synonyms and codes for missing."""

    codes: tuple[int, ...]
    labels: Mapping[int, Text]
    synonyms: Mapping[str, int]
    missing: tuple[int, ...] = ()

    @property
    def n_positions(self) -> int:
        """Number of answers, missing not counted."""
        return len(self.codes)

    @property
    def allowed(self) -> str:
        """Codes with their Dutch label, or first to last when there are no labels."""
        if self.labels:
            shown = ", ".join(f"{code} ({self.labels[code].nl})" for code in self.codes)
        else:
            shown = f"whole numbers {min(self.codes)}-{max(self.codes)}"
        return f"{shown}; missing {', '.join(map(str, self.missing)) or 'empty only'}"

    def number(self, entry: object) -> float:
        """The code of a label, a number or a number written as text; labels are compared without case, spaces and hyphens."""
        known = {_plain(label): code for code, text in self.labels.items() for label in (text.nl, text.en)}
        known |= {_plain(label): code for label, code in self.synonyms.items()}
        return float(known[_plain(entry)]) if isinstance(entry, str) and _plain(entry) in known else _as_number(entry)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Positions of codes by table look-up; `n_positions` for missing, -1 for a code that is not declared."""
        low, high = min(self.codes + self.missing), max(self.codes + self.missing)
        table = np.full(high - low + 3, -1, dtype=np.int16)  # two more slots: not declared, missing
        table[-1] = self.n_positions
        table[[code - low for code in self.missing]] = self.n_positions
        table[[code - low for code in self.codes]] = np.arange(self.n_positions)
        inside = (numbers >= low) & (numbers <= high)
        inside &= numbers == np.floor(numbers)
        slot = np.where(inside, numbers - low, high - low + 1)
        slot[np.isnan(numbers)] = high - low + 2
        return table[slot.astype(np.intp)]


@dataclass(frozen=True)
class Measured:
    """A measured number within `span`, used only by the band it falls in; `bounds` are where each next band begins.

    Values above `missing_above` are possible but not believable and count as missing.
    """

    span: tuple[float, float]
    bounds: tuple[float, ...]
    missing_above: float = np.inf

    @property
    def n_positions(self) -> int:
        """Number of bands."""
        return len(self.bounds) + 1

    @property
    def allowed(self) -> str:
        """The span."""
        return f"numbers {self.span[0]:g}-{self.span[1]:g}; missing empty only"

    def number(self, entry: object) -> float:
        """A number, also when written as text."""
        return _as_number(entry)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """The band of each number; `n_positions` for missing or not believable, -1 outside the span."""
        found = np.searchsorted(self.bounds, numbers, side="right")
        found[np.isnan(numbers) | (numbers > self.missing_above)] = self.n_positions
        found[(numbers < self.span[0]) | (numbers > self.span[1])] = -1
        return found


def decode(answers: Answers, column: pd.Series) -> Decoded:
    """Positions of a column of codes, whole floats, numbers as text, labels or categories, with NaN and None as missing."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        found = answers.positions(numbers)
        return Decoded(found, _undeclared(numbers, found))
    groups, distinct = pd.factorize(column)
    of_distinct = np.array([answers.number(entry) for entry in distinct] + [np.nan])  # group -1 is missing: the last
    found = answers.positions(of_distinct)[groups]
    return Decoded(found, _undeclared(of_distinct[groups], found) if (found < 0).any() else "")


def _plain(label: str) -> str:
    return " ".join(label.casefold().replace("-", " ").split())


def _as_number(entry: object) -> float:
    if isinstance(entry, str) and not entry.strip():
        return np.nan
    try:
        return float(entry)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return _UNREADABLE


def _undeclared(numbers: np.ndarray, positions: np.ndarray) -> str:
    """Undeclared codes with the number of rows; text and long numbers are counted only, since they may name a person."""
    wrong = numbers[positions < 0]
    if not len(wrong):
        return ""
    codes, counts = np.unique(wrong, return_counts=True)
    named = (np.abs(codes) <= _LARGEST_NAMED) & (codes == np.floor(codes))
    shown = [f"{code:g} ({count} rows)" for code, count in zip(codes[named][:9], counts[named][:9], strict=True)]
    rest = counts[named][9:].sum() + counts[~named].sum()
    return ", ".join(shown + ([f"text or other numbers ({rest} rows)"] if rest else []))
