"""A whole run from nothing, beside what its cells alone would take and beside a loop over the papermill command."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from analysis.reproduce import rerun
from analysis.run.engine import cores
from analysis.run.measure import seconds


@dataclass(frozen=True)
class Cold:
    """A whole run of a study from nothing: wall seconds, seconds inside cells, cores, number of notebook runs, and of a
    plain loop over the papermill command for as many (measured on each notebook once, units in turn) the wall seconds
    and those inside cells, where each kernel imports anew what warm ones have.
    """

    wall_seconds: float
    cell_seconds: float
    cores: int
    notebooks: int
    plain_seconds: float
    plain_cell_seconds: float

    @property
    def limit_seconds(self) -> float:
        """What the run would take if all cores did nothing but cells: no engine can be faster."""
        return self.cell_seconds / self.cores

    @property
    def distance(self) -> float:
        """How many times that limit the run takes."""
        return self.wall_seconds / self.limit_seconds

    @property
    def ratio(self) -> float:
        """How many times longer the plain loop takes."""
        return self.plain_seconds / self.wall_seconds


def cold(study: str) -> Cold:
    """Run `study` from nothing in a scratch folder, then each of its notebooks once, of another unit each, by the
    papermill command, one after the other, and the study once more: the mean of both runs is what the loop is held
    against, as a machine that is shared is now slow and now quick.

    Raises RuntimeError when either fails.
    """
    with rerun.folder([study]) as root:
        wall, runs = _whole(study, root)
        some = _each_once(runs)
        environment = _environment(root)
        plain = sum(seconds(_command(root, run), environment) for run in some)
        plain_cells = sum(_in_cells(root / f"{_name(run)}.ipynb") for run in some)
    with rerun.folder([study]) as root:
        again, more = _whole(study, root)
    cells = sum(run["measured"]["cell_seconds"] for run in [*runs, *more]) / 2
    each = len(runs) / len(some)
    return Cold((wall + again) / 2, cells, cores(), len(runs), plain * each, plain_cells * each)


def _whole(study: str, root: Path) -> tuple[float, list[dict]]:
    """Wall seconds of a run of the study in an empty folder, and the receipts of its notebooks."""
    wall = seconds([sys.executable, "-m", "analysis", "run", study], _environment(root))
    paths = (root / "data/processed").rglob("receipts/**/*.json")
    receipts = [json.loads(path.read_text("utf-8")) for path in paths]
    return wall, [receipt for receipt in receipts if receipt["step"]["kind"] == "notebook"]


def _environment(root: Path) -> dict[str, str]:
    return os.environ | {"ANALYSIS_ROOT": str(root)}


def _each_once(runs: list[dict]) -> list[dict]:
    """One run of each notebook, of the units in turn: what a notebook takes depends on both."""
    by_notebook: dict[str, list[dict]] = {}
    for one in sorted(runs, key=lambda one: one["step"]["unit"]):
        by_notebook.setdefault(_name(one), []).append(one)
    return [found[at % len(found)] for at, (_, found) in enumerate(sorted(by_notebook.items()))]


def _command(root: Path, run: dict) -> list[str]:
    """The papermill command for a notebook that the run did."""
    name = _name(run)
    given = [part for key, value in run["parameters"].items() for part in ("-p", key, str(value))]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", "--log-level", "ERROR"]
    return [*command, str(root / "notebooks" / f"{name}.ipynb"), str(root / f"{name}.ipynb"), *given]


def _name(run: dict) -> str:
    return run["step"]["name"].rsplit("/", 1)[-1]


def _in_cells(output: Path) -> float:
    """Seconds inside the cells of a notebook that papermill executed, as it wrote them down."""
    cells = json.loads(output.read_text("utf-8"))["cells"]
    return sum(cell["metadata"].get("papermill", {}).get("duration") or 0.0 for cell in cells)
