"""What every analysis of a synthetic study should have found, by simulating very many people and scoring them.

Estimand, per outcome, unit and wave: the mean within-person change of the score since T0, over everybody who takes
part (consent, a first form, an activity started), had every question of every form been answered. Three worlds
with the same people and the same luck take it apart:

- `regression`: change without programme and without lockdowns (the low moment at referral passes);
- `shock`: what the lockdowns add to that;
- `effect`: change with the programme minus change without it, of the same people in the same months.

`change` is their sum. `completers` is the mean change of those whose form at that wave is there. Outcomes of 0 and 1
are proportions, so a change of 0.05 is five percentage points.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from analysis.synthetic.answers import fill_in, known, leave_open
from analysis.synthetic.follow_up import stays
from analysis.synthetic.people import recruit
from analysis.synthetic.wellbeing import trait_levels
from analysis.synthetic.world import WAVES, Unit, World, assumed, municipalities, slug, stream

PARTS = ["change", "regression", "shock", "effect", "completers"]
_CHUNK = 60_000  # referred persons at a time: about 0.3 GB
_TAKING_PART = 0.44  # of the referred; sets how many have to be simulated
_DECIMALS = 4


@dataclass(frozen=True)
class _Sums:
    """Sums over people of one municipality; arrays have shape (outcomes, waves after T0) unless said otherwise."""

    n: int
    start: np.ndarray  # (outcomes,)
    start_squared: np.ndarray  # (outcomes,)
    parts: np.ndarray  # (outcomes, waves after T0, change regression shock effect completers)
    squared: np.ndarray
    stayed: np.ndarray  # (waves after T0,)

    def __add__(self, other: "_Sums") -> "_Sums":
        return _Sums(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def truth(people: int = 1_000_000, world: World | None = None) -> pd.DataFrame:
    """The truth of a world (default: of the committed study), from about `people` simulated participants.

    One row per outcome, unit (its id, and `all`) and wave: `n` participants simulated, `start` (mean at T0),
    `sd_start`, `change` and its Monte Carlo `std_error`, `regression`, `shock`, `effect`, `completers` (see the
    module), all on the scale of the score. Units count in `all` by their expected number of participants.
    """
    world = World() if world is None else world
    counts = {slug(unit.name): _unit(world, unit, people) for unit in municipalities(world)}
    counts["all"] = sum(list(counts.values())[1:], start=next(iter(counts.values())))
    return pd.DataFrame([row for unit, sums in counts.items() for row in _rows(unit, sums)])


def write_truth(path: Path, people: int = 1_000_000) -> Path:
    """Write the truth of the default study as YAML, rounded to four decimals, with what each number means."""
    found = truth(people)
    found["n"] = found["n"].astype(int)
    rows = [
        {key: round(value, _DECIMALS) if isinstance(value, float) else value for key, value in row.items()}
        for row in found.to_dict("records")
    ]
    lines = "".join(f"  - {yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=1000)}" for row in rows)
    about = {
        "seed": World().seed,
        "people": int(found.loc[found["unit"] == "all", "n"].iloc[0]),
        "estimand": "mean within-person change since t0 of everybody who takes part, had every form been complete",
        "parts": "change = regression + shock + effect; completers = change of those with a form at that wave",
        "std_error": "Monte Carlo standard error of change",
    }
    path.write_text(
        "# Synthetic. Made by analysis.synthetic.write_truth; lessons and validation read it, no analysis does.\n"
        + yaml.safe_dump(about, sort_keys=False, width=120) + "rows:\n" + lines,
        encoding="utf-8", newline="\n",
    )  # fmt: skip
    return path


def _unit(world: World, unit: Unit, people: int) -> _Sums:
    """The sums of one municipality, chunk by chunk."""
    total = int(np.ceil(people / _TAKING_PART * unit.people / world.people))
    chunks = [min(_CHUNK, total - done) for done in range(0, total, _CHUNK)]
    parts = [_chunk(world, unit, size, number) for number, size in enumerate(chunks)]
    return sum(parts[1:], start=parts[0])


def _chunk(world: World, unit: Unit, size: int, number: int) -> _Sums:
    def luck(name: str) -> np.random.Generator:
        return stream(world.seed, f"truth {name}", unit.position, number)

    people = recruit(unit, luck("people"), size)
    people = people[people["in_study"] & ~people["waits"]].reset_index(drop=True)
    worlds = [world, world.without("effect", "shock"), world.without("effect")]
    levels = [trait_levels(each, unit, people, luck("traits")) for each in worlds]
    answers = [fill_in(level, luck("answers")) for level in levels]
    full, still, shocked = (np.stack(list(_scores(each))) for each in answers)
    present = stays(world, people, known(leave_open(answers[0], luck("open"))), levels[0], luck("stays"))[:, 1:]
    change, without, with_shock = (score[:, :, 1:] - score[:, :, :1] for score in (full, still, shocked))
    pieces = [change, without, with_shock - without, change - with_shock, change * present]
    return _Sums(
        len(people), full[:, :, 0].sum(axis=1), (full[:, :, 0] ** 2).sum(axis=1),
        np.stack([piece.sum(axis=1) for piece in pieces], axis=-1), (change**2).sum(axis=1), present.sum(axis=0),
    )  # fmt: skip


def _scores(answers: dict[str, np.ndarray]) -> Iterator[np.ndarray]:
    """Each outcome's score, shape (people, waves), by the real scorer."""
    from analysis.instruments import score

    shape = (-1, len(WAVES))
    frame = pd.DataFrame({name: values.ravel() for name, values in known(answers).items()})
    for outcome in assumed()["outcomes"]:
        yield score(outcome, frame)[outcome].to_numpy(float).reshape(shape)


def _rows(unit: str, sums: _Sums) -> Iterator[dict]:
    for place, outcome in enumerate(assumed()["outcomes"]):
        start = sums.start[place] / sums.n
        spread = np.sqrt(sums.start_squared[place] / sums.n - start**2)
        for wave in range(len(WAVES) - 1):
            divisor = np.array([sums.n] * 4 + [sums.stayed[wave]])
            mean = dict(zip(PARTS, (sums.parts[place, wave] / divisor).tolist(), strict=True))
            error = np.sqrt((sums.squared[place, wave] / sums.n - mean["change"] ** 2) / sums.n)
            yield {
                "outcome": outcome, "unit": unit, "wave": WAVES[wave + 1], "n": sums.n, "start": float(start),
                "sd_start": float(spread), **mean, "std_error": float(error),
            }  # fmt: skip
