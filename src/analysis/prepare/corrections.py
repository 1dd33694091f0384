"""Corrections that people declared, a line each in corrections.csv: each must fit exactly one row."""

from collections.abc import Mapping

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.intake.checks import problem
from analysis.study import Study

CORRECTION_COLUMNS = ["table", "person", "wave", "variable", "from", "to", "reason"]


def declared(study: Study) -> pd.DataFrame:
    """The lines of corrections.csv; of a study that may not be shared they stand with its raw data."""
    tracked = store.study_folder(study.id) / "corrections.csv"
    if not study.shareable and tracked.exists():
        raise StudyError(
            [
                f"{study.id}: studies/{study.id}/corrections.csv holds answers of real people in a folder that git "
                f"follows. Move it to data/raw/{study.id}/corrections.csv."
            ]
        )
    path = tracked if study.shareable else store.raw(study.id) / "corrections.csv"
    if not path.exists():
        return pd.DataFrame(columns=CORRECTION_COLUMNS, dtype="str")
    frame = pd.read_csv(store.read(path), dtype="str", keep_default_na=False)
    if list(frame.columns) != CORRECTION_COLUMNS:
        needed = ", ".join(CORRECTION_COLUMNS)
        raise StudyError([f"{study.id}/corrections.csv: columns are {', '.join(frame.columns)}; needed: {needed}."])
    return frame


def correct(
    codes: pd.DataFrame, study: Study, name: str, corrections: pd.DataFrame, *, partly: bool
) -> tuple[pd.DataFrame, list, list]:
    """Raw codes with the declared corrections of this table; a correction that fits no row is a problem (`partly`: not
    here, its row may be in another unit's file).
    """
    codes, counts, problems = codes.copy(), {}, []
    source = {v.name: v.source.columns[0] for v in study.columns(name) if len(v.source.columns) == 1}
    waves = {
        level.level: level.code for level in study.levels("wave")
    }  # a correction may name the wave or its raw code
    corrections = corrections.assign(wave=corrections["wave"].replace(waves))
    for line, row in corrections[corrections["table"] == name].iterrows():
        column, where = source.get(row["variable"]), f"corrections.csv line {line + 2}"
        fits = _fits(codes, source, row) if column else pd.Series(False, index=codes.index)
        if partly and not fits.any():
            continue
        if fits.sum() != 1:
            text = f"{where} fits {int(fits.sum())} rows"
            problems.append(
                problem(name, row["variable"], "correction", [], text, "It must fit exactly one; correct the line.")
            )
            continue
        codes.loc[fits, column] = row["to"] or None
        counts[row["variable"]] = counts.get(row["variable"], 0) + 1
    return codes, [("corrected", variable, "", count) for variable, count in sorted(counts.items())], problems


def _fits(codes: pd.DataFrame, source: Mapping[str, str], row: pd.Series) -> pd.Series:
    fits = codes[source[row["variable"]]].fillna("") == row["from"]
    for key in ("person", "wave"):
        if row[key] and key in source:
            fits &= codes[source[key]] == row[key]
    return fits
