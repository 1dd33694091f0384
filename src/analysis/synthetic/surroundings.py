"""Everything around the participants: sessions, network, learning, delivery, coding, costs, public figures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic import coding, delivery, learning, network, sessions
from analysis.synthetic.world import World, stream, table

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample

_BY_UNIT = {
    "activities": sessions.activities,
    "experience": sessions.experience,
    "organisations": network.organisations,
    "meetings": learning.meetings,
    "partnership_checklist": learning.checklist,
    "work_sessions": learning.work_sessions,
    "involvement": learning.involvement,
    "fidelity": delivery.fidelity,
    "adaptations": delivery.adaptations,
    "embedding": delivery.embedding,
    "costs": delivery.costs,
    "interventions": delivery.interventions,
    "fragments": coding.fragments,
}


def other_tables(world: World, samples: Sequence["Sample"]) -> dict[str, pd.DataFrame]:
    """The raw tables beside persons, measures and referrals, of every municipality together."""

    parts = [_of_one(world, sample) for sample in samples]
    tables = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    return tables | {"context": table("public_figures.csv")}


def _of_one(world: World, sample: "Sample") -> dict[str, pd.DataFrame]:
    """The tables of one municipality; ties need its organisations, action points its meetings."""

    def luck(name: str) -> np.random.Generator:
        return stream(world.seed, name, sample.unit.position)

    tables = {name: make(sample, luck(name)) for name, make in _BY_UNIT.items()}
    tables["ties"] = network.ties(sample, luck("ties"), tables["organisations"])
    tables["actions"] = learning.actions(sample, luck("actions"), tables["meetings"])
    return tables
