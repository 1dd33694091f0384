"""Inverse-probability weighting: an effect under no unmeasured confounding, and what the weights do to the sample."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.effect.bounds import at_bound, warned
from analysis.effect.clusters import regression_rows
from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.group_differences import effective_size, standardised_rows
from analysis.effect.linear import Kind, as_terms, columns_missing, design, identified, listed, matrices, quoted
from analysis.effect.logistic import logistic


def weighted_effect(
    data: pd.DataFrame,
    outcome: str,
    *,
    treatment: str,
    covariates: Sequence[str],
    stabilised: bool = True,
    truncate: tuple[float, float] | None = None,
    cluster: str | None = None,
    kind: Kind | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Average effect of a 0/1 treatment by inverse-probability weights: its row, then the mean of the untreated.

    Propensities are logistic on `covariates` (columns or formula terms such as `I(age**2)`), over rows complete in
    outcome, treatment and covariates. Stabilised weights have the share of the own group as numerator; `truncate` cuts
    them at two quantiles. Standard errors take the weights as known: HC0 and normal (as an independence GEE;
    conservative for the average effect), or `kind` and `cluster` of `cluster_robust`. Columns on the weights:
    `weight_mean`, `weight_min`, `weight_max`, `n_truncated`, `ess`, `ess_treated`, `ess_untreated` (Kish), and the
    largest absolute standardised difference before and after (`smd_before`, `smd_after`; `balance` has them all).
    Source: Hernan & Robins, What If, chapter 12.
    """
    found = _weights(data, treatment, covariates, stabilised, truncate, [outcome, *([cluster] if cluster else [])])
    method = "inverse-probability weighting"
    known = {"outcome": outcome, "contrast": quoted(treatment), "method": method, "n": len(found)}
    if found.attrs["failure"]:
        return frame([not_estimable(found.attrs["failure"], **known)])
    used = data.iloc[found["row"].to_numpy()].assign(**{treatment: found["arm"].to_numpy()})
    given = design(used, f"{quoted(outcome)} ~ {quoted(treatment)}", weights=found["weight"].to_numpy())
    kind = kind or ("CR2" if cluster else "HC0")
    rows = regression_rows(given, used, [cluster] if cluster else [], kind, level=level)
    if not cluster:
        rows = _normal(rows, level)
    rows["method"] = method + rows["method"].str.removeprefix("least squares")
    rows = rows.assign(**_diagnostics(found), **_largest(used, covariates, found)).iloc[::-1]
    return warned(rows.reset_index(drop=True), at_bound(given.y))


def balance(
    data: pd.DataFrame,
    *,
    treatment: str,
    covariates: Sequence[str],
    stabilised: bool = True,
    truncate: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Standardised differences (treated minus untreated) of each covariate without and with the weights.

    Takes what `weighted_effect` takes, and shows formula terms as they enter the propensity. The column `weighted`
    tells the two apart. Below 0.1 after weighting is the usual aim.
    """
    found = _weights(data, treatment, covariates, stabilised, truncate, [])
    if found.attrs["failure"]:
        return frame([not_estimable(found.attrs["failure"], outcome=name) for name in listed(covariates)])
    used, arm = _shown(data.iloc[found["row"].to_numpy()], covariates), found["arm"].to_numpy() == 1
    rows = []
    for how, weight in (("unweighted", np.ones(len(used))), ("weighted", found["weight"].to_numpy())):
        part = standardised_rows(used, list(used.columns), arm, weight, f"standardised difference, {how}")
        rows.append(part.assign(weighted=how == "weighted"))
    names = {"mean_group": "mean_treated", "mean_others": "mean_untreated", "n_group": "n_treated",
             "n_others": "n_untreated"}  # fmt: skip
    return pd.concat(rows, ignore_index=True).rename(columns=names)


def _weights(
    data: pd.DataFrame,
    treatment: str,
    covariates: str | Sequence[str],
    stabilised: bool,
    truncate: tuple[float, float] | None,
    needed: Sequence[str],
) -> pd.DataFrame:
    """Rows used (`row`), `arm`, `propensity`, `weight`, whether cut; `attrs["failure"]` tells why there are none."""
    columns_missing(data, [treatment, *needed])
    if not data[treatment].dropna().isin([0, 1]).all():
        raise ValueError(f"{treatment}: holds other values than 0 and 1. Recode it")
    rows = np.flatnonzero(data[[treatment, *needed]].notna().all(axis=1))
    formula = "~ " + " + ".join(["1", *as_terms(covariates, data)])
    x = matrices(data.iloc[rows], formula)[1] if len(rows) else pd.DataFrame()
    rows = rows[x.index.to_numpy(int)]
    arm, terms = data[treatment].iloc[rows].to_numpy(float), x.to_numpy(float)
    found = pd.DataFrame({"row": rows, "arm": arm})
    reason = "no row is complete" if not len(rows) else ""
    if len(rows):
        fit = logistic(terms[:, identified(terms)[0]], arm)
        reason = {"every row has the same class": "everyone complete is in one group"}.get(fit.failure, fit.failure)
        own = np.where(arm == 1, fit.probabilities, 1 - fit.probabilities)
        weight = np.where(arm == 1, arm.mean(), 1 - arm.mean()) / own if stabilised else 1 / own
        low, high = (0.0, np.inf) if truncate is None else np.quantile(weight, truncate)
        found = found.assign(propensity=fit.probabilities, weight=np.clip(weight, low, high))
        found["cut"] = (weight < low) | (weight > high)
    found.attrs = {"failure": reason}
    return found


def _normal(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    kept = rows["std_error"].notna()
    fresh = [interval(row.estimate, row.std_error, level=level) for row in rows[kept].itertuples()]
    return rows.assign(**{name: pd.Series([one[name] for one in fresh], rows.index[kept]) for name in
                          ("df", "lower", "upper", "p_value")}) if fresh else rows  # fmt: skip


def _diagnostics(found: pd.DataFrame) -> dict[str, float]:
    weight, treated = found["weight"].to_numpy(), found["arm"].to_numpy() == 1
    return {
        "weight_mean": weight.mean(), "weight_min": weight.min(), "weight_max": weight.max(),
        "n_truncated": int(found["cut"].sum()), "ess": effective_size(weight),
        "ess_treated": effective_size(weight[treated]), "ess_untreated": effective_size(weight[~treated]),
    }  # fmt: skip


def _largest(used: pd.DataFrame, covariates: Sequence[str], found: pd.DataFrame) -> dict[str, float]:
    arm, weight, shown = found["arm"].to_numpy() == 1, found["weight"].to_numpy(), _shown(used, covariates)
    sizes = [
        standardised_rows(shown, list(shown.columns), arm, how, "")["estimate"].abs().max() if covariates else np.nan
        for how in (np.ones(len(used)), weight)
    ]
    return dict(zip(("smd_before", "smd_after"), sizes, strict=True))


def _shown(used: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Covariates as they are balanced: columns as they are, every other formula term as its columns."""
    parts = [used[[name]] if name in used.columns else matrices(used, f"~ 0 + {name}")[1].set_axis(used.index)
             for name in listed(covariates)]  # fmt: skip
    return pd.concat(parts, axis=1) if parts else pd.DataFrame(index=used.index)
