"""Whether candidates for release are of today: made from the data, notebooks and code that are there now."""

import hashlib
import json
from collections.abc import Iterable

from analysis import store
from analysis.run.layout import Layout
from analysis.run.receipts import Hashes


def receipts(study: str, keys: Iterable[str]) -> dict[str, dict]:
    """Receipts, where there are, of the runs (`unit/notebook`) that made candidates (`unit/notebook__name`)."""
    folder = store.processed(study) / "receipts"
    paths = {run: folder / f"{run}.json" for run in dict.fromkeys(map(_run, keys))}
    return {run: json.loads(path.read_text("utf-8")) for run, path in paths.items() if path.exists()}


def _run(key: str) -> str:
    unit, name = key.split("/")
    return f"{unit}/{name.partition('__')[0]}"


def stale(study: str, keys: Iterable[str]) -> list[str]:
    """What is out of date, one sentence a notebook and unit: a run of one unit leaves those of others as they were."""
    layout = Layout(store.root(), store.root() / "data" / "processed", store.root() / "reports")
    hashes, problems = Hashes(layout), {}
    for notebook, receipt in receipts(study, keys).items():
        code = {layout.package.parent / name: known for name, known in receipt["code"].items()}
        files = code | {
            layout.path(name): known for part in ("inputs", "outputs") for name, known in receipt[part].items()
        }
        changed = next((path for path, known in files.items() if hashes.of(path) != known), None)
        if changed is not None:
            gone = not (store.root() / "notebooks" / f"{notebook.split('/')[1]}.ipynb").exists()
            remedy = f" Its notebook is gone: remove data/processed/{study}/candidates/{notebook}__*." if gone else ""
            problems[notebook] = f"{study}/{notebook}: was made before {changed.name} changed.{remedy}"
    return [*problems.values()]


def hashes(study: str, keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """`code_hash` and `data_hash` of each candidate: of the code that its notebook ran, and of the files it read."""
    found = receipts(study, keys)
    of = {run: {"code_hash": _of(one["code"]), "data_hash": _of(one["inputs"])} for run, one in found.items()}
    return {key: of.get(_run(key), {"code_hash": "", "data_hash": ""}) for key in keys}


def _of(part: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()
