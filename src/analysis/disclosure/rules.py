"""Primary rules: which cell of one table is too small, too telling or too dominated to be shown, and why."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.disclosure.meta import Meta, described, step_before
from analysis.disclosure.profiles import Profile
from analysis.disclosure.rounding import round_half_up

Flag = tuple[str, str, pd.Series]
RANK = {"pass": 0, "review": 1, "fail": 2}
MODEL = {"estimate", "std_error", "lower", "upper", "df", "inference_df", "p_value"}
CONTRIBUTIONS = ["largest", "second_largest"]
WITHHELD = "withheld"


def check(table: pd.DataFrame, meta: Meta, profile: Profile) -> pd.DataFrame:
    """The table with, per cell, `status` (pass | review | fail) and the first `reason` that applies (empty: none).

    A fail may not be released; a review needs a second person. Sums are tested for dominance with the optional
    columns `largest` and `second_largest` (the two largest contributions), which never leave this function.
    Rules: persons per cell, complement and denominator; nobody and everybody; quantiles; extremes; NK and p% dominance
    (ACRO); residual degrees of freedom; organisations per cell. Meetings and events have no threshold.
    """
    cells = described(table, meta)
    kind = cells["measure"].map(dict(meta.kinds))
    flags = _COUNTED.get(meta.counts_of, _no_flags)(cells, kind, meta, profile)
    rank, reason = np.zeros(len(cells), dtype=int), np.full(len(cells), "", dtype=object)
    for name, verdict, mask in flags:
        # A fail outranks a review that came earlier; among equals the first reason stays.
        new = mask.to_numpy(bool, na_value=False) & (rank < RANK[verdict])
        rank[new], reason[new] = RANK[verdict], name
    # What could not be estimated may say so, unless the n beside it is too small.
    empty = cells["value"].isna().to_numpy() & (cells["n"].isna().to_numpy() | (rank == RANK["review"]))
    rank[empty], reason[empty] = RANK["pass"], ""
    if profile.hide_question and meta.counts_of == "persons":
        _hide_questions(cells, kind, meta, rank, reason)
    cells = cells.drop(columns=CONTRIBUTIONS, errors="ignore")
    status = pd.Series(np.array(list(RANK), dtype=object)[rank], cells.index, dtype=str)
    return cells.assign(status=status, reason=pd.Series(reason, cells.index, dtype=str))


def primary(table: pd.DataFrame, meta: Meta, profile: Profile) -> pd.DataFrame:
    """The table with unsafe cells emptied: `value` and `n` NaN, `status` hidden, `reason` why; reviews stay shown.

    What would give a hidden number back inside its row group goes with it (`linked`): the percentage of a hidden count,
    the mean whose n is hidden. Columns of single contributions are dropped. Secondary suppression is `suppress`.
    """
    checked = ruled(check(table, meta, profile), meta)
    return emptied(checked, checked["status"].eq("hidden"))


def ruled(checked: pd.DataFrame, meta: Meta) -> pd.DataFrame:
    """What `check` gave, with `status` shown | hidden, and `linked` where a row group goes; values stay."""
    hidden = checked["status"].eq("fail")
    linked = pd.Series(_linked(checked, meta, hidden), checked.index)
    reason = checked["reason"].mask(linked & ~hidden, "linked")
    return checked.assign(reason=reason, status=np.where(hidden | linked, "hidden", "shown"))


def emptied(table: pd.DataFrame, hidden: pd.Series) -> pd.DataFrame:
    """`table` with value, n and every number or note beside them removed where `hidden`, and `status` set."""
    beside = [c for c in table.select_dtypes(["number", "bool"]) if c not in ("value", "n")]
    note = {"note": table["note"].mask(hidden, "")} if "note" in table else {}
    numbers = {column: table[column].astype(float).mask(hidden) for column in ("value", "n", *beside)}
    return table.assign(**numbers, **note, status=np.where(hidden, "hidden", "shown"))


def contributors(cells: pd.DataFrame, kind: pd.Series) -> pd.DataFrame:
    """Per cell `part` (those in it) and `whole` (its denominator; NaN where it is not a share), as counts.

    A percentage's part is value / 100 * n; a count with a larger n is a part of n; every other measure rests on n.
    """
    percent, count = kind.eq("percent"), kind.eq("count")
    part = cells["n"].where(~count, cells["value"])
    part = part.mask(percent, pd.Series(round_half_up(cells["value"] / 100 * cells["n"]), cells.index))
    whole = cells["n"].where(percent | (count & (cells["n"] > cells["value"])))
    return pd.DataFrame({"part": part, "whole": whole})


def self_share(cells: pd.DataFrame, meta: Meta) -> pd.Series:
    """Whether a percentage is 100 by construction: a total row whose n is the n of all rows that it is the total of."""
    found = pd.Series(False, cells.index)
    for dim, total in meta.totals.items() if "percent" in meta.kinds.values() else ():
        others = [name for name in (*meta.dims, "measure") if name != dim]
        parts = cells[cells[dim] != total].groupby(others)["n"].agg(["min", "max"])
        line = cells[others].merge(parts, left_on=others, right_index=True, how="left").reindex(cells.index)
        found |= cells[dim].eq(total) & line["min"].eq(cells["n"]) & line["max"].eq(cells["n"]) & cells["value"].eq(100)
    return found


def _person_flags(cells: pd.DataFrame, kind: pd.Series, meta: Meta, profile: Profile) -> list[Flag]:
    found = contributors(cells, kind)
    part, trivial = found["part"], self_share(cells, meta)
    whole = found["whole"].mask(trivial)
    share = kind.eq("percent")
    nobody = part.eq(0) & (kind.eq("count") | share)
    flags = [
        ("small_cell", "fail", part.between(0, profile.min_cell, inclusive="neither")),
        ("small_cell", "fail", part.eq(0) & ~kind.isin(["count", "percent"])),
    ]
    for rest in [whole - part, *_line_complements(cells, kind, meta), *_nested_complements(cells, kind, meta)]:
        flags.append(("small_complement", "fail", rest.between(0, profile.min_complement, inclusive="neither")))
        if profile.all != "show":
            flags.append(("all_or_none", _verdict(profile.all), rest.eq(0) & part.gt(0)))
    if profile.zero != "show":
        flags.append(("all_or_none", _verdict(profile.zero), nobody))
    flags.append(("small_denominator", "fail", share & (cells["n"] < profile.min_denominator)))
    flags.append(("small_denominator", "fail", kind.eq("quantile") & (cells["n"] < profile.min_quantile)))
    flags.append(("n_unknown", "review", part.isna() & ~kind.isin(["count", "text", "df", "inference_df"])))
    return flags + _value_flags(cells, kind, meta, profile)


def _no_flags(*_: object) -> list[Flag]:
    return []


def _verdict(rule: str) -> str:
    return {"hide": "fail", "review": "review"}[rule]


def _line_complements(cells: pd.DataFrame, kind: pd.Series, meta: Meta) -> list[pd.Series]:
    """Per dimension with a total: total minus cell, for counts that are not the total themselves."""
    complements = []
    for dim, total in meta.totals.items():
        others = [name for name in (*meta.dims, "measure") if name != dim]
        totals = cells[cells[dim] == total].set_index(others)["value"]
        line = cells[others].join(totals, on=others)["value"]
        complements.append((line - cells["value"]).where(kind.eq("count") & cells[dim].ne(total)))
    return complements


def _nested_complements(cells: pd.DataFrame, kind: pd.Series, meta: Meta) -> list[pd.Series]:
    """What is lost between nested counts: whole minus part in a row group, each funnel step against the one before."""
    complements = []
    for part, whole in meta.subsets:
        values = cells[cells["measure"] == whole].assign(measure=part).set_index([*meta.dims, "measure"])["value"]
        complements.append(cells.join(values.rename("whole_"), on=[*meta.dims, "measure"])["whole_"] - cells["value"])
    for dim in meta.steps:
        others = [name for name in (*meta.dims, "measure") if name != dim]
        before = step_before(list(dict.fromkeys(cells[dim])), meta, dim)
        at = cells.set_index([*others, dim])["value"].rename("whole_")
        earlier = cells.assign(**{dim: [before.get(level, level) for level in cells[dim]]}).join(at, on=[*others, dim])
        complements.append((earlier["whole_"] - cells["value"]).where(kind.eq("count") & cells[dim].isin(list(before))))
    return complements


def _organisation_flags(cells: pd.DataFrame, kind: pd.Series, meta: Meta, profile: Profile) -> list[Flag]:
    part = cells["n"].where(~kind.eq("count"), cells["value"])
    few = part.between(0, profile.min_organisations, inclusive="neither")
    return [("few_organisations", "fail", few), *_value_flags(cells, kind, meta, profile)]


def _value_flags(cells: pd.DataFrame, kind: pd.Series, meta: Meta, profile: Profile) -> list[Flag]:
    """Rules that do not count contributors: extremes, dominated sums, models with few residual degrees of freedom."""
    few = (kind.eq("df") & (cells["value"] < profile.min_df)).to_numpy()
    flags = [("low_df", "fail", kind.isin(MODEL) & _any_of(few, _row_group(cells, meta.dims)))]
    if profile.magnitudes == "show":
        return flags
    flags.append(("extreme", "fail", kind.isin(["min", "max"])))
    if set(CONTRIBUTIONS) <= set(cells):
        top, second = cells["largest"], cells["second_largest"].fillna(0)
        rest = cells["value"] - top - second
        dominated = (top + second > profile.nk_share * cells["value"]) | (rest < profile.p_share * top)
        return [*flags, ("dominance", "fail", kind.eq("sum") & dominated)]
    return [*flags, ("dominance_unchecked", "review", kind.eq("sum"))]


def _hide_questions(cells: pd.DataFrame, kind: pd.Series, meta: Meta, rank: np.ndarray, reason: np.ndarray) -> None:
    """Fail every answer of a question in a column where one fails (in `rank` and `reason`, made by `check`)."""
    found = [dim for dim in meta.dims if _answers(cells, kind, meta, dim)]
    for dim in [meta.answers] if meta.answers else found:
        failed = (rank == RANK["fail"]) & (reason != "extreme")
        together = _any_of(failed, _row_group(cells, [name for name in meta.dims if name != dim]))
        new = together & (rank < RANK["fail"]) & cells["value"].notna().to_numpy()
        rank[new], reason[new] = RANK["fail"], "question"


def _answers(cells: pd.DataFrame, kind: pd.Series, meta: Meta, dim: str) -> bool:
    """Whether percentages are taken over `dim`: its levels have one denominator and make up 100 %."""
    shares = cells[kind.eq("percent") & cells[dim].ne(meta.totals.get(dim))]
    column = [name for name in (*meta.dims, "measure") if name != dim]
    lines = shares.groupby(column).agg(same=("n", "nunique"), sum=("value", "sum"), rows=("n", "size"))
    return bool(len(lines)) and bool((lines["same"].le(1) & (lines["sum"] - 100).abs().le(lines["rows"])).all())


def _row_group(cells: pd.DataFrame, dims: Sequence[str]) -> np.ndarray:
    """The number of each cell's row group, 0 .. groups - 1: cells of one group share their levels on `dims`."""
    group = np.zeros(len(cells), dtype=int)
    for dim in dims:
        level, _ = pd.factorize(cells[dim])
        group = np.unique(group * (level.max(initial=0) + 2) + level, return_inverse=True)[1]
    return group


