"""Rubin's rules with Barnard-Rubin degrees of freedom: one estimate from the analyses of m completed data sets."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.effect.estimates import frame, interval, not_estimable

_KEYS = ["outcome", "unit", "contrast", "method"]


def pool(
    estimates: pd.DataFrame, *, df_complete: float | str, by: Sequence[str] = (), level: float = 0.95
) -> pd.DataFrame:
    """One row for each estimate of an estimates frame with a column `imputation`, in the order of its first row.

    Rows are one estimate when they agree in outcome, unit, contrast, method and the columns of `by`. `df_complete` are
    the degrees of freedom had the data been complete, a number or the name of a column, whose smallest value over the
    imputations is taken: with clusters the cluster df (`"df"` of a CR2 row), not n - k, or imputation would undo the
    few-cluster correction. Further columns: `m`, `within`, `between`, `riv` (relative increase in variance), `lambda`
    (share of the variance due to missing values), `fmi` (fraction of missing information), `df_complete`.
    Rows with a `p_floor` are resampling tests: their pooled p is the median p (a convention), and the note says so.
    Sources: Rubin 1987; Barnard & Rubin 1999; fmi as in mice::pool.
    """
    if "imputation" not in estimates.columns:
        raise ValueError("estimates: has no column 'imputation'. Analyse each completed data set and number its rows")
    if isinstance(df_complete, str) and df_complete not in estimates.columns:
        raise ValueError(f"df_complete: {df_complete!r} is no column. Give a number or a column of the estimates")
    keys = [key for key in _KEYS if key in estimates.columns] + list(by)
    if not keys:
        return frame([_pooled(estimates, {}, df_complete, level)])
    groups = estimates.groupby(keys, sort=False, dropna=False)
    return frame([_pooled(rows, dict(zip(keys, key, strict=True)), df_complete, level) for key, rows in groups])


def _pooled(rows: pd.DataFrame, known: dict, df_complete: float | str, level: float) -> dict:
    for name in ("n", "n_clusters"):
        if name in rows.columns:
            known = {**known, name: rows[name].min()}
    m = rows["imputation"].nunique()
    known = {**known, "m": m}
    reason = _reason(rows, m)
    if reason:
        return not_estimable(reason, **known)
    complete = float(rows[df_complete].min()) if isinstance(df_complete, str) else float(df_complete)
    if not complete > 0:
        return not_estimable(f"complete-data degrees of freedom are {complete:g}, not above zero", **known)
    row = {**known, **combine(rows["estimate"].to_numpy(float), rows["std_error"].to_numpy(float), complete, level)}
    if "estimate" not in row:
        return row
    notes = list(dict.fromkeys(rows["note"])) if "note" in rows.columns else []
    floor = rows["p_floor"].max() if "p_floor" in rows.columns else np.nan
    if np.isfinite(floor):
        row["p_value"], row["p_floor"] = max(rows["p_value"].median(), floor), floor
        notes.append(f"p is the median of {m} resampling p-values; the interval follows Rubin's rules")
    return {**row, "note": "; ".join(note for note in notes if note)}


def _reason(rows: pd.DataFrame, m: int) -> str:
    if len(rows) != m:
        return f"{len(rows)} rows for {m} imputations share one name: name in `by` the columns that tell them apart"
    if m < 2:
        return "one imputation does not show the variance between imputations"
    missing = int((rows["estimate"].isna() | rows["std_error"].isna()).sum())
    if missing:
        first = rows.loc[rows["estimate"].isna() | rows["std_error"].isna()]
        why = first["note"].iloc[0] if "note" in rows.columns else ""
        return f"{missing} of {m} imputations have no estimate with a standard error{f' ({why})' if why else ''}"
    if rows["std_error"].eq(0).all() and rows["estimate"].nunique() == 1:
        return "its standard error is 0 and its estimate the same in all imputations"
    return ""


def combine(estimates: np.ndarray, errors: np.ndarray, complete: float, level: float = 0.95) -> dict:
    """Rubin's rules for one estimate (m numbers and their standard errors); keys are columns of `pool`."""
    m = len(estimates)
    within, between = float(np.mean(errors**2)), float(np.var(estimates, ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total if total > 0 else 0.0
    riv = (1 + 1 / m) * between / within if within > 0 else (np.inf if between > 0 else 0.0)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share) if np.isfinite(complete) else np.inf
    old = (m - 1) / share / share if share > 0 else np.inf
    df = _harmonic(old, observed) if share > 0 else complete
    fmi = (riv + 2 / (df + 3)) / (1 + riv) if share > 0 and np.isfinite(riv) else float(share)
    row = interval(float(np.mean(estimates)), float(np.sqrt(total)), df, level=level)
    return {
        **row,
        "within": within,
        "between": between,
        "riv": riv,
        "lambda": share,
        "fmi": fmi,
        "df_complete": complete,
    }


def _harmonic(old: float, observed: float) -> float:
    """1 / (1/old + 1/observed), where one of the two may be infinite (no limit) or zero (no information)."""
    if min(old, observed) <= 0:
        return np.finfo(float).tiny
    inverse = 1 / old + 1 / observed
    return 1 / inverse if inverse > 0 else np.inf


def tipping_point(
    imputed: pd.DataFrame,
    original: pd.DataFrame,
    outcome: str,
    *,
    estimate: Callable[[pd.DataFrame], pd.DataFrame],
    deltas: Sequence[float] = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0),
    unit: float = 1.0,
    df_complete: float | str,
    level: float = 0.95,
) -> pd.DataFrame:
    """Pooled estimates when those whose `outcome` is missing really score `delta` x `unit` otherwise than imputed.

    `imputed` is the long frame of `impute` for `original`; `estimate` turns one completed data set into an estimates
    frame (and derives anew what depends on the outcome). `unit` is the scale of delta, say the minimal important
    difference. The column `tips` is True where the interval's position to zero is not that at delta 0, which is added
    when absent. Delta adjustment of Rubin 1977; see van Buuren 2018, section 3.8.
    """
    missing = original[outcome].isna().to_numpy()
    parts = []
    for delta in sorted({0.0, *map(float, deltas)}):
        results = []
        for number, completed in imputed.groupby("imputation", sort=True):
            if len(completed) != len(original):
                raise ValueError(
                    f"imputed: imputation {number} has {len(completed)} rows, the original {len(original)}"
                )
            shifted = completed.drop(columns="imputation")
            shifted = shifted.assign(**{outcome: shifted[outcome].to_numpy(float) + delta * unit * missing})
            results.append(estimate(shifted).assign(imputation=number))
        parts.append(pool(pd.concat(results), df_complete=df_complete, level=level).assign(delta=delta))
    found = pd.concat(parts, ignore_index=True)
    return found.assign(tips=_tips(found), n_shifted=int(missing.sum()))


def _tips(found: pd.DataFrame) -> pd.Series:
    side = pd.Series(
        np.sign(found["lower"]).where(np.sign(found["lower"]) == np.sign(found["upper"]), 0.0), found.index
    )
    keys = found[_KEYS].agg("\x1f".join, axis=1)
    reference = side[found["delta"] == 0].set_axis(keys[found["delta"] == 0])
    return (side != keys.map(reference)) & found["estimate"].notna()
