"""The files of the default study, byte for byte the same each time they are written."""

from pathlib import Path

import pandas as pd

from analysis.synthetic.study import Study
from analysis.synthetic.world import World

_ORDER = {"persons": ["respondent"], "measures": ["respondent", "meting", "datum"]}


def write(folder: Path, corrections: Path | None = None, *, seed: int | None = None) -> list[Path]:
    """Write the raw tables of the default study as `<table>.csv` into `folder`, and the lines that settle its typing
    errors to the file `corrections` (not written without one). Returns the paths in the order of their names.

    UTF-8, comma, `\\n`, empty for missing, ISO dates; columns in the codebook's order, rows sorted by their columns.
    """
    study = Study(World() if seed is None else World(seed=seed))
    folder.mkdir(parents=True, exist_ok=True)
    paths = [_file(study.tables[name], folder / f"{name}.csv", _ORDER.get(name)) for name in sorted(study.tables)]
    return paths if corrections is None else [*paths, _file(study.corrections, corrections, [])]


def _file(frame: pd.DataFrame, path: Path, order: list[str] | None) -> Path:
    keys = list(frame.columns) if order is None else order
    rows = frame.sort_values(keys, kind="stable", na_position="last") if keys else frame
    rows.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", date_format="%Y-%m-%d", float_format="%.10g")
    return path
