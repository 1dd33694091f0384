"""An expectation from a released research object (RO-Crate): a folder or zip file that somebody downloaded."""

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from analysis.codebook import StudyError
from analysis.publish.crate import NAME
from analysis.reproduce.expected import Expected, joined

TABLE = re.compile(r"(?P<unit>[^/]+)/tables/(?P<name>[^/]+)\.csv")


def read(place: Path) -> tuple[Expected, dict[str, str]]:
    """The expectation that a crate holds, and its own files that are `changed` or `missing` since it was made.

    Raises `StudyError` when `place` is no crate of a study of this repository.
    """
    content = _opened(place)
    try:
        entities = {one["@id"]: one for one in json.loads(content(NAME))["@graph"]}
        named = {
            id: one["sha256"] for id, one in entities.items() if one.get("@type") == "File" and not id.startswith("#")
        }
        found = {id: _digest(content, id) for id in named}
        beside = [f"{id.removesuffix('.csv')}.json" for id in named if TABLE.fullmatch(id)]
        about = next(json.loads(content(name)) for name in beside if found[name])
    except (KeyError, ValueError, TypeError, StopIteration):
        raise StudyError([f"{place.name}: is no crate of released tables ({NAME} with tables beside it)."]) from None
    broken = {id: "changed" if found[id] else "missing" for id in sorted(named) if found[id] != named[id]}
    tables = joined(
        (*TABLE.fullmatch(id).groups(), content(id)) for id in sorted(named) if TABLE.fullmatch(id) and found[id]
    )
    expected = Expected(about["study"], place.name, tables, hashes(entities), named, {}, None, about.get("as_of", ""))
    return expected, broken


def hashes(entities: Mapping[str, Mapping]) -> dict[str, str]:
    """Hash or version of what the released tables rest on, as a crate names it, by name."""
    apart = ("#data/raw/", "#studies/", "#notebooks/")
    found = {id[1:]: one["sha256"] for id, one in entities.items() if id.startswith(apart) and "sha256" in one}
    code = {f"code of {id[1:]}": one["version"] for id, one in entities.items() if id.startswith("#notebooks/")}
    packaged = {
        id[1:]: one["version"] for id, one in entities.items() if str(one.get("version")).startswith("version ")
    }
    return dict(sorted((found | code | packaged).items()))


def of_run(reports: Path) -> dict[str, str]:
    """The same of the crate that a run has just made."""
    graph = json.loads((reports / NAME).read_text("utf-8"))["@graph"]
    return hashes({one["@id"]: one for one in graph})


def _opened(place: Path) -> Callable[[str], bytes]:
    """How to read a file of the crate by its name; KeyError when it is not there."""
    if place.is_dir():
        there = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
        return lambda name: there[f"{_base(there)}{name}"].read_bytes()
    if not zipfile.is_zipfile(place):
        raise StudyError([f"{place.name}: not found, or neither a folder nor a zip file. Name a downloaded crate."])
    packed = zipfile.ZipFile(place)
    names = set(packed.namelist())
    return lambda name: packed.read(f"{_base(names)}{name}")


def _base(names) -> str:
    """The folder in which the crate stands: a download may wrap it in one."""
    found = sorted((name for name in names if PurePosixPath(name).name == NAME), key=len)
    return found[0].removesuffix(NAME) if found else ""


def _digest(content: Callable[[str], bytes], name: str) -> str:
    try:
        return hashlib.sha256(content(name)).hexdigest()
    except KeyError:
        return ""
