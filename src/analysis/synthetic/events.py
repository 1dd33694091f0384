"""What really happened to everybody who was referred, also after the last day of the study: the truth of a funnel.

The chances follow from world.yaml by hand, the moments from the generator; nothing here goes through `process`.
"""

import numpy as np
import pandas as pd

from analysis.synthetic.people import recruit
from analysis.synthetic.referring import STEPS
from analysis.synthetic.world import World, assumed, dates, municipalities, slug, stream

_KEPT = {"kept_3m": 91, "kept_6m": 183}  # days after the start
_FEEDBACK = {"stopped_before": 0.35, "started": 0.62}  # as in `referring.last_steps`


def latent_referrals(world: World | None = None, *, rng: np.random.Generator | None = None) -> pd.DataFrame:
    """The first referral of everybody in a world, with every step that ever came, one row a person.

    Columns `person, unit, age`, each step and `ended` (dates; missing: never), without typing errors. The people are
    those of the study that the world makes; with `rng` others of the same world.
    """
    world = World() if world is None else world
    parts = [
        recruit(unit, rng or stream(world.seed, "persons", unit.position), cut=False).assign(unit=slug(unit.name))
        for unit in municipalities(world)
    ]
    people = pd.concat(parts, ignore_index=True)
    moments = {step: dates(people[step].to_numpy(float)) for step in [*STEPS, "ended"]}
    return people[["person", "unit", "age"]].assign(**moments)


def step_chances() -> pd.DataFrame:
    """The true chance of each step, index `step`: `previous` of the step it is a share of, `first` of all referred.

    Reached, intake and handover have their chance; a start is taken up by fewer of those who wait. Who started stops at
    a constant hazard, and a day is counted when it is over, so that 90 and 182 days must pass. Feedback comes for two
    in three of the starters and one in three of the others, and is a share of the referrals.
    """
    chance, stopping = assumed()["funnel"], assumed()["stopping"]
    start = chance["started"] * (1 - chance["waiting"] * 0.3)
    of_all = {"reached": chance["reached"], "intake": chance["reached"] * chance["intake"]}
    previous = {
        "reached": chance["reached"],
        "intake": chance["intake"],
        "handover": chance["handover"],
        "started": start,
    }
    previous |= {step: (1 - stopping["six_months"]) ** ((days - 1) / 183) for step, days in _KEPT.items()}
    of_all |= {"handover": of_all["intake"] * chance["handover"], "started": of_all["intake"] * start}
    of_all |= {step: of_all["started"] * previous[step] for step in _KEPT}
    gain = _FEEDBACK["started"] - _FEEDBACK["stopped_before"]
    previous["feedback"] = of_all["feedback"] = _FEEDBACK["stopped_before"] + of_all["started"] * gain
    return pd.DataFrame({"previous": previous, "first": of_all}).rename_axis("step")
