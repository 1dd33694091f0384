"""Change in a linear mixed model: random intercept (and slope) per person, REML or ML, Satterthwaite intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from analysis.effect.estimates import frame, not_estimable, too_few
from analysis.effect.fitting import Fit, fit_intercept, fit_slope, satterthwaite
from analysis.effect.likelihood import cross_products
from analysis.effect.soundness import Sample, dependent, obstacle, residual_obstacle, warnings
from analysis.effect.terms import Layout, Terms
from analysis.effect.waves import require_columns, require_numbers, units


def mixed_change(
    data: pd.DataFrame, outcome: str, *, time: str | None, person: str, group: str | None = None, by: str | None = None,
    covariates: Sequence[str] = (), random: str = "intercept", method: str = "reml",
) -> pd.DataFrame:  # fmt: skip
    """Mean change over waves in a linear mixed model, fitted per level of `by` (written to `unit`; `all` without).

    `data` is long: one row a measurement; rows that miss a value are left out and counted in `note`. The type of `time`
    decides: numbers give a straight line (term `time`), text or categories one contrast a wave against the first
    (`T1 - T0`, in declared order, else sorted); None gives a null model. `group` adds `B - A` (difference at the first
    wave) and `T1 - T0 : B - A` (difference of change). Numeric `covariates` keep their name, others become
    `name[T.level]`; a categorical of 30 or more levels is fitted but gets no rows. `random="slope"` (numeric time only)
    adds a correlated random slope per person. `method` is "reml" or "ml".

    Returns estimates, one row a term (`(Intercept)` first), with `n` persons and further columns n_obs, var_person,
    var_slope, cov_person_slope, var_residual, icc (random intercept), loglik (restricted with REML). Standard errors
    are those of generalised least squares, as lme4's; degrees of freedom Satterthwaite's, as lmerTest's.
    Raises ValueError for an unknown column or option.
    """
    covariates = [covariates] if isinstance(covariates, str) else covariates
    require_columns(data, [outcome, time, person, group, by, *covariates])
    require_numbers(data, outcome)
    layout = Layout.of(data, time, group, covariates)
    _check_options(layout, random, method)
    model = _Model(outcome, person, layout, random == "slope", method.lower() == "reml")
    return frame([row for unit, part in units(data, by) for row in model.rows(part, unit)])


def _check_options(layout: Layout, random: str, method: str) -> None:
    wrong = []
    if random not in ("intercept", "slope"):
        wrong.append(f'random is {random!r}: choose "intercept" or "slope"')
    if method.lower() not in ("reml", "ml"):
        wrong.append(f'method is {method!r}: choose "reml" or "ml"')
    if random == "slope" and not layout.linear:
        wrong.append('random="slope" needs a numeric time column: with waves a person has one value at each')
    if wrong:
        raise ValueError("; ".join(wrong))


@dataclass(frozen=True)
class _Model:
    """One model, fitted to any part of the data that it was laid out for."""

    outcome: str
    person: str
    layout: Layout
    slope: bool
    reml: bool

    def rows(self, part: pd.DataFrame, unit: str) -> list[dict]:
        """Estimate rows of one unit; rows that say why where the model cannot be fitted."""
        sample = Sample.of(part, self.outcome, self.person, self.layout)
        terms = self.layout.terms(sample.columns, len(sample.y), absorb=not self.slope)
        kind = f"mixed model, random {'slope' if self.slope else 'intercept'}, {'REML' if self.reml else 'ML'}"
        if terms.absorbed is not None:
            kind += f", levels of {self.layout.absorbed} absorbed"
        known = {
            "outcome": self.outcome, "unit": unit, "n": sample.persons, "n_obs": len(sample.y), "method": kind,
        }  # fmt: skip
        reason = obstacle(sample, self.layout, slope=self.slope)
        found = self._fitted(sample, terms) if reason is None else {}
        return [known | {"contrast": name} | (not_estimable(reason) if reason else found[name]) for name in terms.names]

    def _fitted(self, sample: Sample, terms: Terms) -> dict[str, dict]:
        """What is known of each term: its estimate, or why it has none."""
        scaled, back = _standardise(terms)
        z, z_back = _standard_time(sample.columns[self.layout.time]) if self.slope else (None, np.eye(1))
        products = cross_products(scaled, sample.y - sample.y.mean(), sample.codes, z)
        out = dependent(products.gram[:-1, :-1])
        reason = residual_obstacle(products, ~out)
        if reason is not None:
            return dict.fromkeys(terms.names, not_estimable(reason))
        fit = (fit_slope if self.slope else fit_intercept)(products.without(out), reml=self.reml)
        out = out[: len(terms.names)]
        back = back[np.ix_(~out, ~out)]
        shared = _variances(fit, z_back) | {"loglik": _loglik(fit, back, self.reml)}
        shared["note"] = warnings(sample, self.layout, fit)
        estimated = iter(_inference(fit, back, sample.y.mean()))
        return {
            name: shared | (not_estimable(sample.why_dependent(name, self.layout)) if dropped else next(estimated))
            for name, dropped in zip(terms.names, out, strict=True)
        }


def _standardise(terms: Terms) -> tuple[Terms, np.ndarray]:
    """Terms centred and scaled (the intercept apart), for accuracy, and the matrix that takes coefficients back."""
    centre = terms.values.mean(axis=1)
    centre[0] = 0.0
    values = terms.values - centre[:, None]
    scale = np.sqrt(np.einsum("ij,ij->i", values, values) / max(values.shape[1], 1))
    scale[scale <= 1e-12 * np.abs(centre)] = 1.0
    back = np.diag(1 / scale)
    back[0, 1:] = -centre[1:] / scale[1:]
    return Terms(terms.names, values / scale[:, None], terms.absorbed), back


def _standard_time(time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Time centred and scaled, and the matrix that takes a person's intercept and slope back."""
    centre, scale = time.mean(), time.std()
    return (time - centre) / scale, np.array([[1, -centre / scale], [0, 1 / scale]])


