"""Whether candidates for release are of today: made from the data, notebooks and code that are there now."""

import hashlib
import json
from collections.abc import Iterable

from analysis import store
from analysis.run.layout import Layout
from analysis.run.receipts import Hashes


def receipts(study: str, keys: Iterable[str]) -> dict[str, dict]:
    """Receipt of the notebook run that made each candidate (`unit/notebook__name`), where it has one."""
    folder, found = store.processed(study) / "receipts", {}
    for key in keys:
        unit, name = key.split("/")
        path = folder / unit / f"{name.partition('__')[0]}.json"
        if path.exists():
            found[key] = json.loads(path.read_text("utf-8"))
    return found


def stale(study: str, keys: Iterable[str]) -> list[str]:
    """What is out of date, one sentence a notebook and unit: a run of one unit leaves those of others as they were."""
    layout = Layout(store.root(), store.root() / "data" / "processed", store.root() / "reports")
    hashes, problems = Hashes(layout), {}
    for key, receipt in receipts(study, keys).items():
        code = {layout.package.parent / name: known for name, known in receipt["code"].items()}
        files = code | {
            layout.path(name): known for part in ("inputs", "outputs") for name, known in receipt[part].items()
        }
        changed = next((path for path, known in files.items() if hashes.of(path) != known), None)
        if changed is not None:
            notebook = key.partition("__")[0]
            gone = not (store.root() / "notebooks" / f"{notebook.split('/')[1]}.ipynb").exists()
            remedy = f" Its notebook is gone: remove data/processed/{study}/candidates/{notebook}__*." if gone else ""
            problems[notebook] = f"{study}/{notebook}: was made before {changed.name} changed.{remedy}"
    return [*problems.values()]


def hashes(study: str, keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """`code_hash` and `data_hash` of each candidate: of the code that its notebook ran, and of the files it read."""
    found = receipts(study, keys)
    return {key: {"code_hash": _of(found, key, "code"), "data_hash": _of(found, key, "inputs")} for key in keys}


def _of(found: dict[str, dict], key: str, part: str) -> str:
    if key not in found:
        return ""
    return hashlib.sha256(json.dumps(found[key][part], sort_keys=True).encode()).hexdigest()
