"""Standardisation (g-formula): the mean outcome had everyone been treated, had nobody been, and the difference."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.effect.bounds import at_bound, few, warned
from analysis.effect.estimates import frame, interval, not_estimable, too_few
from analysis.effect.linear import Design, as_terms, codes, columns_missing, design, least_squares, listed, quoted
from analysis.effect.logistic import logistic

_BLOCK = 2_000_000


def g_formula(
    data: pd.DataFrame,
    formula: str,
    *,
    treatment: str,
    covariates: Sequence[str] = (),
    family: Literal["gaussian", "logit"] = "gaussian",
    draws: int = 1000,
    rng: np.random.Generator,
    cluster: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Three rows: the difference, then the standardised mean under treatment 1 and under 0, in the outcome's units.

    `formula` is the outcome model, with the treatment (0/1) and any of its interactions in it (an outcome's name alone
    means `outcome ~ treatment`); `covariates` are added. Everyone in the complete rows is predicted twice. Intervals
    are percentiles of a bootstrap over rows; p is twice the smaller share of draws on one side of zero, its floor
    2/(draws + 1). With a `cluster` whole clusters are drawn, and interval and p come from the bootstrap's `std_error`
    and t with G - 1. Draws in which the model cannot be fitted are left out and counted.
    Source: Hernan & Robins, What If, chapter 13.
    """
    columns_missing(data, [treatment, *listed(cluster)])
    if not data[treatment].dropna().isin([0, 1]).all():
        raise ValueError(f"{treatment}: holds other values than 0 and 1. Recode it")
    data = data.assign(**{treatment: data[treatment].astype("Float64").astype(float)})
    formula = formula if "~" in formula else f"{as_terms(formula, data)[0]} ~ {quoted(treatment)}"
    formula = " + ".join([formula, *as_terms(covariates, data)])
    given = design(data, formula, needed=[treatment, *listed(cluster)])
    known = {"outcome": given.outcome, "method": f"g-formula, {family}", "n": given.n}
    arm = data[treatment].iloc[given.rows].to_numpy(float)
    members = codes(data.iloc[given.rows][[cluster]]) if cluster and given.n else np.arange(given.n)
    known |= {"n_clusters": len(np.unique(members))} if cluster else {}
    if reason := _inestimable(given, arm, members, family):
        return frame([not_estimable(reason, contrast=f"{treatment}: 1 - 0", **known)])
    worlds = [_under(data, formula, given, treatment, value) for value in (1.0, 0.0)]
    points = _means(given.x, given.y, worlds, np.ones((1, given.n)), family)[0]
    drawn = np.concatenate(
        [_means(given.x, given.y, worlds, counts, family) for counts in _resampled(members, draws, rng)]
    )
    found = frame([{**known, **row} for row in _rows(treatment, points, drawn, level, known.get("n_clusters"))])
    return warned(found, "" if cluster else few(given.n), at_bound(given.y))


def _inestimable(given: Design, arm: np.ndarray, members: np.ndarray, family: str) -> str:
    if not given.n:
        return "no row is complete"
    if np.ptp(arm) == 0:
        return "everyone complete is in one group"
    if len(np.unique(members)) < 2:
        return "there is one cluster"
    if family == "logit":
        if not np.isin(given.y, [0, 1]).all():
            raise ValueError(f"{given.outcome}: family 'logit' needs an outcome of 0 and 1")
        return logistic(given.x, given.y).failure
    return least_squares(given).exact


def _under(data: pd.DataFrame, formula: str, given: Design, treatment: str, value: float) -> np.ndarray:
    """Terms of the same rows with the treatment set; columns of the fitted design only."""
    from patsy import EvalEnvironment, build_design_matrices, dmatrices

    used = data.iloc[given.rows]
    observed = dmatrices(formula, used, EvalEnvironment([{"np": np}]))[1].design_info
    counterfactual = build_design_matrices([observed], used.assign(**{treatment: value}))[0]
    at = [observed.column_names.index(term) for term in given.terms]
    return np.asarray(counterfactual)[:, at]


