"""How the programme was carried out: essential elements, adaptations, embedding, costs, recognised interventions."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.referring import chosen
from analysis.synthetic.seasons import locked
from analysis.synthetic.world import dates, day

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample

_ELEMENTS = {  # element: chance that it applies, that it was done
    "juiste_persoon": (1.0, 0.84), "goed_gesprek": (1.0, 0.90), "juiste_verwijzing": (0.92, 0.78),
    "terugkoppeling": (0.95, 0.52), "aanbod_bekend": (1.0, 0.81),
}  # fmt: skip
_EMBEDDING = ["budget", "beleid", "uren", "eigenaar", "afspraken"]
_COSTS = [  # step, resource, volume for 100 referrals, price in euros, source of the price
    ("verwijzing", "uren_verwijzer", 18, 62.0, "aangenomen uurtarief eerste lijn"),
    ("intake", "uren_coach", 118, 54.5, "aangenomen uurtarief welzijnscoach"),
    ("begeleiding", "uren_coach", 210, 54.5, "aangenomen uurtarief welzijnscoach"),
    ("activiteit", "zaalhuur", 260, 22.5, "aangenomen zaalhuur per dagdeel"),
    ("activiteit", "materiaal", 75, 11.0, "aangenomen materiaal per deelnemer"),
    ("activiteit", "vervoer", 90, 9.0, "aangenomen rit met de buurtbus"),
    ("coordinatie", "uren_coordinatie", 150, 61.0, "aangenomen uurtarief projectleider"),
]
_NO_PRICE = (3, "vervoer")  # municipality and resource whose price was not handed in
_INTERVENTIONS = [  # intervention, recognition, theme of GALA, policy frame, which municipalities
    ("wor", "beschreven", "sociale_basis", "gala_iza", (0, 1, 2, 3, 4, 5)),
    ("beweegmaatje", "geen", "leefstijl", "gala", (0, 2, 3, 5)),
    ("valpreventie", "geen", "vitaal_ouder", "gala", (0, 3, 4, 5)),
    ("campagne", "geen", "mentale_gezondheid", "gala", (1, 2, 4)),
]
_RECOGNITION = {"beschreven": "movisie_rivm_2015", "geen": "niet_nagegaan"}


def fidelity(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """About forty cases looked at per municipality, one row an essential element."""
    cases = int(rng.integers(37, 44))
    case, element = np.divmod(np.arange(cases * len(_ELEMENTS)), len(_ELEMENTS))
    applies, done = np.array(list(_ELEMENTS.values()))[element].T
    skill = np.clip(0.06 * rng.standard_normal(), -0.1, 0.1) + 0.12 * rng.standard_normal(cases)[case]
    applicable = rng.random(len(case)) < applies
    delivered = np.where(rng.random(len(case)) < 0.02, 9, rng.random(len(case)) < np.clip(done + skill, 0.05, 0.99))
    return pd.DataFrame(
        {
            "casus": [f"C{sample.unit.position + 1}{each + 1:02d}" for each in case], "gemeente": sample.unit.name,
            "element": np.array(list(_ELEMENTS))[element], "van_toepassing": applicable.astype(int),
            "uitgevoerd": pd.array(np.where(applicable, delivered, np.nan), dtype="Float64").astype("Int64"),
        }
    )  # fmt: skip


def adaptations(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """What was done differently, mostly because of the lockdowns."""
    n = int(rng.integers(9, 16))
    days = np.sort(rng.integers(day(date(2020, 3, 16)), day(date(2022, 11, 30)), n)).astype(float)
    covid = np.where(locked(days), 0.85, 0.35)
    others = chosen({"personeel": 0.4, "deelnemers": 0.4, "aanbod": 0.2}, n, rng)
    what = chosen({"digitaal": 0.25, "buiten": 0.2, "een_op_een": 0.2, "uitgesteld": 0.2, "telefoon": 0.15}, n, rng)
    return pd.DataFrame(
        {
            "datum": dates(days), "gemeente": sample.unit.name, "wat": what,
            "waarom": np.where(rng.random(n) < covid, "corona", others),
            "wie": chosen({"coach": 0.45, "projectleider": 0.3, "uitvoerder": 0.15, "beleid": 0.1}, n, rng),
            "gepland": (rng.random(n) < 0.3).astype(int),
            "passend": (rng.random(n) < np.where(what == "uitgesteld", 0.3, 0.8)).astype(int),
        }
    )  # fmt: skip


def embedding(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Five elements of embedding, absent to in place, at the start and the end."""
    start = rng.choice([0, 1, 2], len(_EMBEDDING), p=[0.6, 0.32, 0.08])
    end = np.minimum(2, start + rng.choice([0, 1, 2], len(_EMBEDDING), p=[0.4, 0.45, 0.15]))
    return pd.DataFrame(
        {
            "gemeente": sample.unit.name, "moment": np.repeat([0, 1], len(_EMBEDDING)), "onderdeel": 2 * _EMBEDDING,
            "score": np.concatenate([start, end]),
        }
    )  # fmt: skip


def costs(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Volumes and assumed prices of each step; one price was not handed in."""
    step, resource, volume, price, source = (list(column) for column in zip(*_COSTS, strict=True))
    used = np.round(np.array(volume) * sample.unit.people / 100 * rng.uniform(0.85, 1.2, len(volume)))
    known = np.array([(sample.unit.position, each) != _NO_PRICE for each in resource])
    return pd.DataFrame(
        {
            "gemeente": sample.unit.name, "stap": step, "middel": resource, "volume": used,
            "prijs": np.where(known, price, np.nan), "prijsjaar": 2022,
            "bron": np.where(known, source, "niet aangeleverd"),
        }
    )  # fmt: skip


def interventions(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """What was offered, with the recognition that is publicly known (nothing is drawn)."""
    rows = [row for row in _INTERVENTIONS if sample.unit.position % 6 in row[4]]
    return pd.DataFrame(
        {
            "interventie": [row[0] for row in rows], "gemeente": sample.unit.name,
            "erkenning": [row[1] for row in rows], "thema": [row[2] for row in rows], "kader": [row[3] for row in rows],
            "bron": [_RECOGNITION[row[1]] for row in rows],
        }
    )  # fmt: skip
