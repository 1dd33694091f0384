"""Processes of this machine: independent works given to several of them, and the garbage of one that ends soon."""

import gc
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

WAITING = {"MainThread", "parent-watch"}  # the second, of a step's own process, does nothing but wait for an end


@contextmanager
def spread_over(many: int) -> Iterator[Callable[[Callable, Iterable], Iterable]]:
    """A `map` over so many processes, which gives answers in the order of the works; for less than two it is `map`.

    All processes begin with the first works: what is opened later is not theirs.
    """
    if many < 2:
        yield map
        return
    context = multiprocessing.get_context("fork" if _fork_is_whole() else "spawn")
    with ProcessPoolExecutor(many, mp_context=context) as pool:
        yield pool.map


def _fork_is_whole() -> bool:
    """Whether a fork lacks nothing, as in a step of a run: it has its imports already, which cost a new process
    seconds. A fork of a process with other threads, of which libraries start some that Python does not count, can hang.
    """
    import psutil

    threads = [thread.name for thread in threading.enumerate()]
    return sys.platform == "linux" and set(threads) <= WAITING and psutil.Process().num_threads() == len(threads)


def search_garbage_rarely() -> None:
    """Let this process, which ends soon, look for cycles among its objects rarely, and never among those it has now.

    A release makes millions of small objects, figures are full of cycles, and looking took a tenth of all time.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
