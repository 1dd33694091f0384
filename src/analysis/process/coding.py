"""Coded fragments of interviews, minutes and logbooks: which factors helped and hindered, in whose words."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from analysis.process.tables import ALL, counted, level_of, require

NOTHING = "not estimable, because no fragment was coded"


def factors(
    data: pd.DataFrame,
    *,
    factor: str = "factor",
    fragment: str = "fragment",
    valence: str = "valence",
    source: str = "document",
    coder: str | None = "coder",
    by: str | Sequence[str] = (),
    tree: pd.DataFrame | None = None,
    parent: str = "parent",
) -> pd.DataFrame:
    """The matrix of helping and hindering factors: fragments and sources per factor and level of `by`.

    `data` has one row a fragment, factor and coder; a fragment that several coders gave the same factor counts once,
    its valence the mean of theirs. `by` is one column or several (municipality, role, moment); every factor appears
    at every level, also with nobody speaking of it. `tree` lists all factors (column `factor`, if known `parent`):
    CFIR 2022, MIDI or a list of one's own; a code that is not in it is kept and its note says so.

    Columns: the `by` columns, `factor, parent, fragments, helping, hindering, neutral` (valence above, below, at zero
    or unknown), `sources` (documents or people: ten fragments of one interview are one voice), `mean_valence`,
    `coders`, `note`. No text of a fragment is read or returned.
    """
    names = [by] if isinstance(by, str) else list(by)
    require(data, factor, fragment, valence, source, coder, *names)
    listed = [] if tree is None else list(tree[factor].astype(str))
    coded = data.dropna(subset=[factor, fragment])
    keys = {name: level_of(coded, name) for name in [*names, factor]}
    table = coded.assign(**keys).groupby([fragment, *keys], as_index=False).agg(
        valence=(valence, "mean"), source=(source, "first"), coders=(coder or fragment, "nunique")
    )  # fmt: skip
    levels = [sorted(set(table[name])) or [ALL] for name in names]
    every = [*listed, *sorted(set(table[factor]) - set(listed))] or [ALL]
    groups = dict(list(table.groupby([*names, factor]))) if len(table) else {}
    rows = [
        dict(zip([*names, factor], key, strict=True)) | _counts(groups.get(key, table.iloc[:0]))
        for key in product(*levels, every)
    ]
    found = pd.DataFrame(rows, columns=[*names, factor, *_counts(table.iloc[:0])])
    parents = (
        {} if tree is None or parent not in tree else dict(zip(tree[factor].astype(str), tree[parent], strict=True))
    )
    found.insert(len(names) + 1, "parent", found[factor].map(parents))
    found["note"] = np.where(found[factor].isin(listed) | (not listed), "", "not in the list of factors")
    return found if len(coded) else found.assign(note=NOTHING)


def _counts(part: pd.DataFrame) -> dict:
    """Fragments, sources and direction of one factor at one level."""
    helping, hindering = int((part["valence"] > 0).sum()), int((part["valence"] < 0).sum())
    return {
        "fragments": len(part), "helping": helping, "hindering": hindering,
        "neutral": len(part) - helping - hindering, "sources": part["source"].nunique(),
        "mean_valence": part["valence"].mean(), "coders": int(part["coders"].max()) if len(part) else 0,
    }  # fmt: skip


def saturation(
    data: pd.DataFrame,
    *,
    factor: str = "factor",
    source: str = "document",
    order: str | None = None,
    rng: np.random.Generator | None = None,
    draws: int = 500,
    level: float = 0.95,
) -> pd.DataFrame:
    """How many factors were known after each interview or document, and how many were new in it.

    Sources come in the order of the column `order` (a date), else as they stand. With `rng` also `mean, lower, upper`
    of the number known when the same sources are taken in random order: a curve that depends on the order says
    little. Columns `position, source, new, known, note`; a curve that still rises at the end is not saturated (Guest
    2006 and 2020 look at the share that is new in the last few). Rows without a source are left out and counted.
    """
    require(data, factor, source, order)
    coded = data.dropna(subset=[factor, source])
    coded = coded.sort_values(order, kind="stable") if order else coded
    column, sources = pd.factorize(coded[source])
    code, names = pd.factorize(coded[factor])
    seen = np.zeros((len(sources), len(names)), bool)
    seen[column, code] = True
    known = np.logical_or.accumulate(seen, axis=0).sum(axis=1)
    table = pd.DataFrame({"position": np.arange(1, len(sources) + 1), "source": sources, "known": known})
    table.insert(2, "new", np.diff(known, prepend=0))
    if rng is not None and len(table):
        shuffled = [np.logical_or.accumulate(rng.permutation(seen), axis=0).sum(axis=1) for _ in range(draws)]
        tail = (1 - level) / 2
        table["mean"] = np.mean(shuffled, axis=0)
        table[["lower", "upper"]] = np.quantile(shuffled, [tail, 1 - tail], axis=0).T
    table["note"] = counted(len(data) - len(coded), "codings without a factor or source left out")
    return table if len(table) else pd.DataFrame([{"position": 0, "source": "", "new": 0, "known": 0, "note": NOTHING}])