def _any_of(mask: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Per cell whether `mask` holds for one of its group."""
    return (np.bincount(group, mask) > 0)[group]


def _linked(checked: pd.DataFrame, meta: Meta, hidden: pd.Series) -> np.ndarray:
    """Cells of a row group that would give back what is hidden in it.

    A hidden number takes the whole row group; a dominated sum or a model with few degrees of freedom leaves the
    counts; an extreme or a quantile goes alone.
    """
    if not hidden.any():
        return np.zeros(len(checked), dtype=bool)
    kind = checked["measure"].map(dict(meta.kinds))
    weak = checked["reason"].isin(["dominance", "low_df"])
    alone = checked["reason"].eq("extreme") | (kind.eq("quantile") & checked["reason"].eq("small_denominator"))
    group = _row_group(checked, meta.dims)
    plain = _any_of((hidden & ~weak & ~alone & ~self_share(checked, meta)).to_numpy(), group)
    if meta.subsets:
        plain &= ~kind.eq("count").to_numpy()
    partial = _any_of((hidden & weak).to_numpy(), group) & ~kind.isin(["count", "percent"]).to_numpy()
    return (plain | partial) & (checked["value"].notna() | checked["n"].notna()).to_numpy()


_COUNTED = {"persons": _person_flags, "organisations": _organisation_flags}
