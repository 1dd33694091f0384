"""The machine and the environment of a run: what may explain a difference in the last digits."""

import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where numbers were computed: system, processor architecture, its vector instructions, Python and BLAS.

    No name of a machine or a person is in it.
    """

    system: str
    processor: str
    instructions: str
    python: str
    blas: str
    cores: int

    def same_arithmetic(self, other: "Machine") -> bool:
        """Whether the two compute with the same instructions and libraries, so that every digit must agree."""
        return _arithmetic(self) == _arithmetic(other)


def _arithmetic(machine: Machine) -> dict[str, object]:
    return {name: value for name, value in asdict(machine).items() if name not in ("cores", "python")}


def this() -> Machine:
    """The machine that this is."""
    import numpy as np

    built = np.show_config(mode="dicts")
    simd = built.get("SIMD Extensions", {})
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return Machine(
        platform.system(), platform.machine(), " ".join([*simd.get("baseline", ()), *simd.get("found", ())]),
        platform.python_version(), f"{blas.get('name', '')} {blas.get('version', '')}".strip(), os.cpu_count() or 1,
    )  # fmt: skip


def commit(root: Path) -> str:
    """The commit of a clone, ending in `-dirty` where files are not as committed; empty where there is no git."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def locked(lock: Path) -> dict[str, str]:
    """Versions that the lock file asks for on this machine, by package; none when there is no lock file."""
    from packaging.requirements import Requirement

    lines = re.findall(r"^([A-Za-z0-9._-]+==[^\\\n]+)", lock.read_text("utf-8") if lock.exists() else "", re.MULTILINE)
    wanted = [Requirement(line.strip()) for line in lines]
    return {
        one.name: next(iter(one.specifier)).version
        for one in wanted
        if one.marker is None or one.marker.evaluate({"extra": ""})
    }


def departures(lock: Path) -> dict[str, str]:
    """Packages whose installed version is not the locked one, with both; packages that are not needed may be absent."""
    found = {name: (wanted, installed(name)) for name, wanted in locked(lock).items()}
    return {name: f"{here}, lock {wanted}" for name, (wanted, here) in found.items() if here and here != wanted}


def installed(package: str) -> str:
    """Version of an installed package, empty when it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
