"""What a run costs beside the work itself: seconds per notebook that are not spent inside its cells."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.run.engine import run
from analysis.run.layout import Layout
from analysis.run.notebooks import Watch
from analysis.run.plan import Step

CELLS = (
    "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\nimport seaborn as sns\n"
    "import statsmodels.formula.api as smf",
    "rng = np.random.default_rng(seed)\nframe = pd.DataFrame({'before': rng.normal(50, 10, 200)})\n"
    "frame['after'] = frame.before + rng.normal(2, 5, 200)\nframe.describe().round(2)",
    "smf.ols('after ~ before', frame).fit().params.round(3)",
    "sns.scatterplot(frame, x='before', y='after')\nplt.show()",
)


@dataclass(frozen=True)
class Overhead:
    """Seconds of one set of notebooks, run warm and by a plain papermill loop on one core, and what lies between."""

    notebooks: int
    jobs: int
    wall_seconds: float
    cell_seconds: float
    plain_wall_seconds: float
    plain_cell_seconds: float

    @property
    def per_notebook(self) -> float:
        """Wall time x jobs minus time inside cells, per notebook."""
        return (self.wall_seconds * self.jobs - self.cell_seconds) / self.notebooks

    @property
    def plain_per_notebook(self) -> float:
        """The same of the plain loop, which runs one notebook at a time."""
        return (self.plain_wall_seconds - self.plain_cell_seconds) / self.notebooks

    @property
    def ratio(self) -> float:
        """How many times longer the plain loop takes."""
        return self.plain_wall_seconds / self.wall_seconds


def overhead(notebooks: Sequence[Path], jobs: int = 2) -> Overhead:
    """Run `notebooks` with their defaults, warm on `jobs` workers, then by a plain papermill loop, in a scratch folder.

    The warm run counts everything from the call on: starting Dask, the fork server and its imports. Raises RuntimeError
    when a notebook fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        steps = [Step(f"{n}/{path.stem}", "notebook", "overhead", f"{n}", path) for n, path in enumerate(notebooks)]
        summary = run(steps, Layout(root, root / "processed", root / "reports"), jobs=jobs)
        if not summary.ok:
            raise RuntimeError("\n".join(map(str, summary.failed.values())))
        begun = time.perf_counter()
        plain_cells = sum(_plain(path, root / f"plain-{n}.ipynb") for n, path in enumerate(notebooks))
        plain_wall = time.perf_counter() - begun
    return Overhead(len(steps), jobs, summary.wall_seconds, summary.cell_seconds, plain_wall, plain_cells)


def sample(folder: Path, number: int = 16) -> list[Path]:
    """Write `number` small but real notebooks (a table, a regression, a figure) into `folder`."""
    return [_write(folder / f"sample_{index:02}.ipynb", index) for index in range(number)]


def _write(path: Path, seed: int) -> Path:
    parameters = {"tags": ["parameters"]}
    first = _cell(0, f"seed: int = {seed}  # of the random numbers", parameters)
    cells = [first, *(_cell(number, source, {}) for number, source in enumerate(CELLS, 1))]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


def _cell(number: int, source: str, metadata: dict) -> dict:
    empty = {"execution_count": None, "outputs": []}
    return {"cell_type": "code", "id": f"c{number}", "source": source, "metadata": metadata} | empty


def _plain(notebook: Path, output: Path) -> float:
    """Papermill as it comes; returns the seconds inside cells."""
    import papermill

    watch = Watch()
    papermill.execute_notebook(str(notebook), str(output), progress_bar=False, **watch.hooks)
    return watch.seconds


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall seconds of a command. Raises RuntimeError with what it said when it fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.startswith("failed")] or [done.stderr[-500:]]
        raise RuntimeError(f"{' '.join(command[2:5])}: " + "\n".join(said))
    return time.perf_counter() - begun


def snakemake(notebooks: Sequence[Path], jobs: int = 2) -> float:
    """Wall seconds of Snakemake running papermill on `notebooks`, `jobs` at a time; RuntimeError when it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        rules = [
            f"rule r{n}:\n    output: 'out{n}.ipynb'\n    shell: '{sys.executable} -m papermill {path} {{output}}'\n"
            for n, path in enumerate(notebooks)
        ]
        wanted = ", ".join(f"'out{n}.ipynb'" for n in range(len(notebooks)))
        (Path(scratch) / "Snakefile").write_text(f"rule all:\n    input: {wanted}\n" + "".join(rules), "utf-8")
        command = ["snakemake", "-d", scratch, "-s", f"{scratch}/Snakefile", "-j", str(jobs), "-q", "all"]
        return seconds(command, dict(os.environ))
