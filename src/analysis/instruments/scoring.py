"""The one scorer: a definition and a frame of answers give scores, classes and the number of missing items."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.instruments.decoding import item_positions
from analysis.instruments.definition import Band, Convention, Instrument
from analysis.instruments.formulas import scale_values
from analysis.instruments.library import load


def score(instrument: str, answers: pd.DataFrame, *, convention: str | None = None) -> pd.DataFrame:
    """Score a questionnaire for every row of `answers`.

    `answers` holds the instrument's item columns (others are ignored) as codes, whole floats, numbers as text,
    Dutch or English value labels, or categories. Empty cells and codes that the definition declares as missing
    are missing. Returns, on the same index: `<id>` and `<id>_<scale>` (float, NaN when more items are missing than
    the rule allows), `<id>_class` and `<id>_<scale>_class` (ordered categories under `convention`, low scores
    first; all missing where nothing is agreed) and `<id>_missing` (number of missing items). `attrs` holds
    `instrument`, `convention` (empty when there is none) and `status`. An instrument whose items may not be added
    up (ONS4) has its scales only, no `<id>` and no `<id>_class`.

    Raises `ValueError` that lists all absent columns and undeclared codes, or the conventions that there are.
    """
    definition = load(instrument)
    chosen = _convention(definition, convention)
    positions = item_positions(definition, answers)
    n_positions = {item.column: item.answers.n_positions for item in definition.questions}
    columns = {scale.column: scale_values(scale, positions, n_positions) for scale in definition.scales}
    columns |= _classes(definition, chosen, columns)
    columns[f"{definition.id}_missing"] = _n_missing(positions, n_positions)
    scored = pd.DataFrame(columns, index=answers.index)
    scored.attrs = {
        "instrument": definition.id,
        "convention": "" if chosen is None else chosen.name,
        "status": definition.status,
    }
    return scored


def _convention(definition: Instrument, name: str | None) -> Convention | None:
    name = definition.default_convention if name is None else name
    if name is not None and name not in definition.conventions:
        known = ", ".join(definition.conventions) or "none"
        raise ValueError(f"{definition.id} has no convention {name!r}; it has: {known}.")
    return None if name is None else definition.conventions[name]


def _n_missing(positions: Mapping[str, np.ndarray], n_positions: Mapping[str, int]) -> np.ndarray:
    n_missing = np.zeros(len(next(iter(positions.values()))), dtype=np.int64)
    for column, found in positions.items():
        n_missing += found == n_positions[column]
    return n_missing


def _classes(
    definition: Instrument, chosen: Convention | None, scores: Mapping[str, np.ndarray]
) -> dict[str, pd.Categorical]:
    """A class column for the total and for every scale that any convention cuts, so that columns do not vary."""
    cut = {"total"}.union(*(convention.bands for convention in definition.conventions.values()))
    return {
        f"{scale.column}_class": _classify(scores[scale.column], chosen.bands.get(scale.name, ()) if chosen else ())
        for scale in definition.scales
        if scale.name in cut
    }


def _classify(values: np.ndarray, bands: tuple[Band, ...]) -> pd.Categorical:
    codes = np.searchsorted([band.bound for band in bands[:-1]], values, side="right").astype(np.int8)
    codes[np.isnan(values) | (not bands)] = -1
    return pd.Categorical.from_codes(codes, categories=[band.name for band in bands], ordered=True)
