"""The output-check record: what a second checker and the public may know of a release, in counts of cells."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from analysis.disclosure.problem import Problem
from analysis.disclosure.profiles import Profile
from analysis.disclosure.stacks import Tables

if TYPE_CHECKING:
    from analysis.disclosure.search import Choice


def check_record(cells: pd.DataFrame, out: Tables, whole: Problem, choice: "Choice", profile: Profile) -> pd.DataFrame:
    """One row a table: cells in total, hidden by a rule and for others, tables solved with it, how, verdicts.

    `cells` has one row a table cell with `table`, `gone`, `primary`, `review`, `reason`; never a value.
    """
    label = _solved_together(whole, choice.hidden)
    touched = _touched(cells, whole)
    labels = {name: set(label[numbers].tolist()) - {-1} for name, numbers in touched.items()}
    of_table = dict(tuple(cells.groupby("table", sort=False)))
    rows = []
    for name in out:
        own, mine = of_table.get(name, cells.iloc[:0]), labels.get(name, set())
        numbers = touched.get(name, np.zeros(0, dtype=int))
        linked = [other for other, theirs in labels.items() if other != name and not mine.isdisjoint(theirs)]
        how = "all cells" if choice.failed[numbers].any() else "least loss"
        how = "everything" if choice.opened[numbers].any() else how
        hidden, first = int(own["gone"].sum()), int((own["gone"] & own["primary"]).sum())
        review = sorted(set(own.loc[own["review"] & ~own["gone"], "reason"]))
        rows.append({
            "table": name, "unit": out[name][1].unit, "profile": profile.name, "n_min": profile.min_cell,
            "cells_total": len(own), "cells_hidden_primary": first, "cells_hidden_secondary": hidden - first,
            "rounding": out[name][1].base, "linked_to": " ".join(linked), "how": how, "attack": choice.attack,
            "status": _status(choice.attack, review), "reason": " ".join(review),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _status(attack: str, review: list[str]) -> str:
    return "fail" if attack == "fail" else "review" if review else "pass"


def _solved_together(whole: Problem, hidden: np.ndarray) -> np.ndarray:
    """Group of each hidden number by the relations between hidden numbers; -1 for a shown one."""
    free = np.flatnonzero(hidden | whole.derived)
    links = whole.relations[:, free]
    _, label = connected_components(sparse.bmat([[None, links], [links.T, None]]), directed=False)
    group = np.full(len(hidden), -1)
    group[free] = label[links.shape[0] :]
    return np.where(hidden, group, -1)


def _touched(cells: pd.DataFrame, whole: Problem) -> dict[str, np.ndarray]:
    """Numbers that the rows of each table publish; the rows of a table stand together."""
    names, first = np.unique(cells["table"].to_numpy(object), return_index=True)
    ends = whole.publishers.indptr[np.append(np.sort(first), len(cells))]
    order = names[np.argsort(first)]
    return {name: whole.publishers.indices[ends[i] : ends[i + 1]] for i, name in enumerate(order)}
