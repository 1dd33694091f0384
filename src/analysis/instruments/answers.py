"""What an item may hold: coded answers or a measured number, each an ordered list of positions.

A position is the index of an answer in the order of meaning in which the definition lists it; one further
position, after the last, means missing. Every later step is a look-up by position, so a million people cost as
many table look-ups and no loop.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analysis.instruments.text import Text

UNREADABLE = np.inf  # an entry that is neither a number nor a label: never a valid code, and not missing
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII)


class Answers(Protocol):
    """The answers that an item may hold: `Coded` or `Measured`."""

    @property
    def n_positions(self) -> int:
        """Number of answers, missing not counted."""

    @property
    def allowed(self) -> str:
        """What is allowed, for a message."""

    def numbers(self, entries: Iterable[object]) -> np.ndarray:
        """Entries as codes or values; NaN for a blank, `UNREADABLE` for what is neither number nor label."""

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Positions of numbers; `n_positions` for missing, -1 for what is not declared."""


@dataclass(frozen=True)
class Coded:
    """Whole-number codes in the order of their meaning, with labels, synonyms of labels, and codes for missing."""

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
        """Codes with their Dutch label, or first to last when there are no labels; then the codes for missing."""
        if self.labels:
            shown = ", ".join(f"{code} ({self.labels[code].nl})" for code in self.codes)
        else:
            shown = f"whole numbers {min(self.codes)}-{max(self.codes)}"
        return f"{shown}; missing: {', '.join(['empty', *map(str, self.missing)])}"

    def numbers(self, entries: Iterable[object]) -> np.ndarray:
        """Codes of labels (compared without case, spaces and hyphens), of numbers and of numbers written as text."""
        known = {_plain(label): code for code, text in self.labels.items() for label in (text.nl, text.en)}
        known |= {_plain(label): code for label, code in self.synonyms.items()}
        return np.array([known.get(_plain(entry), _as_number(entry)) for entry in entries], dtype=float)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Positions of codes by table look-up; `n_positions` for missing, -1 for a code that is not declared."""
        low, high = min(self.codes + self.missing), max(self.codes + self.missing)
        table = np.full(high - low + 3, -1, dtype=np.int16)  # the last two slots: not declared, missing
        table[-1] = self.n_positions
        table[[code - low for code in self.missing]] = self.n_positions
        table[[code - low for code in self.codes]] = np.arange(self.n_positions)
        declared = (numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers))
        slot = np.where(declared, numbers - low, high - low + 1)
        slot[np.isnan(numbers)] = high - low + 2
        return table[slot.astype(np.intp)]


@dataclass(frozen=True)
class Measured:
    """A measured number within `span`, of which only the band counts; each of `bounds` begins the next band.

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
        """The span, and what counts as missing."""
        above = f", above {self.missing_above:g}" if np.isfinite(self.missing_above) else ""
        return f"numbers {self.span[0]:g}-{self.span[1]:g}; missing: empty{above}"

    def numbers(self, entries: Iterable[object]) -> np.ndarray:
        """Numbers, also when written as text."""
        return np.array([_as_number(entry) for entry in entries], dtype=float)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """The band of each number; `n_positions` for missing or not believable, -1 outside the span."""
        found = np.searchsorted(self.bounds, numbers, side="right").astype(np.int16)
        found[np.isnan(numbers) | (numbers > self.missing_above)] = self.n_positions
        found[(numbers < self.span[0]) | (numbers > self.span[1])] = -1
        return found


def _plain(entry: object) -> str:
    return " ".join(entry.casefold().replace("-", " ").split()) if isinstance(entry, str) else ""


def _as_number(entry: object) -> float:
    """A blank is NaN; text counts as a number only in plain digits, since `float` also reads `nan` and `1_0`."""
    if isinstance(entry, str):
        text = entry.strip()
        return np.nan if not text else float(text) if _NUMBER.fullmatch(text) else UNREADABLE
    try:
        return float(entry)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return UNREADABLE
