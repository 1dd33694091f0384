"""Receipts: what a step read, ran and wrote, by hash. A step whose receipt still holds need not run again.

One mechanism for speed and for provenance: the same file says why a step may be skipped and what made a report.
Everything that varies between two identical runs stands under `measured`; the rest of a receipt is byte-stable.
"""

import hashlib
import json
import os
import platform
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from analysis.run import code, document
from analysis.run.layout import PARTIAL, Layout, write_whole
from analysis.run.plan import Step

TRACE = "ANALYSIS_TRACE"
ABSENT = None  # what stands for the hash of a file that was looked for and not there
CHANGED = "changed while the step ran"  # what stands for the hash of a file of which nobody knows what was used


@dataclass(frozen=True)
class Trace:
    """What a step did with files, as it wrote to the file named by the environment variable ANALYSIS_TRACE.

    Lines are `read<TAB>path`, `wrote<TAB>path`, `missed<TAB>path` (looked for, not there) and `listed<TAB>folder`
    (its names were used).
    """

    read: frozenset[Path] = frozenset()
    wrote: frozenset[Path] = frozenset()
    listed: frozenset[Path] = frozenset()

    @classmethod
    def of(cls, file: Path) -> "Trace":
        """Read a trace; an unknown first word raises ValueError, a file that is not there is an empty trace."""
        found: dict[str, set[Path]] = {"read": set(), "wrote": set(), "missed": set(), "listed": set()}
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            verb, _, path = line.partition("\t")
            if verb not in found:
                raise ValueError(
                    f"trace of a step holds {verb!r}, allowed: {', '.join(found)}. Correct what writes it."
                )
            found[verb].add(Path(path))
        inputs = (found["read"] | found["missed"]) - found["wrote"]
        return cls(frozenset(inputs), frozenset(found["wrote"]), frozenset(found["listed"]))


