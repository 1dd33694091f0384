"""Summaries over units (municipalities): random effects with small-sample inference, and partial pooling."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.effect.between import PRIORS, TAU2, mixture_quantile, posterior
from analysis.effect.bounds import few_units
from analysis.effect.estimates import frame, interval, not_estimable, too_few
from analysis.effect.waves import require_columns

_KEYS = ["outcome", "contrast"]


@dataclass(frozen=True)
class _Units:
    """Estimates y and their variances v of the units that have both; `left_out` names units without."""

    y: np.ndarray
    v: np.ndarray
    names: list[str]
    left_out: list[str]
    n: float

    @property
    def k(self) -> int:
        return len(self.y)


def random_effects(
    estimates: pd.DataFrame, *, tau2: str = "REML", inference: str = "HKSJ", level: float = 0.95
) -> pd.DataFrame:
    """Mean over units of estimates that vary between units, per outcome and contrast: one row each, `unit` all.

    `estimates` holds estimate and std_error per unit (further: outcome, contrast, unit, n). `tau2`: "REML", "PM"
    (Paule-Mandel), "DL" (DerSimonian-Laird) or "ML". `inference`: "HKSJ" (Hartung-Knapp-Sidik-Jonkman, t on k - 1,
    variance not truncated) or "Wald" (normal). Further columns: tau2, i2 (from tau2, as metafor), q, q_df, q_p
    (Cochran's test), predict_lower and predict_upper: where the estimate of a new unit of the same kind is expected
    (t on k - 1 with HKSJ; Higgins et al. 2009). `n_clusters` is k.
    Units without an estimate, or with a standard error that is zero or infinite, are left out and named.
    With one unit nothing is estimable, with two only by Wald.
    Raises ValueError when a unit has two rows for one outcome and contrast: choose one method first.
    """
    for name, value, allowed in (("tau2", tau2, tuple(TAU2)), ("inference", inference, ("HKSJ", "Wald"))):
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}: choose one of {', '.join(allowed)}")
    options = {"tau2": tau2, "inference": inference, "level": level, "method": f"random effects, {tau2}, {inference}"}
    return _per_contrast(estimates, partial(_random_effects, **options))


def _per_contrast(estimates: pd.DataFrame, summarise) -> pd.DataFrame:
    require_columns(estimates, ["estimate", "std_error"])
    data = estimates.assign(**{key: "" for key in _KEYS if key not in estimates})
    data = data if "unit" in data else data.assign(unit=[f"unit {row + 1}" for row in range(len(data))])
    twice = data.duplicated([*_KEYS, "unit"])
    if twice.any():
        where = ", ".join(sorted(set(data.loc[twice, "unit"].astype(str))))
        raise ValueError(f"more than one estimate of the same outcome and contrast for {where}: choose one method")
    rows = []
    for key, part in data.groupby(_KEYS, sort=False, dropna=False):
        usable = np.isfinite(part[["estimate", "std_error"]].astype(float)).all(axis=1) & (part["std_error"] > 0)
        usable = usable.to_numpy()
        kept = part[usable]
        units = _Units(
            kept["estimate"].to_numpy(float), kept["std_error"].to_numpy(float) ** 2, kept["unit"].astype(str).tolist(),
            part["unit"][~usable].astype(str).tolist(), float(kept["n"].sum()) if "n" in kept else np.nan,
        )  # fmt: skip
        known = dict(zip(_KEYS, key, strict=True)) | {"n": units.n, "n_clusters": units.k, "note": _note(units)}
        rows += summarise(units, known)
    return frame(rows)


def _note(units: _Units) -> str:
    found = [f"without {', '.join(units.left_out)} (no estimate or no standard error)"] if units.left_out else []
    if units.k >= 2:
        found.append(few_units(units.k))
    return "; ".join(filter(None, found))


def _random_effects(units: _Units, known: dict, *, tau2: str, inference: str, level: float, method: str) -> list[dict]:
    known = known | {"unit": "all", "method": method}
    if units.k < 2:
        return [known | not_estimable(f"there is {units.k or 'no'} unit with an estimate (at least 2 are needed)")]
    y, v, k = units.y, units.v, units.k
    between = TAU2[tau2](y, v)
    w = 1 / (v + between)
    mean = w @ y / w.sum()
    hksj = inference == "HKSJ"
    scale = w @ (y - mean) ** 2 / (k - 1) if hksj else 1.0
    std_error = np.sqrt(scale / w.sum())
    df = k - 1 if hksj else np.inf
    if reason := too_few(df):
        return [known | not_estimable(reason)]
    if not std_error > 0:
        return [known | not_estimable("all units have the same estimate: HKSJ has no variance; use inference='Wald'")]
    quantile = special.stdtrit(df, 0.5 + level / 2) if hksj else special.ndtri(0.5 + level / 2)
    reach = quantile * np.sqrt(std_error**2 + between)
    w0 = 1 / v
    q = w0 @ (y - w0 @ y / w0.sum()) ** 2
    typical = (k - 1) * w0.sum() / (w0.sum() ** 2 - w0 @ w0)
    further = {
        "tau2": between, "i2": between / (between + typical), "q": q, "q_df": k - 1,
        "q_p": stats.chi2.sf(q, k - 1), "predict_lower": mean - reach, "predict_upper": mean + reach,
    }  # fmt: skip
    return [known | interval(mean, std_error, df, level=level) | further]


def partial_pooling(
    estimates: pd.DataFrame, *, prior: str = "uniform", prior_scale: float | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Estimates of units drawn towards their mean as far as the data warrant: one row a unit, and `all` for the mean.

    Normal-normal model (Rubin 1981): estimates are normal around unit values with known standard errors, unit values
    normal around a mean with a flat prior. `prior` of the SD between units: "uniform" (needs 4 units or more), or
    "half-normal" or "half-cauchy" with `prior_scale` in units of the outcome. Integrated on a grid, without sampling.
    `estimate` is the posterior mean, `std_error` the posterior SD, `lower`/`upper` posterior quantiles; no p-values.
    Further columns: observed (the unit's own estimate), pooled_share (0 its own, 1 the mean), tau_median, tau_lower,
    tau_upper (SD between units). Input and exclusions as in `random_effects`.
    """
    if prior not in PRIORS or (prior == "uniform") != (prior_scale is None) or not (prior_scale or 1.0) > 0:
        raise ValueError(
            f"prior is {prior!r} with prior_scale {prior_scale}: choose 'uniform' without a scale, or one of "
            f"{', '.join(PRIORS[1:])} with prior_scale > 0 in units of the outcome"
        )
    text = prior if prior_scale is None else f"{prior}({prior_scale:g})"
    method = f"partial pooling, {text} prior of the SD between units"
    return _per_contrast(estimates, partial(_partial, prior=prior, scale=prior_scale, level=level, method=method))


def _partial(units: _Units, known: dict, *, prior: str, scale: float | None, level: float, method: str) -> list[dict]:
    known = known | {"method": method}
    needed = 4 if prior == "uniform" else 2
    if units.k < needed:
        reason = f"there are {units.k} units with an estimate; the {prior} prior needs {needed}"
        return [known | {"unit": unit} | not_estimable(reason) for unit in ["all", *units.names]]
    tau, weight = posterior(units.y, units.v, prior, scale)
    w = 1 / (units.v + tau[:, None] ** 2)
    var_mean = 1 / w.sum(axis=1)
    mean = var_mean * (w @ units.y)
    pooled = units.v * w
    centre = np.column_stack([mean, (1 - pooled) * units.y + pooled * mean[:, None]])
    spread = np.sqrt(np.column_stack([var_mean, (1 - pooled) * units.v + pooled**2 * var_mean[:, None]]))
    tails = np.array([(1 - level) / 2, 0.5, (1 + level) / 2])
    reached = np.cumsum(weight) - weight / 2
    low, median, high = np.interp(tails, reached, tau)
    known |= {"tau_median": median, "tau_lower": low, "tau_upper": high}
    rows = []
    for j, unit in enumerate(["all", *units.names]):
        expected = weight @ centre[:, j]
        sd = np.sqrt(weight @ (spread[:, j] ** 2 + (centre[:, j] - expected) ** 2))
        limits = [mixture_quantile(centre[:, j], spread[:, j], weight, tail) for tail in tails[[0, 2]]]
        own = {} if j == 0 else {"observed": units.y[j - 1], "pooled_share": weight @ pooled[:, j - 1]}
        moments = {"unit": unit, "estimate": expected, "std_error": sd, "lower": limits[0], "upper": limits[1]}
        rows.append(known | moments | own)
    without = not_estimable("it has no estimate or no standard error")
    return rows + [known | {"unit": unit} | without for unit in units.left_out]
