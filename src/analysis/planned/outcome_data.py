"""The data of one primary outcome in the shapes that its analyses need, and imputed once for all of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from analysis import effect
from analysis.planned.specification import Specification
from analysis.study import Outcome, Study

DAYS_A_MONTH = 30.4375


@dataclass(frozen=True, eq=False)
class Primary:
    """One primary outcome.

    `long` has a row a person and wave (person, unit, wave, value, date or day, arm), `persons` a row a person, `both`
    the long rows with the reference group of a pre-post design (None: there is none); `estimates` are those made so
    far, by specification.
    """

    study: Study
    outcome: Outcome
    long: pd.DataFrame
    persons: pd.DataFrame
    both: pd.DataFrame | None = None
    estimates: dict[Specification, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @property
    def first(self) -> str:
        """The wave against which the others are contrasted."""
        return self.study.first

    @property
    def later(self) -> list[str]:
        """The waves after the first, in the plan's order."""
        return [wave.id for wave in self.study.waves[1:]]

    @property
    def arm(self) -> str | None:
        """The column of the arm where the design compares arms."""
        return self.study.design.arm if self.study.design.kind == "comparison" else None

    @property
    def unit(self) -> list[str]:
        """The unit as a covariate, where the data hold several."""
        return ["unit"] if self.long["unit"].nunique() > 1 else []

    @property
    def covariates(self) -> list[str]:
        """The covariates of the plan that the persons have."""
        return [name for name in self.study.covariates if name in self.persons]

    def contrast(self, wave: str) -> str:
        """The id of the contrast of a wave with the first."""
        return f"{wave} - {self.first}"

    @property
    def rng(self) -> np.random.Generator:
        """The generator of this outcome, from the plan's seed: the same whatever ran before."""
        return np.random.default_rng([self.study.seed, self.study.outcomes.index(self.outcome)])

    @cached_property
    def wide(self) -> pd.DataFrame:
        """One row a person with a column a wave, its unit and, in a design with arms, its arm."""
        return self.across(self.long)

    def across(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Long rows as one row a person with a column a wave."""
        scores = rows.assign(wave=rows["wave"].astype(str)).pivot(index="person", columns="wave", values="value")
        keys = [key for key in ("unit", self.study.design.arm) if key]
        known = rows.drop_duplicates("person").set_index("person")[keys]
        return known.join(scores.reindex(columns=[self.first, *self.later])).reset_index()

    @cached_property
    def completed(self) -> pd.DataFrame:
        """The wide scores imputed as the plan says, with the auxiliary variables: m data sets, column `imputation`."""
        plan = self.study.imputation
        auxiliary = [name for name in plan.auxiliary if name in self.persons]
        wide = self.wide.merge(self.typed(auxiliary), on="person")
        constant = [self.study.design.arm] if self.study.design.arm and not self.arm else []
        constant += [] if self.unit else ["unit"]
        unit = "unit" if self.unit else None
        return effect.impute(
            wide, exclude=["person", *constant], unit=unit, m=plan.m, iterations=plan.iterations, rng=self.rng
        )

    def typed(self, names: list[str]) -> pd.DataFrame:
        """`person` and these columns of persons, categories in the order of their levels, all else numbers."""
        found = self.persons[["person", *names]]
        for name in names:
            levels = [level.level for level in self.study.levels(name)]
            kind = pd.CategoricalDtype(levels) if levels else "float64"
            typed = found[name].astype(kind)
            found = found.assign(**{name: typed.cat.remove_unused_categories() if levels else typed})
        return found

    @cached_property
    def on_time(self) -> "Primary":
        """The same outcome without the forms that were filled in too early or too late (`on_time` of the plan)."""
        date = "date" if self.study.time == "date" else "day"
        first = self.long[self.long["wave"] == self.first].set_index("person")[date]
        passed = self.long[date] - self.long["person"].map(first)
        days = passed.dt.days if self.study.time == "date" else passed
        planned = self.long["wave"].astype(str).map({wave.id: wave.month for wave in self.study.waves})
        kept = (days / DAYS_A_MONTH - planned).abs() <= (self.study.on_time or np.inf)
        return Primary(
            self.study, self.outcome, self.long[kept | (self.long["wave"] == self.first)], self.persons, self.both
        )


def primaries(
    study: Study, people: pd.DataFrame, persons: pd.DataFrame, both: pd.DataFrame | None = None
) -> tuple[Primary, ...]:
    """The data of every primary outcome, in the plan's order.

    `people` are the measures of the main analysis, `both` those with the reference group of a pre-post design.
    """
    return tuple(_primaries(study, people, persons, both))


def _primaries(
    study: Study, people: pd.DataFrame, persons: pd.DataFrame, both: pd.DataFrame | None
) -> Iterator[Primary]:
    for outcome in [outcome for outcome in study.outcomes if outcome.role == "primary"]:
        long = people[people["outcome"] == outcome.id].dropna(subset=["unit"])
        others = None if both is None else both[both["outcome"] == outcome.id]
        yield Primary(study, outcome, long, persons[persons["person"].isin(long["person"])], others)