def _inference(fit: Fit, back: np.ndarray, mean: float, level: float = 0.95) -> list[dict[str, float]]:
    """Estimates, standard errors, Satterthwaite limits and p-values of all shown terms at once."""
    contrasts = np.zeros((len(back), len(fit.at.beta)))
    contrasts[:, : len(back)] = back
    estimate = contrasts @ fit.at.beta
    estimate[0] += mean
    std_error = np.sqrt(fit.at.sigma2 * np.einsum("ci,ij,cj->c", contrasts, fit.at.inverse, contrasts))
    df = satterthwaite(fit, contrasts)
    half = special.stdtrit(df, 0.5 + level / 2) * std_error
    p_value = 2 * special.stdtr(df, -np.abs(estimate / std_error))
    keys = ("estimate", "std_error", "df", "lower", "upper", "p_value")
    columns = (estimate, std_error, df, estimate - half, estimate + half, p_value)
    rows = np.column_stack(columns).tolist()
    return [not_estimable(few) if (few := too_few(row[2])) else dict(zip(keys, row, strict=True)) for row in rows]


def _variances(fit: Fit, z_back: np.ndarray) -> dict[str, float]:
    """Variance components on the scale of the data."""
    covariance = fit.at.sigma2 * z_back @ fit.psi @ z_back.T
    found = {"var_person": covariance[0, 0], "var_residual": fit.at.sigma2}
    if len(covariance) == 1:
        return found | {"icc": covariance[0, 0] / (covariance[0, 0] + fit.at.sigma2)}
    return found | {"var_slope": covariance[1, 1], "cov_person_slope": covariance[0, 1]}


def _loglik(fit: Fit, back: np.ndarray, reml: bool) -> float:
    """Log likelihood; the restricted one depends on the columns' scale, which is undone here."""
    return -fit.at.deviance / 2 + (np.linalg.slogdet(back)[1] if reml else 0.0)
