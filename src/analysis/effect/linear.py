"""Least squares as cluster methods need it: which rows were used, which terms are identified, what is left over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Weights = str | Sequence[float] | np.ndarray | pd.Series | None


@dataclass(frozen=True)
class Design:
    """Outcome `y` (n) and terms `x` (n x k) of a formula; `rows` are the positions in the data of the n rows used.

    `aliased` are terms that earlier terms determine; `absorbed` counts fixed effects taken out by demeaning,
    and `plain` are then the terms before it.
    """

    outcome: str
    y: np.ndarray
    x: np.ndarray
    terms: tuple[str, ...]
    weights: np.ndarray
    rows: np.ndarray
    aliased: tuple[str, ...] = ()
    absorbed: int = 0
    plain: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Number of rows used."""
        return len(self.y)

    @property
    def parameters(self) -> int:
        """Number of estimated parameters, absorbed fixed effects included."""
        return self.x.shape[1] + self.absorbed


@dataclass(frozen=True)
class Fit:
    """A least-squares fit: `bread` is the inverse of X'WX (k x k)."""

    design: Design
    coefficients: np.ndarray
    bread: np.ndarray
    residuals: np.ndarray

    @property
    def exact(self) -> str:
        """Why the residuals carry no information, or an empty string."""
        y = self.design.y
        if np.ptp(y) == 0:
            return "the outcome is constant"
        if self.design.n <= self.design.parameters:
            return f"{self.design.n} rows cannot carry {self.design.parameters} parameters"
        centred = np.sum((y - y.mean()) ** 2) + 1e-12 * np.sum(y**2)
        return "the model fits the data exactly" if np.sum(self.residuals**2) <= 1e-20 * centred else ""


def quoted(name: str) -> str:
    """A column name as a formula may hold it: as it is, or inside Q() where it is no Python name."""
    return name if name.isidentifier() else f"Q({name!r})"


def listed(names: str | Sequence[str] | None) -> list[str]:
    """One name or several as a list; none as an empty one."""
    return [] if names is None else [names] if isinstance(names, str) else list(names)


def as_terms(names: str | Sequence[str], data: pd.DataFrame) -> list[str]:
    """Covariates as formula terms: column names are quoted where needed, other texts (`I(age**2)`) stay as they are."""
    return [quoted(name) if name in data.columns else name for name in listed(names)]


def matrices(data: pd.DataFrame, formula: str) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """Outcome and terms of a formula over the complete rows; index = positions of these rows in `data`.

    Names in the formula are columns or numpy functions (`np.log`), never variables of the calling code. A formula
    without an outcome gives None for it.
    """
    import patsy

    positioned = data.reset_index(drop=True)
    environment = patsy.EvalEnvironment([{"np": np}])
    try:
        if "~" in formula and formula.split("~")[0].strip():
            left, right = patsy.dmatrices(formula, positioned, environment, NA_action="drop", return_type="dataframe")
            return left, right
        return None, patsy.dmatrix(formula, positioned, environment, NA_action="drop", return_type="dataframe")
    except (patsy.PatsyError, NameError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"formula {formula!r} does not fit the data: {reason}. Name columns of the data: {', '.join(data.columns)}"
        ) from None


def columns_missing(data: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise a ValueError that lists every name that is no column of the data."""
    absent = [name for name in names if name not in data.columns]
    if absent:
        raise ValueError(f"not in the data: {', '.join(absent)}. Its columns are {', '.join(map(str, data.columns))}")


def design(data: pd.DataFrame, formula: str, *, weights: Weights = None, needed: Sequence[str] = ()) -> Design:
    """The design of a Wilkinson formula (terms named by patsy), over rows complete in it, in weights and in `needed`.

    A text without `~` is a column name whose mean is wanted. Weights are a column name or one number a row; rows of
    weight zero are left out.
    """
    columns_missing(data, needed)
    formula = formula if "~" in formula else f"{quoted(formula)} ~ 1"
    given = (
        np.ones(len(data)) if weights is None else np.asarray(data[weights] if isinstance(weights, str) else weights)
    )
    given = given.astype(float)
    if len(given) != len(data):
        raise ValueError(f"weights: {len(given)} numbers for {len(data)} rows. Give one number a row")
    if np.any(given < 0):
        raise ValueError(f"weights: {int(np.sum(given < 0))} are negative. Give weights of zero or more")
    usable = data[list(needed)].notna().all(axis=1).to_numpy() & (np.nan_to_num(given) > 0)
    positions = np.flatnonzero(usable)
    if not len(positions):
        return _empty(formula)
    left, right = matrices(data.iloc[positions], formula)
    if left is None or left.shape[1] != 1:
        raise ValueError(f"formula {formula!r} needs one numeric outcome left of ~")
    rows = positions[left.index.to_numpy()]
    if not len(rows):
        return _empty(formula)
    kept, aliased = identified(right.to_numpy(float) * np.sqrt(given[rows])[:, None])
    names = np.array(right.columns)
    return Design(
        left.columns[0], left.to_numpy(float)[:, 0], right.to_numpy(float)[:, kept], tuple(names[kept]), given[rows],
        rows, tuple(names[aliased]),
    )  # fmt: skip


def _empty(formula: str) -> Design:
    """A design without rows: its terms are those of the formula, without the levels that no row shows."""
    import patsy

    outcome, description = formula.split("~")[0].strip(), patsy.ModelDesc.from_formula(formula)
    terms = tuple(term.name() for term in description.rhs_termlist)
    nothing = np.empty(0)
    return Design(outcome, nothing, np.empty((0, len(terms))), terms, nothing, np.empty(0, dtype=int))


def identified(x: np.ndarray, tolerance: float = 1e-9) -> tuple[list[int], list[int]]:
    """Columns of `x` that earlier columns do not determine, and those that they do (R's rule for aliased terms)."""
    size = np.linalg.norm(x, axis=0)
    scaled = x / np.where(size > 0, size, 1.0)
    gram = scaled.T @ scaled
    if np.all(size > 0) and np.linalg.eigvalsh(gram)[0] > 1e-8:
        return list(range(x.shape[1])), []
    kept, basis = [], np.empty((len(x), 0))
    for column in range(x.shape[1]):
        rest = scaled[:, column]
        for _ in range(2):  # twice is enough (Kahan): the first pass loses digits where columns are nearly parallel
            rest = rest - basis @ (basis.T @ rest)
        length = np.linalg.norm(rest)
        if length > tolerance:
            kept.append(column)
            basis = np.column_stack([basis, rest / length])
    return kept, [column for column in range(x.shape[1]) if column not in kept]


def least_squares(given: Design) -> Fit:
    """Weighted least squares by QR on columns of unit length, so that terms of unlike size keep their digits."""
    root = np.sqrt(given.weights)
    x = given.x * root[:, None]
    size = np.linalg.norm(x, axis=0)
    q, r = np.linalg.qr(x / size)
    inverse = np.linalg.solve(r, np.eye(len(r))) / size[:, None]
    coefficients = inverse @ (q.T @ (given.y * root))
    return Fit(given, coefficients, inverse @ inverse.T, given.y - given.x @ coefficients)


def codes(values: pd.DataFrame) -> np.ndarray:
    """Clusters as integers 0..G-1; several columns give their combinations."""
    return values.groupby(list(values.columns), observed=True, sort=True).ngroup().to_numpy()


Kind = Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR1S", "CR1N", "CR2", "CR3"]
