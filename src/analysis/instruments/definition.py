"""What a questionnaire is: items, scales and cut-offs as frozen objects."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.instruments.answers import Answers
from analysis.instruments.text import Text


@dataclass(frozen=True)
class Item:
    """One question: its column, its gist, its answers in order of meaning.

    `polarity` is 1 when a later answer raises the instrument's score and -1 when it lowers it.
    """

    column: str
    text: Text
    answers: Answers
    polarity: int


@dataclass(frozen=True)
class Scale:
    """One score made from some items.

    `column` is where it is written, `items` which columns it uses, and `points` holds for each of them the points of each
    position. `formula` names how points become a score (see `formulas`), `times` multiplies it, `worst` adds a term by
    the highest position reached, `conversion` replaces a raw score (`conversion[raw]`, NaN where impossible) and `decimals` removes
    rounding noise. More than `max_missing` missing items make the score missing.
    """

    name: str
    column: str
    title: Text
    items: tuple[str, ...]
    points: tuple[tuple[float, ...], ...]
    formula: str
    range: tuple[float, float]
    better: str
    max_missing: int = 0
    missing_status: str = "confirmed"
    times: float = 1.0
    worst: tuple[float, ...] = ()
    conversion: tuple[float, ...] = ()
    decimals: int | None = None


@dataclass(frozen=True)
class Band:
    """One class of a score: from the previous band's bound to its own, which is `upto` (included) or `below` (excluded)."""

    name: str
    label: Text
    upto: float | None = None
    below: float | None = None

    @property
    def bound(self) -> float:
        """The lowest score that is no longer in this band; infinite for the last band."""
        if self.upto is not None:
            return float(np.nextafter(self.upto, np.inf))
        return np.inf if self.below is None else self.below


@dataclass(frozen=True)
class Convention:
    """A named way to cut scores into classes; `bands` maps a scale's name (`total` for the instrument's score) to its bands."""

    name: str
    status: str
    source: str
    bands: Mapping[str, tuple[Band, ...]]


@dataclass(frozen=True)
class Instrument:
    """A questionnaire, as its definition file states it.

    `items` are the required columns, `range` and `better` (`high` or `low`) belong to the score in column `id`, `mid` is the
    minimal important difference on that score (None when none is agreed: use half a standard deviation at the first
    wave and say so) with `mid_status` `confirmed|derived|unconfirmed|none`. `status` is `confirmed|conflicting|unconfirmed` and
    `note` says, in two languages, what is not confirmed. `has_total` is False where a total must not be made.
    `kind` is `continuous|binary|ordinal`.
    """

    id: str
    title: Text
    kind: str
    better: str
    range: tuple[float, float]
    status: str
    note: Text
    source: str
    mid: float | None
    mid_status: str
    conventions: Mapping[str, Convention]
    default_convention: str | None
    questions: tuple[Item, ...]
    scales: tuple[Scale, ...]
    has_total: bool = True

    @property
    def items(self) -> tuple[str, ...]:
        """Column names that `score` requires, in the order of the questionnaire."""
        return tuple(question.column for question in self.questions)

    @property
    def scores(self) -> tuple[str, ...]:
        """Column names of all scores that `score` returns, the instrument's own first."""
        return tuple(scale.column for scale in self.scales)
