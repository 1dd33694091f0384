"""Secondary suppression: hide further cells, so that hidden ones cannot be calculated from linked tables."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.disclosure.ladder import Crossings
from analysis.disclosure.links import resolve
from analysis.disclosure.meta import Meta
from analysis.disclosure.problem import Problem, problem, rows_of
from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import UNIT
from analysis.disclosure.reading import Reader
from analysis.disclosure.record import check_record
from analysis.disclosure.releases import history
from analysis.disclosure.search import Choice, Search
from analysis.disclosure.spread import Spread
from analysis.disclosure.stacks import Tables
from analysis.disclosure.system import System, truthful
from analysis.disclosure.together import Known


def suppress(
    tables: Tables, profile: Profile, *, time_limit: float = 60.0, previous: Tables | None = None, spread: Spread = map
) -> tuple[dict[str, tuple[pd.DataFrame, Meta]], pd.DataFrame]:
    """All tables of a release with primary and secondary cells hidden and counts rounded, and the output-check log.

    tables      name -> (unsuppressed long table, description); names of one table in several units end in the same part
                (`north/03_change__means`, `all/03_change__means`)
    time_limit  seconds for the whole search; a group of linked tables that gets no answer hides all cells but its
                totals, and if that does not protect, everything; the log says so in `how`
    previous    tables as published in the release before: a number that differs by 1 .. threshold - 1 is hidden
    spread      calls a function on independent groups of numbers, in their order: `map`, or that of a pool of processes

    A table that hides more than the profile's share of its cells is replaced by its next coarser crossing
    (`Meta.ladder`); the table of one unit that is shown for all together only has every cell hidden, with the reason
    `coarser`. Every other hidden cell carries the reason `withheld`, so that the mark does not tell small from
    complementary; only `extreme` stays. Descriptions come back with their links filled in, which `audit` uses. The
    log has one row a table, counts only.
    """
    if not tables:
        return {}, pd.DataFrame()
    search, reader, known = Search(time.monotonic() + time_limit, spread), Reader(), Known()
    at = Crossings.of(tables, profile, spread)
    found = _suppressed(at, previous or {}, search, reader, known)
    coarser = at.coarser({name: table for name, (table, _) in found.out.items()})
    if coarser.collapsed != at.collapsed:
        at = coarser
        found = _suppressed(at, previous or {}, search, reader, known)
    log = check_record(found.cells, found.out, found.whole, found.choice, profile)
    return found.out, log.assign(collapsed=[" ".join(at.collapsed.get(name, ())) for name in log["table"]])


@dataclass(frozen=True)
class _Suppressed:
    """Tables as they may leave, their cells (see `rows_of`), the problem and what was chosen."""

    out: dict[str, tuple[pd.DataFrame, Meta]]
    cells: pd.DataFrame
    whole: Problem
    choice: Choice


def _suppressed(at: Crossings, previous: Tables, search: Search, reader: Reader, known: Known) -> _Suppressed:
    profile = at.profile
    linked, found = truthful(resolve(at.tables, reader), profile, reader)
    checked = {name: (at.judged[name], meta) for name, (_, meta) in linked.items()}
    cells = rows_of(checked)
    whole = problem(found, cells, linked, profile, history(found.unknowns, previous, profile))
    choice = search.choice(whole, _depth(found))
    cells = cells.assign(primary=_gone(whole, whole.forced), gone=_gone(whole, choice.hidden))
    ends = np.cumsum([len(first) for first, _ in checked.values()])[:-1]
    hidden = dict(zip(checked, np.split(cells["gone"].to_numpy(bool), ends), strict=True))
    return _Suppressed(known.released(checked, profile, hidden), cells, whole, choice)


def _gone(whole: Problem, hidden: np.ndarray) -> np.ndarray:
    """Rows that cannot be shown when `hidden` numbers are hidden."""
    return whole.row_hidden | ((whole.publishers @ hidden.astype(float)) > 0)


def _depth(found: System) -> np.ndarray:
    """How many dimensions besides the unit a number is restricted on; a derived number as its relation's finest."""
    depth = np.array(
        [sum(dim != UNIT for dim, _ in q.levels) if q is not None else 0 for q in found.unknowns["quantity"]]
    )
    derived = found.unknowns["derived"].ne("").to_numpy()
    for relation in range(found.relations.shape[0]):
        own = found.relations.indices[found.relations.indptr[relation] : found.relations.indptr[relation + 1]]
        depth[own[derived[own]]] = depth[own].max()
    return depth
