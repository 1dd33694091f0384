"""Released tables as files, read back: from a folder of reports, or from a packed release."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.disclosure import Meta, Profile, profile

NUMBERS = {"value", "n", "largest", "second_largest"}
Tables = dict[str, tuple[pd.DataFrame, Meta]]


def contents(place: Path) -> dict[str, bytes]:
    """Every CSV and JSON file below the folder `place`, or in the zip file `place`, by its name in it.

    Raises `StudyError` when there is no such place.
    """
    if place.is_file() and zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as packed:
            return {name: packed.read(name) for name in packed.namelist() if Path(name).suffix in (".csv", ".json")}
    if not place.is_dir():
        raise StudyError([f"{place.name}: not found. Name a folder of released tables, or a packed release (.zip)."])
    paths = sorted(path for path in place.rglob("*") if path.suffix in (".csv", ".json"))
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}


def tables(files: Mapping[str, bytes]) -> Tables:
    """The tables among `files` (a CSV with its JSON beside it), by name without `tables/`: `north/03_change__means`.

    Raises `StudyError` for tables of several studies: their people have nothing to do with one another.
    """
    described = {name: json.loads(files[end]) for name in files if (end := _beside(name)) in files}
    described = {name: about for name, about in described.items() if "dims" in about}
    studies = sorted({about.get("study", "") for about in described.values()})
    if len(studies) > 1:
        raise StudyError([f"tables of several studies ({', '.join(studies)}) lie together. Audit one at a time."])
    return {_name(name): (frame(files[name]), Meta.of(about)) for name, about in described.items()}


def _beside(name: str) -> str:
    return f"{name.removesuffix('.csv')}.json" if name.endswith(".csv") else ""


def _name(file: str) -> str:
    return "/".join(part for part in PurePosixPath(file).with_suffix("").parts if part != "tables")


def frame(content: bytes) -> pd.DataFrame:
    """A long table from its CSV: numbers as numbers, everything else as text, an empty text is a level."""
    header = next(csv.reader([content.partition(b"\n")[0].decode("utf-8-sig")]))
    types = {column: "float64" if column in NUMBERS else "str" for column in header}  # also of a table without rows
    empty = {column: [""] for column in NUMBERS & set(header)}
    return pd.read_csv(io.BytesIO(content), dtype=types, keep_default_na=False, na_values=empty)


def rules(found: Tables) -> Profile:
    """The profile that released tables name; that of an interim release where counts are rounded more than it asks.

    Raises `StudyError` when they name several: tables of different profiles are never mixed.
    """
    names = sorted({meta.profile for _, meta in found.values()})
    if len(names) != 1:
        raise StudyError([f"tables of several profiles ({', '.join(names)}) lie together. Audit them apart."])
    plain = profile(names[0])
    return profile(names[0], interim=any(meta.base > plain.round_base for _, meta in found.values()))


def earlier(study: str, as_of: str) -> Tables:
    """The tables that left in the latest packed release of the study, of `as_of` (ISO date) or before; else none.

    Several packs of one date are taken together; where they differ the last one counts.
    """
    folder = store.listed(store.reports(study) / "releases")
    dates = sorted(path.name for path in folder.glob("*") if path.is_dir() and path.name <= (as_of or "9999"))
    found: Tables = {}
    for packed in sorted(store.listed(folder / dates[-1]).glob("*.zip")) if dates else ():
        found |= tables(contents(store.read(packed)))
    return found
