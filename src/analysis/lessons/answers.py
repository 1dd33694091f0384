"""What an answer is, whatever form a student gives it: a number, a choice, a word, a set, or a column.

An answer becomes *marks*: short texts that are equal for equal answers. Only digests of marks are stored, so a right
answer can be recognised and not be read. A number's mark is the bin of one tolerance wide that it falls in; the bins
beside it are tried too, so what differs at most one tolerance is always right, and what differs two never is.
"""

from collections.abc import Callable, Mapping
from hashlib import pbkdf2_hmac
from math import floor, isfinite

import numpy as np
import pandas as pd

PLACES = 24  # values of a column that are compared; of a longer one as many, spread evenly, and its mean
ROUNDS = 1000  # of the digest: half a millisecond for one answer, tedious for who would try every number
_QUOTED = '"{}"'
_NAMES = {
    str: "een tekst", bool: "waar of niet waar", int: "een getal", float: "een getal", pd.DataFrame: "een hele tabel",
    pd.Series: "een hele kolom", list: "een lijst", tuple: "een lijst", set: "een verzameling", dict: "een woordenboek",
}  # fmt: skip
Marks = list[tuple[str, ...]]  # for each part of an answer the marks that may be stored for it, its own first


class Unreadable(ValueError):
    """An answer of a kind that does not fit the question; the message tells a student in Dutch what is expected."""


def is_open(answer: object) -> bool:
    """Whether nothing was filled in yet: the three dots of the student edition, None or an empty text."""
    return answer is None or answer is ... or (isinstance(answer, str) and answer.strip(" .") == "")


def marks(kind: str, answer: object, *, tolerance: float = 0.0, options: str = "abcd") -> Marks:
    """The marks of an answer to a question of this kind (a name in `KINDS`).

    Raises `Unreadable` when the answer is of another kind, such as text where a number is asked.
    """
    return KINDS[kind](_unpacked(answer), tolerance, options)


def digest(exercise: str, part: int, mark: str) -> str:
    """What is stored of one mark: salted with the exercise and the part, so that equal answers look different."""
    return pbkdf2_hmac("sha256", mark.encode(), f"lessons {exercise} {part}".encode(), ROUNDS).hex()[:24]


def _unpacked(answer: object) -> object:
    """A single value that stands in a frame, a series or an array of one, as itself."""
    if isinstance(answer, pd.DataFrame) and answer.shape[1] == 1:
        answer = answer.iloc[:, 0]
    if isinstance(answer, np.generic) or (isinstance(answer, pd.Series | np.ndarray) and answer.size == 1):
        return answer.item()
    return answer


def _number(answer: object, tolerance: float, options: str) -> Marks:
    if isinstance(answer, tuple) and all(isinstance(part, int) for part in answer):
        raise Unreadable("Ik verwacht één getal. Schrijf een punt in plaats van een komma, bijvoorbeeld 3.5.")
    if isinstance(answer, str):
        answer = _from_text(answer)
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        raise Unreadable(f"Ik verwacht een getal, bijvoorbeeld 3.5. Hier staat {_kind_of(answer)}.")
    if not isfinite(answer):
        raise Unreadable("Dit getal is leeg (NaN) of oneindig. Kijk of je de goede rij en kolom hebt gekozen.")
    return [_bins(answer, tolerance)]


def _from_text(answer: str) -> float | str:
    try:
        return float(answer.strip().removesuffix("%").replace(",", "."))
    except ValueError:
        return answer


def _bins(number: float, tolerance: float) -> tuple[str, ...]:
    if not tolerance:
        return (f"{round(float(number), 9) + 0.0:.9f}",)
    own = floor(number / tolerance)
    return (str(own), str(own - 1), str(own + 1))


def _choice(answer: object, tolerance: float, options: str) -> Marks:
    letter = answer.strip(" .)('\"").lower() if isinstance(answer, str) else ""
    if len(letter) != 1 or letter not in options:
        raise Unreadable(
            f"Ik verwacht één letter tussen aanhalingstekens: {', '.join(_QUOTED.format(one) for one in options)}."
        )
    return [(letter,)]


def _word(answer: object, tolerance: float, options: str) -> Marks:
    if not isinstance(answer, str):
        raise Unreadable(f'Ik verwacht een woord tussen aanhalingstekens, "zo". Hier staat {_kind_of(answer)}.')
    return [(_plain(answer),)]


def _set(answer: object, tolerance: float, options: str) -> Marks:
    if isinstance(answer, str):
        answer = answer.split(",")
    if not isinstance(answer, set | frozenset | list | tuple | pd.Series | pd.Index | np.ndarray):
        raise Unreadable(f'Ik verwacht een verzameling, zoals {{"een", "twee"}}. Hier staat {_kind_of(answer)}.')
    return [("|".join(sorted({_plain(one) for one in answer})),)]


def _column(answer: object, tolerance: float, options: str) -> Marks:
    if not isinstance(answer, pd.Series | pd.Index | np.ndarray | list | tuple):
        raise Unreadable(f'Ik verwacht één kolom, zoals tabel["naam"]. Hier staat {_kind_of(answer)}.')
    values = pd.Series(list(answer), dtype=object)
    places = np.unique(np.linspace(0, len(values) - 1, min(PLACES, len(values))).astype(int)) if len(values) else []
    numbers = pd.to_numeric(values, errors="coerce").dropna().astype(float)
    mean = _bins(numbers.mean(), tolerance) if len(numbers) else ("none",)
    return [(str(len(values)),), mean, *(_cell(values[place], tolerance) for place in places)]


def _cell(value: object, tolerance: float) -> tuple[str, ...]:
    if pd.isna(value):
        return ("missing",)
    return (_plain(value),) if isinstance(value, str) else _bins(float(value), tolerance)


def _plain(value: object) -> str:
    return " ".join(str(value).strip().lower().split())


def _kind_of(answer: object) -> str:
    """What a student gave, in words, never its content."""
    return next((name for kind, name in _NAMES.items() if type(answer) is kind), "iets anders")


KINDS: Mapping[str, Callable[[object, float, str], Marks]] = {
    "number": _number,
    "choice": _choice,
    "word": _word,
    "set": _set,
    "column": _column,
}
