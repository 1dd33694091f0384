"""A Wilkinson formula as outcome, design, offset and person codes of a marginal model: complete rows only."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from analysis.effect.soundness import dependent
from analysis.effect.waves import require_columns


@dataclass(frozen=True)
class Marginal:
    """Outcome y (n,), named columns x (n x p), those marked `out` not in the model, offset (n,), person codes (n,)."""

    outcome: str
    y: np.ndarray
    x: pd.DataFrame
    out: np.ndarray
    offset: np.ndarray
    codes: np.ndarray
    left_out: int

    @property
    def kept(self) -> pd.DataFrame:
        """The columns that are in the model."""
        return self.x.loc[:, ~self.out]

    @property
    def persons(self) -> int:
        """Number of persons (clusters)."""
        return int(self.codes.max()) + 1 if len(self.codes) else 0


def read(data: pd.DataFrame, formula: str, *, person: str, offset: str | None, intercept: bool) -> Marginal:
    """Evaluate `formula` (patsy; it may hold `offset(...)`) and the column `offset`; drop and count incomplete rows.

    Formulas see the columns and np, log, exp, sqrt, never the caller's variables. `intercept=False` leaves the
    intercept out after coding (ordinal models have thresholds instead).
    """
    require_columns(data, [person, offset])
    left, right, offsets = _split(formula)
    data = data.reset_index(drop=True)
    parts = [_outcome(data, left), data[person].rename("person").dropna()]
    parts += [_evaluate(f"0 + I({expression})", data).iloc[:, 0] for expression in offsets]
    parts += [data[offset].astype(float).dropna()] if offset else []
    x = _evaluate(right, data)
    for part in parts:
        x = x.loc[x.index.intersection(part.index)]
    if not intercept:
        x = x.drop(columns="Intercept", errors="ignore")
    y, who, *shifts = (part.loc[x.index] for part in parts)
    shift = sum((one.to_numpy(float) for one in shifts), np.zeros(len(x)))
    values = x.to_numpy(float)
    centred = values - values.mean(axis=0) * (np.ptp(values, axis=0) > 0) if len(x) else values
    out = dependent(centred.T @ centred)
    return Marginal(left, y.to_numpy(float), x, out, shift, pd.factorize(who)[0], len(data) - len(x))


def _split(formula: str) -> tuple[str, str, list[str]]:
    """Outcome, right side without offsets, and what stands in each offset(...); brackets may be nested once."""
    if formula.count("~") != 1:
        raise ValueError(f"formula {formula!r} needs one ~, as in 'outcome ~ wave * arm'")
    left, right = (side.strip() for side in formula.split("~"))
    pattern = re.compile(r"\+?\s*\boffset\(((?:[^()]|\([^()]*\))*)\)")
    found = pattern.findall(right)
    return left, pattern.sub("", right).strip().removeprefix("+") or "1", found


def _evaluate(formula: str, data: pd.DataFrame) -> pd.DataFrame:
    import patsy

    seen = patsy.EvalEnvironment([{"np": np, "log": np.log, "exp": np.exp, "sqrt": np.sqrt}])
    return patsy.dmatrix(formula, data, eval_env=seen, return_type="dataframe")


def _outcome(data: pd.DataFrame, left: str) -> pd.Series:
    """Outcome as numbers: a column (ordered categories become 0, 1, ...; True is 1) or an expression."""
    if left not in data:
        return _evaluate(f"0 + I({left})", data).iloc[:, 0]
    column = data[left]
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        return column.cat.codes.where(column.notna()).dropna()
    if is_numeric_dtype(column) or is_bool_dtype(column):
        return column.dropna().astype(float)
    raise ValueError(f"{left}: outcome holds text. Give numbers, or an ordered categorical for family='ordinal'.")
