"""What is assumed of the world: its knobs, its municipalities, its traits and its questions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from zlib import crc32

import numpy as np
import pandas as pd

from analysis._yaml import read_yaml

WAVES = ("t0", "t1", "t2")


@dataclass(frozen=True)
class World:
    """The knobs of a synthetic study; the defaults are the study that is committed.

    `effect`: what the programme adds to mental wellbeing from three months after the start, in SD of that trait in
    the population (to other traits by their factor in traits.csv; 0.25 is about 0.22 SD of the MHI-5). `dropout`:
    share without a form at T1 (at T2 1.54 times that). `shock`: what a complete lockdown takes from feeling connected,
    in the same SD. `mnar`: extra log odds of a form at T1 or T2 per SD of improvement that nobody has seen; 0 in the
    default study, so that its dropout depends on answers and age at T0 only. `municipalities`, `people`: number of
    each (people = persons referred; with the default chances 45 % of them take part in the effect study and 8 % are
    its waiting group). `seed`: of everything that is drawn.
    """

    effect: float = 0.25
    dropout: float = 0.26
    shock: float = 0.25
    mnar: float = 0.0
    municipalities: int = 6
    people: int = 1690
    seed: int = 20181001

    def __post_init__(self) -> None:
        wrong = []
        if not 0 <= self.dropout <= 0.6:
            wrong.append(f"dropout is {self.dropout}; it is a share of 0 to 0.6")
        if self.municipalities < 1 or self.people < self.municipalities:
            wrong.append(f"{self.people} people in {self.municipalities} municipalities; give each at least one")
        if wrong:
            raise ValueError("This world cannot be made: " + "; ".join(wrong) + ".")

    def without(self, *knobs: str) -> "World":
        """The same world with these knobs at zero: the same people, had there been no effect or no shock."""
        return replace(self, **dict.fromkeys(knobs, 0.0))


@dataclass(frozen=True)
class Unit:
    """One municipality: its place in the order, name, target group, number of referred persons and their response.

    `response` multiplies the effect; `before` is the number of persons in earlier municipalities (for pseudonyms).
    """

    position: int
    name: str
    group: str
    people: int
    before: int
    response: float


@dataclass(frozen=True)
class Item:
    """One question: how a trait becomes an answer.

    `kind` grade: cuts on the scale of the answer tendency (population mean 0, SD 1), counted upwards for `direction`
    1 and downwards for -1; mark: mean and SD of a 0-100 mark; minutes: tendency above which somebody does it at all,
    mean and SD of the logarithm of the minutes.
    """

    column: str
    name: str
    kind: str
    trait: int
    loading: float
    direction: int
    lowest: int
    cuts: tuple[float, ...]
    missing: tuple[int, ...]


def stream(seed: int, table: str, *part: int) -> np.random.Generator:
    """The random numbers of one table of one part (a municipality, a chunk), independent of every other."""
    return np.random.default_rng([seed, crc32(table.encode()), *part])


@cache
def assumed() -> Mapping:
    """The numbers of world.yaml."""
    return read_yaml(files(__package__).joinpath("world.yaml").read_text("utf-8"))


def table(name: str) -> pd.DataFrame:
    """A table of this package's data, as text and numbers; empty cells stay empty."""
    with files(__package__).joinpath(name).open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


@cache
def traits() -> pd.DataFrame:
    """The traits behind the answers, one row each, indexed by name."""
    return table("traits.csv").set_index("trait")


@cache
def items() -> tuple[Item, ...]:
    """The questions in the order of the questionnaire."""
    order = {trait: number for number, trait in enumerate(traits().index)}
    return tuple(
        Item(
            row.column, row.name_, row.kind, order[row.trait], row.loading, row.direction, row.lowest,
            tuple(map(float, str(row.cuts).split())), tuple(map(int, str(row.missing).split())),
        )
        for row in table("items.csv").rename(columns={"name": "name_"}).itertuples()
    )  # fmt: skip


def municipalities(world: World) -> tuple[Unit, ...]:
    """The municipalities of a world: the six of the study, or as many made-up ones that repeat their shapes."""
    known = table("units.csv")
    number = world.municipalities
    shape = known.iloc[np.arange(number) % len(known)].reset_index(drop=True)
    if number > len(known):
        shape["name"] = [f"Gemeente {position:03d}" for position in range(1, number + 1)]
    exact = np.cumsum(shape.weight) / shape.weight.sum() * world.people
    upto = np.round(exact).astype(int).to_numpy()
    return tuple(
        Unit(position, row.name_, row.group, int(upto[position] - before), int(before), float(row.response))
        for position, (row, before) in enumerate(
            zip(shape.rename(columns={"name": "name_"}).itertuples(), [0, *upto[:-1]], strict=True)
        )
    )


def slug(name: str) -> str:
    """The id of a municipality: its name as an ASCII word."""
    return name.lower().replace(" ", "_")


def day(moment: date) -> int:
    """A date as a number of days since the study window opened."""
    return (moment - assumed()["window"]["first"]).days


def dates(days: np.ndarray) -> pd.Series:
    """Numbers of days since the study window opened, NaN for never, as dates."""
    first = np.datetime64(assumed()["window"]["first"], "D")
    known = ~np.isnan(days)
    moments = np.full(len(days), np.datetime64("NaT"), dtype="datetime64[s]")
    moments[known] = first + np.floor(days[known]).astype("timedelta64[D]")
    return pd.Series(moments)