def _resampled(members: np.ndarray, draws: int, rng: np.random.Generator):
    """How often each row is in each bootstrap sample (blocks of draws x rows), whole clusters at a time."""
    groups = int(members.max()) + 1
    block = max(1, _BLOCK // len(members))
    for begin in range(0, draws, block):
        yield rng.multinomial(groups, np.full(groups, 1 / groups), size=min(block, draws - begin))[:, members].astype(
            float
        )


def _means(x: np.ndarray, y: np.ndarray, worlds: list[np.ndarray], counts: np.ndarray, family: str) -> np.ndarray:
    """Standardised means under 1 and 0 per row of `counts` (draws x 2); NaN where the model is not identified."""
    if family == "logit":
        return np.array([_logit_means(x, y, worlds, row) for row in counts])
    size = np.sqrt(np.mean(x**2, axis=0))
    scaled = x / size
    pairs = (scaled[:, :, None] * scaled[:, None, :]).reshape(len(x), -1)
    gram = (counts @ pairs).reshape(len(counts), x.shape[1], x.shape[1])
    values, vectors = np.linalg.eigh(gram)
    sound = values[:, 0] > 1e-10 * values[:, -1]
    inverse = (vectors / np.where(sound[:, None], values, 1.0)[:, None, :]) @ vectors.swapaxes(1, 2)
    b = (inverse @ (counts @ (scaled * y[:, None]))[..., None])[..., 0] / size
    total = counts.sum(axis=1)
    means = np.column_stack([np.einsum("bk,bk->b", counts @ world, b) / total for world in worlds])
    return np.where(sound[:, None], means, np.nan)


def _logit_means(x: np.ndarray, y: np.ndarray, worlds: list[np.ndarray], counts: np.ndarray) -> list[float]:
    inside = counts > 0
    fit = logistic(x[inside], y[inside], counts[inside])
    if fit.failure:
        return [np.nan, np.nan]
    return [float(np.average(expit(world @ fit.coefficients), weights=counts)) for world in worlds]


def _rows(treatment: str, points: np.ndarray, drawn: np.ndarray, level: float, clusters: int | None) -> list[dict]:
    usable = drawn[np.isfinite(drawn).all(axis=1)]
    failed = len(drawn) - len(usable)
    note = f"the model could not be fitted in {failed} of {len(drawn)} bootstrap samples" if failed else ""
    if clusters is not None and clusters < 10:
        note = "; ".join(filter(None, [note, f"{clusters} clusters, fewer than 10: read beside the other methods"]))
    names = (f"{treatment}: 1 - 0", f"mean under {treatment} = 1", f"mean under {treatment} = 0")
    if len(usable) < max(20, len(drawn) / 2):
        return [not_estimable(f"{note}, more than half" if failed else "there are too few draws", contrast=names[0])]
    if clusters is not None and (reason := too_few(clusters - 1)):
        return [not_estimable(reason, contrast=names[0])]
    rows = []
    estimates = (points[0] - points[1], *points)
    for name, estimate, sample in zip(names, estimates, (usable[:, 0] - usable[:, 1], *usable.T), strict=True):
        lower, upper = np.quantile(sample, [(1 - level) / 2, (1 + level) / 2])
        row = {"contrast": name, "estimate": estimate, "std_error": sample.std(ddof=1), "lower": lower, "upper": upper}
        if clusters is not None:
            # a few clusters give a few distinct samples, whose percentiles are no tail: t on G - 1 instead
            row |= interval(estimate, row["std_error"], clusters - 1, level=level)
        elif name == names[0]:
            smaller = min(np.count_nonzero(sample <= 0), np.count_nonzero(sample >= 0))
            floor = 2 / (len(sample) + 1)
            row |= {"p_value": min(1.0, 2 * (1 + smaller) / (len(sample) + 1)), "p_floor": floor}
        rows.append({**row, "note": note})
    return rows
