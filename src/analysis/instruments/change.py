"""Change of one person between two moments: Paretian classes of EQ-5D profiles, level sums and reliable change."""

import numpy as np
import pandas as pd

from analysis.instruments.decoding import item_positions
from analysis.instruments.library import load
from analysis.instruments.scoring import score

_PROFILE = "eq5d5l_nl"  # five levels; a profile of three levels fits in it
_PARETIAN = ["worsen", "mixed_change", "no_change", "no_problems", "improve"]


def level_sum(profiles: pd.DataFrame) -> pd.Series:
    """Sum of the five EQ-5D levels: 5 is no problems, the worst is 25 with five levels and 15 with three.

    `profiles` has the five dimension columns; an incomplete profile has no sum (NaN). Undeclared levels raise
    `ValueError`.
    """
    return score(_PROFILE, profiles)[f"{_PROFILE}_level_sum"].rename("level_sum")


def pchc(before: pd.DataFrame, after: pd.DataFrame, *, no_problems: bool = False) -> pd.Series:
    """Paretian classification of health change, from two frames of EQ-5D profiles of the same people (their index).

    `improve`: at least one dimension better and none worse; `worsen`: the reverse; `mixed_change`: both;
    `no_change`: the same profile, of which 11111 at both moments becomes `no_problems` when asked. The class is
    missing when a dimension is. Raises `ValueError` when the people differ or a level is undeclared.
    Method: Devlin, Parkin and Browne (2010), Health Econ 19:886.
    """
    once = before.index.is_unique and after.index.is_unique
    if not (once and len(before) == len(after) and after.index.isin(before.index).all()):
        raise ValueError(
            f"pchc needs the same people in both frames, each once; before has {len(before)} rows, after {len(after)}. "
            "Remedy: use the person as index and keep the people with both moments."
        )
    first, second = _levels(before), _levels(after.loc[before.index])
    better, worse = (second < first).any(axis=1), (second > first).any(axis=1)
    healthy = (first == 1).all(axis=1) & (second == 1).all(axis=1) & no_problems
    names = np.select([better & worse, better, worse, healthy], ["mixed_change", "improve", "worsen", "no_problems"],
                      default="no_change")  # fmt: skip
    incomplete = np.isnan(first).any(axis=1) | np.isnan(second).any(axis=1)
    used = [name for name in _PARETIAN if no_problems or name != "no_problems"]
    classes = pd.Categorical(names, categories=used)
    return pd.Series(classes, index=before.index, name="pchc").mask(incomplete)


def reliable_change(
    before: pd.Series, after: pd.Series, *, sd: float, reliability: float, better: str, level: float = 0.95
) -> pd.DataFrame:
    """Whether each person changed more than the measurement error of the questionnaire explains.

    `sd` is the standard deviation before, `reliability` the test-retest reliability or alpha, `better` is `high` or
    `low`. People are matched by index. Returns, on the index of `before`: `change` (after minus before), `index`
    (change over its standard error `sd * sqrt(2 * (1 - reliability))`) and `class` (`worsened`, `unchanged`,
    `improved`; missing when a moment is). Raises `ValueError` for impossible arguments.
    Method: Jacobson and Truax (1991), J Consult Clin Psychol 59:12.
    """
    from scipy.stats import norm

    if not (sd > 0 and 0 <= reliability < 1 and 0 < level < 1 and better in ("high", "low")):
        raise ValueError(
            f"reliable_change: sd must be above 0 (is {sd}), reliability from 0 to below 1 (is {reliability}), "
            f"level between 0 and 1 (is {level}) and better 'high' or 'low' (is {better!r})."
        )
    change = after.reindex(before.index).astype(float) - before.astype(float)
    index = change / (sd * np.sqrt(2 * (1 - reliability)))
    limit, gain = norm.ppf(0.5 + level / 2), index if better == "high" else -index
    names = np.select([gain > limit, gain < -limit], ["improved", "worsened"], default="unchanged")
    classes = pd.Categorical(names, categories=["worsened", "unchanged", "improved"], ordered=True)
    labelled = pd.Series(classes, index=before.index).mask(index.isna())
    return pd.DataFrame({"change": change, "index": index, "class": labelled})


def _levels(profiles: pd.DataFrame) -> np.ndarray:
    """Levels as floats, people by dimensions, NaN where missing."""
    definition = load(_PROFILE)
    levels = np.column_stack(list(item_positions(definition, profiles).values())) + 1.0
    levels[levels > definition.questions[0].answers.n_positions] = np.nan
    return levels
