"""Change of the same persons between two waves: mean difference, standardised change, and responders."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.effect.bounds import at_bound, few
from analysis.effect.estimates import frame, interval, not_estimable
from analysis.effect.waves import contrast, levels, paired_waves, require_columns, units


def paired_change(
    data: pd.DataFrame, outcome: str, *, time: str, person: str, by: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Mean within-person change of each wave against the first (paired t), for persons with a value at both.

    `data` is long; waves are the levels of `time` (declared order, else sorted; numbers are levels too). Further
    columns: mean_before, mean_after, sd_before, sd_after, sd_change (units of the outcome) and p_wilcoxon, the
    signed-rank test (exact below 50 persons without ties or zeros, else normal with continuity correction, as R's
    wilcox.test). Raises ValueError when a person has two values at one wave.
    """
    return _by_pairs(data, outcome, time, person, by, partial(_paired, level=level))


def standardised_change(
    data: pd.DataFrame, outcome: str, *, time: str, person: str, by: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Mean within-person change in standard deviations, four rows a contrast that differ in the named `denominator`.

    - `SRM`: standardised response mean (dz), by the SD of the change; limits by inverting the noncentral t.
    - `Hedges g (SD of change)`: SRM times the exact small-sample factor J(n - 1) (Hedges 1981).
    - `dav`: by the average SD, (SD before + SD after) / 2 (Lakens 2013, eq. 10); limits by the delta method, t(n - 1).
    - `Hedges g (average SD)`: dav times J(n - 1). The usual one to quote beside a raw change.
    They are not interchangeable: with correlation r between waves, SRM is about dav / sqrt(2 (1 - r)).
    Further columns: denominator, sd (its value, in units of the outcome), correlation. No p-values: test the raw
    change.
    """
    return _by_pairs(data, outcome, time, person, by, partial(_standardised, level=level))


def responders(
    data: pd.DataFrame, outcome: str, *, time: str, person: str, mid: float, better: str = "higher",
    by: str | None = None, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Shares (0-1) who improved, stayed, or worsened by at least `mid`, the outcome's minimal important difference.

    `better` is "higher" or "lower". Denominator: persons with a value at both waves. Wilson limits. Three rows a
    contrast, `response` improved | unchanged | worse, further columns count and mid. The shares include chance and
    regression to the mean: show improved and worse together. Raises ValueError for a `mid` that is not positive or an
    unknown `better`.
    """
    if not mid > 0 or better not in ("higher", "lower"):
        raise ValueError(f'mid is {mid}, better is {better!r}: give mid > 0 and better "higher" or "lower"')
    count = partial(_responders, mid=mid, sign=1 if better == "higher" else -1, level=level)
    return _by_pairs(data, outcome, time, person, by, count)


def _by_pairs(
    data: pd.DataFrame, outcome: str, time: str, person: str, by: str | None,
    estimate: Callable[[np.ndarray, np.ndarray, dict], list[dict]],
) -> pd.DataFrame:  # fmt: skip
    """Apply `estimate(before, after, known)` to each unit and each wave against the first."""
    require_columns(data, [outcome, time, person, by])
    waves = levels(data[time], planned=True)
    if len(waves) < 2:
        reason = f"only one wave ({waves[0]}) has values" if waves else f"{time} has no value"
        known = {"outcome": outcome, "contrast": "", "method": "change between waves"}
        return frame([not_estimable(reason, **known, unit=unit) for unit, _ in units(data, by)])
    rows = []
    for unit, part in units(data, by):
        wide = paired_waves(part, outcome, time=time, person=person, waves=waves)
        for wave in waves[1:]:
            both = wide[[waves[0], wave]].dropna()
            known = {"outcome": outcome, "unit": unit, "contrast": contrast(wave, waves[0]), "n": len(both)}
            known["note"] = _pair_note(wide, waves[0], wave, both)
            rows += estimate(both[waves[0]].to_numpy(), both[wave].to_numpy(), known)
    return frame(rows)


def _pair_note(wide: pd.DataFrame, first: object, wave: object, both: pd.DataFrame) -> str:
    n, found = len(both), []
    if wide[first].count() > n:
        found.append(f"{wide[first].count() - n} of {wide[first].count()} persons at {first} have no value at {wave}")
    found += [few(n), *(at_bound(both[each].to_numpy(), both.to_numpy(), where=f"at {each}") for each in both)]
    return "; ".join(filter(None, found))


def _obstacle(before: np.ndarray, after: np.ndarray) -> str | None:
    if len(before) < 3:
        return f"{len(before)} persons have a value at both waves (at least 3 are needed)"
    change = after - before
    if np.ptp(change) <= 1e-12 * max(np.abs(before).max(), np.abs(after).max()):
        return "every person's change is the same: it has no standard deviation"
    return None


def _paired(before: np.ndarray, after: np.ndarray, known: dict, *, level: float) -> list[dict]:
    known = {**known, "method": "paired t"}
    reason = _obstacle(before, after)
    if reason:
        return [known | not_estimable(reason)]
    change = after - before
    n, spread = len(change), change.std(ddof=1)
    moments = {
        "mean_before": before.mean(), "mean_after": after.mean(), "sd_before": before.std(ddof=1),
        "sd_after": after.std(ddof=1), "sd_change": spread,
    }  # fmt: skip
    found = interval(change.mean(), spread / np.sqrt(n), n - 1, level=level)
    return [known | found | moments | {"p_wilcoxon": _wilcoxon(change)}]


def _wilcoxon(change: np.ndarray) -> float:
    size = np.abs(change)
    exact = len(change) < 50 and (size > 0).all() and len(np.unique(size)) == len(size)
    return float(stats.wilcoxon(change, correction=True, method="exact" if exact else "asymptotic").pvalue)


def _standardised(before: np.ndarray, after: np.ndarray, known: dict, *, level: float) -> list[dict]:
    names = ("SRM", "Hedges g (SD of change)", "dav", "Hedges g (average SD)")
    reason = _obstacle(before, after)
    if reason:
        return [{**known, "method": name} | not_estimable(reason) for name in names]
    n, change = len(before), after - before
    df = n - 1
    factor = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    spread, average = change.std(ddof=1), (before.std(ddof=1) + after.std(ddof=1)) / 2
    correlation = 0.0 if 0 in (np.ptp(before), np.ptp(after)) else float(np.corrcoef(before, after)[0, 1])
    known = {**known, "df": df, "correlation": correlation}
    dz = _dz(change.mean() / spread, n, level) | {"denominator": "SD of the change", "sd": spread}
    dav = _dav(before, after, average, correlation, level)
    dav |= {"denominator": "average SD of the two waves", "sd": average}
    rows = [dz, _times(dz, factor), dav, _times(dav, factor)]
    return [{**known, "method": name} | row for name, row in zip(names, rows, strict=True)]


def _dz(effect: float, n: int, level: float) -> dict[str, float]:
    """Limits from the noncentral t (Cumming & Finch 2001); large-sample standard error sqrt(1/n + dz^2 / 2n)."""
    t, tail = effect * np.sqrt(n), (1 - level) / 2
    lower, upper = special.nctdtrinc(n - 1, 1 - tail, t), special.nctdtrinc(n - 1, tail, t)
    return {
        "estimate": effect, "std_error": np.sqrt(1 / n + effect**2 / (2 * n)), "lower": lower / np.sqrt(n),
        "upper": upper / np.sqrt(n),
    }  # fmt: skip


def _dav(before: np.ndarray, after: np.ndarray, average: float, r: float, level: float) -> dict[str, float]:
    """Delta method under bivariate normality: var(SD) = SD^2 / 2 df, cov(SDs) = r^2 SD SD / 2 df."""
    df, change = len(before) - 1, after - before
    effect, s0, s1 = change.mean() / average, before.std(ddof=1), after.std(ddof=1)
    var_average = (s0**2 + s1**2 + 2 * r**2 * s0 * s1) / (8 * df)
    std_error = np.sqrt(change.var(ddof=1) / len(before) + effect**2 * var_average) / average
    found = interval(effect, std_error, df, level=level)
    return {key: found[key] for key in ("estimate", "std_error", "lower", "upper")}


def _times(row: dict, factor: float) -> dict:
    return row | {key: row[key] * factor for key in ("estimate", "std_error", "lower", "upper")}


def _responders(
    before: np.ndarray, after: np.ndarray, known: dict, *, mid: float, sign: int, level: float
) -> list[dict]:
    gain = sign * (after - before)
    close = 1e-9 * max(mid, 1.0)
    improved, worse = gain >= mid - close, gain <= -mid + close
    groups = {"improved": improved, "unchanged": ~improved & ~worse, "worse": worse}
    rows = []
    for response, members in groups.items():
        row = {**known, "method": f"responders: {response} (Wilson)", "response": response, "mid": mid}
        if len(gain) < 3:
            rows.append(row | not_estimable(_obstacle(before, after)))
        else:
            rows.append(row | {"count": int(members.sum())} | wilson(int(members.sum()), len(gain), level=level))
    return rows


def wilson(count: int, n: int, *, level: float = 0.95) -> dict[str, float]:
    """Share count / n with Wilson's score limits (1927) and its binomial standard error."""
    z, share = special.ndtri(0.5 + level / 2), count / n
    centre, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = ((centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n))
    return {
        "estimate": share, "std_error": np.sqrt(share * (1 - share) / n),
        "lower": max(low, 0.0) if count else 0.0, "upper": min(high, 1.0) if count < n else 1.0,
    }  # fmt: skip
