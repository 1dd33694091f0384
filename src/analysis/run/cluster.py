"""Where the steps of a run are worked on: threads of this process, a Dask cluster that is there, or batch jobs."""

import contextlib
import inspect
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis._yaml import read_yaml
from analysis.codebook import StudyError

QUIET = {
    "distributed.worker.memory.terminate": False,
    "distributed.admin.tick.limit": "1h",
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.profile.enabled": False,  # nobody reads it, and it looks at every thread 100 times a second
}
SYSTEMS = {
    "slurm": ("SLURMCluster", "sbatch"), "pbs": ("PBSCluster", "qsub"), "sge": ("SGECluster", "qsub"),
    "lsf": ("LSFCluster", "bsub"), "htcondor": ("HTCondorCluster", "condor_submit"), "oar": ("OARCluster", "oarsub"),
}  # fmt: skip
"""Batch systems: the class of dask-jobqueue, and the command that must be there."""


class Batch(BaseModel):
    """How to start workers through a batch system: at most `jobs` jobs, each one worker with one pool of warm kernels.

    `settings` are those of the system's class in dask-jobqueue (cores, memory, walltime, queue, account, ...).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["slurm", "pbs", "sge", "lsf", "htcondor", "oar"]
    jobs: int = Field(ge=1)
    settings: dict[str, object]


def batch(path: Path) -> Batch:
    """Read such a file. Raises `StudyError` with every problem: not there, not YAML, unknown keys or settings, no
    dask-jobqueue, no batch system on this machine.
    """
    import yaml

    try:
        read = Batch.model_validate(read_yaml(path.read_text("utf-8")))
    except FileNotFoundError:
        raise StudyError([f"{path}: not found. docs/scale.md shows what such a file holds."]) from None
    except yaml.YAMLError as error:
        raise StudyError([f"{path}: is not YAML{_line(error)}. docs/scale.md shows what it holds."]) from None
    except ValidationError as error:
        said = [f"{path}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}." for e in error.errors()]
        raise StudyError(said) from None
    if problems := list(_obstacles(read, path)):
        raise StudyError(problems)
    return read


def _line(error) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark else ""


def _obstacles(read: Batch, path: Path) -> Iterator[str]:
    name, command = SYSTEMS[read.system]
    if shutil.which(command) is None:
        yield f"{path}: system {read.system}: no command {command} on this machine. Run where jobs are submitted."
    try:
        made = getattr(__import__("dask_jobqueue"), name)
    except ImportError:
        yield 'dask-jobqueue is not installed. Say: pip install "dask-jobqueue>=0.9", or install with [cluster].'
        return
    classes = [*made.__mro__, *made.job_cls.__mro__]
    known = {key for each in classes for key in inspect.signature(each.__init__).parameters} - {"self", "n_workers"}
    for key in sorted(set(read.settings) - known):
        yield f"{path}: settings.{key}: {name} of dask-jobqueue does not have it; it has {', '.join(sorted(known))}."
    for key in sorted({"cores", "memory"} - set(read.settings)):
        yield f"{path}: settings.{key}: not found, and a job needs it."


@contextlib.contextmanager
def client(jobs: int, scheduler: str | None = None, batch: Batch | None = None):
    """A client of the cluster at the address `scheduler`, of one whose workers are `batch` jobs, or of one of `jobs`
    threads inside this process that listens on no port.
    """
    import dask
    from distributed import Client  # before `set`, which would undo the settings that it brings

    with dask.config.set(QUIET), contextlib.ExitStack() as stack:
        if batch:
            yield stack.enter_context(Client(stack.enter_context(_workers_of(batch))))
        elif scheduler:
            yield stack.enter_context(Client(scheduler))
        else:
            yield stack.enter_context(Client(stack.enter_context(_inside(jobs))))


def _workers_of(batch: Batch):
    """A cluster that asks for jobs as long as steps wait, and for another where one was lost."""
    import dask_jobqueue

    whole: Mapping[str, object] = {
        "processes": 1
    } | batch.settings  # one worker a job: its kernels share one fork server
    try:
        cluster = getattr(dask_jobqueue, SYSTEMS[batch.system][0])(**whole)
    except (TypeError, ValueError) as error:
        raise StudyError([f"settings: {error}"]) from None
    cluster.adapt(minimum_jobs=0, maximum_jobs=batch.jobs)
    return cluster


@contextlib.contextmanager
def _inside(jobs: int):
    from distributed import LocalCluster

    loopback = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
    with (
        tempfile.TemporaryDirectory(prefix=f"analysis-{os.getpid()}-dask-", ignore_cleanup_errors=True) as scratch,
        LocalCluster(
            n_workers=1,
            threads_per_worker=jobs,
            processes=False,
            protocol="inproc://",
            memory_limit=0,
            silence_logs=logging.ERROR,
            local_directory=scratch,
            scheduler_kwargs={"dashboard": False},
            **loopback,
        ) as cluster,
    ):
        for server in (cluster.scheduler, *cluster.workers.values()):
            server.http_server.stop()  # Dask always opens one; nobody needs to look in from outside
        yield cluster
