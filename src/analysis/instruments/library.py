"""The questionnaires that are defined: their ids, one by one, and as a table."""

from difflib import get_close_matches
from functools import cache
from importlib.resources import files

import pandas as pd

from analysis.instruments.definition import Band, Convention, Instrument


def instruments() -> list[str]:
    """The ids of all defined questionnaires, in alphabetical order."""
    folder = files("analysis.instruments") / "definitions"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@cache
def load(instrument: str) -> Instrument:
    """The definition of one questionnaire; raises `ValueError` with the nearest known id when there is none."""
    from analysis.instruments.reading import read

    known = instruments()
    if instrument not in known:
        near = get_close_matches(instrument, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise ValueError(f"no instrument {instrument!r}; {hint}")
    return read(instrument)


def overview(language: str = "en") -> pd.DataFrame:
    """One row per questionnaire, ready to print: title, number of items, range, better, cut-offs, MID and status."""
    return pd.DataFrame([_row(load(name), language) for name in instruments()])


def _row(instrument: Instrument, language: str) -> dict[str, str | int]:
    return {
        "id": instrument.id,
        "title": instrument.title[language],
        "items": len(instrument.items),
        "range": describe_range(instrument),
        "better": instrument.better,
        "cut_offs": describe_cuts(instrument),
        "mid": describe_mid(instrument),
        "status": instrument.status,
    }


def describe_range(instrument: Instrument) -> str:
    """`low to high` of the score."""
    low, high = instrument.range
    return f"{low:g} to {high:g}"


def describe_mid(instrument: Instrument) -> str:
    """The minimal important difference with its status, or what to use when none is agreed."""
    if instrument.mid is None:
        return "none agreed: 0.5 SD" if instrument.kind == "continuous" else "none"
    return f"{instrument.mid:g} ({instrument.mid_status})"


def describe_cuts(instrument: Instrument) -> str:
    """The cut-offs of the total under each convention, the default first."""
    default = instrument.default_convention
    ordered = sorted(instrument.conventions.values(), key=lambda convention: convention.name != default)
    return " | ".join(f"{each.name}: {describe_bands(each, 'total')}" for each in ordered if "total" in each.bands)


def describe_bands(convention: Convention, scale: str) -> str:
    """The bands of one scale in words, from low to high scores."""
    return ", ".join(f"{band.name} {_limit(band)}" for band in convention.bands[scale])


def _limit(band: Band) -> str:
    if band.upto is not None:
        return f"<= {band.upto:g}"
    return "above" if band.below is None else f"< {band.below:g}"
