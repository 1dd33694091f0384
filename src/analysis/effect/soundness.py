"""What stands in the way of a mixed model, in words: reasons not to estimate, and warnings beside an estimate."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.effect.fitting import Fit
from analysis.effect.likelihood import CrossProducts
from analysis.effect.terms import Layout

FEWEST_PERSONS = 3
"""Below this no interval is given: with two persons t has one degree of freedom and covers almost anything."""
FEW_PERSONS = 10
"""Below this an estimate carries a warning."""
AT_BOUND = 0.5
"""Share of one wave's values at the lowest or highest value seen from which the estimate carries a warning."""


@dataclass(frozen=True)
class Sample:
    """The complete rows of one unit: `y` (n,), person `codes` 0..persons-1, and how many rows were `left_out`."""

    data: pd.DataFrame
    y: np.ndarray
    codes: np.ndarray
    persons: int
    left_out: int

    @classmethod
    def of(cls, part: pd.DataFrame, outcome: str, person: str, layout: Layout) -> "Sample":
        """Keep rows that are complete in every column of the model."""
        columns = [outcome, person, *layout.columns]
        complete = np.logical_and.reduce([part[column].notna().to_numpy() for column in dict.fromkeys(columns)])
        data = part if complete.all() else part[complete]
        codes, found = pd.factorize(data[person])
        return cls(data, data[outcome].to_numpy(float), codes, len(found), int((~complete).sum()))

    def why_aliased(self, name: str, layout: Layout) -> str:
        """Reason why the term `name` has no estimate of its own although the model has."""
        for wave in layout.waves or []:
            if name.startswith(f"{wave} - ") and not (self.data[layout.time] == wave).any():
                return f"there is no value at {wave}"
        return "it does not vary, or is a combination of the other terms"


def obstacle(sample: Sample, layout: Layout, *, slope: bool) -> str | None:
    """Reason why the model cannot be fitted to `sample`, or None."""
    if sample.persons < FEWEST_PERSONS:
        return f"there are {sample.persons} persons with a value (at least {FEWEST_PERSONS} are needed)"
    if np.ptp(sample.y) <= 1e-12 * np.abs(sample.y).max():
        return "the outcome is constant"
    if len(sample.y) == sample.persons:
        return f"no person has two measurements{_single_wave(sample, layout)}"
    if slope and 2 * sample.persons >= len(sample.y):
        return "a random slope needs more than two measurements a person on average"
    return _time_obstacle(sample, layout) or _group_obstacle(sample, layout)


def _single_wave(sample: Sample, layout: Layout) -> str:
    seen = [] if layout.time is None else sample.data[layout.time].unique()
    return f": only one wave ({seen[0]}) has values" if len(seen) == 1 else ""


def _time_obstacle(sample: Sample, layout: Layout) -> str | None:
    if layout.time is None:
        return None
    seen = sample.data[layout.time]
    if seen.nunique() == 1:
        return f"only one wave ({seen.iloc[0]}) has values"
    if layout.waves is not None and not (seen == layout.waves[0]).any():
        return f"there is no value at {layout.waves[0]}, the wave to compare with"
    return None


def _group_obstacle(sample: Sample, layout: Layout) -> str | None:
    if layout.group is None or (sample.data[layout.group] == layout.arms[0]).any():
        return None
    return f"nobody is in {layout.group} {layout.arms[0]}, the group to compare with"


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
    inverse = np.linalg.pinv(products.zz, hermitian=True)
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
    bounded = bool(((sample.y > low) & (sample.y < high)).any())
    times = sample.data[layout.time].to_numpy()
    for wave in layout.waves:
        values = sample.y[times == wave]
        if 0 < len(values) < FEW_PERSONS <= sample.persons:
            found.append(f"warning: only {len(values)} values at {wave}")
        for bound, name in ((low, "lowest"), (high, "highest")):
            share = (values == bound).mean() if len(values) and bounded else 0.0
            if share >= AT_BOUND:
                found.append(f"warning: {share:.0%} of the values at {wave} are the {name} seen")
    return found
