"""Organisations that work together in a municipality, and what they say of each other at the start and the end."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample

DOMAINS = {  # domain: least and most organisations
    "sport": (3, 4), "welzijn": (3, 4), "zorg": (3, 5), "sociaal": (2, 3), "werk": (1, 2), "gemeente": (2, 4),
}  # fmt: skip
_ROLES = {
    "sport": ["uitvoerder"], "welzijn": ["coach", "projectleider", "uitvoerder"], "zorg": ["verwijzer"],
    "sociaal": ["verwijzer", "uitvoerder"], "werk": ["uitvoerder"], "gemeente": ["beleid"],
}  # fmt: skip
_SAME, _OTHER = (0.52, 0.58), (0.16, 0.30)  # chance of a tie at the start and the end, within and between domains


def organisations(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """The organisations of one municipality: domain, role, and whether they answered the network survey."""
    domains = [domain for domain, (low, high) in DOMAINS.items() for _ in range(rng.integers(low, high + 1))]
    n = len(domains)
    turn = pd.Series(domains).groupby(domains).cumcount()
    invited = rng.random(n) < 0.96
    willing = np.clip(0.86 + 0.05 * rng.standard_normal(), 0.70, 0.95)
    return pd.DataFrame(
        {
            "organisatie": [f"O{sample.unit.position + 1}{number:02d}" for number in rng.permutation(n) + 1],
            "gemeente": sample.unit.name,
            "domein": domains,
            "rol": [_ROLES[domain][min(at, len(_ROLES[domain]) - 1)] for domain, at in zip(domains, turn, strict=True)],
            "uitgenodigd": invited.astype(int),
            "beantwoord_0": (invited & (rng.random(n) < willing)).astype(int),
            "beantwoord_1": (invited & (rng.random(n) < willing - 0.03)).astype(int),
        }
    )


def ties(sample: "Sample", rng: np.random.Generator, organisations: pd.DataFrame) -> pd.DataFrame:
    """Ties as reported by who answered: the same organisations at both moments, more ties between domains at the end.

    A tie that is there is reported by each end with chance 0.86, and now and then one that is not.
    """
    n = len(organisations)
    domain = organisations["domein"].to_numpy()
    same = domain[:, None] == domain
    centre = np.where(organisations["rol"].isin(["coach", "projectleider"]), 0.22, 0.0)
    luck, strength = _symmetric(rng.random((n, n))), _symmetric(rng.normal(0, 1, (n, n)))
    moments = []
    for moment in (0, 1):
        chance = np.where(same, _SAME[moment], _OTHER[moment]) + centre[:, None] + centre
        there = luck < chance
        said = np.where(there, rng.random((n, n)) < 0.86, rng.random((n, n)) < 0.015)
        said &= (organisations[f"beantwoord_{moment}"].to_numpy() == 1)[:, None] & ~np.eye(n, dtype=bool)
        moments.append(_reported(sample, moment, organisations["organisatie"].to_numpy(), said, strength, rng))
    return pd.concat(moments, ignore_index=True)


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    upper = np.triu(matrix, 1)
    return upper + upper.T


def _reported(
    sample: "Sample",
    moment: int,
    names: np.ndarray,
    said: np.ndarray,
    strength: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    source, target = np.nonzero(said)
    base = strength[source, target] + 0.25 * moment

    def rated(centre: float) -> np.ndarray:
        grade = np.clip(np.round(centre + 0.7 * base + 0.5 * rng.standard_normal(len(source))), 1, 4).astype(int)
        return np.where(rng.random(len(source)) < 0.02, 9, grade)

    return pd.DataFrame(
        {
            "gemeente": sample.unit.name, "moment": moment, "van": names[source], "naar": names[target],
            "frequentie": rated(2.4), "vertrouwen": rated(2.8), "waarde": rated(2.6),
        }
    )  # fmt: skip
