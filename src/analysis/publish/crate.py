"""The research object of a study (RO-Crate, profile Process Run Crate): raw file -> notebook run -> table -> page.

Everything comes from the receipts of the run and the files in `reports/<study>/`. It leaves with them, so it names what
is private (raw and processed data, candidates) and holds no hash of what disclosure control acted on: the hash of an
unsuppressed table would let an outsider try numbers until it fits. Raw files have theirs, as proof of what came in.
Profile: https://w3id.org/ro/wfrun/process/0.5.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import store
from analysis.publish.provenance import Action, actions, processed_table, raw_files

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

    from analysis.study import Study

NAME = "ro-crate-metadata.json"
PROCESS, TERMS = "https://w3id.org/ro/wfrun/process/0.5", "https://w3id.org/ro/terms/workflow-run/context"
APART = ("releases", NAME, "release_log.csv")  # packed releases hold crates; the log changes with each decision
TYPES = {
    ".csv": "text/csv", ".json": "application/json", ".html": "text/html", ".png": "image/png",
    ".pdf": "application/pdf", ".ipynb": "application/x-ipynb+json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}  # fmt: skip


def metadata(study: "Study", as_of: date | None = None) -> bytes:
    """`ro-crate-metadata.json` of a study: equal runs give equal bytes.

    The date is that of SOURCE_DATE_EPOCH where the environment has it, else `as_of`, else none is known and it is the
    first day of 1970. No name of a person, a machine or a folder outside the project stands in it.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(TERMS)
    ran = actions(study.id)
    software = _software(crate, ran)
    files = _files(crate, store.reports(study.id))
    done = [_action(crate, study, one, software, files) for one in ran if one.kind != "release"]
    done += _pages(crate, software, files)
    root = crate.root_dataset
    profile = _add(crate, PROCESS, "CreativeWork", name="Process Run Crate", version="0.5")
    root["name"], root["license"] = study.title.en, study.licence
    root["description"] = f"Released tables and reports of {study.title.en}, and what they were made from."
    root["conformsTo"], root["mentions"], root["datePublished"] = profile, done, _day(as_of)
    text = json.dumps(crate.metadata.generate(), indent=1, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def _day(as_of: date | None) -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    known = datetime.fromtimestamp(int(epoch), UTC).date() if epoch else as_of
    return str(known or date(1970, 1, 1))


def _add(crate: "ROCrate", id: str, type: str, **properties: object):
    """An entity by its id, made when it is not there."""
    from rocrate.model.contextentity import ContextEntity

    there = crate.dereference(id)
    return there or crate.add(ContextEntity(crate, id, {"@type": type, **properties}))


def _software(crate: "ROCrate", ran: Iterable[Action]):
    versions = {name: value for one in ran for name, value in one.versions.items()}
    parts = [
        _add(crate, f"#software/{name}", "SoftwareApplication", name=name, softwareVersion=value)
        for name, value in sorted(versions.items())
    ]
    own = {"name": "analysis", "description": "The Python package of this repository.", "softwareRequirements": parts}
    return _add(crate, "#software/analysis", "SoftwareApplication", **own)


def _files(crate: "ROCrate", folder: Path) -> dict[str, object]:
    """Everything below `folder` but the crate itself, by name, with its hash."""
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.relative_to(folder).parts[0] not in APART
    )
    return {name: crate.add_file(dest_path=name, properties=_described(folder / name)) for name in names}


def _described(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    found = {"name": path.name, "contentSize": str(len(content)), "sha256": hashlib.sha256(content).hexdigest()}
    return found | {"encodingFormat": TYPES[path.suffix]} if path.suffix in TYPES else found


def _action(crate: "ROCrate", study: "Study", one: Action, software, files: Mapping[str, object]):
    """One step as an action: what it read and made, by which notebook, with which parameters and code."""
    read = [_private(crate, f"data/processed/{study.id}/tables/{name}", "Dataset") for name in _tables(one.inputs)]
    made = [_private(crate, f"data/processed/{study.id}/tables/{name}", "Dataset") for name in _tables(one.outputs)]
    if one.kind == "prepare":
        read = [_private(crate, name, "File", value) for name, value in sorted(raw_files(study, one).items())]
    plan = [name for name in one.inputs if name.startswith("studies/")]
    read += [_private(crate, name, "File", one.inputs[name]) for name in sorted(plan)]
    made += [files[name] for name in _released(one) if name in files]
    about = {"name": one.name, "object": read, "result": made, "instrument": _instrument(crate, one, software)}
    about["description"] = _parameters(one)
    return _add(crate, f"#run/{one.name}", "CreateAction", **about)


def _tables(files: Iterable[str]) -> list[str]:
    return sorted({processed_table(name) for name in files} - {""})


def _released(one: Action) -> list[str]:
    """The released form of what a notebook offered, and the notebook as it ran, where that may leave."""
    offered = [name.split("/") for name in sorted(one.outputs) if "/candidates/" in name]
    executed = [name.split("/") for name in sorted(one.outputs) if "/runs/" in name]
    return [f"{parts[-2]}/tables/{parts[-1]}" for parts in offered] + [f"{p[-2]}/notebooks/{p[-1]}" for p in executed]


def _private(crate: "ROCrate", name: str, type: str, sha256: str = ""):
    """Something that does not leave: its name in the project and, for what came in, its hash or version."""
    known = {"version": sha256} if sha256.startswith("version ") else {"sha256": sha256} if sha256 else {}
    return _add(crate, f"#{name}", type, name=name, description="Not in this crate.", **known)


def _instrument(crate: "ROCrate", one: Action, software):
    code = hashlib.sha256(json.dumps(dict(one.code), sort_keys=True).encode()).hexdigest()
    if not one.notebook:
        return software
    (name, value), *_ = one.notebook.items()
    about = {"name": name, "sha256": value, "programmingLanguage": "Python", "softwareRequirements": software}
    return _add(crate, f"#{name}", ["SoftwareSourceCode", "SoftwareApplication"], **about, version=f"code {code}")


def _parameters(one: Action) -> str:
    given = ", ".join(f"{name}={value}" for name, value in sorted(one.parameters.items()))
    return f"Parameters: {given}." if given else "No parameters."


def _pages(crate: "ROCrate", software, files: Mapping[str, object]) -> list:
    """An action a unit that made its pages, figures, table book, slides and fact sheet from its released tables."""
    units = sorted({name.split("/")[0] for name in files if "/" in name})
    done = []
    for unit in units:
        own = {name: entity for name, entity in files.items() if name.startswith(f"{unit}/")}
        tables = [entity for name, entity in own.items() if name.split("/")[1] == "tables"]
        made = [entity for name, entity in own.items() if name.split("/")[1] not in ("tables", "notebooks")]
        about = {"name": f"publish {unit}", "object": tables, "result": made, "instrument": software}
        done += [_add(crate, f"#publish/{unit}", "CreateAction", **about)] if made else []
    return done


def write(study: "Study", as_of: date | None = None) -> Path:
    """Write the crate's metadata beside the reports that it describes, the last thing of a run."""
    return store.write_report(study.id, NAME, metadata(study, as_of))
