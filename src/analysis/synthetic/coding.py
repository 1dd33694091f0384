"""Fragments of interviews, minutes and logbooks, each coded by two coders who do not always agree."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.referring import chosen

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample

_FACTORS = {  # factor: how often, how it works (-2 hindering .. 2 helping), chance that a coder sees it
    "tijd": (0.15, -0.9, 0.88), "vertrouwen": (0.11, 0.9, 0.82), "bekendheid": (0.13, -0.2, 0.85),
    "financien": (0.09, -0.8, 0.93), "leiderschap": (0.09, 0.7, 0.72), "samenwerking": (0.14, 0.6, 0.80),
    "lockdown": (0.12, -1.5, 0.97), "vervoer": (0.06, -1.0, 0.94), "motivatie": (0.07, 0.3, 0.70),
    "terugkoppeling": (0.04, -0.4, 0.78),
}  # fmt: skip


def fragments(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Codes of about sixty fragments per municipality, one row a fragment and coder; no text."""
    n = int(rng.integers(52, 70))
    names = np.array(list(_FACTORS))
    share, works, clear = np.array(list(_FACTORS.values())).T
    true = chosen(dict(enumerate(share)), n, rng)
    source = chosen({"interview": 0.5, "verslag": 0.3, "logboek": 0.2}, n, rng)
    speaker = chosen({"bewoner": 0.28, "uitvoering": 0.46, "beleid": 0.26}, n, rng)
    moment = (rng.random(n) < 0.5).astype(int)
    kind, number = pd.Series(source).str[0].str.upper(), pd.Series(rng.integers(1, 5, n)).astype(str)
    document = f"Q{sample.unit.position + 1}" + pd.Series(moment).astype(str) + kind + number
    valence = works[true] + 0.7 * rng.standard_normal(n)
    common = {
        "fragment": [f"F{sample.unit.position + 1}{at + 1:03d}" for at in range(n)], "gemeente": sample.unit.name,
        "moment": moment, "rol": speaker, "bron": source, "document": document,
    }  # fmt: skip
    quotable = (rng.random(n) < np.where(speaker == "bewoner", 0.35, 0.6)).astype(int)
    coded = []
    for coder in "ab":
        seen = rng.random(n) < clear[true]
        factor = np.where(seen, true, chosen(dict(enumerate(share)), n, rng))
        rated = np.clip(np.round(valence + 0.45 * rng.standard_normal(n)), -2, 2).astype(int)
        codes = {"factor": names[factor], "richting": rated, "codeur": coder, "citeerbaar": quotable}
        coded.append(pd.DataFrame(common | codes))
    return pd.concat(coded, ignore_index=True)
