"""Numbers beside rounded counts: computed again from them, made coarser, or left out, so that none gives one back."""

import numpy as np
import pandas as pd

from analysis.disclosure.meta import Meta, limits
from analysis.disclosure.rounding import round_counts, round_half_up
from analysis.disclosure.rules import contributors, emptied

INTERIM = "interim"  # not shown while counts are rounded
Z = 1.959963984540054  # standard normal, 97.5 %
MODEL = ["estimate", "lower", "upper", "std_error"]
COARSER = ["mean", "sd", "median", "quantile", "days", *MODEL]
EXACT = ["df", "inference_df", "rate", "sum"]  # the number of people, times or divided by what is known
DIGITS = 3


def blurred(out: pd.DataFrame, checked: pd.DataFrame, meta: Meta, base: int) -> pd.DataFrame:
    """The rounded table `out` without what tells more of a count than its rounding does.

    Limits of a share that are Wilson's are computed again from the rounded counts; what else stands beside a share,
    degrees of freedom and rates (but those of public numbers, `Meta.public`) are left out, with reason `interim`.
    Means, spreads and estimates lose the digits by which their n could be guessed (a mean of whole scores is one of few
    fractions); `checked` has the true values.
    """
    kind = out["measure"].map(dict(meta.kinds))
    public = out["measure"].isin(meta.public)
    again = _wilson_again(checked, meta, base).reindex(out.index)
    share = kind.eq("percent").groupby([out[dim] for dim in meta.dims] or [pd.Series(0, out.index)]).transform("any")
    gone = ~public & again.isna() & out["value"].notna() & (kind.isin(EXACT) | (share & kind.isin(MODEL)))
    coarse = kind.isin(COARSER) & again.isna() & ~public
    value = out["value"].mask(coarse, _coarser(checked["value"], checked["n"])).where(out["value"].notna())
    kept = out.assign(value=value.mask(again.notna() & value.notna(), again))
    left = emptied(kept, kept["status"].eq("hidden") | gone)
    return left.assign(reason=left["reason"].mask(gone, INTERIM))


def _wilson_again(checked: pd.DataFrame, meta: Meta, base: int) -> pd.Series:
    """Limits from rounded counts (percent), by position; absent where a limit is not Wilson's."""
    found = {}
    parts = contributors(checked, checked["measure"].map(dict(meta.kinds)))["part"]
    for at, of in limits(checked, meta):
        part, n = parts[of], checked["n"][of]
        side = int(np.argmin([abs(limit - checked["value"][at]) for limit in wilson(part, n)]))
        whole = float(round_counts(n, base))
        if abs(wilson(part, n)[side] - checked["value"][at]) < 1e-4 and whole > 0:
            found[at] = float(round_half_up(wilson(min(float(round_counts(part, base)), whole), whole)[side], 1))
    return pd.Series(found, dtype=float)


def wilson(part: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % limits of `part` of `n`, in percent (Wilson 1927, JASA 22: 209-212)."""
    share = part / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return 100 * (middle - half), 100 * (middle + half)


def _coarser(value: pd.Series, n: pd.Series) -> pd.Series:
    """Values in steps that every n could give: of at least 1 / n when they are whole numbers divided by n, else at
    three digits.
    """
    whole = (value * n - (value * n).round()).abs() < 1e-4
    size = np.floor(np.log10(value.abs().where(value.ne(0), 1)))
    decimals = pd.Series(np.where(whole, np.floor(np.log10(n.clip(lower=1))), DIGITS - 1 - size), value.index)
    decimals = decimals.fillna(0).clip(0, DIGITS)
    return pd.Series([float(round_half_up(v, int(d))) for v, d in zip(value, decimals, strict=True)], value.index)
