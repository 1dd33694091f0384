"""Numbers along an axis as the language writes them."""

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.ticker import Formatter

from analysis.present.wording import Words


class Numbers(Formatter):
    """Writes all ticks of an axis with the decimals (at most three) that tell each from the next."""

    def __init__(self, words: Words):
        self.words = words

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """The numbers at these ticks in words."""
        step = min((abs(after - before) for before, after in pairwise(values)), default=1)
        digits = next((digits for digits in range(4) if abs(step - round(step, digits)) < 1e-9), 3)
        return [self.words.number(value, digits) for value in values]

    def __call__(self, x: float, pos: int | None = None) -> str:
        """One number, whole."""
        return self.words.number(x)
