"""Change of one person between two moments: Paretian classes of EQ-5D profiles, level sums and reliable change."""

import numpy as np
import pandas as pd

from analysis.instruments.library import load
from analysis.instruments.scoring import score

_PROFILE = "eq5d5l_nl"  # five levels; a profile of three levels fits in it
_PCHC = ["worsen", "mixed_change", "no_change", "no_problems", "improve"]


def level_sum(profiles: pd.DataFrame) -> pd.Series:
    """Sum of the five EQ-5D levels (5 is no problems; 25 is worst with five levels, 15 with three).

    `profiles` has the five dimension columns; an incomplete profile has no sum (NaN). Undeclared levels raise `ValueError`.
    """
    return score(_PROFILE, profiles)[f"{_PROFILE}_level_sum"].rename("level_sum")


def pchc(before: pd.DataFrame, after: pd.DataFrame, *, no_problems: bool = False) -> pd.Series:
    """Paretian classification of health change of each person, from two frames of EQ-5D profiles with the same index.

    `improve`: at least one dimension better and none worse; `worsen`: the reverse; `mixed_change`: both; `no_change`: the same
    profile, of which 11111 at both moments is `no_problems` when asked. A missing dimension makes the class missing.
    Raises `ValueError` when the people differ or a level is undeclared. Method: Devlin, Parkin and Browne (2010).
    """
    if not before.index.is_unique or not after.index.is_unique or set(before.index) != set(after.index):
        raise ValueError(
            f"pchc needs the same people in both frames, each once: before has {len(before)} rows, after {len(after)}. "
            "Remedy: keep the people with both moments and use the person as index."
        )
    level_before, level_after = _levels(before), _levels(after.loc[before.index])
    better, worse = (level_after < level_before).any(axis=1), (level_after > level_before).any(axis=1)
    healthy = (level_before == 1).all(axis=1) & (level_after == 1).all(axis=1) & no_problems
    codes = np.select([better & worse, better, worse, healthy], [1, 4, 0, 3], default=2)
    codes[np.isnan(level_before).any(axis=1) | np.isnan(level_after).any(axis=1)] = -1
    classes = _PCHC if no_problems else [name for name in _PCHC if name != "no_problems"]
    found = pd.Categorical.from_codes(codes, categories=_PCHC).set_categories(classes)
    return pd.Series(found, index=before.index, name="pchc")


def reliable_change(
    before: pd.Series, after: pd.Series, *, sd: float, reliability: float, better: str, level: float = 0.95
) -> pd.DataFrame:
    """Whether each person changed more than the questionnaire's measurement error explains.

    `sd` is the standard deviation before, `reliability` the test-retest reliability or alpha (0 to 1), `better` is `high` or `low`.
    Returns, on the index of `before`, `change` (after minus before), `index` (change over its standard error
    `sd * sqrt(2 * (1 - reliability))`) and `class` (`worsened`, `unchanged`, `improved`; empty when a moment is missing).
    Raises `ValueError` for impossible arguments. Method: Jacobson and Truax (1991), J Consult Clin Psychol 59:12.
    """
    from scipy.stats import norm

    if not (sd > 0 and 0 <= reliability < 1 and 0 < level < 1 and better in ("high", "low")):
        raise ValueError(
            f"reliable_change: sd {sd} must be above 0, reliability {reliability} at least 0 and below 1, "
            f"level {level} between 0 and 1, better {better!r} 'high' or 'low'."
        )
    change = after.reindex(before.index).astype(float) - before.astype(float)
    index = change / (sd * np.sqrt(2 * (1 - reliability)))
    limit, sign = norm.ppf(0.5 + level / 2), 1 if better == "high" else -1
    codes = np.select([index * sign > limit, index * sign < -limit, index.isna()], [2, 0, -1], default=1)
    classes = pd.Categorical.from_codes(codes, categories=["worsened", "unchanged", "improved"], ordered=True)
    return pd.DataFrame({"change": change, "index": index, "class": classes}, index=before.index)


def _levels(profiles: pd.DataFrame) -> np.ndarray:
    """Levels as floats, people by dimensions; goes through the scorer's own decoding so that labels and wrong levels are treated alike."""
    from analysis.instruments.answers import decode

    score(_PROFILE, profiles)  # raises on absent columns and undeclared levels, all at once
    questions = load(_PROFILE).questions
    found = np.column_stack([decode(item.answers, profiles[item.column]).positions for item in questions]) + 1.0
    found[found > questions[0].answers.n_positions] = np.nan
    return found
