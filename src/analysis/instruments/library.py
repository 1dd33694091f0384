"""The questionnaires that are defined: their ids, each definition, and a table of all."""

from difflib import get_close_matches
from functools import cache
from importlib.resources import files

import pandas as pd

from analysis.instruments.definition import Band, Instrument
from analysis.instruments.reading import read


def instruments() -> list[str]:
    """The ids of all defined questionnaires, in alphabetical order."""
    folder = files("analysis.instruments") / "definitions"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@cache
def load(instrument: str) -> Instrument:
    """The definition of one questionnaire; raises `ValueError` with the nearest known id when there is none."""
    known = instruments()
    if instrument not in known:
        near = get_close_matches(instrument, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        raise ValueError(f"There is no instrument {instrument!r}. {hint}")
    return read(instrument)


def overview(language: str = "en") -> pd.DataFrame:
    """One row per questionnaire, ready to print; titles and class labels in `language` (`nl` or `en`).

    Columns: `id`, `title`, `items` (number), `range`, `better`, `cut_offs` (the default convention first), `mid`
    (minimal important difference with its status) and `status`.
    """
    rows = []
    for name in instruments():
        instrument = load(name)
        rows.append({
            "id": name,
            "title": instrument.title[language],
            "items": len(instrument.items),
            "range": f"{instrument.range[0]:g} to {instrument.range[1]:g}",
            "better": instrument.better,
            "cut_offs": cut_offs(instrument, language),
            "mid": important_difference(instrument),
            "status": instrument.status,
        })  # fmt: skip
    return pd.DataFrame(rows)


def important_difference(instrument: Instrument) -> str:
    """The minimal important difference with its status; where none is agreed, what is used in its place."""
    if instrument.mid is not None:
        return f"{instrument.mid:g} ({instrument.mid_status})"
    return "none agreed: 0.5 SD at T0" if instrument.kind == "continuous" else "none"


def cut_offs(instrument: Instrument, language: str) -> str:
    """The classes of the instrument's score (of its first scale when it has no total) under each convention."""
    scale = instrument.scales[0].name
    default = instrument.default_convention
    ordered = sorted(instrument.conventions.values(), key=lambda convention: convention.name != default)
    return " | ".join(f"{each.name}: {bands_in_words(each.bands[scale], language)}" for each in ordered)


def bands_in_words(bands: tuple[Band, ...], language: str) -> str:
    """Classes with their limits, from low to high scores."""
    return ", ".join(f"{band.label[language]} {_limit(band)}" for band in bands)


def _limit(band: Band) -> str:
    if band.upto is not None:
        return f"<= {band.upto:g}"
    return "above" if band.below is None else f"< {band.below:g}"
