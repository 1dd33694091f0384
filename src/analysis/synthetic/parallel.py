"""The same people in other worlds: what they would have answered without the programme, or without lockdowns too.

Nobody has two lives, so a real study never sees this; a synthetic one can, because luck does not depend on the knobs.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.answers import fill_in, known
from analysis.synthetic.forms import ARM_IDS
from analysis.synthetic.wellbeing import trait_levels
from analysis.synthetic.world import WAVES, World, dates, slug, stream

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample, Study

PARTS = ("change", "regression", "shock", "effect")


def same_people(study: "Study", outcome: str) -> pd.DataFrame:
    """One outcome of everybody in the effect study at every wave, in three worlds, with nothing missing.

    Columns `person, unit, arm, wave, date`; `value` (what is on the form; NaN where there is none or too little),
    `lived` (had every form been complete), `without_programme`, and `quiet` (no programme, no lockdown). `outcome` is
    an instrument of the study. One row a person and wave, in the order of `Study.measures`' people.
    """
    return pd.concat([_unit(study.world, sample, outcome) for sample in study.samples], ignore_index=True)


def true_change(study: "Study", outcome: str) -> pd.DataFrame:
    """The truth of the people who were drawn: one row a wave after the first, indexed by it.

    Columns `n` (people who take part), `change` (mean change since the first form, had every form been complete) and
    what it is the sum of: `regression` (the low moment at referral passes), `shock` (lockdowns), `effect` (programme).
    The estimand is that of `truth`, for these people instead of a million others.
    """
    people = same_people(study, outcome)
    people = people[people["arm"] == "programme"]
    wide = people.pivot(index="person", columns="wave", values=["lived", "without_programme", "quiet"])
    rows = []
    for wave in WAVES[1:]:
        lived, still, quiet = (
            (wide[world][wave] - wide[world][WAVES[0]]).mean() for world in ("lived", "without_programme", "quiet")
        )
        rows.append({"wave": wave, "n": len(wide)} | _parts(lived, still, quiet))
    return pd.DataFrame(rows).set_index("wave")


def _parts(lived: float, without_programme: float, quiet: float) -> dict[str, float]:
    pieces = (lived, quiet, without_programme - quiet, lived - without_programme)
    return dict(zip(PARTS, map(float, pieces), strict=True))


def _unit(world: World, sample: "Sample", outcome: str) -> pd.DataFrame:
    asked, place = sample.asked, sample.unit.position
    chosen = np.repeat(asked["in_study"].to_numpy()[:, None], len(WAVES), axis=1)
    row, wave = np.nonzero(chosen)

    def told(answers: dict[str, np.ndarray]) -> np.ndarray:
        return _score(outcome, {name: codes[row, wave] for name, codes in known(answers).items()})

    def elsewhere(*knobs: str) -> np.ndarray:
        levels = trait_levels(world.without(*knobs), sample.unit, asked, stream(world.seed, "traits", place))
        return told(fill_in(levels, stream(world.seed, "answers", place)))

    value = np.where(sample.present[row, wave], told(dict(sample.given)), np.nan)
    return pd.DataFrame(
        {
            "person": asked["person"].to_numpy()[row],
            "unit": slug(sample.unit.name),
            "arm": asked["waits"].map(ARM_IDS).to_numpy()[row],
            "wave": np.array(WAVES)[wave],
            "date": dates(asked[list(WAVES)].to_numpy()[row, wave]),
            "value": value,
            "lived": told(dict(sample.complete)),
            "without_programme": elsewhere("effect"),
            "quiet": elsewhere("effect", "shock"),
        }
    )


def _score(outcome: str, answers: dict[str, np.ndarray]) -> np.ndarray:
    from analysis.instruments import score

    return score(outcome, pd.DataFrame(answers))[outcome].to_numpy(float)
