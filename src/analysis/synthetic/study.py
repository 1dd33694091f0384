"""A synthetic study put together: the raw tables, the long scores, and one municipality at a time for large worlds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.synthetic.answers import fill_in, known, leave_open
from analysis.synthetic.follow_up import stays
from analysis.synthetic.forms import measures, persons, referrals, scores
from analysis.synthetic.mistakes import with_mistakes
from analysis.synthetic.people import again, recruit
from analysis.synthetic.surroundings import other_tables
from analysis.synthetic.wellbeing import trait_levels
from analysis.synthetic.world import Unit, World, municipalities, stream


@dataclass(frozen=True)
class Sample:
    """One municipality: its referred persons, second referrals, and the answers of who filled in a first form.

    `asked` are the rows of `people` with a form at T0; `complete` and `given` their answers (what they would have
    said, what is on the form: codes by raw column, shape (asked, 3 waves)); `present` whether each form is there.
    """

    unit: Unit
    people: pd.DataFrame
    further: pd.DataFrame
    asked: pd.DataFrame
    complete: Mapping[str, np.ndarray]
    given: Mapping[str, np.ndarray]
    present: np.ndarray

    def tables(self) -> dict[str, pd.DataFrame]:
        """The raw tables persons, measures and referrals of this municipality, without mistakes."""
        return {"persons": persons(self), "measures": measures(self), "referrals": referrals(self)}

    def scores(self) -> pd.DataFrame:
        """The scores of the effect study, long, as `prepare` would make them from the raw tables.

        Columns `person, unit, group, arm, wave, date, outcome, value, n_missing_items`, ids as in the processed tables.
        """
        return scores(self)


@dataclass(frozen=True)
class Study:
    """A synthetic study. `world` made it; `tables` and `corrections` are as received, mistakes included."""

    world: World

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """The municipalities, in the order of the study."""
        return tuple(units(self.world))

    @cached_property
    def _marked(self) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
        parts = [sample.tables() for sample in self.samples]
        joined = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
        return with_mistakes(joined, stream(self.world.seed, "mistakes"))

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every raw table by the name of its file, columns and codes as in the codebook's `source`."""
        return self._marked[0] | other_tables(self.world, self.samples)

    @property
    def corrections(self) -> pd.DataFrame:
        """What settles the typing errors: `table, person, wave, variable, from, to, reason`."""
        return self._marked[1]

    @cached_property
    def measures(self) -> pd.DataFrame:
        """The scores of everybody in the effect study (see `Sample.scores`), without a file and without mistakes."""
        return pd.concat([sample.scores() for sample in self.samples], ignore_index=True)


def units(world: World) -> Iterator[Sample]:
    """The municipalities of a world one after the other, so that a national study never stands in memory as a whole.

    Each has its own stream of random numbers: the same whether made alone, in another order or on another machine.
    """
    for unit in municipalities(world):
        yield sample(world, unit)


def sample(world: World, unit: Unit) -> Sample:
    """One municipality of a world."""
    people = recruit(unit, stream(world.seed, "persons", unit.position))
    further = again(people, unit, stream(world.seed, "again", unit.position))
    asked = people[people["has_t0"]].reset_index(drop=True)
    levels = trait_levels(world, unit, asked, stream(world.seed, "traits", unit.position))
    complete = fill_in(levels, stream(world.seed, "answers", unit.position))
    given = leave_open(complete, stream(world.seed, "open", unit.position))
    present = stays(world, asked, known(given), levels, stream(world.seed, "stays", unit.position))
    return Sample(unit, people, further, asked, complete, given, present)


def make_study(**knobs: float) -> Study:
    """A study in a world of your own: what would an analysis say if the truth were different?

    Knobs and defaults are those of `World`: `effect`, `dropout`, `shock`, `mnar`, `municipalities`, `people`, `seed`.
    For a large world use `units(World(...))`, one municipality at a time. Example:
    `make_study(effect=0, shock=0.5).measures`. The truth of the same world: `truth(world=study.world)`.
    """
    return Study(World(**knobs))


def make(seed: int | None = None) -> dict[str, pd.DataFrame]:
    """The raw tables of the default study, by file name without `.csv`; another seed gives another draw."""
    return Study(World() if seed is None else World(seed=seed)).tables
