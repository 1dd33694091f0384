"""Where our numbers come from: a study's released tables, or the cells of a notebook that reproduces a publication."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.run import document
from analysis.verify.verdicts import compare


@dataclass(frozen=True)
class Tables:
    """Tables by name, and the reason why a table may be absent."""

    frames: Mapping[str, pd.DataFrame]
    absent: str


def obtain(claims: pd.DataFrame, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
    """The claims of one study compared with what is obtained now, in their order (see `compare`)."""
    parts = []
    for (notebook, unit), part in claims.groupby(["notebook", "unit"], sort=False):
        found = tables(part["study"].iloc[0], notebook, unit, parameters)
        parts.append(compare(part, found.frames, absent=found.absent))
    return pd.concat(parts).sort_index()


def tables(study: str, notebook: str, unit: str = "all", parameters: Mapping[str, object] | None = None) -> Tables:
    """The tables of a notebook.

    A notebook of the folder `notebooks/<study>/` reproduces a publication: its cells are run, with `parameters`, and
    its frames are the tables. Of any other notebook the released tables of the unit are read, and nothing is run.
    """
    path = store.root() / "notebooks" / study / f"{notebook}.ipynb"
    if path.exists():
        return run_cells(path, parameters or {})
    folder = store.reports(study) / unit / "tables"
    found = {file.stem.partition("__")[2]: pd.read_csv(file) for file in sorted(folder.glob(f"{notebook}__*.csv"))}
    return Tables(found, f"{notebook} has released no such table for {unit}: run `python -m analysis run {study}`")


def run_cells(path: Path, parameters: Mapping[str, object]) -> Tables:
    """The frames that the code cells of a notebook leave behind.

    The cells run here, in order, without a kernel; `parameters` replace those of the parameters cell. An error ends the
    run: the frames until then count, and the error is the reason for the others. Raises `ParameterError` for parameters
    that the notebook does not declare.
    """
    document.check_parameters([(path, parameters)])
    space: dict[str, object] = {}
    absent, cells = f"{path.stem} makes no such table", document.read(path)["cells"]
    for place, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        try:
            exec(compile(document.source(cell), path.name, "exec"), space)  # the notebook is this repository's own code
        except Exception as error:
            said = error.problems[0] if isinstance(error, StudyError) else type(error).__name__
            absent = f"{path.stem}, '{document.heading(cells, place)}': {said}"
            break
        if "parameters" in cell["metadata"].get("tags", ()):
            space.update(parameters)
    return Tables({name: value for name, value in space.items() if isinstance(value, pd.DataFrame | pd.Series)}, absent)
