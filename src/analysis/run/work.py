"""What a worker does with one step: run it, then write its receipt as the very last thing."""

import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.run import kernels, notebooks, warm
from analysis.run.layout import in_words
from analysis.run.plan import Step
from analysis.run.receipts import TRACE, Receipts, Trace

Action = Callable[[Step], None]
_traces = itertools.count()
_acts = itertools.count()


@dataclass(frozen=True)
class Job:
    """What every step of a run has in common; picklable, so that it can go to another machine.

    `environment` holds the variables of the caller that begin with ANALYSIS_, such as where the project is.
    """

    receipts: Receipts
    actions: dict[str, Action]
    lock: str
    timeout: float
    warm: bool
    environment: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of a step: seconds inside cells and, when it failed, where, with what error, and what to do."""

    step: str
    cell_seconds: float = 0.0
    seconds: float = 0.0
    error: str | None = None
    cell: str = ""
    message: str = ""
    remedy: str = ""
    kept: str | None = None

    def __str__(self) -> str:
        where = f", '{self.cell}'" if self.cell else ""
        return f"{self.step}{where}: {self.error}: {self.message} {self.remedy}".strip()


class ActionError(Exception):
    """An action (prepare, release, publish) failed in its own process; `error` is the name of what it raised there."""

    def __init__(self, error: str, message: str):
        self.error, self.message = error, message
        super().__init__(error, message)


def perform(job: Job, step: Step) -> Outcome:
    """Run one step and write its receipt; failures are returned, never raised."""
    begun, started = time.perf_counter(), datetime.now(UTC)
    trace = kernels.session_folder() / f"trace-{next(_traces)}.tsv"
    claim = job.receipts.claim(step)
    try:
        cell_seconds = _run(job, step, trace)
        measured = {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - begun, 3),
            "cell_seconds": round(cell_seconds, 3),
        }
        own = (job.receipts.layout.executed(step),) if step.kind == "notebook" else ()
        job.receipts.write(claim, Trace.of(trace), measured, own)
    except notebooks.NotebookError as error:
        return Outcome(step.name, 0, 0, error.error, error.cell, error.message, error.remedy, error.kept)
    except ActionError as error:
        return Outcome(step.name, error=error.error, message=error.message)
    except OSError as error:
        return Outcome(step.name, error=type(error).__name__, message=in_words(error))
    except Exception as error:  # the boundary of a worker: one step's trouble must not end the run
        return Outcome(step.name, error=type(error).__name__, message=str(error), remedy=notebooks.RETRY)
    finally:
        trace.unlink(missing_ok=True)
    return Outcome(step.name, cell_seconds, time.perf_counter() - begun)


def _run(job: Job, step: Step, trace: Path) -> float:
    environment = job.environment | {TRACE: str(trace), "ANALYSIS_RUN": "1", "ANALYSIS_KERNELS_LOCK": job.lock}
    layout = job.receipts.layout
    if step.kind != "notebook":
        act(job.actions[step.kind], step, environment, layout.root)
        return 0.0
    return notebooks.execute(
        step.notebook,
        layout.executed(step),
        step.parameters,
        key=step.name,
        environment=environment,
        root=layout.root,
        failed=layout.failed(step),
        timeout=job.timeout,
        warm=job.warm,
    )


def act(action: Action, step: Step, environment: dict[str, str], folder: Path) -> None:
    """Run `action(step)` in a process of its own, forked warm, so that memory, trace and crash stay its own.

    The first is a fresh program: it needs a few of the imports that the server of warm processes then still does.
    """
    import multiprocessing

    answer, sender = multiprocessing.Pipe(duplex=False)
    whole = dict(os.environ) | kernels.ENVIRONMENT | environment
    given = (action, step, kernels.seed_of(step.name), whole, str(folder), sender)
    child = kernels.start_child(warm.call, *given, fresh=next(_acts) == 0)
    sender.close()
    try:
        error = answer.recv()
    except EOFError:
        raise ActionError("Killed", "its process died without a message, often for lack of memory.") from None
    finally:
        child.join(5)
        kernels.kill(child)
    if error is not None:
        raise ActionError(error[0], error[1])
