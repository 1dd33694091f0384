"""One run at a time on one reports folder: a lock that the system releases when its holder dies, however it dies."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

GRACE = 60  # seconds that the kernels of a killed run get to be gone


class Busy(RuntimeError):
    """Another run works on the same reports folder."""


@contextlib.contextmanager
def exclusive(reports: Path) -> Iterator[Path]:
    """Hold `reports` for this run; yields the file on which the run's kernels hold a shared lock while they live.

    Raises `Busy`, naming the process that holds it, when another run is at work; waits for the kernels of a killed one.
    """
    reports.mkdir(parents=True, exist_ok=True)
    kernels = reports / ".run.kernels"
    with (reports / ".run.lock").open("a+") as file:
        if not _taken(file):
            raise Busy(_message(reports, file))
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "started": time.strftime("%H:%M:%S")}))
        file.flush()
        _wait_for(kernels, reports)
        yield kernels


def _taken(file) -> bool:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        with contextlib.suppress(OSError):
            file.seek(1 << 20)  # a byte beyond the text, so that the message stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            return True
        return False
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _message(reports: Path, file) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read() or "{}")
    except ValueError:
        holder = {}
    who = (
        f" (process {holder['process']}, since {holder['started']})" if holder.keys() >= {"process", "started"} else ""
    )
    return f"another run is at work on {reports.name}/{who}. Wait until it ends or stop it, then start again."


def _wait_for(kernels: Path, reports: Path) -> None:
    """Wait until no kernel of an earlier run is left; they die with it, but not in the same instant."""
    try:
        import fcntl
    except ImportError:
        return
    with kernels.open("a") as file:
        for _ in range(GRACE * 100):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(0.01)
    raise Busy(f"kernels of an earlier run are still at work on {reports.name}/. Stop them, then start again.")
