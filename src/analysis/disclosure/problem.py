"""From checked tables to the problem of secondary suppression: what must be hidden, what each loss costs."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.disclosure.attack import FAR
from analysis.disclosure.components import members, split
from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import UNIT
from analysis.disclosure.stacks import Tables
from analysis.disclosure.system import System

MAY_BE_NOBODY = ["residual", "increment", "estimated"]  # derived numbers that tell of nobody when they are zero
HEADLINE = 10  # what a number of everybody costs more than any other of its size
ROW_ONLY = ["extreme", "low_df", "coarser"]  # reasons that hide a row, not the number of people behind it
_PER_NUMBER = ("values", "floor", "threshold", "large", "derived", "sensitive", "forced", "cost", "far")


@dataclass(frozen=True)
class Problem:
    """One set of numbers that hang together; positions are columns of `relations`.

    values, floor, threshold  true value, what everyone knows it to be at least, protection that it needs when hidden
    large      numbers so large that they may even be calculated when they are hidden
    derived    numbers that no row publishes: always unknown, never chosen
    sensitive  derived numbers that must not follow from what is shown
    forced     numbers that must be hidden
    cost, far  information lost with each number; a value so large that it means no upper bound
    publishers, row_hidden  rows x columns: which row shows what; rows that are hidden whatever is chosen
    """

    relations: sparse.csr_matrix
    values: np.ndarray
    floor: np.ndarray
    threshold: np.ndarray
    large: np.ndarray
    derived: np.ndarray
    sensitive: np.ndarray
    forced: np.ndarray
    cost: np.ndarray
    far: np.ndarray
    publishers: sparse.csr_matrix
    row_hidden: np.ndarray

    @property
    def key(self) -> bytes:
        """Equal for problems that are the same in every number."""
        arrays = [getattr(self, name) for name in (*_PER_NUMBER, "row_hidden")]
        for matrix in (self.relations, self.publishers):
            arrays += [matrix.indptr, matrix.indices, matrix.data]
        return b"|".join(array.tobytes() for array in arrays)

    def parts(self, group: np.ndarray) -> list[tuple[np.ndarray, "Problem"]]:
        """The same problem on the numbers of each group only (-1: of none), and which numbers these are.

        No relation and no row may be about numbers of two groups.
        """
        labels, group = np.unique(group, return_inverse=True)
        group = group - (labels[0] < 0)  # 0, 1, ... in the order of the labels
        columns_of, found = members(group), []
        split_up = zip(columns_of, split(self.relations, group), split(self.publishers, group), strict=True)
        for columns, (_, relations), (rows, publishers) in split_up:
            taken = {name: getattr(self, name)[columns] for name in _PER_NUMBER}
            part = Problem(**taken, relations=relations, publishers=publishers, row_hidden=self.row_hidden[rows])
            found.append((columns, part))
        return found

    def up_to(self, kept: np.ndarray, hidden: np.ndarray) -> "Problem":
        """The same problem with relations among `kept` numbers only, and with `hidden` already decided."""
        outside = (abs(self.relations) @ (~kept).astype(float)) > 0
        inside = self.relations[np.flatnonzero(~outside)]
        return replace(self, relations=inside, forced=hidden & kept, sensitive=self.sensitive & kept)

    def unknown(self, hidden: np.ndarray) -> np.ndarray:
        """Numbers that no shown row publishes when `hidden` are hidden: a row goes when any of its numbers does."""
        gone = self.row_hidden | ((self.publishers @ hidden.astype(float)) > 0)
        return self.derived | ((self.publishers.T @ (~gone).astype(float)) == 0)


def rows_of(checked: Tables) -> pd.DataFrame:
    """One row a cell, after the primary rules (see `ruled`): table, row, kind, n, hidden, reason, review."""
    names, rows, kinds = [], [], []
    for name, (first, meta) in checked.items():
        names += [name] * len(first)
        rows += range(len(first))
        kinds += [meta.kinds[measure] for measure in first["measure"].tolist()]
    status, reason = (np.array([one for first, _ in checked.values() for one in first[column].tolist()], dtype=object)
                      for column in ("status", "reason"))  # fmt: skip
    return pd.DataFrame({
        "table": names, "row": rows, "kind": kinds,
        "n": np.concatenate([first["n"].to_numpy(float) for first, _ in checked.values()]),
        "hidden": status == "hidden", "reason": reason, "review": (status == "shown") & (reason != ""),
    })  # fmt: skip


def problem(found: System, cells: pd.DataFrame, tables: Tables, profile: Profile, past: pd.DataFrame) -> Problem:
    """The search for partner cells on all tables; `past` is what earlier releases say (see `history`)."""
    unknowns = found.unknowns
    values = unknowns["value"].to_numpy(float)
    is_sum = np.array([q is not None and q.role.startswith("sum:") for q in unknowns["quantity"]], dtype=bool)
    threshold = np.where(is_sum, profile.p_share * np.abs(values), unknowns["threshold"].to_numpy(float))
    may_be_nobody = unknowns["derived"].isin(MAY_BE_NOBODY).to_numpy()
    nobody_left_out = may_be_nobody & (values == 0)
    threshold = np.where(nobody_left_out, 0, np.nan_to_num(threshold))
    derived = unknowns["derived"].ne("").to_numpy()
    nobody = (values == 0) & ~may_be_nobody & (profile.all == "hide")
    few = (values > 0) & (values < threshold)
    signed = is_sum & (np.nanmin(values[is_sum], initial=0) < 0)
    cell_of = cells.reset_index().set_index(["table", "row"])["index"]
    cell = cell_of.loc[pd.MultiIndex.from_frame(found.rows[["table", "row"]])].to_numpy()
    told = found.rows["value"].notna().to_numpy()  # what could not be estimated publishes nothing
    entries = (told.astype(float)[told], (cell[told], found.rows["unknown"].to_numpy()[told]))
    publishers = sparse.csr_matrix(entries, shape=(len(cells), len(unknowns)))
    row_hidden = cells["hidden"].to_numpy()
    untold = (publishers.T @ (~row_hidden).astype(float) == 0) & ~derived
    floor = np.where(signed, -FAR, past["floor"])
    return Problem(
        relations=_usable(_known_rounding(found), values), values=np.nan_to_num(values),
        floor=floor, threshold=threshold, derived=derived,
        large=~is_sum & ~derived & (np.nan_to_num(values) - floor >= threshold),
        sensitive=derived & (threshold > 0) & (few | nobody),
        forced=_forced(found, cells, cell, profile) | past["differs"].to_numpy() | untold,
        cost=_cost(found, tables, values), far=np.maximum(FAR, 10 * np.nan_to_num(np.abs(values))),
        publishers=publishers, row_hidden=row_hidden,
    )  # fmt: skip


def _known_rounding(found: System) -> sparse.csr_matrix:
    """Relations for the sharpest outsider: one who knows by how much estimated parts miss their total."""
    kept = found.unknowns["derived"].ne("rounding").to_numpy().astype(float)
    return sparse.csr_matrix(found.relations @ sparse.diags(kept))


def _usable(relations: sparse.csr_matrix, values: np.ndarray) -> sparse.csr_matrix:
    """Relations between numbers that exist: a mean that could not be estimated has no sum."""
    absent = (abs(relations) @ np.isnan(values).astype(float)) > 0
    return relations[np.flatnonzero(~absent)]


def _forced(found: System, cells: pd.DataFrame, cell: np.ndarray, profile: Profile) -> np.ndarray:
    """Numbers that a hidden row stands for: the count of a share, the n of a mean, a dominated sum itself."""
    rows = found.rows.assign(**{name: cells[name].to_numpy()[cell] for name in ("hidden", "reason", "kind", "n")})
    small = rows["value"] < rows["unknown"].map(found.unknowns["threshold"])
    number = rows["hidden"] & ~rows["reason"].isin([*ROW_ONLY, "linked"])
    # A denominator below the minimum is a rule of display unless somebody could be counted through it.
    number &= rows["reason"].ne("small_denominator") | small | (rows["n"] < profile.protection)
    own = rows["slot"].eq("part") & (rows["kind"].isin(["count", "percent"]) | rows["reason"].eq("dominance"))
    behind = rows["slot"].eq("n") & rows["reason"].ne("dominance")
    whole = rows["slot"].eq("whole") & (rows["n"] < profile.min_cell)
    total = rows["slot"].eq("part") & _is_whole(rows)
    mask = np.zeros(len(found.unknowns), dtype=bool)
    mask[rows.loc[number & (own | behind | whole) & ~total, "unknown"]] = True
    return mask


def _is_whole(rows: pd.DataFrame) -> pd.Series:
    """Whether a row's part is its own denominator: a total's 100 % by construction hides no number."""
    whole = rows[rows["slot"] == "whole"].set_index(["table", "row"])["unknown"]
    at = pd.MultiIndex.from_frame(rows[["table", "row"]])
    return pd.Series(whole.reindex(at).to_numpy() == rows["unknown"].to_numpy(), rows.index)


def _cost(found: System, tables: Tables, values: np.ndarray) -> np.ndarray:
    """Information lost with a number: its rows; large counts cost somewhat more, totals more than parts.

    The headline of a unit (how many people it is about) goes last.
    """
    widest = max((len(meta.dims) for _, meta in tables.values()), default=1) or 1
    named = [0 if q is None else 1 - len(q.levels) / (widest + 1) for q in found.unknowns["quantity"]]
    general = np.array(named, dtype=float)
    headline = [q is not None and {dim for dim, _ in q.levels} <= {UNIT} for q in found.unknowns["quantity"]]
    size = np.log1p(np.nan_to_num(np.abs(values))) / 10
    weight = (1 + size) * (1 + general) * np.where(headline, HEADLINE, 1)
    return np.maximum(found.unknowns["rows"].to_numpy(float), 1) * weight
