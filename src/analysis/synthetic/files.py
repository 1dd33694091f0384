"""The files of the synthetic studies, byte for byte the same each time they are written."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.synthetic import oplopen
from analysis.synthetic.study import Study, units
from analysis.synthetic.world import World, municipalities, slug

NAME = "samen_in_beweging"
_ORDER = {"persons": ["respondent"], "measures": ["respondent", "meting", "datum"]}


def rewrite(root: Path, *, truth: bool = False) -> Iterator[Path]:
    """Write everything of the synthetic studies that is made by code below `root` (the repository), and name each file:
    the raw tables, corrections.csv and, with `truth`, truth.yaml of the default study (half a minute)."""
    study = root / "studies" / NAME
    yield from write(root / "data" / "raw" / NAME, study / "corrections.csv")
    second = root / "data" / "raw" / oplopen.NAME
    second.mkdir(parents=True, exist_ok=True)
    for name, frame in sorted(oplopen.tables().items()):
        yield _file(frame, second / f"{name}.csv", [])
    if truth:
        from analysis.synthetic.expected import write_truth

        yield write_truth(study / "truth.yaml")


def write(folder: Path, corrections: Path | None = None, *, seed: int | None = None) -> list[Path]:
    """Write the raw tables of the default study as `<table>.csv` into `folder`, and the lines that settle its typing
    errors to the file `corrections` (not written without one). Returns the paths in the order of their names.

    UTF-8, comma, `\\n`, empty for missing, ISO dates; columns in the codebook's order, rows sorted by their columns.
    """
    study = Study(World() if seed is None else World(seed=seed))
    folder.mkdir(parents=True, exist_ok=True)
    paths = [_file(study.tables[name], folder / f"{name}.csv", _ORDER.get(name)) for name in sorted(study.tables)]
    return paths if corrections is None else [*paths, _file(study.corrections, corrections, [])]


def write_units(folder: Path, world: World) -> list[Path]:
    """Write persons, measures and referrals of a world of any size, one municipality in memory at a time.

    The same format as `write`, rows by municipality, without typing errors and double forms. Returns the paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for sample in units(world):
        for name, table in sample.tables().items():
            first = name not in paths
            paths[name] = folder / f"{name}.csv"
            with paths[name].open("w" if first else "a", encoding="utf-8", newline="") as file:
                table.to_csv(file, index=False, header=first, lineterminator="\n", date_format="%Y-%m-%d")
    return list(paths.values())


def unit_levels(world: World) -> pd.DataFrame:
    """The rows of a levels.csv that name the municipalities of a world: `set, code, level, label_nl, label_en`."""
    names = [unit.name for unit in municipalities(world)]
    return pd.DataFrame(
        {"set": "unit", "code": names, "level": [slug(each) for each in names], "label_nl": names, "label_en": names}
    )


def _file(frame: pd.DataFrame, path: Path, order: list[str] | None) -> Path:
    keys = list(frame.columns) if order is None else order
    rows = frame.sort_values(keys, kind="stable", na_position="last") if keys else frame
    rows.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", date_format="%Y-%m-%d", float_format="%.10g")
    return path
