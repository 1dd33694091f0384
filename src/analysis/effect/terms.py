"""Fixed-effect terms of a change model as columns of numbers, without a formula parser."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from analysis.effect.waves import contrast, levels

ABSORB_FROM = 30
"""Levels from which a categorical covariate is fitted through its counts: no dense columns, no rows in the result."""

Columns = dict[str, np.ndarray]
"""Columns of the data as arrays (n,): floats (NaN: missing), or codes in the order of the levels (-1: missing)."""


@dataclass(frozen=True)
class Terms:
    """Names and values (terms x rows) of the fixed effects; `absorbed` holds level codes, 0 being the reference."""

    names: list[str]
    values: np.ndarray
    absorbed: np.ndarray | None = None


@dataclass(frozen=True)
class Layout:
    """Which columns become which terms; levels come from the whole data, so that every unit has the same rows.

    `waves` is None without time or with a straight line; `covariates` maps to levels, or None for numbers.
    """

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
    def linear(self) -> bool:
        """Whether time is a number and enters as a straight line."""
        return self.time is not None and self.waves is None

    @property
    def absorbed(self) -> str | None:
        """The covariate with most levels, when they are many."""
        sizes = {name: len(steps) for name, steps in self.covariates.items() if steps is not None}
        widest = max(sizes, key=sizes.__getitem__, default=None)
        return widest if widest is not None and sizes[widest] >= ABSORB_FROM else None

    def read(self, data: pd.DataFrame) -> Columns:
        """The columns that the terms need, missing values included."""
        steps = ({} if self.time is None else {self.time: self.waves}) | self.covariates
        steps |= {self.group: self.arms} if self.group else {}
        return {
            name: data[name].to_numpy(float, na_value=np.nan) if known is None else _codes(data[name], known)
            for name, known in steps.items()
        }

    def time_names(self) -> list[str]:
        """Terms of time alone: its name (slope) or one contrast a wave."""
        if self.time is None:
            return []
        return [self.time] if self.waves is None else [contrast(wave, self.waves[0]) for wave in self.waves[1:]]

    def terms(self, columns: Columns, n: int, *, absorb: bool = True) -> Terms:
        """Terms for n rows of `columns`, which must hold no missing value."""
        names, values = ["(Intercept)", *self.time_names()], [np.ones(n)]
        times = [] if self.time is None else _columns(columns[self.time], self.waves)
        values += times
        if self.group:
            arms = _columns(columns[self.group], self.arms)
            against = [contrast(arm, self.arms[0]) for arm in self.arms[1:]]
            names += against + [f"{time} : {arm}" for arm in against for time in self.time_names()]
            values += arms + [time * arm for arm in arms for time in times]
        absorbed = self.absorbed if absorb else None
        for name, steps in self.covariates.items():
            if name != absorbed:
                names += [name] if steps is None else [f"{name}[T.{step}]" for step in steps[1:]]
                values += _columns(columns[name], steps)
        return Terms(names, np.stack(values), None if absorbed is None else columns[absorbed])


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column) or is_bool_dtype(column)


def _codes(column: pd.Series, steps: list) -> np.ndarray:
    codes, found = pd.factorize(column)
    place = {step: k for k, step in enumerate(steps)}
    return np.array([place[step] for step in found] + [-1])[codes]


def _columns(values: np.ndarray, steps: list | None) -> list[np.ndarray]:
    """The number itself, or one 0/1 column for each level but the first."""
    return [values] if steps is None else [(values == k).astype(float) for k in range(1, len(steps))]
