"""Where a run keeps its receipts and executed notebooks, and how it writes a file: whole or not at all."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analysis.run.plan import Step

PARTIAL = ".partial"  # what a killed run leaves begins with a dot and ends so; the next run removes it

FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
SHUT = {errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Layout:
    """The folders of a run: `root` (paths in receipts are relative to it), `processed` and `reports`.

    `package` is the folder of the package whose modules count as a step's code, `analysis` itself by default.
    """

    root: Path
    processed: Path
    reports: Path
    package: Path = Path(__file__).parents[1]

    def receipt(self, step: Step) -> Path:
        """The receipt of a step."""
        return self.processed / step.study / "receipts" / step.unit / f"{step.title}.json"

    def executed(self, step: Step) -> Path:
        """The executed notebook of a step."""
        return self.processed / step.study / "runs" / step.unit / f"{step.title}.ipynb"

    def failed(self, step: Step) -> Path:
        """Where the notebook of a step that failed is kept for reading."""
        return self.executed(step).with_suffix(".failed.ipynb")

    def name(self, path: Path) -> str:
        """`path` as a receipt names it: relative to the root, with forward slashes."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def path(self, name: str) -> Path:
        """The file that a receipt names."""
        return self.root / name


def write_whole(path: Path, content: bytes | Callable[[Path], object]) -> None:
    """Write `path` whole or not at all: beside it under a temporary name, then renamed.

    `content` is the bytes, or a function that writes the path it is given. Raises OSError with nothing changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        content(partial) if callable(content) else partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def in_words(error: OSError) -> str:
    """What the file system refused, where it says so, and what to do about it; another error as it is."""
    if error.errno is None:
        return str(error)
    where = f" ({Path(error.filename).name})" if isinstance(error.filename, str) else ""
    remedy = (
        "Make room on this disk" if error.errno in FULL
        else "Allow writing in data/processed/ and reports/" if error.errno in SHUT
        else "See to the disk"
    )  # fmt: skip
    return f"{error.strerror}{where}. {remedy} and run again; finished steps are kept."


def remove_partial(*folders: Path) -> int:
    """Remove what killed runs left half-written in `folders`; returns how many files and folders."""
    found = [path for folder in folders if folder.exists() for path in folder.rglob(f".*{PARTIAL}")]
    for path in found:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return len(found)
