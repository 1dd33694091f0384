"""Imputation by chained equations, all m chains in step: the loop goes over variables, never over people or chains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.effect import draws
from analysis.effect.encoding import Method, Variable, variables
from analysis.effect.linear import columns_missing
from analysis.effect.predictors import Predictors


@dataclass(frozen=True)
class Chains:
    """Result of a run: `values` per variable (m x n numbers) and traces (iterations x m x variables imputed)."""

    variables: tuple[Variable, ...]
    values: dict[str, np.ndarray]
    traced: tuple[str, ...]
    means: np.ndarray
    spreads: np.ndarray
    left: tuple[str, ...]


def impute(
    data: pd.DataFrame,
    *,
    methods: Mapping[str, Method] | None = None,
    exclude: Sequence[str] = (),
    auxiliary: Sequence[str] = (),
    unit: str | None = None,
    passive: Mapping[str, str] | None = None,
    passive_predictors: Sequence[str] = (),
    m: int = 20,
    iterations: int = 10,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """m completed copies of a wide frame (one row a person, a column a wave and outcome), one below the other.

    Column `imputation` (1..m) comes first; the index of the data is repeated. Every column predicts every other, so
    outcomes at all waves belong in the frame. `methods`: `pmm` (default for numbers), `normal`, `binary` (default for
    two values), `ordinal` (default for ordered levels), `nominal`. `exclude` is carried along unused (identifiers);
    `auxiliary` predicts but comes back as it was. `unit` adds a dummy a unit to every model. `passive` columns are
    expressions (`"item1 + item2"`) derived anew from imputed columns, never imputed; those in `passive_predictors`
    stand in for their sources when other variables are predicted. A column without any value stays missing and
    `attrs["note"]` says so. Source: van Buuren 2018; m of at least 20 and the percentage of incomplete rows is advised.
    """
    chains = run(data, methods=methods, exclude=exclude, unit=unit, passive=passive,
                 passive_predictors=passive_predictors, m=m, iterations=iterations, rng=rng)  # fmt: skip
    found = pd.concat([data] * m)
    found.insert(0, "imputation", np.repeat(np.arange(1, m + 1), len(data)))
    by_name = {one.name: one for one in chains.variables}
    for name in chains.traced:
        if name not in auxiliary:
            found[name] = _restored(data[name], by_name[name], chains.values[name])
    for name, expression in (passive or {}).items():
        found[name] = found.eval(expression)
    reason = f"{', '.join(chains.left)}: no value observed; left missing"
    found.attrs = {"note": f"not estimable, because {reason}" if chains.left else ""}
    return found


def _restored(original: pd.Series, one: Variable, numbers: np.ndarray) -> pd.Series:
    """Imputed numbers (m x n) in the column's own values and, where it can hold them, its own type."""
    values = one.decoded(numbers).ravel()
    if isinstance(original.dtype, pd.CategoricalDtype):
        return pd.Categorical(values, dtype=original.dtype)
    kept = pd.api.types.is_float_dtype(original.dtype) or one.levels is not None
    return pd.array(values, dtype=original.dtype) if kept else values


def imputation_traces(data: pd.DataFrame, **options) -> pd.DataFrame:
    """Mean and SD of the imputed values of each variable at each iteration of each chain, to judge convergence.

    Takes what `impute` takes; with a generator of the same seed these are the traces of that very imputation. Columns
    `variable, imputation, iteration, mean, sd` (levels by number). Chains should mingle, without trend.
    """
    options.pop("auxiliary", None)
    chains = run(data, **options)
    steps, m, _ = chains.means.shape
    index = pd.MultiIndex.from_product(
        [range(1, steps + 1), range(1, m + 1), chains.traced], names=["iteration", "imputation", "variable"]
    )
    return pd.DataFrame({"mean": chains.means.ravel(), "sd": chains.spreads.ravel()}, index=index).reset_index()


def run(
    data: pd.DataFrame,
    *,
    methods: Mapping[str, Method] | None = None,
    exclude: Sequence[str] = (),
    unit: str | None = None,
    passive: Mapping[str, str] | None = None,
    passive_predictors: Sequence[str] = (),
    m: int = 20,
    iterations: int = 10,
    rng: np.random.Generator,
) -> Chains:
    """Chains for `impute` and `imputation_traces`, which explain the options."""
    passive = dict(passive or {})
    columns_missing(data, [*(methods or {}), *exclude, *([unit] if unit else [])])
    if unit and data[unit].isna().any():
        raise ValueError(f"{unit}: {int(data[unit].isna().sum())} rows have no unit. Give every row one")
    used = data.drop(columns=[*exclude, *(name for name in passive if name in data.columns), *([unit] if unit else [])])
    every = variables(used, methods or {})
    left = tuple(one.name for one in every if not len(one.observed) and len(data))
    chosen = [one for one in every if len(one.observed)]
    table = Predictors(chosen, data[unit] if unit else None, {name: passive[name] for name in passive_predictors}, m)
    values = {one.name: _started(one, m, rng) for one in chosen}
    todo = [one for one in chosen if len(one.missing)]
    means, spreads = np.empty((2, iterations, m, len(todo)))
    table.refresh_all(values)
    for iteration in range(iterations):
        for at, one in enumerate(todo):
            drawn = _drawn(one, table, rng)
            values[one.name][:, one.missing] = drawn
            means[iteration, :, at], spreads[iteration, :, at] = drawn.mean(axis=1), drawn.std(axis=1)
            table.refresh(one, values)
    return Chains(tuple(chosen), values, tuple(one.name for one in todo), means, spreads, left)


def _started(one: Variable, m: int, rng: np.random.Generator) -> np.ndarray:
    """Observed values with, at first, a random observed value in every gap (m x n)."""
    start = np.tile(one.numbers, (m, 1))
    start[:, one.missing] = rng.choice(one.numbers[one.observed], size=(m, len(one.missing)))
    return start


def _drawn(one: Variable, table: Predictors, rng: np.random.Generator) -> np.ndarray:
    observed = one.numbers[one.observed]
    if np.ptp(observed) == 0:
        return np.full((table.m, len(one.missing)), observed[0])
    columns = table.predicting(one)
    known, wanted = table.matrix[:, one.observed][:, :, columns], table.matrix[:, one.missing][:, :, columns]
    if one.method in ("pmm", "normal"):
        y = (observed - one.centre) / one.scale
        drawn = draws.linear(known, wanted, y, rng, matched=one.method == "pmm")
        return observed[drawn] if one.method == "pmm" else one.centre + one.scale * drawn
    return draws.classes(known, wanted, observed, len(one.levels), rng, shared=one.method == "ordinal")
