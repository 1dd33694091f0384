"""Warm kernels: IPython kernels forked from a process that has already imported what notebooks import.

A kernel is then ready in a tenth of a second instead of seconds, on sockets in a private folder (IPC) instead of TCP
ports that others on the machine could read. Where fork is missing the same manager starts plain kernels.
"""

import contextlib
import hashlib
import itertools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

CAN_FORK = sys.platform == "linux"  # macOS has fork too, but its system libraries do not survive it
CAN_IPC = sys.platform != "win32"
ABANDONED = 24 * 3600  # seconds after which what a killed process left may go
LONGEST_SOCKET = 107  # bytes in sockaddr_un.sun_path
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pandas imports pyarrow, whose allocator starts one
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "IPYKERNEL_CELL_NAME": "<cell>",  # otherwise warnings name a file with the kernel's process number
}
NUMBERS = itertools.count()
_live: dict[int, multiprocessing.Process] = {}
_starting = threading.Lock()
_closed = threading.Event()


def seed_of(key: str) -> int:
    """The 32-bit seed of the job named `key`: the same on every machine, another for every job."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")


def session_folder() -> Path:
    """A private folder of this process for sockets and traces, with a name short enough for a socket."""
    with _starting:  # two workers that ask at once get the same one
        return _session_folder()


@cache
def _session_folder() -> Path:
    below = len("/analysis-4194304-xxxxxxxx/k99999-ipc-5")
    usual = tempfile.gettempdir()
    parent = usual if len(usual) + below <= LONGEST_SOCKET or not CAN_IPC else "/tmp"
    _remove_abandoned(Path(parent))
    return Path(tempfile.mkdtemp(prefix=f"analysis-{os.getpid()}-", dir=parent))


def start_server() -> None:
    """Start the fork server if it is not there yet; returns at once, imports go on in the server."""
    if not CAN_FORK:
        return
    from multiprocessing import forkserver

    with _starting, _plain_parent(), _environ(ENVIRONMENT):
        multiprocessing.get_context("forkserver").set_forkserver_preload(["analysis.run.preloaded"])
        forkserver.ensure_running()


def start_child(target, *arguments, fresh: bool = False) -> multiprocessing.Process:
    """A process running `target(*arguments)`, forked from the warm server; a `fresh` one, or where fork is missing, is
    a new program, which imports for itself what it needs.
    """
    start_server()
    context = multiprocessing.get_context("forkserver" if CAN_FORK and not fresh else "spawn")
    with _starting, _plain_parent(), _environ(ENVIRONMENT):
        if _closed.is_set():
            raise RuntimeError("the run was stopped.")
        child = context.Process(target=target, args=arguments)
        child.start()
        _live[child.pid] = child
    return child


def forget(child: multiprocessing.Process) -> None:
    """Leave an ended child out of what `stop` kills."""
    _live.pop(child.pid, None)


def kill(child: multiprocessing.Process) -> None:
    """Kill a child with everything it started, and forget it."""
    if child.is_alive():
        for send in (os.killpg, os.kill) if CAN_FORK else ():  # the second for a child that has no group of its own yet
            with contextlib.suppress(ProcessLookupError):
                send(child.pid, signal.SIGKILL)
        if not CAN_FORK:
            child.kill()
        child.join(5)
    forget(child)


@contextlib.contextmanager
def session():
    """Kernels may start inside; whichever way out, all of this process are killed and none can start any more."""
    _closed.clear()
    try:
        yield
    finally:
        with _starting:
            _closed.set()
        stop()


def stop() -> None:
    """Kill every kernel of this process and remove its session folder; the fork server ends with this process."""
    for child in list(_live.values()):
        kill(child)
    remove_session_folder()


def remove_session_folder() -> None:
    """Remove the folder of sockets and traces, if there is one."""
    if _session_folder.cache_info().currsize:
        shutil.rmtree(_session_folder(), ignore_errors=True)
        _session_folder.cache_clear()


def manager(key: str, environment: dict[str, str], folder: Path, *, warm: bool = CAN_FORK) -> type:
    """The `kernel_manager_class` of one job: seeded by `key`, started in `folder`, `environment` added to its own."""
    sys.modules.setdefault("rfc3987_syntax", None)  # see warm.preload
    from analysis.run.jupyter import WarmKernelManager

    job = SimpleNamespace(seed=seed_of(key), environment=ENVIRONMENT | environment, folder=str(folder), warm=warm)
    return type("JobKernelManager", (WarmKernelManager,), {"job": job})


def _remove_abandoned(parent: Path) -> None:
    """Remove day-old session folders whose process was killed; a young one may be that of another container."""
    for folder in parent.glob("analysis-*-*"):
        owner = folder.name.split("-")[1]
        with contextlib.suppress(OSError):
            old = time.time() - folder.stat().st_mtime > ABANDONED
            if old and owner.isdigit() and not _runs(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    import psutil

    return psutil.pid_exists(process)


@contextlib.contextmanager
def _plain_parent():
    """Lay aside two customs of multiprocessing that do not suit kernels.

    It runs the caller's script again in every child, but a kernel has a `__main__` of its own. And it lets no daemonic
    process, such as a Dask worker with a nanny, have children, lest they outlive it: kernels end by themselves.
    """
    process = multiprocessing.current_process()
    main, daemon = sys.modules["__main__"], process.daemon
    sys.modules["__main__"], process.daemon = ModuleType("__main__"), False
    try:
        yield
    finally:
        sys.modules["__main__"], process.daemon = main, daemon


@contextlib.contextmanager
def _environ(values: dict[str, str]):
    """Environment of a program about to be started; restored after."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
