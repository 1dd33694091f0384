"""Who fills in the forms at T1 and T2: depends on the answers and the age at T0, which are known (missing at random).

With the knob `mnar` it depends also on the change that nobody sees, and then no analysis of what is there is right.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.synthetic.world import World, assumed

_NEGATIVE = ("mhi5_1", "mhi5_2", "mhi5_4")  # MHI-5 questions whose higher codes are the better answers
_POSITIVE = ("mhi5_3", "mhi5_5")
_SD = 18.0


def stays(
    world: World, people: pd.DataFrame, known: Mapping[str, np.ndarray], levels: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Whether each form is there, shape (people, 3), for people with a first form.

    `known`: answers without missing codes; `levels`: traits (used by the knob `mnar` only).
    """
    plan = assumed()["follow_up"]
    present = plan["wellbeing"] * _wellbeing(known) + plan["age"] * (people["age"].to_numpy() - 70) / 10
    gain = (levels[:, 1:, 0] - levels[:, :1, 0]) * world.mnar
    lost = np.array([world.dropout, min(plan["second"] * world.dropout, 0.95)])
    chance = rng.random((len(people), 2))
    first = chance[:, 0] < _share(1 - lost[0], present + gain[:, 0])
    stay_on = (1 - lost[1] - lost[0] * plan["returns"]) / max(1 - lost[0], 0.01)
    second = chance[:, 1] < np.where(first, _share(stay_on, present + gain[:, 1]), plan["returns"])
    begun = (people["started"] <= people["t2"]).to_numpy()
    waits = people["waits"].to_numpy()
    second &= ~waits | (~begun & (rng.random(len(people)) < plan["waiting_second"]))
    follows = waits | people["started"].notna().to_numpy()
    return np.column_stack([np.ones(len(people), bool), first & follows, second & follows])


def _wellbeing(known: Mapping[str, np.ndarray]) -> np.ndarray:
    """The MHI-5 answers at T0 in SD around the centre; who left one open counts as average."""
    total = sum(known[item][:, 0] - 1 for item in _NEGATIVE) + sum(6 - known[item][:, 0] for item in _POSITIVE)
    return np.nan_to_num((4 * total - assumed()["follow_up"]["centre"]["wellbeing"]) / _SD)


def _share(share: float, log_odds: np.ndarray) -> np.ndarray:
    """Chances that differ by `log_odds` and are `share` at the centre."""
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return 1 / (1 + (1 - share) / share * np.exp(-log_odds))
