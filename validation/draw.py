"""Data of a cell: replications of a study with three waves, six municipalities and dropout that depends on T0."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from validation.grid import Cell

WAVES = ("t0", "t1", "t2")


@dataclass(frozen=True)
class Block:
    """Block number `number` of the replications of one cell.

    `scores` (R, n, 3) with NaN where there is no form; `unit` (n,) the municipality of each person; `these` (R,) the
    mean change of the people of these municipalities, every person counting once; `another` (R,) that of a further one.
    """

    cell: Cell
    number: int
    scores: np.ndarray
    unit: np.ndarray
    these: np.ndarray
    another: np.ndarray

    @property
    def replications(self) -> int:
        """Number of replications R."""
        return len(self.scores)

    def wide(self, replication: int) -> pd.DataFrame:
        """One row a person: a column a wave, and the unit."""
        return pd.DataFrame(self.scores[replication], columns=list(WAVES)).assign(unit=self.unit)

    def long(self) -> pd.DataFrame:
        """One row a form that is there: replication, person (numbered over all replications), unit, wave, value."""
        replications, people, waves = self.scores.shape
        place = np.indices(self.scores.shape).reshape(3, -1)
        there = ~np.isnan(self.scores.ravel())
        replication, person, wave = place[:, there]
        return pd.DataFrame(
            {
                "replication": replication, "person": replication * people + person, "unit": self.unit[person],
                "wave": pd.Categorical.from_codes(wave, list(WAVES)), "value": self.scores.ravel()[there],
            }
        )  # fmt: skip

    def changes(self) -> pd.DataFrame:
        """One row a person with T0 and T1: replication, unit, change."""
        change = self.scores[:, :, 1] - self.scores[:, :, 0]
        replication, person = np.nonzero(~np.isnan(change))
        return pd.DataFrame(
            {"replication": replication, "unit": self.unit[person], "change": change[replication, person]}
        )


def draw(cell: Cell, block: int, replications: int) -> Block:
    """Block number `block` of a cell; the same numbers each time, whatever was drawn before."""
    rng = np.random.default_rng([cell.plan["seed"], cell.number, block])
    unit = np.repeat(np.arange(len(cell.people)), cell.people)
    moved = cell.shift.mean + cell.shift.sd * rng.standard_normal((replications, len(cell.people) + 1))
    change = cell.scale.change(moved)
    latent = _people(cell, replications, len(unit), rng)
    latent[:, :, 1] += moved[:, unit]
    latent[:, :, 2] += cell.plan["lasting"] * moved[:, unit]
    scores = cell.scale.scores[np.searchsorted(cell.scale.cuts, latent)]
    scores[~_present(cell, scores[:, :, 0], rng)] = np.nan
    return Block(cell, block, scores, unit, change[:, :-1] @ np.array(cell.people) / len(unit), change[:, -1])


def _people(cell: Cell, replications: int, people: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal, equally correlated over waves: (R, n, 3)."""
    correlation = cell.plan["correlation"]
    person = rng.standard_normal((replications, people, 1)) * np.sqrt(correlation)
    return person + rng.standard_normal((replications, people, len(WAVES))) * np.sqrt(1 - correlation)


def _present(cell: Cell, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which forms are there, (R, n, 3): everybody at T0, later with a chance that depends on the score at T0 only."""
    plan, scale = cell.plan["dropout"], cell.scale
    odds = plan["wellbeing"] * scale.sign * (start - scale.start) / scale.sd
    first = rng.random(start.shape) < _chance(plan["t1"], odds)
    stays = (plan["t2"] - (1 - plan["t1"]) * plan["returns"]) / plan["t1"]
    second = rng.random(start.shape) < np.where(first, _chance(stays, odds), plan["returns"])
    return np.stack([np.ones_like(first), first, second], axis=-1)


def _chance(share: float, log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + (1 - share) / share * np.exp(-log_odds))
