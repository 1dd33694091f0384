"""What ran on what, read from the receipts: the way from a released table back to its notebook and the raw files."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import store
from analysis.study import DERIVED_TABLES

if TYPE_CHECKING:
    from analysis.study import Study


@dataclass(frozen=True)
class Action:
    """One step that ran: kind, name and notebook; files (of notebook, inputs, outputs, code) stand with their hash."""

    kind: str
    name: str
    unit: str
    notebook: Mapping[str, str]
    parameters: Mapping[str, object]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    code: Mapping[str, str]
    versions: Mapping[str, str]


def actions(study: str) -> tuple[Action, ...]:
    """What ran for the released tables of a study, from its receipts: preparation, notebooks by unit, release.

    The receipt of the release names the others, so that those of notebooks and units which are no more are left out.
    None when nothing is released.
    """
    folder = store.processed(study) / "receipts"
    receipt = store.read(folder / "all" / "release.json")
    if not receipt.exists():
        return ()
    last = json.loads(receipt.read_text("utf-8"))
    offered = {
        (parts[-2], parts[-1].split("__")[0])
        for name in last["inputs"]
        if (parts := name.split("/"))[-3:-2] == ["candidates"]
    }
    named = {(parts[1], parts[2]) for name in last["step"]["needs"] if len(parts := name.split("/")) == 3}
    paths = [
        folder / "all" / "prepare.json",
        *(folder / unit / f"{title}.json" for unit, title in sorted(offered | named)),
    ]
    found = [json.loads(store.read(path).read_text("utf-8")) for path in paths if path.exists()]
    return tuple(map(_action, [*found, last]))


def _action(receipt: Mapping) -> Action:
    step, rest = receipt["step"], ("notebook", "parameters", "inputs", "outputs", "code", "versions")
    return Action(step["kind"], step["name"], step["unit"], **{part: receipt[part] for part in rest})


@dataclass(frozen=True)
class Origin:
    """Where a released table came from: notebook, its section, the processed tables it read, raw files with hashes."""

    notebook: str
    section: str
    processed: tuple[str, ...]
    raw: Mapping[str, str]


def origin(study: "Study", unit: str, table: str) -> Origin | None:
    """The way back from a released table; None when no receipt tells of it."""
    ran = actions(study.id)
    end = f"/candidates/{unit}/{table}.csv"
    made = next((one for one in ran if any(name.endswith(end) for name in one.outputs)), None)
    if made is None:
        return None
    processed = tuple(dict.fromkeys(name for file in sorted(made.inputs) if (name := processed_table(file))))
    raw = {name: found for one in ran if one.kind == "prepare" for name, found in raw_files(study, one).items()}
    mine = {name: found for name, found in raw.items() if _feeds(study, name, processed)}
    notebook = next(iter(made.notebook), "")
    return Origin(notebook, place_of(store.root() / notebook, table.partition("__")[2]).section, processed, mine or raw)


def processed_table(file: str) -> str:
    """Name of the processed table that a file of a receipt is a part of; empty for another file."""
    parts = file.split("/")
    return parts[-2] if len(parts) > 3 and parts[-3] == "tables" and parts[-1].startswith("unit=") else ""


def raw_files(study: "Study", prepare: Action) -> dict[str, str]:
    """Raw files that the preparation read, with their hash; for a data set of an installed package its version."""
    found = {name: value for name, value in prepare.inputs.items() if name.startswith("data/raw/")}
    packages = {one.package: f"{one.package}/{one.dataset}" for one in study.tables.values() if one.package}
    return found | {name: f"version {prepare.versions.get(package)}" for package, name in packages.items()}


def _feeds(study: "Study", raw: str, processed: Iterable[str]) -> bool:
    """Whether a raw file is what one of the processed tables is made from (derived ones: from the answers)."""
    names = {"answers" if name in DERIVED_TABLES else name for name in processed}
    tables = [study.tables[name] for name in names if name in study.tables]
    return any(raw == f"data/raw/{study.id}/{one.file}" or raw == f"{one.package}/{one.dataset}" for one in tables)


@dataclass(frozen=True)
class Place:
    """Where a notebook releases a table: the heading above the cell, and the cell's id; empty where there is none."""

    section: str = ""
    cell: str = ""


def place_of(notebook: Path, name: str) -> Place:
    """The place in a notebook that releases the table `name`."""
    heading = ""
    for cell in json.loads(store.read(notebook).read_text("utf-8"))["cells"] if notebook.is_file() else ():
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = next((line.lstrip("# ") for line in source.splitlines() if line.startswith("#")), heading)
        elif "release(" in source and re.search(rf"""["']{re.escape(name)}["']""", source):
            return Place(heading, cell.get("id", ""))
    return Place()


def cells(tables: Iterable[str]) -> dict[str, str]:
    """The id of the notebook cell that releases each of `tables` (`<notebook>__<name>`), where it is found."""
    split = ((table, table.partition("__")) for table in sorted(set(tables)))
    folder = store.root() / "notebooks"
    found = {table: place_of(folder / f"{notebook}.ipynb", name).cell for table, (notebook, _, name) in split}
    return {table: cell for table, cell in found.items() if cell}
