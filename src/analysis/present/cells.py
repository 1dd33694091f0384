"""One released cell as a reader sees it: a number in words, or the mark that says why there is none."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import isfinite

from analysis.logic import Measured
from analysis.present.reading import COARSER, INTERIM, SHOWN
from analysis.present.wording import Words

REASON = "not estimable"  # how the note of an estimate that could not be made begins
HIDDEN, TOGETHER, LATER = "hidden", "together", "later"
NOT_APPLICABLE, NOT_ESTIMABLE = "not_applicable", "not_estimable"
STATUS = {COARSER: TOGETHER, INTERIM: LATER}  # reason -> status; any other reason is hidden
_OF_KIND = {
    "count": "count", "percent": "percent", "mean": "mean", "sd": "mean", "median": "mean", "quantile": "mean",
    "estimate": "estimate", "std_error": "estimate", "lower": "estimate", "upper": "estimate", "df": "df",
    "inference_df": "df", "p_value": "p_value", "days": "days", "sum": "total",
}  # fmt: skip


@dataclass(frozen=True)
class Format:
    """How a measure is written: number, percent, p_value, outcome (a score), difference (of scores), mark (of the
    joint display), met (of a checklist), month (202006) or plain."""

    how: str
    digits: int


@dataclass(frozen=True)
class Cell:
    """A written cell, its status (shown, hidden, together, not_applicable, not_estimable), and a mark beside it.

    `at` is its name in the released table (`dim=level;measure`), where it is one cell of it; `n` the number behind it.
    """

    text: str
    status: str = SHOWN
    mark: str = ""
    at: str = ""
    n: str = ""

    @property
    def marked(self) -> str:
        """The text with the mark after it, as a reader sees it."""
        return f"{self.text} {self.mark}" if self.mark else self.text


@lru_cache
def _formats() -> dict[str, Format]:
    lines = files("analysis.present").joinpath("measures.csv").read_text(encoding="utf-8").splitlines()
    return {row["measure"]: Format(row["format"], int(row["digits"] or 0)) for row in csv.DictReader(lines)}


def format_of(measure: str, kind: str = "") -> Format:
    """How `measure` is written: by its own line in measures.csv, else by its kind, else as a plain number."""
    known = _formats()
    return known.get(measure) or known.get(_OF_KIND.get(kind, "value"), Format("plain", 1))


def outcome_of(words: Words, outcome: str | None):
    """The study's outcome with this id, or None."""
    return next((found for found in words.study.outcomes if found.id == outcome), None)


def as_share(outcome) -> bool:
    """Whether an outcome is a yes or no scored 0 and 1: its mean is a share, its change is in percentage points."""
    return outcome is not None and outcome.kind == "binary" and (outcome.range is None or max(outcome.range) <= 1)


def digits_of(outcome) -> int:
    """Decimals of a score or of its change: one, or what the study says (three for EQ-5D)."""
    return 1 if outcome is None or as_share(outcome) else outcome.digits


def scale_of(outcome) -> float:
    """What a score is multiplied by before it is shown: 100 for a share."""
    return 100.0 if as_share(outcome) else 1.0


def written(words: Words, measure: str, value: float, *, n: float | None = None, outcome=None, kind: str = "") -> str:
    """`value` of `measure` in words; `n` is its denominator, `outcome` the study's outcome that it is about."""
    form, value = format_of(measure, kind), float(value)
    if form.how == "percent":
        return words.percent(value, n)
    if form.how == "p_value":
        return words.p_value(value)
    if form.how == "outcome":
        if as_share(outcome):
            return words.percent(100 * value, n)
        return words.number(value, digits_of(outcome))
    if form.how == "difference":
        number = words.number(scale_of(outcome) * value, digits_of(outcome))
        return words.text("number.percent_points_short", number=number) if as_share(outcome) else number
    if form.how in ("mark", "met"):
        return words.text(f"picture.{'strength' if form.how == 'mark' else 'met'}.{value:.0f}")
    if form.how == "month":
        return words.month(value)
    if form.how == "plain":
        return words.number(value, 0 if abs(value) >= 1000 or value == int(value) else form.digits)
    return words.number(value, form.digits)


def interval_text(words: Words, lower: float, upper: float, outcome=None) -> str:
    """Two limits of a score's change as `a to b`, in the outcome's decimals."""
    scale = scale_of(outcome)
    return words.interval(scale * lower, scale * upper, digits_of(outcome))


def size_text(words: Words, value: float, outcome=None) -> str:
    """The size of a change with its unit: points, or percentage points for a share."""
    key = "number.percent_points" if as_share(outcome) else "number.points"
    return words.text(key, number=words.number(scale_of(outcome) * abs(value), digits_of(outcome)))


def cell(words: Words, row, *, kind: str = "") -> Cell:
    """A released row (with `measure, value, n, status, note` and perhaps `outcome`) as a written cell."""
    if row is None:
        return Cell(words.text("table.not_applicable"), NOT_APPLICABLE)
    if row["status"] != SHOWN:
        status = STATUS.get(row.get("reason"), HIDDEN)
        return Cell(words.text(f"table.{status}"), status)
    if not isfinite(row["value"]):
        status = NOT_ESTIMABLE if REASON in row["note"] else NOT_APPLICABLE
        return Cell(words.text(f"table.{status}"), status)
    n = row["n"] if isfinite(row["n"]) else None
    outcome = outcome_of(words, row.get("outcome") or Measured.parse(row.get("measured") or "").about)
    text = written(words, row["measure"], row["value"], n=n, outcome=outcome, kind=kind)
    return Cell(text, n="" if n is None else words.number(n))
