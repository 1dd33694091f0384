"""Measurement waves of a long frame: their order, their levels per unit, and one row a person for two waves."""

from collections.abc import Iterable, Iterator

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype


def require_columns(data: pd.DataFrame, columns: Iterable[str | None]) -> None:
    """Raise ValueError that lists every named column (None is skipped) that `data` lacks, and what it has."""
    absent = sorted({column for column in columns if column is not None and column not in data.columns})
    if absent:
        raise ValueError(
            f"no column {', '.join(map(repr, absent))} in the data (it has {', '.join(map(str, data.columns))}). "
            "Name an existing column or add it to the data."
        )


def require_numbers(data: pd.DataFrame, column: str) -> None:
    """Raise ValueError when `column` holds something else than numbers (or True and False); no value is shown."""
    found = data[column].dtype
    if not (is_numeric_dtype(found) or is_bool_dtype(found)):
        raise ValueError(
            f"{column}: an outcome needs numbers, found type {found}. Convert it, e.g. with pd.to_numeric."
        )


def levels(column: pd.Series, *, planned: bool = False) -> list:
    """Levels in order, the first being the reference: the declared order of a categorical, else sorted values.

    Declared levels without a row count only when `planned`: a wave that was planned gets its `not estimable` row.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list((column if planned else column.cat.remove_unused_categories()).cat.categories)
    return sorted(value for value in column.unique().tolist() if not pd.isna(value))


def units(data: pd.DataFrame, by: str | None) -> Iterator[tuple[str, pd.DataFrame]]:
    """`("all", data)` without `by`, else each level of `by` as text with its rows; rows without a level stay out."""
    if by is None:
        yield "all", data
        return
    for level in levels(data[by]):
        yield str(level), data[data[by] == level]


def paired_waves(data: pd.DataFrame, outcome: str, *, time: str, person: str, waves: list) -> pd.DataFrame:
    """One row a person, one column a wave (all of `waves`, in order), NaN where a wave has no value.

    Raises ValueError when a person has two values at one wave: which of them counts is the caller's decision.
    """
    require_numbers(data, outcome)
    used = data[[person, time, outcome]].dropna()
    twice = int(used.duplicated([person, time]).sum())
    if twice:
        raise ValueError(
            f"{outcome}: {twice} rows repeat a person at the same {time}. Keep one value per {person} and {time}."
        )
    wide = used.assign(**{time: used[time].astype(object)}).pivot(index=person, columns=time, values=outcome)
    return wide.reindex(columns=waves).astype(float)


def contrast(wave: object, reference: object) -> str:
    """Name of a difference between two levels, as `T1 - T0`."""
    return f"{wave} - {reference}"
