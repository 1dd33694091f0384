"""Who was lost: how they differ from those who stayed, and weights that let those who stayed stand for all."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.effect.group_differences import effective_size, standardised_rows
from analysis.effect.linear import as_terms, columns_missing, identified, listed, matrices
from analysis.effect.logistic import logistic


def attrition_table(data: pd.DataFrame, *, observed: str, covariates: Sequence[str]) -> pd.DataFrame:
    """Standardised differences between people observed at follow-up and people lost (observed minus lost).

    `data` has one row a person; `observed` is a 0/1 or boolean column, or an outcome that is missing for the lost. One
    row a numeric covariate or a level of another (in `contrast`), with `mean_completers`, `mean_lost`, `n_completers`,
    `n_lost`, `n_missing`. There is no p-value: with a few people every loss looks harmless. Above 0.1 is worth a word.
    """
    covariates = listed(covariates)
    columns_missing(data, [observed, *covariates])
    stayed = is_observed(data[observed])
    found = standardised_rows(
        data, covariates, stayed, np.ones(len(data)), "standardised difference, completers - lost"
    )
    names = {
        "mean_group": "mean_completers",
        "mean_others": "mean_lost",
        "n_group": "n_completers",
        "n_others": "n_lost",
    }
    return found.rename(columns=names)


def is_observed(values: pd.Series) -> np.ndarray:
    """A 0/1 or boolean column as it is (missing counts as lost); any other column as `not missing`."""
    present = values.notna().to_numpy()
    if pd.api.types.is_numeric_dtype(values) and values.dropna().isin([0, 1]).all():
        # an outcome of zeros and ones that is missing for some tells by what is missing, an indicator by its zeros
        if present.all():
            return values.to_numpy(float) == 1
        return present
    return present


def attrition_weights(
    data: pd.DataFrame,
    *,
    observed: str,
    covariates: Sequence[str],
    stabilised_by: Sequence[str] = (),
    truncate: tuple[float, float] = (0.01, 0.99),
) -> pd.DataFrame:
    """Inverse-probability-of-staying weights: one row for each row of the data, on its index.

    Columns: `observed`, `probability` (logistic on the covariates: column names or formula terms), `weight` (marginal
    probability, or that given `stabilised_by`, over probability; cut at the quantiles `truncate` of those who stayed;
    0 for the lost), `truncated`, `note`. A row without its covariates has no weight and its note says so. `attrs` hold
    `ess`, `max_weight`, `mean_weight`, `n_truncated`. Source: Seaman & White 2013; Cole & Hernan 2008.
    """
    columns_missing(data, [observed])
    stayed = is_observed(data[observed])
    denominator, reason = _probability(data, stayed, covariates)
    numerator, second = _probability(data, stayed, stabilised_by)
    reason = reason or second
    weight = np.where(stayed, numerator / denominator, 0.0)
    usable = stayed & np.isfinite(weight)
    cut = np.zeros(len(data), bool)
    if usable.any() and not reason:
        low, high = np.quantile(weight[usable], truncate)
        cut = usable & ((weight < low) | (weight > high))
        weight = np.where(usable, np.clip(weight, low, high), weight)
    blank = f"not estimable, because {reason}" if reason else "not estimable, because a covariate is missing"
    weight = np.full(len(data), np.nan) if reason else weight
    note = np.where(np.isnan(weight), blank, "")
    found = pd.DataFrame({"observed": stayed, "probability": np.nan if reason else denominator, "weight": weight,
                          "truncated": cut, "note": note}, index=data.index)  # fmt: skip
    found.attrs = _diagnostics(weight[usable] if not reason else np.empty(0), int(cut.sum()))
    return found


def _probability(data: pd.DataFrame, stayed: np.ndarray, covariates: Sequence[str]) -> tuple[np.ndarray, str]:
    """Fitted probability of staying per row (NaN where a covariate is missing), and why it could not be fitted."""
    found = np.full(len(data), np.nan)
    if stayed.all() or not stayed.any():
        return found + 1.0 if not len(data) else np.ones(len(data)), "" if stayed.all() else "nobody was observed"
    if not covariates:
        return np.full(len(data), stayed.mean()), ""
    x = matrices(data, "~ " + " + ".join(as_terms(covariates, data)))[1]
    rows, terms = x.index.to_numpy(), x.to_numpy(float)
    if not len(rows):
        return found, "no row has all covariates"
    fit = logistic(terms[:, identified(terms)[0]], stayed[rows].astype(float))
    found[rows] = fit.probabilities
    return found, fit.failure


def _diagnostics(weight: np.ndarray, truncated: int) -> dict:
    present = len(weight) > 0
    return {
        "ess": effective_size(weight), "max_weight": float(weight.max()) if present else float("nan"),
        "mean_weight": float(weight.mean()) if present else float("nan"), "n_truncated": truncated,
    }  # fmt: skip
