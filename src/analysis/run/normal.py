"""What is left out of an executed notebook, so that a difference between two files means a different result."""

import json
import re
import sys
from pathlib import Path

ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
INJECTED = "injected-parameters"
MARKED = frozenset({"papermill-error-cell-tag"})


def normalise(notebook: dict, root: Path | None = None) -> dict:
    """The notebook without times, tool metadata and machine paths; outputs and counts stay.

    Removed: papermill's metadata and error marks, execution times, Python's patch version. Replaced: `root` and the
    environment's folder before a path by nothing, memory addresses by zeros, the random id of the injected cell by a
    fixed one. Takes and returns nbformat 4.5.
    """
    new = json.loads(json.dumps(notebook))
    new["metadata"].pop("papermill", None)
    new["metadata"].get("language_info", {}).pop("version", None)
    new["cells"] = [
        _normal_cell(cell, root) for cell in new["cells"] if not MARKED & set(cell["metadata"].get("tags", ()))
    ]
    return new


def _normal_cell(cell: dict, root: Path | None) -> dict:
    kept = {key: value for key, value in cell["metadata"].items() if key not in ("papermill", "execution")}
    if not kept.get("tags", True):
        del kept["tags"]
    if INJECTED in kept.get("tags", ()):
        cell = cell | {"id": INJECTED}
    for output in cell.get("outputs", ()):
        _clean(output, [f"{folder}/" for folder in (sys.prefix, root) if folder])
    return cell | {"metadata": kept}


def _clean(output: dict, folders: list[str]) -> None:
    output.get("metadata", {}).pop("execution", None)
    for key in {"text", "traceback"} & output.keys():
        output[key] = _plain(output[key], folders)
    for kind, value in output.get("data", {}).items():
        if kind.startswith("text/"):
            output["data"][kind] = _plain(value, folders)


def _plain(text, folders: list[str]):
    if isinstance(text, list):
        return [_plain(line, folders) for line in text]
    for folder in folders:
        text = text.replace(folder, "")
    return ADDRESS.sub(lambda found: "0x" + "0" * (len(found[0]) - 2), text)
