"""Columns of answers to positions, with every problem of every column in one error that shows no person's answer."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.instruments.answers import Answers, Coded
from analysis.instruments.definition import Instrument

_LARGEST_NAMED = 999  # a longer number may identify somebody: counted, not shown
_MOST_NAMED = 9
_REMEDY = (
    "Remedy: correct the file, or map its columns to these names and declare its codes for missing in the codebook, "
    "so that they arrive here empty."
)


@dataclass(frozen=True)
class Decoded:
    """Positions of one column (integers, one per row) and, in words, what was not declared (empty when all was)."""

    positions: np.ndarray
    problem: str


def item_positions(instrument: Instrument, answers: pd.DataFrame) -> dict[str, np.ndarray]:
    """Positions of every item of the instrument by column name (see `answers` for what a position is).

    Raises one `ValueError` that lists absent and doubled columns and undeclared codes with their number of rows.
    """
    absent = [column for column in instrument.items if column not in answers.columns]
    problems = [f"absent columns: {', '.join(absent)}"] if absent else []
    positions = {}
    for item in instrument.questions:
        if item.column in absent:
            continue
        column = answers[item.column]
        if isinstance(column, pd.DataFrame):
            problems.append(f"{item.column}: {column.shape[1]} columns have this name")
            continue
        decoded = decode(item.answers, column)
        positions[item.column] = decoded.positions
        if decoded.problem:
            problems.append(f"{item.column}: not declared: {decoded.problem}; allowed: {item.answers.allowed}")
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise ValueError(f"{instrument.id} cannot be scored.\n{listed}\n{_REMEDY}")
    return positions


def decode(answers: Answers, column: pd.Series) -> Decoded:
    """Positions of codes, whole floats, numbers as text, labels or categories; NaN, None and blanks are missing."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        groups, distinct = pd.factorize(column)
        numbers = np.append(answers.numbers(distinct), np.nan)[groups]  # group -1, the last, is missing
    positions = answers.positions(numbers)
    return Decoded(positions, _undeclared(numbers[positions < 0], isinstance(answers, Coded)))


def _undeclared(wrong: np.ndarray, are_codes: bool) -> str:
    """Undeclared codes with their number of rows; text, values and long numbers are counted only."""
    codes, counts = np.unique(wrong, return_counts=True)
    named = (np.abs(codes) <= _LARGEST_NAMED) & (codes == np.floor(codes)) & are_codes
    named &= np.cumsum(named) <= _MOST_NAMED
    shown = [f"{code:g} ({_rows(count)})" for code, count in zip(codes[named], counts[named], strict=True)]
    rest = counts[~named].sum()
    return ", ".join([*shown, *([f"text or other numbers ({_rows(rest)})"] if rest else [])])


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
