"""Marks and values of what was measured, as the logic model and the joint display write them."""

from collections.abc import Mapping, Sequence
from math import isfinite

from analysis.logic import Measured
from analysis.present.cells import SHOWN, cell, outcome_of
from analysis.present.figures.style import BLUE, ORANGE, SOFT, TEXT
from analysis.present.reading import Released
from analysis.present.wording import Words

MARKS = {-1: "▼", 0: "○", 1: "◐", 2: "●"}  # shapes, so that nothing hangs on colour
COLOURS = {-1: ORANGE, 0: SOFT, 1: TEXT, 2: BLUE}
LINE, SIZE, LETTER = 0.158, 8.5, 0.0735  # inches a line, points, inches a letter of that size
VALUES = ("percent", "estimate", "mean", "number", "total", "at_least", "lowest")


def measured(part: Released) -> dict[str, list[Mapping]]:
    """The rows of each thing that was measured, in the order of the file."""
    found: dict[str, list[Mapping]] = {}
    for row in part.rows.to_dict("records"):
        found.setdefault(row["measured"], []).append(row)
    return found


def mark_of(cells: Sequence[Mapping]) -> int | None:
    """The mark of one measure by the rules of `planned.rules`; None where it is hidden or there is none."""
    marks = (row["value"] for row in cells if row["measure"] == "strength" and row["status"] == SHOWN)
    return next((int(mark) for mark in marks if isfinite(mark)), None)


def value_text(cells: Sequence[Mapping], words: Words) -> str:
    """The value of one measure as text, hidden or not estimable as its mark."""
    rows = {row["measure"]: row for row in cells}
    name = next((one for one in VALUES if one in rows), "strength")
    if name == "strength":
        return words.text("levels.measured.none").lower()
    text = cell(words, rows[name]).text
    if rows[name]["status"] != SHOWN:
        return text
    if name == "lowest":
        return words.text("number.interval", lower=text, upper=cell(words, rows["highest"]).text)
    return _with_unit(text, name, rows[name], words)


def _with_unit(text: str, name: str, row: Mapping, words: Words) -> str:
    if name in ("total", "at_least"):
        amount = words.text("number.euro", number=text)
        return amount if name == "total" else words.text("picture.at_least", amount=amount)
    if name in ("estimate", "mean"):
        text = f"+{text}" if row["value"] > 0 and any(letter in "123456789" for letter in text) else text
    outcome = outcome_of(words, Measured.parse(row["measured"]).about)
    shares = text.endswith(words.text("number.percent_points_short", number=""))
    return text if name != "estimate" or shares or outcome is None else words.text("number.points", number=text)
