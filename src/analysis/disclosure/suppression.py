"""Secondary suppression: hide further cells, so that hidden ones cannot be calculated from linked tables."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from analysis.disclosure.ladder import Crossings
from analysis.disclosure.links import resolve
from analysis.disclosure.meta import Meta
from analysis.disclosure.partners import Problem, choose, exposed
from analysis.disclosure.problem import problem, rows_of
from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import UNIT
from analysis.disclosure.reading import Reader
from analysis.disclosure.record import check_record
from analysis.disclosure.releases import history
from analysis.disclosure.stacks import Tables
from analysis.disclosure.system import System, truthful
from analysis.disclosure.together import all_released

Known = dict[bytes, np.ndarray | None]  # solved groups of numbers, by their problem
WIDENINGS = 8  # attacks after the search, each followed by hiding more, before everything is hidden


@dataclass(frozen=True)
class Choice:
    """Masks of numbers: to hide, without an answer in time, added around what the last attack opened; its verdict."""

    hidden: np.ndarray
    failed: np.ndarray
    opened: np.ndarray
    attack: str


def suppress(
    tables: Tables, profile: Profile, *, time_limit: float = 60.0, previous: Tables | None = None
) -> tuple[dict[str, tuple[pd.DataFrame, Meta]], pd.DataFrame]:
    """All tables of a release with primary and secondary cells hidden and counts rounded, and the output-check log.

    tables      name -> (unsuppressed long table, description); names of one table in several units end in the same part
                (`north/03_change__means`, `all/03_change__means`)
    time_limit  seconds for the whole search; a group of linked tables that gets no answer hides all cells but its
                totals, and if that does not protect, everything; the log says so in `how`
    previous    tables as published in the release before: a number that differs by 1 .. threshold - 1 is hidden

    A table that hides more than the profile's share of its cells is replaced by its next coarser crossing
    (`Meta.ladder`); the table of one unit that is shown for all together only has every cell hidden, with the reason
    `coarser`. Every other hidden cell carries the reason `withheld`, so that the mark does not tell small from
    complementary; only `extreme` stays. Descriptions come back with their links filled in, which `audit` uses. The
    log has one row a table, counts only.
    """
    if not tables:
        return {}, pd.DataFrame()
    deadline, known, reader = time.monotonic() + time_limit, {}, Reader()
    at = Crossings.of(tables, profile)
    out, log = _suppress_once(at, profile, deadline, previous or {}, known, reader)
    coarser = at.coarser({name: table for name, (table, _) in out.items()})
    if coarser.collapsed != at.collapsed:
        at = coarser
        out, log = _suppress_once(at, profile, deadline, previous or {}, known, reader)
    return out, log.assign(collapsed=[" ".join(at.collapsed.get(name, ())) for name in log["table"]])


def _suppress_once(
    at: Crossings, profile: Profile, deadline: float, previous: Tables, known: Known, reader: Reader
) -> tuple[dict[str, tuple[pd.DataFrame, Meta]], pd.DataFrame]:
    linked, found = truthful(resolve(at.tables, reader), profile, reader)
    checked = {name: (at.judged[name], meta) for name, (_, meta) in linked.items()}
    cells = rows_of(checked)
    whole = problem(found, cells, linked, profile, history(found.unknowns, previous, profile))
    choice = _search(whole, _depth(found), deadline, known)
    cells = cells.assign(primary=_gone(whole, whole.forced), gone=_gone(whole, choice.hidden))
    gone = cells["gone"].to_numpy(bool)
    ends = np.cumsum([len(first) for first, _ in checked.values()])[:-1]
    out = all_released(checked, profile, dict(zip(checked, np.split(gone, ends), strict=True)))
    return out, check_record(cells, out, whole, choice, profile)


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


def _groups(whole: Problem, fixed: np.ndarray) -> np.ndarray:
    """Group of each number: numbers of one relation or one row belong together; fixed ones to none (-1)."""
    free = np.flatnonzero(~fixed)
    links = sparse.vstack([whole.relations[:, free], whole.publishers[:, free]], format="csr")
    _, label = connected_components(sparse.bmat([[None, links], [links.T, None]]), directed=False)
    group = np.full(len(fixed), -1)
    group[free] = label[links.shape[0] :]
    return group


def _search(whole: Problem, depth: np.ndarray, deadline: float, known: Known) -> Choice:
    """Choose from totals to crossings: what is shown at one depth stays shown, so that tables come apart at the next.

    Source of the order: the modular approach of tau-Argus (HiTaS, de Wolf 2002), here with linked tables in one
    problem.
    """
    hidden, failed = whole.forced.copy(), np.zeros(len(depth), dtype=bool)
    stages = np.unique(depth)
    for i, stage in enumerate(stages):
        share = (deadline - time.monotonic()) / (len(stages) - i)
        now = whole.up_to(depth <= stage, hidden)
        chosen, lost = _stage(now, (depth > stage) | ((depth < stage) & ~hidden), time.monotonic() + share, known)
        hidden, failed = hidden | chosen, failed | lost
    return _checked(whole, hidden, failed, depth == 0)


def _stage(now: Problem, fixed: np.ndarray, deadline: float, known: Known) -> tuple[np.ndarray, np.ndarray]:
    """Solve group by group, and again with the shown numbers next to an unsolved group free: hidden, unsolved.

    Time is shared by size; what the small groups leave is the large ones'. `known` holds groups solved before.
    """
    while True:
        group, hidden, failed = _groups(now, fixed), now.forced.copy(), np.zeros(len(fixed), dtype=bool)
        todo = np.unique(group[(now.forced | now.sensitive) & (group >= 0)])
        parts = sorted((np.flatnonzero(group == label) for label in todo), key=len)
        for i, columns in enumerate(parts):
            part = now.part(columns)
            if part.key not in known:
                share = len(columns) / sum(len(other) for other in parts[i:])
                known[part.key] = choose(part, (deadline - time.monotonic()) * share)
            chosen = known[part.key]
            if chosen is None:
                failed[columns] = True
            else:
                hidden[columns] = chosen
        around = _neighbours(now, failed) & fixed
        if not around.any() or time.monotonic() > deadline:
            return hidden, failed
        fixed = fixed & ~around


def _neighbours(whole: Problem, mask: np.ndarray) -> np.ndarray:
    """Numbers that share a relation with a number in `mask`."""
    touched = (abs(whole.relations) @ mask.astype(float)) > 0
    return (abs(whole.relations).T @ touched.astype(float)) > 0


def _checked(whole: Problem, hidden: np.ndarray, failed: np.ndarray, totals: np.ndarray) -> Choice:
    """The choice with all cells hidden where none was found, and more around whatever the last attack still opens."""
    hidden = hidden | (failed & ~whole.derived & ~totals)
    opened = np.zeros(len(hidden), dtype=bool)
    for _ in range(WIDENINGS):
        targets = [target for target, _ in exposed(whole, hidden)]
        if not targets:
            return Choice(hidden, failed, opened, "pass")
        around = np.isin(np.arange(len(hidden)), targets)
        while not (around & ~hidden & ~whole.derived).any() and not (_neighbours(whole, around) <= around).all():
            around = around | _neighbours(whole, around)
        opened = opened | around
        hidden = hidden | (around & ~whole.derived)
    everything = ~whole.derived
    return Choice(everything, failed, everything, "fail" if exposed(whole, everything, 1) else "pass")
