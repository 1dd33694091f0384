"""What stands in the way of a mixed model, in words: reasons not to estimate, and warnings beside an estimate."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.effect.fitting import Fit
from analysis.effect.likelihood import CrossProducts
from analysis.effect.terms import Columns, Layout

FEWEST_PERSONS = 3
"""Below this no interval is given: with two persons t has one degree of freedom and covers almost anything."""
FEW_PERSONS = 10
"""Below this an estimate carries a warning."""
AT_BOUND = 0.5
"""Share of one wave's values at the lowest or highest value seen from which the estimate carries a warning."""


@dataclass(frozen=True)
class Sample:
    """The complete rows of one unit: `y` (n,), person `codes` from 0, `columns` of the layout, rows `left_out`."""

    y: np.ndarray
    codes: np.ndarray
    columns: Columns
    persons: int
    left_out: int

    @classmethod
    def of(cls, part: pd.DataFrame, outcome: str, person: str, layout: Layout) -> "Sample":
        """Keep rows that are complete in every column of the model."""
        y, columns = part[outcome].to_numpy(float, na_value=np.nan), layout.read(part)
        codes, found = pd.factorize(part[person])
        complete = np.isfinite(y) & (codes >= 0)
        for column in columns.values():
            complete &= np.isfinite(column) if column.dtype.kind == "f" else column >= 0
        persons, left_out = len(found), int(len(y) - complete.sum())
        if left_out:
            y, columns = y[complete], {name: column[complete] for name, column in columns.items()}
            codes, found = pd.factorize(codes[complete])
            persons = len(found)
        return cls(y, codes, columns, persons, left_out)

    def at_waves(self, layout: Layout) -> np.ndarray:
        """Number of values at each wave of the layout."""
        return np.bincount(self.columns[layout.time], minlength=len(layout.waves))

    def why_dependent(self, name: str, layout: Layout) -> str:
        """Reason why the term `name` has no estimate of its own although the model has."""
        for wave, count in zip(layout.waves or [], () if layout.waves is None else self.at_waves(layout), strict=True):
            if count == 0 and name.startswith(f"{wave} - "):
                return f"there is no value at {wave}"
        return "it does not vary, or is a combination of the other terms"


def obstacle(sample: Sample, layout: Layout, *, slope: bool) -> str | None:
    """Reason why the model cannot be fitted to `sample`, or None."""
    if sample.persons < FEWEST_PERSONS:
        return f"there are {sample.persons} persons with a value (at least {FEWEST_PERSONS} are needed)"
    if np.ptp(sample.y) <= 1e-12 * np.abs(sample.y).max():
        return "the outcome is constant"
    reason = _time_obstacle(sample, layout)
    if reason is None and len(sample.y) == sample.persons:
        reason = "no person has two measurements"
    if reason is None and slope and 2 * sample.persons >= len(sample.y):
        reason = "a random slope needs more than two measurements a person on average"
    if reason is None and layout.group and not (sample.columns[layout.group] == 0).any():
        reason = f"nobody is in {layout.group} {layout.arms[0]}, the group to compare with"
    return reason


def _time_obstacle(sample: Sample, layout: Layout) -> str | None:
    if layout.linear and np.ptp(sample.columns[layout.time]) == 0:
        return f"{layout.time} takes one value only"
    if layout.waves is None:
        return None
    counts = sample.at_waves(layout)
    if (counts > 0).sum() == 1:
        return f"only one wave ({layout.waves[int(np.argmax(counts))]}) has values"
    return None if counts[0] else f"there is no value at {layout.waves[0]}, the wave to compare with"


def dependent(gram: np.ndarray) -> np.ndarray:
    """Which of p columns with cross-products `gram` (p, p) are combinations of earlier ones (they leave the model)."""

    size = np.sqrt(np.diag(gram))
    scale = np.where(size > 0, size, 1)
    correlation = gram / np.outer(scale, scale)
    try:
        if np.diag(np.linalg.cholesky(correlation)).min() ** 2 > 1e-9:
            return np.zeros(len(gram), dtype=bool)
    except np.linalg.LinAlgError:
        pass
    return _sweep(correlation)


def _sweep(correlation: np.ndarray) -> np.ndarray:
    left, out = correlation.copy(), np.zeros(len(correlation), dtype=bool)
    for j in range(len(left)):
        out[j] = left[j, j] <= 1e-9
        if not out[j]:
            left = left - np.outer(left[:, j], left[j]) / left[j, j]
    return out


def residual_obstacle(products: CrossProducts, kept: np.ndarray) -> str | None:
    """Reason when nothing is left within persons once the terms are fitted: the residual variance is then zero."""
    if int(kept.sum()) >= products.n:
        return f"there are {products.n} measurements for {int(kept.sum())} terms"
    inverse = 1 / products.zz if products.zz.shape[1] == 1 else np.linalg.pinv(products.zz, hermitian=True)
    within = products.gram - products.contract(inverse[None])[0]
    columns = np.append(kept, False)
    inner, cross = within[np.ix_(columns, columns)], within[columns, -1]
    residual = within[-1, -1] - cross @ np.linalg.pinv(inner, rcond=1e-10, hermitian=True) @ cross
    if residual <= 1e-11 * products.gram[-1, -1]:
        return "all persons change by exactly the same: there is no residual variance to judge the change by"
    return None


def warnings(sample: Sample, layout: Layout, fit: Fit) -> str:
    """What a reader of the estimate must know, as one text; empty when there is nothing."""
    found = []
    if sample.left_out:
        found.append(f"{sample.left_out} of {len(sample.y) + sample.left_out} rows left out (a value is missing)")
    if sample.persons < FEW_PERSONS:
        found.append(f"warning: only {sample.persons} persons")
    if fit.singular:
        found.append("warning: singular fit (a variance between persons is zero or a correlation is 1)")
    if not fit.agreed:
        found.append("warning: two optimisers disagree; do not use this estimate")
    found += _wave_warnings(sample, layout)
    return "; ".join(found)


def _wave_warnings(sample: Sample, layout: Layout) -> list[str]:
    """Thin waves, and waves with most values at a bound of the scale (an outcome of two values has bounds only)."""
    if layout.waves is None:
        return []
    low, high, found = sample.y.min(), sample.y.max(), []
    counts, codes = sample.at_waves(layout), sample.columns[layout.time]
    bounds = {"lowest": sample.y == low, "highest": sample.y == high}
    bounded = not (bounds["lowest"] | bounds["highest"]).all()
    for wave, n in zip(layout.waves, counts, strict=True):
        if 0 < n < FEW_PERSONS <= sample.persons:
            found.append(f"warning: only {n} values at {wave}")
    for name, reached in bounds.items() if bounded else ():
        shares = np.bincount(codes[reached], minlength=len(counts)) / np.maximum(counts, 1)
        for k in np.flatnonzero(shares >= AT_BOUND):
            found.append(f"warning: {shares[k]:.0%} of the values at {layout.waves[k]} are the {name} seen")
    return found
