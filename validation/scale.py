"""A study of national size: seconds, memory, and the same tables from one process and from a cluster of two workers.

python validation/scale.py [--municipalities 342 --people 500000] [--notebook 01 --notebook 03 --notebook 05]

Writes a synthetic study of that size to a temporary folder and runs the notebooks for every municipality and for all
together, up to the release: first on the threads of one process, then on a Dask scheduler and two workers that are
processes of their own. Prints for each what it took, and exits with 1 when a table differs or a limit is not met.
"""

import argparse
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from analysis.synthetic import World, write_study

ROOT = Path(__file__).parents[1]
STUDY = "world_measured"
MINUTES, GIGABYTES = 60, 4
ENDS = 50  # municipalities at either end of the row whose time is compared


@dataclass(frozen=True)
class Measured:
    """One run: how it ended, wall seconds, and the largest memory (bytes) of all its processes at any moment.

    Memory that processes share is counted in each of them, so that the true figure is lower.
    """

    status: int
    seconds: float
    peak: int


def project(folder: Path, raw_of: Path | None = None) -> Path:
    """A folder with the notebooks and the plan to model the study on; `raw_of` is one whose study it shares."""
    places = ["notebooks", "validation", "studies/samen_in_beweging"]
    places += [f"studies/{STUDY}", f"data/raw/{STUDY}"] if raw_of else []
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).symlink_to((raw_of if raw_of and STUDY in place else ROOT) / place, target_is_directory=True)
    return folder


def run(root: Path, notebooks: list[str], *words: str) -> Measured:
    """Run the study in `root` up to its release, and measure this process and all that descend from it."""
    asked = [word for notebook in notebooks for word in ("--notebook", notebook)]
    command = [sys.executable, "-m", "analysis", "run", STUDY, "--until", "notebooks", *asked, *words]
    begun, peak = time.perf_counter(), 0
    with subprocess.Popen(command, env=os.environ | {"ANALYSIS_ROOT": str(root)}, cwd=root) as process:
        while process.poll() is None:
            peak = max(peak, resident(psutil.Process()))
            time.sleep(0.5)
    return Measured(process.returncode, time.perf_counter() - begun, peak)


def resident(parent: psutil.Process) -> int:
    """Bytes in memory of a process and of all that descend from it; one that has just ended counts for nothing."""
    total = 0
    for process in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """A Dask scheduler and workers of one thread, each a process of its own; gives the scheduler's address."""
    place = folder / "scheduler.json"
    scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    worker = ["distributed.cli.dask_worker", "--nthreads", "1", "--memory-limit", "0"]
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with contextlib.ExitStack() as stack:
        for module in (scheduler, *[worker] * workers):
            command = [sys.executable, "-m", *module, "--no-dashboard", "--scheduler-file", str(place)]
            process = stack.enter_context(subprocess.Popen(command, **quiet))
            stack.callback(process.terminate)
        while not place.exists():
            time.sleep(0.2)
        yield json.loads(place.read_text("utf-8"))["address"]


def tables(root: Path) -> dict[str, str]:
    """SHA-256 of every table that waits for its release, by unit and name."""
    folder = root / "data" / "processed" / STUDY / "candidates"
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def pace(root: Path) -> dict[str, list[float]]:
    """Seconds of each notebook per municipality, in the order in which they were run."""
    found: dict[str, list[tuple[str, float]]] = {}
    for path in (root / "data" / "processed" / STUDY / "receipts").rglob("*.json"):
        receipt = json.loads(path.read_text("utf-8"))
        if receipt["step"]["kind"] == "notebook" and receipt["step"]["unit"] != "all":
            found.setdefault(path.stem, []).append((receipt["measured"]["started"], receipt["measured"]["seconds"]))
    return {name: [seconds for _, seconds in sorted(runs)] for name, runs in sorted(found.items())}


def told(name: str, root: Path, measured: Measured) -> bool:
    """Print the figures of a run; whether it ended well and within the limits."""
    minutes, size = measured.seconds / 60, measured.peak / 2**30
    print(f"{name}: {minutes:.1f} minutes, at most {size:.2f} GB, {len(tables(root))} files of tables")
    for notebook, seconds in pace(root).items():
        first, last = statistics.median(seconds[:ENDS]), statistics.median(seconds[-ENDS:])
        print(f"  {notebook}: {first:.2f} s a municipality at the beginning, {last:.2f} s at the end", flush=True)
    return not measured.status and measured.seconds < 60 * MINUTES and measured.peak < GIGABYTES * 2**30


def main() -> int:
    """The command line; exit status 1 when a run fails, takes too much, or gives other tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--municipalities", type=int, default=342)
    parser.add_argument("--people", type=int, default=500_000)
    parser.add_argument("--notebook", action="append", help="only this notebook (repeat); 01, 03 and 05 when absent")
    given = parser.parse_args()
    notebooks = given.notebook or ["01", "03", "05"]
    with tempfile.TemporaryDirectory(prefix="analysis-scale-") as temporary:
        here, there = Path(temporary) / "here", Path(temporary) / "cluster"
        for _ in write_study(project(here), STUDY, World(municipalities=given.municipalities, people=given.people)):
            pass
        good = told("one process", here, run(here, notebooks))
        project(there, raw_of=here)
        with cluster(there) as address:
            good &= told("two workers", there, run(there, notebooks, "--scheduler", address))
        same = bool(tables(here)) and tables(here) == tables(there)
        print("the same tables, byte by byte" if same else "the tables differ")
    return 0 if good and same else 1


if __name__ == "__main__":
    sys.exit(main())
