"""Every speed promise in one place: each measured in this run, against its rival in the same run, with its target.

Timings of a busy machine say little; ratios of two things timed in turn say more. A promise prints what was measured,
the target and whether it holds; the last committed result stands beside it.
"""

import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.codebook import StudyError

COMMITTED = "validation/benchmark.json"
SEED = 20181001


@dataclass(frozen=True)
class Figure:
    """One measured promise: `value` in `unit`, to be at most (`<`) or at least (`>`) `target`; `note` says against
    what.
    """

    name: str
    value: float
    unit: str
    sign: str
    target: float
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the measured value keeps the promise."""
        return self.value <= self.target if self.sign == "<" else self.value >= self.target

    def __str__(self) -> str:
        mark = "ok  " if self.holds else "MISS"
        return (
            f"{mark} {self.name:<44} {self.value:>10.3g} {self.unit:<8} target {self.sign} {self.target:g}  {self.note}"
        )


def run(root: Path, names: list[str] | None = None, echo: Callable[[str], None] = print) -> list[Figure]:
    """Measure the promises whose group is in `names` (all when empty), print each, write them as JSON; returns the
    figures. Raises `StudyError` for a name that is no group.
    """
    if unknown := sorted(set(names or ()) - set(GROUPS)):
        raise StudyError([f"benchmark {name!r}: not found; there are {', '.join(GROUPS)}." for name in unknown])
    chosen = {name: measure for name, measure in GROUPS.items() if not names or name in names}
    last = _committed(root)
    figures = []
    for measure in chosen.values():
        for figure in measure():
            before = f"  (last committed: {last[figure.name]:.3g})" if figure.name in last else ""
            echo(f"{figure}{before}")
            figures.append(figure)
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    folder = root / "data" / "processed"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmark.json").write_text(
        json.dumps({"machine": machine, "figures": [asdict(f) for f in figures]}, indent=1) + "\n"
    )
    chart(figures, folder / "benchmark.png")
    return figures


def chart(figures: list[Figure], path: Path) -> None:
    """Draw how far each promise is from its target, on a scale where 1 is the target and more is better."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas

    from analysis.present.figures.style import BLUE, INK, ORANGE, RC

    margin = [f.value / f.target if f.sign == ">" else f.target / f.value for f in figures]
    with rc_context(RC):
        canvas = Canvas(figsize=(7, 0.3 * len(figures) + 1), layout="constrained")
        axes = canvas.subplots()
        axes.barh([f.name for f in figures], margin, color=[BLUE if m >= 1 else ORANGE for m in margin])
        axes.axvline(1, color=INK, linewidth=1.5)
        axes.set(xscale="log", xlabel="times better than promised (line: the promise)")
        axes.invert_yaxis()
        canvas.savefig(path, dpi=120, metadata={"Software": None})


def _committed(root: Path) -> dict[str, float]:
    path = root / COMMITTED
    return {f["name"]: f["value"] for f in json.loads(path.read_text())["figures"]} if path.exists() else {}


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall seconds of `work`, after one call that does not count."""
    work()
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken))


def once(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def runs() -> Iterator[Figure]:
    """Overhead of a notebook in a run of sixteen, against a plain papermill loop and Snakemake over the same."""
    from analysis.run.measure import overhead, sample, snakemake

    with tempfile.TemporaryDirectory() as folder:
        notebooks = sample(Path(folder))
        found = overhead(notebooks, jobs=2)
        rival = snakemake(notebooks) if shutil.which("snakemake") else None
    yield Figure("overhead per notebook", found.per_notebook, "s", "<", 1.0, "16 notebooks, 2 jobs")
    yield Figure("run against a plain papermill loop", found.ratio, "times", ">", 6, "wall time of the same notebooks")
    if rival:
        yield Figure("run against Snakemake", rival / found.wall_seconds, "times", ">", 1, "calling papermill, 2 jobs")


def report() -> Iterator[Figure]:
    """A cold run of the first study that is made up, from raw files to published pages."""
    from analysis import store
    from analysis.benchmark_cold import cold

    study = next(name for name in store.studies() if store.study(name).kind == "synthetic")
    found = cold(study)
    limit = f"limit {found.limit_seconds:.0f} s: {found.cell_seconds:.0f} s in cells on {found.cores} cores"
    told = f"{found.notebooks} notebooks in {found.wall_seconds:.0f} s; {limit}"
    yield Figure("cold run over its physical limit", found.distance, "times", "<", 1.5, told)
    cells_of = f"{found.plain_cell_seconds:.0f} s of it in cells, which import anew"
    plain = f"{found.plain_seconds:.0f} s, from each notebook once; {cells_of}"
    yield Figure("cold run against the papermill command", found.ratio, "times", ">", 6, plain)


def long_frame(people: int, units: int = 6) -> pd.DataFrame:
    """A random long frame of `people` x 3 waves with person effects, in `units` units."""
    rng = np.random.default_rng(SEED)
    person = np.repeat(np.arange(people), 3)
    wave = np.tile(["t0", "t1", "t2"], people)
    value = rng.normal(size=people)[person] + rng.normal(size=3 * people) + 0.3 * (wave != "t0")
    return pd.DataFrame({"person": person, "wave": wave, "unit": (person % units).astype(str), "value": value})


def mixed() -> Iterator[Figure]:
    """`mixed_change` against statsmodels, against lme4 where R is there, at national size, and how it grows."""
    import statsmodels.formula.api as smf

    from analysis import benchmark_effect, effect

    data = long_frame(1000)
    ours = seconds(lambda: effect.mixed_change(data, "value", time="wave", person="person"))
    theirs = once(lambda: smf.mixedlm("value ~ wave", data, groups="person").fit())
    yield Figure(
        "mixed_change against statsmodels",
        theirs / ours,
        "times",
        ">",
        100,
        f"1,000 people x 3; ours {1000 * ours:.1f} ms",
    )
    if shutil.which("Rscript"):
        yield Figure("mixed_change against lme4", _lme4(data) / ours, "times", ">", 5, "timed inside R")
    national = long_frame(500_000, 342)
    taken = once(lambda: effect.mixed_change(national, "value", time="wave", person="person", covariates=["unit"]))
    yield Figure("mixed_change, 500,000 people in 342 units", taken, "s", "<", 20)
    yield from benchmark_effect.growth()


def _lme4(data: pd.DataFrame) -> float:
    """Median seconds of five lme4 fits, timed inside R."""
    script = (
        "suppressMessages(library(lme4)); d <- read.csv(commandArgs(TRUE)[1]);"
        "f <- function() lmer(value ~ wave + (1|person), d);"
        "f(); cat(median(sapply(1:5, function(i) system.time(f())[['elapsed']])))"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        data.to_csv(file.name, index=False)
        found = subprocess.run(["Rscript", "-e", script, file.name], capture_output=True, text=True)
    return float(found.stdout.split()[-1]) if found.returncode == 0 and found.stdout else float("nan")


def resampling() -> Iterator[Figure]:
    """9,999 wild bootstrap draws; imputation against statsmodels' chained equations (one chain, times m)."""
    from statsmodels.imputation.mice import MICEData

    from analysis import benchmark_effect, effect

    rng = np.random.default_rng(SEED)
    rows = pd.DataFrame({"y": rng.normal(size=5000), "x": rng.normal(size=5000), "g": np.arange(5000) % 12})
    draw = lambda: effect.wild_bootstrap(rows, "y ~ x", cluster="g", term="x", draws=9999, rng=np.random.default_rng(1))  # noqa: E731
    yield Figure("9,999 wild bootstrap draws at 5,000 rows", seconds(draw), "s", "<", 0.3)
    wide = pd.DataFrame(rng.normal(size=(1000, 12)), columns=[f"v{i}" for i in range(12)])
    wide = wide.mask(rng.random(wide.shape) < 0.2)
    ours = seconds(lambda: effect.impute(wide, m=20, iterations=10, rng=np.random.default_rng(1)), 3)
    theirs = 20 * once(lambda: MICEData(wide).update_all(10))
    yield Figure(
        "impute against statsmodels MICE", theirs / ours, "times", ">", 50, f"m = 20, 10 iterations; ours {ours:.2f} s"
    )
    yield from benchmark_effect.against_mice(wide, ours)


