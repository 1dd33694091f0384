"""Run the simulation study: what is in the cache is not computed again; summary.csv has what all cells have finished.

python validation/simulate.py [--workers 2] [--minutes 55] [--grid FILE] [--cache FOLDER] [--summary FILE]
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # started as a file, this folder is not yet a package

from validation import analyses, performance  # noqa: E402
from validation.draw import draw  # noqa: E402
from validation.grid import GRID, Cell, cells, design  # noqa: E402
from validation.version import version  # noqa: E402


@dataclass(frozen=True)
class Job:
    """One block of replications of a cell, analysed by one group of methods; `path` holds its results when done."""

    cell: Cell
    group: str
    block: int
    path: Path

    @property
    def first(self) -> int:
        """Number of the block's first replication."""
        return self.block * self.cell.plan["block"]

    @property
    def size(self) -> int:
        """Replications in the block."""
        return min(self.cell.plan["block"], self.cell.plan["replications"][self.group] - self.first)


def jobs(plan: Mapping, cache: Path) -> list[Job]:
    """All jobs of a design, one block of every cell before the next; cheap groups are that many blocks ahead."""
    order, size = [], plan["block"]
    for group, wanted in plan["replications"].items():
        order += [((block + 1) * plan["cost"][group], group, block) for block in range(-(-wanted // size))]
    found = []
    for _, group, block in sorted(order):
        many = min(size, plan["replications"][group] - block * size)
        found += [
            Job(cell, group, block, cache / cell.name / f"{group}-{block:03d}-{many}.parquet") for cell in cells(plan)
        ]
    return found


def perform(job: Job) -> Path:
    """Draw, analyse and store one block; the file appears whole or not at all."""
    block = draw(job.cell, job.block, job.size)
    found = analyses.GROUPS[job.group](block)
    place = found["replication"].to_numpy()
    found = found.assign(
        replication=job.first + place, these=block.these[place], like_these=job.cell.mean_change,
        another_one=block.another[place],
    )  # fmt: skip
    job.path.parent.mkdir(parents=True, exist_ok=True)
    partial = job.path.with_suffix(f".{os.getpid()}.partial")
    found.to_parquet(partial, index=False)
    os.replace(partial, job.path)
    return job.path


def run(plan: Mapping, cache: Path, *, workers: int = 1, minutes: float = float("inf")) -> Iterator[Path]:
    """Perform the jobs that are not in the cache, naming each file; no job starts after `minutes`."""
    end = time.monotonic() + 60 * minutes
    open_jobs = [job for job in jobs(plan, cache) if not job.path.exists()]
    if workers == 1:
        for job in open_jobs:
            if time.monotonic() < end:
                yield perform(job)
        return
    with ProcessPoolExecutor(workers) as pool:
        for start in range(0, len(open_jobs), 4 * workers):
            if time.monotonic() < end:
                yield from pool.map(perform, open_jobs[start : start + 4 * workers])


def finished(plan: Mapping, cache: Path) -> list[Job]:
    """Jobs in the cache whose block is there for every cell, so that a method has as many replications in each."""
    waiting = {(job.group, job.block) for job in jobs(plan, cache) if not job.path.exists()}
    return [job for job in jobs(plan, cache) if (job.group, job.block) not in waiting]


def summary(plan: Mapping, cache: Path) -> pd.DataFrame:
    """The table of the blocks that are finished: one row a cell, target and method, with its verdict.

    Raises ValueError when no block is finished in every cell.
    """
    done: dict[int, list[Path]] = {}
    for job in finished(plan, cache):
        done.setdefault(job.cell.number, []).append(job.path)
    if not done:
        raise ValueError("no block of replications is finished in every cell. Run again, with more --minutes")
    parts = []
    for cell in cells(plan):
        rows = pd.concat([pd.read_parquet(path) for path in done[cell.number]], ignore_index=True)
        truths = rows.drop_duplicates("replication")[["replication", *plan["targets"]]]
        parts.append(performance.summarise(cell, rows, truths))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(verdict=performance.verdicts(table, plan["criteria"])).round(performance.ROUNDED)


def main(arguments: list[str] | None = None) -> int:
    """The command: 0 when the study is complete, 1 when time ran out or a headline misses its mark in any cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    for name, default in (("grid", GRID), ("cache", HERE / "cache" / version()), ("summary", HERE / "summary.csv")):
        parser.add_argument(f"--{name}", type=Path, default=default)
    given = parser.parse_args(arguments)
    plan, started = design(given.grid), time.monotonic()
    total, done = len(jobs(plan, given.cache)), sum(job.path.exists() for job in jobs(plan, given.cache))
    for _ in run(plan, given.cache, workers=given.workers, minutes=given.minutes):
        done += 1
        print(f"\r{done} of {total} blocks, {(time.monotonic() - started) / 60:.1f} minutes", end="", flush=True)
    table = summary(plan, given.cache)
    table.to_csv(given.summary, index=False, lineterminator="\n")
    missed = table[(table["role"] == "headline") & table["verdict"].isin(["covers too little", "rejects too often"])]
    print(f"\nwritten: {given.summary.name}, {len(table)} rows; headline intervals that miss their mark: {len(missed)}")
    if len(missed):
        print(missed[[*performance.KEYS, "coverage", "type_1", "verdict"]].to_string(index=False))
    return int(done < total or len(missed) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
