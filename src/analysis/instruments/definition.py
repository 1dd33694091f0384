"""What a questionnaire is: items, scales and cut-offs as frozen objects."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.instruments.answers import Answers
from analysis.instruments.text import Text


@dataclass(frozen=True)
class Item:
    """One question: its column, its gist, its answers in order of meaning.

    `polarity` is 1 when a later answer raises the score and -1 when it lowers it.
    """

    column: str
    text: Text
    answers: Answers
    polarity: int


@dataclass(frozen=True)
class Scale:
    """One score made from some items.

    `name` is `total` for the instrument's own score, `column` is where the score is written, `items` which columns
    it uses; `points` holds for each of these the points of each position. `formula` names how points become a score
    (module `formulas`); `worst` adds a term by the highest position reached; `conversion[raw]` replaces a raw score
    (NaN where no raw score can be); `times` multiplies; `decimals` removes rounding noise. With more than
    `max_missing` missing items the score is missing; `missing_status` says whether that rule is confirmed.
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
    """One class of a score, from the previous band to its own limit: `upto` (included) or `below` (excluded)."""

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
    """A named way to cut scores into classes: `bands` by scale name, from low to high scores."""

    name: str
    status: str
    source: str
    bands: Mapping[str, tuple[Band, ...]]


@dataclass(frozen=True)
class Instrument:
    """A questionnaire, as its definition file states it.

    `range` and `better` (`high` or `low`) belong to the score in column `id`. `mid` is the minimal important
    difference on that score, None when none is agreed (use half a standard deviation at the first wave and say so);
    `mid_status` is `confirmed|derived|unconfirmed|none`. `status` is `confirmed|conflicting|unconfirmed`, and `note`
    says what is not confirmed: every output that uses the instrument shows it. `kind` is `continuous|binary|ordinal`.
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

    @property
    def items(self) -> tuple[str, ...]:
        """Column names that `score` requires, in the order of the questionnaire."""
        return tuple(question.column for question in self.questions)

    @property
    def scores(self) -> tuple[str, ...]:
        """Column names of all scores that `score` returns, the instrument's own first."""
        return tuple(scale.column for scale in self.scales)

    @property
    def has_total(self) -> bool:
        """False where the items must never be added up, so that there is no score in column `id`."""
        return self.id in self.scores
