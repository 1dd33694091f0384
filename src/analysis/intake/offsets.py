"""Positions of coded text: programs count in different units; the unit is taken from the program and verified on the
text.

NVivo counts UTF-16 units and a line end (CRLF) as two; ATLAS.ti counts a line end as one; QualCoder and others count
characters. A wrong unit shifts every fragment after an emoji or a line end, which plain Dutch text hides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ENOUGH = 0.95  # share of selections that must start and end on a character other than a blank


@dataclass(frozen=True)
class Unit:
    """How positions count: UTF-16 units or characters, and whether a CRLF counts as two or as one."""

    utf16: bool
    crlf_as_two: bool

    def __str__(self) -> str:
        what, ends = "UTF-16 units" if self.utf16 else "characters", "two" if self.crlf_as_two else "one"
        return f"{what}, a line end of two marks as {ends}"


UNITS = (Unit(False, True), Unit(True, True), Unit(False, False), Unit(True, False))


@dataclass(frozen=True)
class Span:
    """A selection in a text, in the units of the program; the end is not part of it."""

    text: str
    start: int
    end: int


def by_origin(origin: str) -> Unit:
    """The unit that a program is known to use, by the project's `origin`."""
    name = origin.casefold()
    if "nvivo" in name:
        return Unit(utf16=True, crlf_as_two=True)
    if "atlas" in name:
        return Unit(utf16=False, crlf_as_two=False)
    return Unit(utf16=False, crlf_as_two=True)


def places(text: str, unit: Unit) -> np.ndarray:
    """For each position in the program's unit the position in characters with line ends as one; -1 within a character.

    `text` has no byte-order mark. The array has one element more than the text has units, for the end.
    """
    counted = text if unit.crlf_as_two else text.replace("\r\n", "\n")
    marks = np.frombuffer(counted.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    line_end = np.zeros(len(marks), dtype=bool)
    line_end[:-1] = (marks[:-1] == 13) & (marks[1:] == 10)
    before = np.concatenate([[0], np.cumsum(~line_end)])  # a CRLF is one character, counted at its LF
    if not unit.utf16:
        return before
    widths = np.where(marks > 0xFFFF, 2, 1)
    found = np.full(int(widths.sum()) + 1, -1)
    found[np.concatenate([[0], np.cumsum(widths)])] = before
    return found


def shares(texts: dict[str, str], spans: Sequence[Span], unit: Unit) -> float:
    """Share of spans that lie within their text and start and end on a character that is no blank."""
    maps = {name: places(text, unit) for name, text in texts.items()}
    plain = {name: text.replace("\r\n", "\n") for name, text in texts.items()}
    hits = 0
    for span in spans:
        found = character_span(maps[span.text], span)
        if found is not None:
            part = plain[span.text][found[0] : found[1]]
            hits += bool(part) and not part[0].isspace() and not part[-1].isspace()
    return hits / len(spans) if spans else 1.0


def character_span(mapped: np.ndarray, span: Span) -> tuple[int, int] | None:
    """A span in characters, or None when it lies outside the text, is empty or cuts a character in two."""
    if not 0 <= span.start < span.end < len(mapped):
        return None
    start, end = int(mapped[span.start]), int(mapped[span.end])
    return (start, end) if 0 <= start < end else None


def verified(texts: dict[str, str], spans: Sequence[Span], origin: str) -> tuple[Unit, float]:
    """The unit of the program, or of the others the one that fits best, with its share of fitting spans."""
    told = by_origin(origin)
    share = shares(texts, spans, told)
    if share >= ENOUGH:
        return told, share
    others = [(shares(texts, spans, unit), unit) for unit in UNITS if unit != told]
    best = max(others, key=lambda pair: pair[0])
    return (best[1], best[0]) if best[0] > share else (told, share)
