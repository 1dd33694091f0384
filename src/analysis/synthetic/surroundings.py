"""Everything around the participants: sessions, network, learning, delivery, coding, costs, public figures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

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

    def joined(name: str, make, **given: Sequence[pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(
            [
                make(sample, stream(world.seed, name, sample.unit.position), **{key: of[n] for key, of in given.items()})
                for n, sample in enumerate(samples)
            ],
            ignore_index=True,
        )

    tables = {name: joined(name, make) for name, make in _BY_UNIT.items()}
    tables["ties"] = joined("ties", network.ties, organisations=_parts(tables["organisations"], samples))
    tables["actions"] = joined("actions", learning.actions, meetings=_parts(tables["meetings"], samples))
    return tables | {"context": table("public_figures.csv")}


def _parts(frame: pd.DataFrame, samples: Sequence["Sample"]) -> list[pd.DataFrame]:
    return [frame[frame["gemeente"] == sample.unit.name].reset_index(drop=True) for sample in samples]