def cells() -> Iterator[Figure]:
    """The notebooks of change and robustness for one unit, inside their cells."""
    from analysis import benchmark_effect, store

    yield from benchmark_effect.one_unit(store.root())


def scoring() -> Iterator[Figure]:
    """Scoring a million people."""
    from analysis.instruments import instruments, load, score

    rng = np.random.default_rng(SEED)
    total = 0.0
    for name in instruments():
        answers = _answers(load(name), 1_000_000, rng)
        taken = once(lambda name=name, answers=answers: score(name, answers))
        total += taken
        if name in ("de_jong_gierveld_6", "eq5d5l_nl"):
            yield Figure(f"1,000,000 people on {name}", taken, "s", "<", 1)
    yield Figure("1,000,000 people on all instruments", total, "s", "<", 15)


def _answers(instrument, people: int, rng: np.random.Generator) -> pd.DataFrame:
    """Random answers: one of the declared codes of each item, or a whole number in its range."""
    columns = {}
    for item in instrument.questions:
        codes = getattr(item.answers, "codes", None)
        columns[item.column] = rng.choice(list(codes), people) if codes else rng.integers(0, 8, people)
    return pd.DataFrame(columns)


def referrals() -> Iterator[Figure]:
    """Funnel and times of a million referrals."""
    from analysis import process

    rng = np.random.default_rng(SEED)
    start = rng.integers(0, 900, 1_000_000).astype(float)
    frame = pd.DataFrame(
        {"person": np.arange(1_000_000), "referred": start, "intake": start + rng.exponential(20, 1_000_000)}
    )
    frame["started"] = (frame["intake"] + rng.exponential(40, 1_000_000)).where(rng.random(1_000_000) < 0.6)
    work = lambda: (  # noqa: E731
        process.referral_funnel(frame, ["referred", "intake", "started"], as_of=1000),
        process.time_to_step(frame, "referred", "started", as_of=1000),
    )
    yield Figure("funnel and times of 1,000,000 referrals", once(work), "s", "<", 5)


def release() -> Iterator[Figure]:
    """Suppression over all tables of the study with most candidates, and what it leaves to see."""
    from analysis import benchmark_release as of

    out, log, seconds = of.solved()
    cells = int(log["cells_total"].sum())
    yield Figure("release, all tables together", seconds, "s", "<", of.SECONDS, f"{len(out)} tables, {cells:,} cells")
    for name, stem, units in (("municipality x step", of.STEPS, True), ("overall x referrer", of.REFERRERS, False)):
        share = of.shown(out, stem, every_unit=units)
        yield Figure(f"release, cells shown, {name}", share, "%", ">", of.SHOWN)


GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "runs": runs,
    "report": report,
    "mixed": mixed,
    "resampling": resampling,
    "cells": cells,
    "scoring": scoring,
    "referrals": referrals,
    "release": release,
}
