"""Running a plan: which steps must run, in which order, on Dask workers that each start warm kernels."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from analysis.run import cluster, document, kernels, lock
from analysis.run.layout import Layout, remove_partial
from analysis.run.notebooks import CELL_TIMEOUT, RETRY
from analysis.run.plan import Step
from analysis.run.receipts import Receipts
from analysis.run.work import Action, Job, Outcome, perform


@dataclass(frozen=True)
class Event:
    """News of a run for who shows it: `what` happened to `step`; `why` it must run or how it failed."""

    what: Literal["skipped", "started", "done", "failed", "blocked"]
    step: Step
    why: str = ""


@dataclass
class Summary:
    """How a run ended: step names by fate, failures with remedy, seconds inside cells and of the whole run."""

    done: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, Outcome] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)
    cell_seconds: float = 0.0
    wall_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every step is done or was already."""
        return not self.failed and not self.blocked


def run(
    steps: Iterable[Step],
    layout: Layout,
    *,
    actions: Mapping[str, Action] = MappingProxyType({}),
    jobs: int | None = None,
    scheduler: str | None = None,
    batch: cluster.Batch | None = None,
    force: bool = False,
    dry_run: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
    timeout: float = CELL_TIMEOUT,
    warm: bool = kernels.CAN_FORK,
) -> Summary:
    """Run `steps` (from `plan`) until every receipt holds, `jobs` at a time (default: one per core).

    `actions` maps each kind but `notebook` to a function of a module (it runs in a process of its own) that takes the
    step. `scheduler` is the address of a Dask cluster that sees the same folders, `batch` describes jobs of a batch
    system that do; without either, workers are threads of this process. `force` runs everything, `dry_run` nothing:
    it only reports. A step that fails stops only what needs it; nothing is raised for it. Raises `ParameterError` for
    undeclared parameters and `lock.Busy` when another run holds the reports folder, both before anything runs.
    """
    begun = time.perf_counter()
    steps = tuple(steps)
    document.check_parameters((s.notebook, s.parameters) for s in steps if s.notebook)
    receipts = Receipts(layout, {kind: action.__module__ for kind, action in actions.items()})
    state = _State(steps, receipts, force, on_event)
    with contextlib.ExitStack() as stack:
        held = layout.reports / ".run.kernels"
        if not dry_run:
            held = stack.enter_context(lock.exclusive(layout.reports))
            remove_partial(layout.processed, layout.reports)
        state.settle()
        if dry_run:
            state.announce()
        elif state.ready():
            own = {name: value for name, value in os.environ.items() if name.startswith("ANALYSIS_")}
            job = Job(receipts, dict(actions), str(held), timeout, warm, own)
            _drive(state, job, jobs or cores(), scheduler, batch)
    state.summary.wall_seconds = time.perf_counter() - begun
    return state.summary


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _State:
    """Which steps are settled, which can start, and what became of each."""

    def __init__(self, steps: tuple[Step, ...], receipts: Receipts, force: bool, on_event: Callable[[Event], None]):
        self.waiting = {step.name: step for step in steps}
        self.known = frozenset(self.waiting)
        self.running: dict[str, Step] = {}
        self.good: set[str] = set()
        self.why: dict[str, str] = {}  # of ready steps, each looked at once: what a ready step needs changes no more
        self.receipts, self.force, self.on_event = receipts, force, on_event
        self.summary = Summary()
        self._sizes: dict[Path, int] = {}

    def ready(self) -> list[Step]:
        """Steps that wait for nothing in this plan; a need that is left out of the plan counts as there."""
        return [step for step in self.waiting.values() if self.good.issuperset(self.known.intersection(step.needs))]

    def size(self, step: Step) -> float:
        """How long a step takes, roughly: a notebook by the bytes of its file, an action longer than all of them."""
        if step.notebook is None:
            return float("inf")
        if step.notebook not in self._sizes:
            self._sizes[step.notebook] = step.notebook.stat().st_size
        return self._sizes[step.notebook]

    def settle(self) -> None:
        """Skip ready steps whose receipt holds, until none is left."""
        while new := [step for step in self.ready() if step.name not in self.why]:
            for step in new:
                why = "forced" if self.force else self.receipts.why(step)
                if why is not None:
                    self.why[step.name] = why
                    continue
                self._settled(step, "skipped")
                self.summary.skipped.append(step.name)

    def start(self, step: Step) -> None:
        """The step goes to a worker."""
        self.running[step.name] = self.waiting.pop(step.name)
        self.on_event(Event("started", step, self.why[step.name]))

    def finish(self, outcome: Outcome) -> None:
        """A worker is done with a step; what needs a failed one is blocked."""
        step = self.running.pop(outcome.step)
        self.summary.cell_seconds += outcome.cell_seconds
        if outcome.error is None:
            self.summary.done.append(step.name)
            self._settled(step, "done")
            return
        self.summary.failed[step.name] = outcome
        self.on_event(Event("failed", step, str(outcome)))
        self._block({step.name})

    def announce(self) -> None:
        """Report what would run, without running it."""
        for step in self.waiting.values():
            later = "forced" if self.force else "if what it needs changes"
            self.on_event(Event("started", step, self.why.get(step.name, later)))

    def _settled(self, step: Step, what: Literal["skipped", "done"]) -> None:
        self.waiting.pop(step.name, None)
        self.good.add(step.name)
        self.on_event(Event(what, step))

    def _block(self, names: set[str]) -> None:
        while names:
            blocked = [step for step in self.waiting.values() if names.intersection(step.needs)]
            for step in blocked:
                del self.waiting[step.name]
                self.summary.blocked.append(step.name)
                self.on_event(Event("blocked", step, f"needs {', '.join(sorted(names.intersection(step.needs)))}"))
            names = {step.name for step in blocked}


def _drive(state: _State, job: Job, jobs: int, scheduler: str | None, batch: cluster.Batch | None) -> None:
    """Give steps to the cluster as they become ready, until nothing runs; whichever way out, no kernel is left."""
    elsewhere = scheduler or batch
    if elsewhere:
        job.receipts.read_code(state.waiting.values())
    else:
        job.receipts.hashes.code_is_imported()
        if job.warm:
            kernels.start_server()  # imports go on in it while Dask and papermill are imported here
    try:
        with cluster.client(jobs, scheduler, batch) as client, kernels.session():
            from distributed import as_completed

            done = as_completed()
            room = len(state.waiting) if elsewhere else jobs  # a growing cluster sizes itself by what it is given
            _submit(state, job, client, done, room)
            if not elsewhere:
                job.receipts.read_code(state.waiting.values())  # while the first step is at work
            for future in done:
                state.finish(_outcome(future))
                state.settle()
                _submit(state, job, client, done, room)
    finally:
        kernels.remove_session_folder()


def _submit(state: _State, job: Job, client, done, room: int) -> None:
    large_first = sorted(state.ready(), key=state.size, reverse=True)  # or one core waits for the other at the end
    for step in large_first[: room - len(state.running)]:
        state.start(step)
        future = client.submit(perform, job, step, key=f"{step.name}-{time.time_ns()}", pure=False)
        future.step = step.name
        done.add(future)


def _outcome(future) -> Outcome:
    """What the worker returned, or a failure when the worker itself was lost."""
    error = future.exception()
    if error is None:
        return future.result()
    return Outcome(future.step, error=type(error).__name__, message=str(error), remedy=RETRY)