@dataclass
class Hashes:
    """SHA-256 of files, each read once as long as its size, times and inode stay the same."""

    layout: Layout
    _known: dict[Path, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    _code: dict[object, dict[str, str]] = field(default_factory=dict)
    _imported: dict[Path, tuple[int, ...]] | None = None  # the package's files as they were before kernels began
    _imports: code.Imports | None = None

    def __getstate__(self) -> dict:
        """What goes to the workers with every step: not the files read so far, which each reads for itself."""
        return self.__dict__ | {"_known": {}, "_imports": None}

    def of(self, path: Path) -> str | None:
        """Hash of a file, or of all files in a folder; None when there is none."""
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return ABSENT
        if stat.S_ISDIR(status.st_mode):
            return self._of_folder(path)
        stamp = _stamp(status)
        if self._known.get(path, (None,))[0] != stamp:
            self._known[path] = (stamp, _digest(path))
        return self._known[path][1]

    def _of_folder(self, folder: Path) -> str:
        """Hash of a folder that is read as one table: of the names and hashes of its files."""
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        lines = (f"{path.relative_to(folder).as_posix()} {self.of(path)}" for path in files)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def of_names(self, folder: Path) -> str | None:
        """Hash of the sorted names in a folder, None when there is none."""
        if not folder.is_dir():
            return ABSENT
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    def table(self, paths) -> dict[str, str | None]:
        """Hashes by the names that receipts use, sorted."""
        return {name: self.of(path) for name, path in sorted((self.layout.name(p), p) for p in paths)}

    def code_of(self, step: Step, module: str | None) -> dict[str, str]:
        """Hashes of the package files that the step's notebook, or its action's module, uses; read once per run."""
        key = step.notebook or module
        if key not in self._code:
            package = self.layout.package
            self._imports = self._imports or code.Imports(package)
            if step.notebook:
                files = self._imports.used_by(document.code(step.notebook))
            else:
                files = self._imports.used_by_module(module or "")
            named = sorted((path.relative_to(package.parent).as_posix(), path) for path in files)
            self._code[key] = {name: self._of_code(path) for name, path in named}
        return self._code[key]

    def code_is_imported(self) -> None:
        """From now on kernels import the code, which need not be hashed yet: a file that changes is found out."""
        paths = (path for path in self.layout.package.rglob("*") if "__pycache__" not in path.parts)
        self._imported = {path: _stamp(path.stat()) for path in paths if path.is_file()}

    def code_is_read(self) -> None:
        """What was kept to hash code, and would go to the workers with every step, is needed no more."""
        self._imported = self._imports = None

    def _of_code(self, path: Path) -> str | None:
        found = self.of(path)
        known = self._known.get(path, (None,))[0]
        same = self._imported is None or self._imported.get(path) == known
        return found if same else CHANGED


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    """What differs when a file was written, replaced or put back."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _digest(path: Path) -> str:
    """SHA-256 of a file; of a receipt without its last line, which says when the step ran and how long."""
    if path.parts[-3:-2] == ("receipts",):
        return hashlib.sha256(path.read_bytes().rpartition(b'\n "measured"')[0]).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Receipts:
    """The receipts of one run: writes them, and tells which steps must run again and why.

    `modules` gives the module of the action of each kind of step that is not a notebook.
    """

    layout: Layout
    modules: dict[str, str] = field(default_factory=dict)

    @cached_property
    def hashes(self) -> Hashes:
        """Hashes known so far."""
        return Hashes(self.layout)

    def why(self, step: Step) -> str | None:
        """Why the step must run: one phrase naming the first thing that differs; None when its receipt holds."""
        file = self.layout.receipt(step)
        try:
            receipt = json.loads(file.read_text("utf-8"))
            return self._difference(step, receipt)
        except FileNotFoundError:
            return "never run"
        except (ValueError, TypeError, KeyError, AttributeError, OSError):
            return "its receipt cannot be read"

    def holds(self, step: Step) -> bool:
        """Whether everything the receipt names is as it was."""
        return self.why(step) is None

    def read_code(self, steps: Iterable[Step]) -> None:
        """Hash the code of these steps, once for all: with the receipts it goes to the workers."""
        for step in steps:
            self.hashes.code_of(step, self.modules.get(step.kind))
        self.hashes.code_is_read()

    def claim(self, step: Step) -> "Claim":
        """What a step about to start will run: taken before, so that a later edit is not credited to it."""
        file = self.layout.receipt(step)
        file.parent.mkdir(parents=True, exist_ok=True)
        clock = file.with_name(f".{file.name}.{os.getpid()}{PARTIAL}")
        clock.touch()  # the file system's own clock, which on a network drive is another machine's
        try:
            return Claim(file, clock.stat().st_mtime_ns, self._expected(step))
        finally:
            clock.unlink()

    def write(
        self, claim: "Claim", trace: Trace, measured: dict[str, object], also_wrote: tuple[Path, ...] = ()
    ) -> None:
        """Write the receipt of a step that has just succeeded; the very last thing a step does.

        An input that changed while the step ran is written down as such, so that the receipt does not hold.
        """
        wrote = trace.wrote | set(also_wrote)
        inputs = {path for path in trace.read - wrote if "site-packages" not in path.parts}  # those count by version
        late = {self.layout.name(p): CHANGED for p in inputs if _modified(p) > claim.started}
        receipt = claim.expected | {
            "inputs": self.hashes.table(inputs) | late,
            "listed": {self.layout.name(folder): self.hashes.of_names(folder) for folder in sorted(trace.listed)},
            "outputs": self.hashes.table(wrote),
        }
        text = json.dumps(receipt, indent=1, sort_keys=True, ensure_ascii=False)
        last = json.dumps({"measured": measured}, sort_keys=True)
        write_whole(claim.file, f"{text[:-2]},\n {last[1:-1]}\n}}\n".encode())

    def _expected(self, step: Step) -> dict[str, object]:
        notebook = self.hashes.table([step.notebook]) if step.notebook else {}
        return {
            "step": {
                "name": step.name,
                "kind": step.kind,
                "study": step.study,
                "unit": step.unit,
                "needs": list(step.needs),
            },
            "parameters": json.loads(json.dumps(dict(step.parameters), default=str)),
            "notebook": notebook,
            "code": self.hashes.code_of(step, self.modules.get(step.kind)),
            "versions": versions(),
        }

    def _difference(self, step: Step, receipt: dict) -> str | None:
        for part, expected in self._expected(step).items():
            if receipt[part] != expected:
                return _first_change(part, receipt[part], expected)
        for part in ("inputs", "outputs"):
            for name, known in receipt[part].items():
                if self.hashes.of(self.layout.path(name)) != known:
                    return f"{name} changed" if part == "inputs" else f"{name} is not what it wrote"
        for name, known in receipt["listed"].items():
            if self.hashes.of_names(self.layout.path(name)) != known:
                return f"files came or went in {name}"
        return None


@dataclass(frozen=True)
class Claim:
    """The part of a receipt that is known before the step, and when that was (ns, the file system's clock)."""

    file: Path
    started: int
    expected: dict[str, object]


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _first_change(part: str, known: object, expected: object) -> str:
    if not (isinstance(known, dict) and isinstance(expected, dict)):
        return f"{part} changed"
    names = sorted(name for name in known.keys() | expected.keys() if known.get(name) != expected.get(name))
    return f"{part} changed: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that this one declares as its dependencies."""
    from importlib.metadata import PackageNotFoundError, requires, version

    found = {"python": platform.python_version()}
    try:
        declared = [entry for entry in requires("analysis") or () if "extra ==" not in entry]
    except PackageNotFoundError:
        return found
    for name in sorted(re.match(r"[\w.-]+", entry)[0] for entry in declared):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
