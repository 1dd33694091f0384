"""Numbers as readers see them: rounded once, just before display, and written as the language writes them.

Rounding is half away from zero on the shortest decimal form of the number (2.5 to 3, -2.5 to -3, 2.675 to 2.68): what
Excel does and what a reader does by hand. Python and R round half to even, and on the binary value (2.675 to 2.67).
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import isfinite

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

MINUS = "\N{MINUS SIGN}"  # a hyphen is skipped by screen readers


def rounded(number: float, digits: int) -> Decimal:
    """`number` rounded half away from zero to `digits` decimals; what rounds to zero has no sign."""
    exact = Decimal(repr(float(number)))
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0


def number_text(number: float, digits: int, language: str) -> str:
    """`number` with `digits` decimals and the separators of the language; empty for a number that is not finite."""
    return _written(rounded(number, digits), digits, language) if isfinite(number) else ""


@lru_cache(maxsize=2**15)
def _written(exact: Decimal, digits: int, language: str) -> str:
    """A rounded number in the language: pages tell the same numbers many times, and writing one is slow."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(exact, format=pattern, locale=language, decimal_quantization=False).replace("-", MINUS)


def percent_text(percent: float, digits: int, language: str) -> str:
    """A percentage (0-100) with its sign attached, so that it is read aloud as one thing."""
    return _written_share(rounded(percent, digits), digits, language) if isfinite(percent) else ""


@lru_cache(maxsize=2**15)
def _written_share(percent: Decimal, digits: int, language: str) -> str:
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    found = format_percent(percent / 100, format=pattern, locale=language, decimal_quantization=False)
    return found.replace("-", MINUS)


def date_text(day: date, language: str) -> str:
    """A date in words, such as 30 juni 2023."""
    return format_date(day, format="d MMMM y", locale=language)


def month_text(day: date, language: str) -> str:
    """A month in words, such as juni 2023."""
    return format_date(day, format="MMMM y", locale=language)
