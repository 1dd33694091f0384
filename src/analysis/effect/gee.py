"""Change in the population average: generalised estimating equations with small-sample covariance and t limits."""

import numpy as np
import pandas as pd

from analysis.effect.bounds import at_bound_somewhere, few
from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.marginal import Marginal, read
from analysis.effect.normal_gee import Fitted, normal_gee
from analysis.effect.separation import separates_binary, separates_counts, separates_ordered

SANDWICH_FROM = 40
"""Persons (clusters) from which the plain sandwich is near its nominal level; below it is replaced or warned about."""

LARGEST_OFFSET = 14.0
"""Widest range of an offset of counts: beyond a millionfold (e^14) it must be a time whose logarithm was not taken."""

_FAMILIES = ("gaussian", "logit", "poisson", "ordinal")
_COVARIANCES = {"robust": "robust", "bias_reduced": "bias_reduced (Mancl-DeRouen)"}


def gee_change(
    data: pd.DataFrame, formula: str, *, person: str, family: str, dependence: str, offset: str | None = None,
    covariance: str | None = None, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Marginal model of `formula` (patsy names its terms) for repeated measurements of a `person`, by statsmodels GEE.

    `family`: "gaussian", "logit" (outcome 0/1), "poisson" (counts; `offset(log(days))` in the formula or the column
    `offset`, a logarithm too), "ordinal" (cumulative logit: numbers or an ordered categorical; a positive term means
    higher, thresholds are rows `I(y>k)`). `dependence`: "independence" or "exchangeable" (ordinal: independence only).
    `covariance`: "robust", "bias_reduced" (Mancl & DeRouen 2001), or None: robust from 40 persons, else bias_reduced.
    Limits and p-values by t on persons minus terms. Moments of scale and correlation are divided by n, as in geepack,
    whose estimates this gives on unbalanced data too.

    Returns one row a term on the link scale (log odds, log rate), `n` and `n_clusters` persons; further columns n_obs,
    alpha (working correlation), scale. Separation, a constant outcome, no more persons than terms, and dependent
    terms give rows that say so. Raises ValueError for unknown options or an outcome that does not fit the family.
    """
    _check_options(family, dependence, covariance)
    model = read(data, formula, person=person, offset=offset, intercept=family != "ordinal")
    _check_outcome(model, family)
    kind = covariance or ("robust" if model.persons >= SANDWICH_FROM else "bias_reduced")
    known = {
        "outcome": model.outcome, "unit": "all", "method": f"GEE {family}, {dependence}, {_COVARIANCES[kind]}",
        "n": model.persons, "n_clusters": model.persons, "n_obs": len(model.y),
    }  # fmt: skip
    reason = _obstacle(model, family)
    if reason:
        return frame([not_estimable(reason, **known, contrast=name) for name in model.x.columns])
    found = _fit(model, family, dependence, kind)
    if not found.converged or not np.isfinite(found.errors).all():
        return frame([not_estimable("the fit did not converge", **known, contrast=name) for name in model.x.columns])
    known |= {"alpha": found.alpha, "scale": found.scale}
    df, notes = model.persons - len(found.params), _warnings(model, kind, family)
    rows = [
        {**known, "contrast": name, "note": notes} | interval(value, error, df, level=level)
        for name, value, error in zip(found.names, found.params, found.errors, strict=True)
    ]
    dropped = [not_estimable("it is a combination of the other terms", **known, contrast=name) for name in
               model.x.columns[model.out]]  # fmt: skip
    return frame(rows + dropped)


def _check_options(family: str, dependence: str, covariance: str | None) -> None:
    wrong = []
    if family not in _FAMILIES:
        wrong.append(f"family is {family!r}: choose one of {', '.join(_FAMILIES)}")
    if dependence not in ("independence", "exchangeable"):
        wrong.append(f'dependence is {dependence!r}: choose "independence" or "exchangeable"')
    if family == "ordinal" and dependence == "exchangeable":
        wrong.append(
            'family "ordinal" goes with dependence "independence"; its robust covariance allows for dependence'
        )
    if covariance not in (None, *_COVARIANCES):
        wrong.append(f"covariance is {covariance!r}: choose {', '.join(_COVARIANCES)} or None")
    if wrong:
        raise ValueError("; ".join(wrong))


def _check_outcome(model: Marginal, family: str) -> None:
    if family == "logit" and not np.isin(model.y, (0, 1)).all():
        raise ValueError(f"{model.outcome}: logit needs values 0 and 1; recode the outcome")
    if family == "poisson" and (model.y < 0).any():
        raise ValueError(f"{model.outcome}: poisson needs counts; there are negative values")
    if family == "poisson" and len(model.offset) and np.ptp(model.offset) > LARGEST_OFFSET:
        raise ValueError(
            f"offset: its values lie {np.ptp(model.offset):g} apart on the log scale, more than a millionfold. Give "
            "the logarithm of the time or the number at risk: offset(log(days))"
        )


def _obstacle(model: Marginal, family: str) -> str | None:
    """Reason why the model cannot be fitted, or None."""
    terms = int((~model.out).sum())
    if len(model.y) == 0:
        return "no row is complete"
    if np.ptp(model.y) == 0:
        return "the outcome is constant"
    if model.persons < terms + 2:
        return f"there are {model.persons} persons for {terms} terms (two more are needed)"
    x = model.kept.to_numpy()
    if family == "gaussian" and np.linalg.lstsq(x, model.y - model.offset)[1].sum() <= 1e-20 * (model.y**2).sum():
        return "the terms describe the outcome exactly: there is no residual variance"
    check = {"logit": separates_binary, "poisson": separates_counts, "ordinal": separates_ordered}.get(family)
    if check is not None and check(x, model.y):
        return "the terms separate the outcome perfectly: the likelihood has no finite maximum"
    return None


def _fit(model: Marginal, family: str, dependence: str, kind: str) -> Fitted:
    """By statsmodels, whose loop over persons takes a hundred times what the plain normal case needs."""
    if family == "gaussian" and kind == "robust":
        names, y = tuple(model.kept.columns), model.y - model.offset
        return normal_gee(y, model.kept.to_numpy(), model.codes, names, dependent=dependence == "exchangeable")
    import statsmodels.api as sm

    structures = sm.cov_struct
    if family == "ordinal":
        made = sm.OrdinalGEE(model.y, model.kept, model.codes, offset=model.offset)
        result = made.fit(maxiter=200, ctol=1e-10, cov_type=kind)
    else:
        families = {"gaussian": sm.families.Gaussian, "logit": sm.families.Binomial, "poisson": sm.families.Poisson}
        structure = structures.Exchangeable() if dependence == "exchangeable" else structures.Independence()
        made = sm.GEE(
            model.y, model.kept, model.codes, family=families[family](), cov_struct=structure, offset=model.offset
        )  # fmt: skip
        result = made.fit(maxiter=200, ctol=1e-10, cov_type=kind, ddof_scale=0)
    alpha = float(np.mean(result.cov_struct.dep_params or 0.0))
    params, errors = np.asarray(result.params), np.asarray(result.bse)
    return Fitted(tuple(result.model.exog_names), params, errors, alpha, result.scale, bool(result.converged))


def _warnings(model: Marginal, kind: str, family: str) -> str:
    found = []
    if model.left_out:
        found.append(f"{model.left_out} of {len(model.y) + model.left_out} rows left out (a value is missing)")
    found.append(few(model.persons))
    if kind == "robust" and model.persons < SANDWICH_FROM:
        found.append(f"warning: the plain sandwich is too narrow with {model.persons} persons; use bias_reduced")
    if family in ("gaussian", "ordinal"):  # a count has no ceiling, and its floor is no fault
        found.append(at_bound_somewhere(model.y, model.kept.to_numpy()))
    return "; ".join(filter(None, found))
