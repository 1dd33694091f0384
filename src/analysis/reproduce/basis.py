"""What released tables rest on, by hash: raw data, data sets of packages, the plan, notebooks and the code they use."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from analysis import published, store
from analysis.run import code, document, job

PACKAGE = Path(__file__).parents[1]
TOLD = {"approvals.csv", "README.md"}  # what people say about a study; no result rests on it
ACTIONS = ("analysis.run.preparing", "analysis.run.releasing")


def files(study: str) -> dict[str, str]:
    """SHA-256 of every file that the results of a study rest on, by its name from the project's folder, sorted.

    A folder of studies/ without a plan (`published`) rests on its claims, its notebooks and their code.
    """
    paths = {_name(path): path for path in (*_raw(study), *_written(study), *notebooks(study))}
    used = {path for notebook in notebooks(study) for path in _code_of(notebook)} | _code_of_actions()
    paths |= {_name(path): path for path in used}
    return {name: digest(path) for name, path in sorted(paths.items())}


def of_names(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of the named files that are there: for a plan that cannot be read, which `files` needs."""
    places = {name: PACKAGE.parents[1] / name if name.startswith("src/") else store.root() / name for name in names}
    return {name: digest(path) for name, path in places.items() if path.is_file()}


def packaged(study: str) -> dict[str, str]:
    """SHA-256 of the values of every data set of an installed package that a study reads, by `package/data set`."""
    from analysis import prepare

    if is_planned(study):
        tables = {
            f"{one.package}/{one.dataset}": name for name, one in store.study(study).tables.items() if one.package
        }
        return {one: _of_frame(prepare.raw_rows(store.study(study), name)[0]) for one, name in sorted(tables.items())}
    known = published.datasets(store.study_folder(study))
    return {f"{one.get('from', 'printed')} ({name})": _of_frame(published.load(name)) for name, one in known.items()}


def shareable() -> list[str]:
    """Studies whose results may stand in git: synthetic or public data, or only claims about open data."""
    planned = [study for study in store.studies() if store.study(study).shareable]
    claims = [path.parent.name for path in (store.root() / "studies").glob("*/published.csv")]
    return sorted({*planned, *(study for study in claims if not is_planned(study))})


def is_planned(study: str) -> bool:
    """True for a study with a plan, which has released tables; `published` has only claims."""
    return (store.study_folder(study) / "study.yaml").exists()


def notebooks(study: str) -> list[Path]:
    """The notebooks that make a study's results: those that its plan has the tables for, or its own folder."""
    if is_planned(study):
        plan = store.study(study)
        return [path for path in job.notebooks() if job.fits(path, plan)]
    return sorted((store.root() / "notebooks" / study).glob("*.ipynb"))


def resting(changed: Iterable[str], notebook: str) -> list[str]:
    """Those of the `changed` files that a table of `notebook` (its stem) may differ for.

    Every table rests on the data, the plan and on preparing and releasing; of notebooks and of code only on its own.
    """
    path = store.root() / "notebooks" / f"{notebook}.ipynb"
    own = {_name(one) for one in (path, *(_code_of(path) if path.exists() else ()), *_code_of_actions())}
    apart = ("notebooks/", "src/analysis/", "code of ")
    return [name for name in changed if not name.startswith(apart) or name.removeprefix("code of ") in own]


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _raw(study: str) -> Iterator[Path]:
    return (path for path in sorted(store.raw(study).rglob("*")) if path.is_file() and not path.name.startswith("."))


def _written(study: str) -> Iterator[Path]:
    folder = store.study_folder(study)
    return (path for path in sorted(folder.iterdir()) if path.suffix in (".yaml", ".csv") and path.name not in TOLD)


@cache
def _code_of(notebook: Path) -> frozenset[Path]:
    return _imports().used_by(document.code(notebook))


@cache
def _code_of_actions() -> frozenset[Path]:
    return frozenset().union(*(_imports().used_by_module(module) for module in ACTIONS))


@cache
def _imports() -> code.Imports:
    return code.Imports(PACKAGE)


def _name(path: Path) -> str:
    """A file as a certificate names it: from the project's folder; code as `src/analysis/...` wherever it is."""
    if path.is_relative_to(PACKAGE):
        return f"src/analysis/{path.relative_to(PACKAGE).as_posix()}"
    return path.relative_to(store.root()).as_posix()


def _of_frame(frame) -> str:
    return hashlib.sha256(store.to_csv(frame)).hexdigest()


def differences(known: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Names that are `changed`, `missing` (known, not found) or `new` (found, not known)."""
    what = {name: "changed" if name in known and name in found else "missing" if name in known else "new"
            for name in sorted(known.keys() | found.keys()) if known.get(name) != found.get(name)}  # fmt: skip
    return what
