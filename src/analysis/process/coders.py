"""Do coders agree? Over all codes and per code, because an average hides a code that nobody can apply."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from analysis.effect.estimates import frame, not_estimable
from analysis.process.coefficients import Coefficient, alpha, cohen, fleiss
from analysis.process.ratings import intraclass
from analysis.process.tables import counted, require, sentence

ALL_CODES = "all codes"


def agreement(
    data: pd.DataFrame,
    *,
    unit: str = "fragment",
    coder: str = "coder",
    code: str = "factor",
    scale: str = "nominal",
    weights: np.ndarray | None = None,
    rng: np.random.Generator | None = None,
    draws: int = 500,
    per_code: bool = True,
    minimum: int = 2,
    level: float = 0.95,
) -> pd.DataFrame:
    """Agreement of coders on the same units: Cohen, weighted, Fleiss and Krippendorff's alpha, overall and per code.

    `data` has one row a unit, coder and code. `scale` is `nominal`, `ordinal`, `interval` or `ratio` (codes are then
    numbers, and weighted kappas follow; `weights` adds Cohen's (1968) kappa with one's own disagreement weights, in
    the order of the sorted codes). Cohen needs two coders, Fleiss units that all coders coded, alpha allows gaps.
    Limits are percentiles of a bootstrap over units (with `rng`); Cohen's without `rng` are asymptotic.

    Per code the question is whether the code was given or not. Where one coder never used a code, or it was used in
    fewer than `minimum` units, agreement on it is not estimable; the number of units it was given by each is in the
    note. Units with several codes of one coder are left out overall (they have no single code) and kept per code.
    Units that only one coder coded carry no information on agreement and are counted. Estimates frame, `outcome` the
    code (or `all codes`), `method` the coefficient, `n` the units with two coders or more. Landis-Koch or .667/.80
    labels are not given.
    """
    require(data, unit, coder, code)
    coded = data.dropna(subset=[unit, coder, code]).drop_duplicates([unit, coder, code])
    if scale != "nominal" and not pd.api.types.is_numeric_dtype(coded[code]):
        raise TypeError(
            f"{code}: found {coded[code].dtype}, but a scale that is {scale} needs numbers. Recode it first."
        )
    names = sorted(coded[coder].unique())
    if len(names) < 2:
        why = f"{len(names)} coder{'s' * (len(names) != 1)} coded; agreement needs two"
        known = {"outcome": ALL_CODES, "unit": "all", "contrast": "", "n": coded[unit].nunique()}
        return frame([not_estimable(why, method="Krippendorff's alpha", **known)])
    once = coded[~coded.duplicated([unit, coder], keep=False)]
    table = once.pivot(index=unit, columns=coder, values=code).reindex(columns=names)
    several = coded[coded.duplicated([unit, coder], keep=False)][unit].nunique()
    alone = int((table.notna().sum(axis=1) < 2).sum())
    note = sentence(
        [counted(several, "units with several codes of a coder left out"), counted(alone, "units of one coder")]
    )
    rows = _overall(table, scale, weights, rng, draws, level, note)
    if per_code and scale == "nominal":
        given = coded.assign(_one=1).pivot_table(index=[unit, coder], columns=code, values="_one", fill_value=0)
        for name in given.columns:
            rows += _per_code(given[name].unstack(coder).reindex(columns=names), name, minimum, rng, draws, level)
    return frame({"unit": "all", "contrast": "", **row} for row in rows)


def _overall(table, scale: str, weights, rng, draws: int, level: float, note: str) -> list[dict]:
    """All coefficients that this scale and these coders allow."""
    codes = np.unique(table.to_numpy()[table.notna().to_numpy()])
    numeric = table.apply(lambda column: column.map({value: at for at, value in enumerate(codes)}).astype(float))
    methods = {"Krippendorff's alpha": alpha(codes, scale)}
    if table.shape[1] == 2:
        methods["Cohen's kappa"] = cohen(len(codes))
        methods |= {name: cohen(len(codes), cost) for name, cost in _weightings(codes, scale, weights).items()}
    if scale == "nominal":
        methods["Fleiss' kappa"] = fleiss(len(codes))
    known = {"outcome": ALL_CODES, "note": note}
    rows = [_row(numeric.to_numpy(), name, method, known, rng, draws, level) for name, method in methods.items()]
    whole = table.dropna()
    if scale in ("interval", "ratio") and len(whole) > 2:
        rows += [{**known, **row} for row in intraclass(whole.to_numpy(float), level=level).to_dict("records")]
    return rows


def _weightings(codes: np.ndarray, scale: str, weights: np.ndarray | None) -> dict[str, np.ndarray]:
    """Disagreement weights by the distance between the codes themselves: a code that nobody used leaves its gap."""
    own = {} if weights is None else {"weighted kappa": np.asarray(weights)}
    if scale == "nominal":
        return own
    apart = np.abs(np.subtract.outer(codes, codes)).astype(float)
    return {"linear weighted kappa": apart, "quadratic weighted kappa": apart**2, **own}


def _per_code(table: pd.DataFrame, name, minimum: int, rng, draws: int, level: float) -> list[dict]:
    """Given or not given: kappa (two coders) and alpha of one code, or why not."""
    shared = table[table.notna().sum(axis=1) >= 2]
    uses = shared.loc[:, shared.notna().any()].sum()  # a coder of other units only says nothing of this code
    used = ", ".join(f"{coder} {int(n)}" for coder, n in uses.items())
    known = {"outcome": str(name), "note": f"units with the code: {used}"}
    methods = {"Krippendorff's alpha": alpha(np.array([0.0, 1.0]), "nominal")}
    if table.shape[1] == 2:
        methods["Cohen's kappa"] = cohen(2)
    if (uses == 0).any() or (shared.max(axis=1) > 0).sum() < minimum:
        never = (uses == 0).any()
        why = "a coder never used this code" if never else f"the code was used in fewer than {minimum} units"
        reason = f"{why} ({used})"
        return [not_estimable(reason, outcome=str(name), method=method, n=len(shared)) for method in methods]
    return [_row(shared.to_numpy(float), method, f, known, rng, draws, level) for method, f in methods.items()]


def _row(rows: np.ndarray, name: str, method: Coefficient, known: Mapping, rng, draws: int, level: float) -> dict:
    """One coefficient with its limits."""
    shared = rows[(~np.isnan(rows)).sum(axis=1) >= 2]
    complete = "Krippendorff" not in name
    used = shared[~np.isnan(shared).any(axis=1)] if complete else shared
    found = {**known, "method": name, "n": len(used)}
    value = method.of(used) if len(used) else np.nan
    if np.isnan(value):
        why = (
            "all units have the same code: chance alone explains it" if len(used) else "no unit was coded by two coders"
        )
        return {**found, "note": sentence([not_estimable(why)["note"], known["note"]])}
    if rng is None:
        limits = _asymptotic(used, level) if name == "Cohen's kappa" else {}
        missing = "" if limits else "no limits without rng"
        return {**found, **limits, "estimate": value, "note": sentence([known["note"], missing])}
    drawn = method.drawn(used, draws, rng)
    kept = drawn[~np.isnan(drawn)]
    tail = (1 - level) / 2
    lower, upper = np.quantile(kept, [tail, 1 - tail]) if len(kept) else (np.nan, np.nan)
    lost = counted(draws - len(kept), f"of {draws} bootstrap draws had one code only")
    return found | {
        "estimate": value, "std_error": kept.std(ddof=1) if len(kept) > 1 else np.nan, "lower": lower, "upper": upper,
        "note": sentence([known["note"], lost]),
    }  # fmt: skip


def _asymptotic(rows: np.ndarray, level: float) -> dict[str, float]:
    """Large-sample standard error and limits of Cohen's kappa (Fleiss, Cohen and Everitt 1969)."""
    from statsmodels.stats.inter_rater import cohens_kappa

    with np.errstate(invalid="ignore"):  # perfect agreement has no large-sample variance
        found = cohens_kappa(crosstab(rows, int(rows.max()) + 1))
    half = stats.norm.ppf(0.5 + level / 2) * found.std_kappa
    return {"std_error": found.std_kappa, "lower": found.kappa - half, "upper": found.kappa + half}


def crosstab(rows: np.ndarray, codes: int) -> np.ndarray:
    """Units by the code of the first and of the second coder."""
    return np.bincount((rows[:, 0] * codes + rows[:, 1]).astype(int), minlength=codes * codes).reshape(codes, codes)
