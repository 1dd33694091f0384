"""Speed promises of the effect analysis that need R, several sizes, or the notebooks of one unit."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.benchmark import Figure, long_frame, once, seconds

SIZES = (10_000, 100_000, 500_000)
_MICE = (
    "suppressMessages(library(mice)); d <- read.csv(commandArgs(TRUE)[1]);"
    "cat(system.time(mice(d, m = 20, maxit = 10, printFlag = FALSE, seed = 1))[['elapsed']])"
)


def growth() -> Iterator[Figure]:
    """How the time of `mixed_change` grows with the number of people: the slope of log time on log people."""
    from analysis import effect

    taken = []
    for people in SIZES:
        data = long_frame(people, 342)
        taken.append(seconds(lambda data=data: effect.mixed_change(
            data, "value", time="wave", person="person", covariates=["unit"]
        )))  # fmt: skip
    slope = float(np.polyfit(np.log(SIZES), np.log(taken), 1)[0])
    sizes = " / ".join(f"{people:,}" for people in SIZES)
    yield Figure("mixed_change, growth exponent", slope, "power", "<", 1.1, f"medians of 5 at {sizes} people x 3")


def against_mice(wide: pd.DataFrame, ours: float) -> Iterator[Figure]:
    """`impute` against R's mice on the same data, where R and mice are there; R's start is not counted."""
    if not shutil.which("Rscript"):
        return
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        wide.to_csv(file.name, index=False)
        found = subprocess.run(["Rscript", "-e", _MICE, file.name], capture_output=True, text=True)
    if found.returncode == 0:
        theirs = float(found.stdout.split()[-1])
        yield Figure("impute against R's mice", theirs / ours, "times", ">", 5, f"timed inside R: {theirs:.1f} s")


def one_unit(root: Path) -> Iterator[Figure]:
    """The cells of 03_change and 04_robustness for one municipality, run here, the second time they are run."""
    from analysis import store
    from analysis.verify.obtaining import run_cells

    plans = [store.study(name) for name in store.studies()]
    plan = next(plan for plan in plans if plan.kind == "synthetic" and plan.cluster)  # its data are in git
    unit = plan.units[0]
    total = 0.0
    for name in ("03_change", "04_robustness"):
        path, given = root / "notebooks" / f"{name}.ipynb", {"study": plan.id, "unit": unit}
        with redirect_stdout(StringIO()):  # what the cells show
            first = run_cells(path, given)
            total += once(lambda path=path, given=given: run_cells(path, given))
        if not first.absent.endswith("makes no such table"):
            raise RuntimeError(f"{first.absent}. Run `python -m analysis prepare` first.")
    yield Figure("03_change and 04_robustness of one unit", total, "s", "<", 5, f"inside cells; {unit}")
