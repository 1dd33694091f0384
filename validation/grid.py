"""The design of the simulation study as objects: the cells of the grid, and the world that each of them assumes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np
import yaml
from scipy import stats
from scipy.optimize import root

GRID = Path(__file__).with_name("grid.yaml")
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class Scale:
    """An outcome as cut points of a standard normal variable (ascending, K - 1) and the score of each class (K).

    Scores go from the worst to the best and may fall, as with a count of complaints.
    """

    cuts: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, plan: Mapping) -> "Scale":
        """The scale of one entry of `outcomes`: classes with their shares, or a normal score in steps."""
        if "normal" in plan:
            given = plan["normal"]
            scores = np.arange(given["first"], given["last"] + given["step"] / 2, given["step"])
            return cls((scores[1:] - given["step"] / 2 - given["mean"]) / given["sd"], scores)
        shares = np.array(plan["shares"], float)
        if abs(shares.sum() - 1) > 1e-9 or len(shares) != len(plan["scores"]):
            raise ValueError(f"shares: {len(shares)} that sum to {shares.sum():g} for {len(plan['scores'])} scores")
        return cls(stats.norm.ppf(np.cumsum(shares)[:-1]), np.array(plan["scores"], float))

    def expected(self, centre: np.ndarray | float, variance: float = 1.0) -> np.ndarray:
        """Mean score when the normal variable has this mean and variance; any shape of `centre`."""
        above = stats.norm.cdf((np.asarray(centre, float)[..., None] - self.cuts) / np.sqrt(variance))
        return self.scores[0] + above @ np.diff(self.scores)

    @cached_property
    def start(self) -> float:
        """Mean score at T0."""
        return float(self.expected(0.0))

    @cached_property
    def sd(self) -> float:
        """Standard deviation of the score at T0: the unit of all results."""
        squares = Scale(self.cuts, self.scores**2)
        return float(np.sqrt(squares.start - self.start**2))

    @property
    def sign(self) -> float:
        """1 where a higher score is better, else -1."""
        return float(np.sign(self.scores[-1] - self.scores[0]))

    def change(self, shift: np.ndarray | float) -> np.ndarray:
        """Mean change of the score of people whose normal variable moves up by `shift` on average."""
        return self.expected(shift) - self.start


@dataclass(frozen=True)
class Cell:
    """One combination of the grid. `plan` is the whole design, `number` the place of the cell in it."""

    number: int
    sizes: str
    between_sd: float
    outcome: str
    effect: float
    plan: Mapping

    @property
    def name(self) -> str:
        """A readable name, which a hash of all that the results depend on (but not of their number) makes unique."""
        depends = {key: self.plan[key] for key in ("seed", "block", "correlation", "lasting", "dropout", "imputation")}
        depends |= {"sizes": self.people, "outcome": self.plan["outcomes"][self.outcome], "number": self.number}
        digest = sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:10]
        return f"{self.sizes}-{self.between_sd:g}-{self.outcome}-{self.effect:g}-{digest}"

    @property
    def people(self) -> list[int]:
        """Participants per municipality."""
        return self.plan["sizes"][self.sizes]

    @cached_property
    def scale(self) -> Scale:
        """The outcome."""
        return Scale.of(self.plan["outcomes"][self.outcome])

    @property
    def mean_change(self) -> float:
        """Mean change over municipalities like these, on the scale of the score: a target of the study."""
        return self.effect * self.scale.sd * self.scale.sign

    @cached_property
    def shift(self) -> "Shift":
        """How the normal variable must move for the score to change as the grid says."""
        scale, spread = self.scale, self.between_sd * self.scale.sd

        def misfit(found: np.ndarray) -> list[float]:
            changes = scale.change(found[0] + found[1] * _NODES)
            mean = _WEIGHTS @ changes
            return [mean - self.mean_change, np.sqrt(_WEIGHTS @ (changes - mean) ** 2) - spread]

        if not spread:
            solved = root(lambda found: scale.change(found[0]) - self.mean_change, [self.effect], tol=1e-12)
            return Shift(float(solved.x[0]), 0.0)
        solved = root(misfit, [self.effect, self.between_sd], tol=1e-12)
        return Shift(float(solved.x[0]), float(abs(solved.x[1])))


@dataclass(frozen=True)
class Shift:
    """Mean and SD between municipalities of the movement of the normal variable from T0 to T1."""

    mean: float
    sd: float


def design(path: Path = GRID) -> Mapping:
    """The design as written."""
    return yaml.safe_load(path.read_text("utf-8"))


def cells(plan: Mapping) -> list[Cell]:
    """All combinations of the grid, in the order of the design."""
    combinations = product(plan["sizes"], plan["between_sd"], plan["outcomes"], plan["effect"])
    return [Cell(number, *combination, plan) for number, combination in enumerate(combinations)]
