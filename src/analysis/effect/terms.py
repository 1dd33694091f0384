"""Fixed-effect terms of a change model as columns of numbers, without a formula parser."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from analysis.effect.waves import contrast, levels

ABSORB_FROM = 30
"""Levels from which a categorical covariate is fitted through its counts: no dense columns, no rows in the result."""


@dataclass(frozen=True)
class Terms:
    """Names and columns (rows x terms) of the fixed effects; `absorbed` holds level codes, 0 being the reference."""

    names: list[str]
    columns: np.ndarray
    absorbed: np.ndarray | None = None
    absorbed_name: str = ""


@dataclass(frozen=True)
class Layout:
    """Which columns become which terms; levels come from the whole data, so that every unit has the same rows."""

    time: str | None
    waves: list | None
    group: str | None
    arms: list
    covariates: dict[str, list | None]

    @classmethod
    def of(cls, data: pd.DataFrame, time: str | None, group: str | None, covariates: Sequence[str]) -> "Layout":
        """Read levels from `data`: numbers enter as they are, everything else by levels."""
        return cls(
            time,
            None if time is None or _is_number(data[time]) else levels(data[time], planned=True),
            group,
            levels(data[group]) if group else [],
            {name: None if _is_number(data[name]) else levels(data[name]) for name in covariates},
        )

    @property
    def columns(self) -> list[str]:
        """Columns of the data that the terms need."""
        return [name for name in (self.time, self.group, *self.covariates) if name is not None]

    @property
    def linear(self) -> bool:
        """Whether time is a number and enters as a straight line."""
        return self.time is not None and self.waves is None

    def time_names(self) -> list[str]:
        """Terms of time alone: its name (slope) or one contrast a wave."""
        if self.time is None:
            return []
        return [self.time] if self.waves is None else [contrast(wave, self.waves[0]) for wave in self.waves[1:]]

    def terms(self, data: pd.DataFrame, *, absorb: bool = True) -> Terms:
        """Columns for the rows of `data`, which must hold no missing value."""
        blocks = [(["(Intercept)"], [np.ones(len(data))])]
        times = self._times(data)
        blocks.append((self.time_names(), times))
        if self.group:
            arms = _indicators(data[self.group], self.arms)
            names = [contrast(arm, self.arms[0]) for arm in self.arms[1:]]
            blocks.append((names, arms))
            products = [time * arm for arm in arms for time in times]
            blocks.append(([f"{time} : {arm}" for arm in names for time in self.time_names()], products))
        absorbed = self._absorbed() if absorb else None
        for name, steps in self.covariates.items():
            if name != absorbed:
                blocks.append(_covariate(data[name], name, steps))
        columns = [column for _, found in blocks for column in found]
        codes = None if absorbed is None else _codes(data[absorbed], self.covariates[absorbed])
        return Terms([n for names, _ in blocks for n in names], np.column_stack(columns), codes, absorbed or "")

    def _times(self, data: pd.DataFrame) -> list[np.ndarray]:
        if self.time is None:
            return []
        return [data[self.time].to_numpy(float)] if self.waves is None else _indicators(data[self.time], self.waves)

    def _absorbed(self) -> str | None:
        """The covariate with most levels, when they are many."""
        sizes = {name: len(steps) for name, steps in self.covariates.items() if steps is not None}
        widest = max(sizes, key=sizes.__getitem__, default=None)
        return widest if widest is not None and sizes[widest] >= ABSORB_FROM else None


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column) or is_bool_dtype(column)


def _codes(column: pd.Series, steps: list) -> np.ndarray:
    codes, found = pd.factorize(column)
    return pd.Index(steps, dtype=object).get_indexer(pd.Index(found, dtype=object))[codes]


def _indicators(column: pd.Series, steps: list) -> list[np.ndarray]:
    codes = _codes(column, steps)
    return [(codes == k).astype(float) for k in range(1, len(steps))]


def _covariate(column: pd.Series, name: str, steps: list | None) -> tuple[list[str], list[np.ndarray]]:
    if steps is None:
        return [name], [column.to_numpy(float)]
    return [f"{name}[T.{step}]" for step in steps[1:]], _indicators(column, steps)
