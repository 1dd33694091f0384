"""The outcomes at the start by group (sex, age class, education, referrer, ...), and which groups differ."""

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from analysis import effect
from analysis.planned.design import ALL
from analysis.planned.people import characteristics
from analysis.study import Study

UNKNOWN = "unknown"
SMALLEST = 10  # people in a group that is tested: below it the t-test leans on a shape that nobody can check
COLUMNS = ["outcome", "variable", "level", "mean", "n"]
TESTED = ["outcome", "variable", "level", "other", "p_value", "n", "note"]
MULTIPLICITY = {"benjamini_hochberg": "bh"}


def crossings(study: Study, measures: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Mean score at the first wave per outcome, characteristic (`variable`) and `level`, with `n` people behind it.

    Level `all` is everybody with a score, `unknown` those who did not tell, so that the levels of a characteristic add
    up to the same total. Of measures of one of several units no row: there the groups are too small to compare.
    """
    rows = [
        {"outcome": outcome, "variable": variable, "level": level, "mean": values.mean(), "n": len(values)}
        for outcome, variable, groups in _groups(study, measures, persons)
        for level, values in [(ALL, pd.concat(groups.values())), *groups.items()]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def crossing_tests(study: Study, measures: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Which groups of `crossings` differ: a row for each two levels, with `p_value`, `p_adjusted` and the smaller `n`.

    Welch's t-test (for a yes or no: of the two shares), which does not ask for equal spread. `p_adjusted` has the
    plan's correction for its secondary family over all tests of the table. Those who did not tell are no group.
    """
    rows = [
        {"outcome": outcome, "variable": variable, "level": one, "other": other, **_welch(groups[one], groups[other])}
        for outcome, variable, groups in _groups(study, measures, persons)
        for one, other in combinations([level for level in groups if level != UNKNOWN], 2)
    ]
    method = study.multiplicity.secondary
    column = MULTIPLICITY.get(method, method)
    adjusted = effect.multiplicity(pd.DataFrame(rows, columns=TESTED), methods=(column,))
    return adjusted.rename(columns={f"p_{column}": "p_adjusted"}).drop(columns="family_size")


def _groups(
    study: Study, measures: pd.DataFrame, persons: pd.DataFrame
) -> Iterator[tuple[str, str, dict[str, pd.Series]]]:
    """Outcome, characteristic and the scores at the start of each level that somebody has, in the codebook's order."""
    if measures["unit"].nunique() < 2 <= len(study.units):
        return
    start = measures[(measures["wave"] == study.first) & measures["value"].notna()]
    for variable in [name for name in characteristics(study, persons) if study.levels(name)]:
        told = start["person"].map(persons.set_index("person")[variable]).astype(object)
        level = told.where(told.notna(), UNKNOWN).astype(str)
        order = [*(one.level for one in study.levels(variable) if one.level != UNKNOWN), UNKNOWN]
        for outcome in [one.id for one in study.outcomes]:
            scores = start.loc[start["outcome"] == outcome, "value"].astype(float)
            found = dict(tuple(scores.groupby(level.loc[scores.index])))
            if found:
                yield outcome, variable, {name: found[name] for name in order if name in found}


def _welch(one: pd.Series, other: pd.Series) -> dict:
    """The test of two groups, from their means and spreads; none where a group is small or nobody in both differs."""
    from scipy.stats import ttest_ind_from_stats

    smaller = min(len(one), len(other))
    if smaller < SMALLEST or (one.nunique() == 1 and other.nunique() == 1):
        note = "not estimable, because a group is too small or nobody differs"
        return {"p_value": float("nan"), "n": smaller, "note": note}
    moments = (one.mean(), one.std(), len(one), other.mean(), other.std(), len(other))
    return {"p_value": float(ttest_ind_from_stats(*moments, equal_var=False).pvalue), "n": smaller, "note": ""}
