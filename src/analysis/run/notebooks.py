"""One notebook, executed by papermill on a warm kernel: parameters checked, result normalised, written whole."""

import contextvars
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from analysis.run import document, kernels
from analysis.run.layout import write_whole
from analysis.run.normal import MARKED, normalise

KERNEL = "python3"
START_TIMEOUT = 300  # seconds until a kernel must answer: a busy node is slow
CELL_TIMEOUT = 1800  # seconds that one cell may take
RETRY = "Correct the cause and run again; finished steps are not repeated."
OUTPUT_TIMEOUT = 30  # seconds that outputs may lag behind the end of a cell


class NotebookError(Exception):
    """A notebook failed: which, in which section, with what error, and what to do.

    `kept` is the partly executed notebook, where it could be kept for reading.
    """

    def __init__(self, notebook: str, cell: str, error: str, message: str, remedy: str, kept: str | None = None):
        self.notebook, self.cell, self.error, self.message, self.remedy, self.kept = (
            notebook, cell, error, message, remedy, kept,
        )  # fmt: skip
        super().__init__(notebook, cell, error, message, remedy, kept)

    def __str__(self) -> str:
        return f"{self.notebook}, '{self.cell}': {self.error}: {self.message} {self.remedy}"


@dataclass
class Watch:
    """What papermill's client reports as it runs: seconds inside cells, the cell at work, the notebook so far."""

    seconds: float = 0.0
    at: int = 0
    notebook: dict | None = None
    hooks: dict = field(init=False)

    def __post_init__(self) -> None:
        self.hooks = {"on_notebook_start": self.start, "on_cell_start": self.enter, "on_cell_executed": self.leave}

    def start(self, notebook) -> None:
        """The kernel is there."""
        self.notebook = notebook

    def enter(self, cell, cell_index: int) -> None:
        """A cell begins."""
        self.at = cell_index

    def leave(self, cell, cell_index: int, execute_reply: dict) -> None:
        """A cell ended; its time is the kernel's own, from taking up the request to sending the reply."""
        from jupyter_client.jsonutil import extract_dates

        begun, ended = extract_dates([execute_reply["metadata"].get("started"), execute_reply["header"].get("date")])
        if begun and ended:
            self.seconds += (ended - begun).total_seconds()


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, object] = MappingProxyType({}),
    *,
    key: str | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
    root: Path | None = None,
    failed: Path | None = None,
    timeout: float = CELL_TIMEOUT,
    warm: bool = kernels.CAN_FORK,
) -> float:
    """Execute `notebook` with `parameters` into `output` and return the seconds spent inside its cells.

    The kernel works in the notebook's folder with `environment` added, its random state seeded from `key` (the file's
    name by default). `root` is cut from paths in outputs. When a cell fails, `output` stays as it was, what ran is
    kept as `failed`, and `NotebookError` is raised; a parameter that is not declared raises `ParameterError` before
    anything starts.
    """
    document.check_parameters([(notebook, parameters)])
    manager = kernels.manager(key or notebook.stem, dict(environment), notebook.parent.resolve(), warm=warm)
    watch = Watch()
    try:
        done = _run(notebook, dict(parameters), manager, timeout, watch)
    except NotebookError as error:
        if failed:
            write_whole(failed, as_bytes(normalise(watch.notebook or document.read(notebook), root)))
            error.kept = failed.name
        raise
    write_whole(output, as_bytes(normalise(done, root)))
    if failed:
        failed.unlink(missing_ok=True)
    return watch.seconds


def canonical(
    notebook: Path, *, root: Path | None = None, timeout: float = CELL_TIMEOUT, warm: bool = kernels.CAN_FORK
) -> float:
    """Execute a committed notebook in place with its own defaults, without an injected cell; unchanged when it fails.

    Outside a run: `ANALYSIS_RUN` is not set, so what the notebook writes goes to the store's scratch folder.
    """
    manager = kernels.manager(notebook.stem, {"ANALYSIS_RUN": ""}, notebook.parent.resolve(), warm=warm)
    watch = Watch()
    done = _run(notebook, {}, manager, timeout, watch)
    write_whole(notebook, as_bytes(normalise(done, root)))
    return watch.seconds


def as_bytes(notebook: dict) -> bytes:
    """The notebook as Jupyter itself would write it."""
    import nbformat

    return (nbformat.writes(nbformat.from_dict(notebook)).rstrip("\n") + "\n").encode()


def _run(notebook: Path, parameters: dict, manager: type, timeout: float, watch: Watch) -> dict:
    """The executed notebook; raises `NotebookError`."""
    sys.modules.setdefault("rfc3987_syntax", None)  # see warm.preload
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import PapermillExecutionError
    from papermill.engines import papermill_engines
    from papermill.execute import raise_for_execution_errors

    try:
        done = _alone(
            papermill_engines.execute_notebook_with_engine,
            None,
            _prepared(notebook, parameters),
            KERNEL,
            kernel_manager_class=manager,
            shutdown_kernel="immediate",
            start_timeout=START_TIMEOUT,
            execution_timeout=timeout,
            iopub_timeout=OUTPUT_TIMEOUT,
            coalesce_streams=True,
            progress_bar=False,
            record_timing=False,
            autosave_cell_every=0,
            **watch.hooks,
        )
        raise_for_execution_errors(done, None)
        return done
    except PapermillExecutionError as error:
        found = (error.ename, error.evalue, RETRY)
    except CellTimeoutError:
        found = ("Timeout", f"the cell took longer than {timeout:g} seconds.", "Give it more time or less data.")
    except (DeadKernelError, RuntimeError) as error:
        found = ("Kernel died", str(error), "Often too little memory: run with fewer jobs, or free memory.")
    raise NotebookError(notebook.name, _section(notebook, watch), *found)


def _prepared(notebook: Path, parameters: dict) -> dict:
    """The notebook as papermill's engine takes it, the parameters in a cell of their own.

    `papermill.execute_notebook` would do this too, but writes the whole notebook out and reads it in again twice.
    """
    import nbformat
    from nbformat.v4.rwbase import rejoin_lines
    from papermill.parameterize import parameterize_notebook

    given = rejoin_lines(nbformat.from_dict(document.with_ids(document.read(notebook))))
    for part in (given, *given.cells):
        part.metadata["papermill"] = {}
    for cell in given.cells:
        cell.metadata.setdefault("tags", [])
    return parameterize_notebook(given, parameters, kernel_name=KERNEL, language="python") if parameters else given


def _alone(call: Callable, *arguments, **options):
    """`call` with an event loop of its own, which is closed afterwards.

    Jupyter keeps its loop in a context variable that threads inherit: without a context of its own a notebook would
    share the loop of its neighbour, or of whatever this process did with Jupyter before.
    """

    def run():
        from jupyter_core.utils import ensure_event_loop

        loop = ensure_event_loop()
        try:
            return call(*arguments, **options)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    return contextvars.Context().run(run)


def _section(notebook: Path, watch: Watch) -> str:
    """The heading above the cell at work."""
    cells = (watch.notebook or document.read(notebook))["cells"]
    return document.heading([c for c in cells if not MARKED & set(c["metadata"].get("tags", ()))], watch.at)
