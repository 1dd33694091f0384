"""Variables of a data frame as the numbers that an imputation model works with, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Method = Literal["pmm", "normal", "binary", "ordinal", "nominal"]
_MOST_LEVELS = 30


@dataclass(frozen=True)
class Variable:
    """One column: its numbers (NaN where missing; level numbers when it has `levels`) and how it is imputed."""

    name: str
    method: Method
    numbers: np.ndarray
    levels: np.ndarray | None
    centre: float
    scale: float

    @property
    def observed(self) -> np.ndarray:
        """Rows with a value."""
        return np.flatnonzero(~np.isnan(self.numbers))

    @property
    def missing(self) -> np.ndarray:
        """Rows without a value."""
        return np.flatnonzero(np.isnan(self.numbers))

    def columns(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (any shape) as standardised predictors in a last axis: one column, or one a level when nominal."""
        if self.method != "nominal":
            return ((numbers - self.centre) / self.scale)[..., None]
        return np.stack([(numbers == level) - 0.5 for level in range(1, len(self.levels))], axis=-1)

    def decoded(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers as values of the data again."""
        return numbers if self.levels is None else self.levels[numbers.astype(int)]


def variable(values: pd.Series, method: Method | None) -> Variable:
    """A column with its method: as asked, else binary for two values, ordinal for ordered levels, nominal, or pmm.

    Raises ValueError for levels that no model can carry (identifiers, free text, dates).
    """
    numeric = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
    ordered = isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered
    distinct = values.dropna().nunique()
    method = method or ("binary" if distinct == 2 else "ordinal" if ordered else "pmm" if numeric else "nominal")
    if method in ("pmm", "normal"):
        if not numeric:
            raise ValueError(f"{values.name}: {method} needs numbers. Use binary, ordinal or nominal")
        numbers, levels = values.to_numpy(float, na_value=np.nan), None
    else:
        numbers, levels = _levels(values)
        if len(levels) > _MOST_LEVELS:
            raise ValueError(f"{values.name}: has {len(levels)} levels. Name it in `exclude`, or in `unit`")
    if method == "binary" and len(levels) > 2:
        raise ValueError(f"{values.name}: binary, but has {len(levels)} values. Use ordinal or nominal")
    present = numbers[~np.isnan(numbers)]
    spread = float(present.std()) if len(present) else 0.0
    return Variable(str(values.name), method, numbers, levels, float(present.mean()) if len(present) else 0.0,
                    spread if spread > 0 else 1.0)  # fmt: skip


def _levels(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Level numbers (NaN where missing) and the levels that occur, in the order of the categories or sorted."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.cat.remove_unused_categories()
        codes, levels = values.cat.codes.to_numpy(), values.cat.categories.to_numpy()
    else:
        codes, levels = pd.factorize(values, sort=True)
    return np.where(codes < 0, np.nan, codes), np.asarray(levels)


def variables(data: pd.DataFrame, methods: Mapping[str, Method]) -> list[Variable]:
    """All columns as variables; every column that cannot be one is named in one ValueError."""
    found, wrong = [], []
    for name in data.columns:
        try:
            found.append(variable(data[name], methods.get(name)))
        except (ValueError, TypeError) as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError("; ".join(wrong))
    return found
