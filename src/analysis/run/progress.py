"""How a run shows itself: a bar of notebooks done, running and failed on a terminal, a line per step elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from analysis.run.engine import Event
from analysis.run.plan import Step

WIDTH = 60  # characters of running steps' names that fit beside a bar


@contextlib.contextmanager
def shown(steps: Sequence[Step], *, file=None) -> Iterator[Callable[[Event], None]]:
    """Yield the `on_event` of a run of `steps`; shows on `file` (default: standard error) what it is told.

    Skipped steps are counted but get no line: a run with nothing to do is silent.
    """
    file = file or sys.stderr
    if file.isatty():
        with _bar(len(steps), file) as on_event:
            yield on_event
    else:
        yield _Lines(len(steps), file)


class _Lines:
    """One plain line per event."""

    def __init__(self, total: int, file):
        self.total, self.file, self.settled = total, file, 0

    def __call__(self, event: Event) -> None:
        self.settled += event.what != "started"
        if event.what in ("done", "failed", "blocked"):
            why = f": {event.why}" if event.why else ""
            print(f"[{self.settled}/{self.total}] {event.what} {event.step.name}{why}", file=self.file, flush=True)


@contextlib.contextmanager
def _bar(total: int, file) -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    running: dict[str, None] = {}
    failed: list[str] = []
    with Progress(*columns, console=Console(file=file), transient=True) as progress:
        task = progress.add_task("", total=total)

        def on_event(event: Event) -> None:
            if event.what == "started":
                running[event.step.name] = None
            else:
                running.pop(event.step.name, None)
                progress.advance(task)
            if event.what == "failed":
                failed.append(event.step.name)
                progress.console.print(f"failed {event.step.name}: {event.why}", markup=False, highlight=False)
            names = ", ".join(running)
            shown = names if len(names) <= WIDTH else f"{names[: WIDTH - 1]}…"
            progress.update(task, description=f"{len(running)} running, {len(failed)} failed  {shown}")

        yield on_event
