"""The one scorer: a questionnaire's definition and a frame of answers give scores, classes and the number of missing items."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.instruments.answers import decode
from analysis.instruments.definition import Band, Convention, Instrument
from analysis.instruments.formulas import scale_values
from analysis.instruments.library import load

_REMEDY = (
    "Remedy: correct the file, map the columns in the codebook to these names, or declare the code as missing in the codebook "
    "so that it arrives here empty."
)


def score(instrument: str, answers: pd.DataFrame, *, convention: str | None = None) -> pd.DataFrame:
    """Score a questionnaire for every row of `answers`.

    `answers` holds the instrument's item columns (others are ignored) as codes, whole floats, numbers as text, Dutch or English
    value labels, or categories. Empty cells and the codes that the definition declares as missing are missing.
    Returns, on the same index, `<id>` and `<id>_<scale>` (float, NaN when the missing-item rule is not met),
    `<id>_class` and `<id>_<scale>_class` (ordered categories under `convention`, low scores first; empty when nothing is
    agreed) and `<id>_missing` (number of missing items). `attrs` holds `instrument`, `convention` and `status`.
    An instrument whose items may not be added up has no `<id>` and no `<id>_class`.
    Raises `ValueError` naming all absent columns, undeclared codes and the remedy, or the conventions there are.
    """
    definition = load(instrument)
    chosen = _convention(definition, convention)
    positions = _positions(definition, answers)
    n_positions = {item.column: item.answers.n_positions for item in definition.questions}
    columns = {scale.column: scale_values(scale, positions, n_positions) for scale in definition.scales}
    columns |= _classes(definition, chosen, columns)
    columns[f"{definition.id}_missing"] = _n_missing(positions, n_positions, len(answers))
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
        raise ValueError(
            f"{definition.id} has no convention {name!r}; it has {', '.join(definition.conventions) or 'none'}."
        )
    return None if name is None else definition.conventions[name]


def _positions(definition: Instrument, answers: pd.DataFrame) -> dict[str, np.ndarray]:
    """The positions of each item, or one error with every problem of every column."""
    problems, positions = [], {}
    absent = [column for column in definition.items if column not in answers.columns]
    if absent:
        problems.append(f"absent columns: {', '.join(absent)}")
    for item in definition.questions:
        found = answers[item.column] if item.column in answers.columns else None
        if isinstance(found, pd.DataFrame):
            problems.append(f"{item.column}: {found.shape[1]} columns have this name")
        elif found is not None:
            decoded = decode(item.answers, found)
            positions[item.column] = decoded.positions
            if decoded.problem:
                problems.append(f"{item.column}: not declared: {decoded.problem}; allowed {item.answers.allowed}")
    if problems:
        raise ValueError("\n".join([f"{definition.id} cannot be scored.", *(f"- {each}" for each in problems), _REMEDY]))
    return positions


def _n_missing(positions: Mapping[str, np.ndarray], n_positions: Mapping[str, int], n_people: int) -> np.ndarray:
    n_missing = np.zeros(n_people, dtype=np.int64)
    for column, found in positions.items():
        n_missing += found == n_positions[column]
    return n_missing


def _classes(
    definition: Instrument, chosen: Convention | None, scores: Mapping[str, np.ndarray]
) -> dict[str, pd.Categorical]:
    """A class column for the total and for every scale that some convention cuts."""
    cut_anywhere = {name for convention in definition.conventions.values() for name in convention.bands}
    return {
        f"{scale.column}_class": _classify(scores[scale.column], chosen.bands.get(scale.name, ()) if chosen else ())
        for scale in definition.scales
        if scale.name == "total" or scale.name in cut_anywhere
    }


def _classify(values: np.ndarray, bands: tuple[Band, ...]) -> pd.Categorical:
    codes = np.searchsorted([band.bound for band in bands[:-1]], values, side="right").astype(np.int8)
    codes[np.isnan(values) | (not bands)] = -1
    return pd.Categorical.from_codes(codes, categories=[band.name for band in bands], ordered=True)
