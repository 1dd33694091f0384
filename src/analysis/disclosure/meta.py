"""What stands beside a released table: which columns are dimensions, which rows are totals, what is counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd

KINDS = {
    "count", "percent", "mean", "sd", "median", "quantile", "sum", "min", "max", "estimate", "std_error", "lower",
    "upper", "df", "inference_df", "p_value", "days", "rate", "text",
}  # fmt: skip
COUNTED = {"persons", "organisations", "meetings", "events", "none"}
ALL = "all"


@dataclass(frozen=True)
class Nesting:
    """Levels of `dim` are parts of levels of `parent`: `of` maps one to the other (municipality to target group)."""

    dim: str
    parent: str
    of: Mapping[str, str]


@dataclass(frozen=True)
class Meta:
    """Description of a long table (one row a cell: dims, measure, value, n) that disclosure control needs.

    dims        dimension columns; their values are text ids
    totals      dimension -> the level that is its total; the other levels are taken to add up to it
    counts_of   what `n` and counts count: persons | organisations | meetings | events | none
    kinds       measure -> kind (see KINDS). `df` is the residual degrees of freedom of a model; those of a test
                (clusters - 1, Satterthwaite) have kind `inference_df` and no rule
    unit        the unit that the table is about; `all` is the sum of the units. A column `unit` means the same
    population  who is counted: equal populations at equal levels are the same number, in whatever table they stand
    within      the population that this one is a part of (`pairs` within `t0`): their difference is a cell too
    counts_where  `column=level` (a dimension, or `measure`) -> what these rows count where it is not `counts_of`
    steps       dimensions whose levels are each part of the one before: a loss is a cell
    step_of     level of such a dimension -> the level that it is a part of, where that is not the one before; empty
                for a level that is everybody, so that it restricts nothing
    cumulative  dimensions whose levels, in the order of the rows, each hold the one before (within 1 month, within 3
                months): who came in between is a cell, unless nobody did
    at          levels that every row is restricted to and no dimension names, such as the step that a table is about
    public      measures that come from outside (population sizes, national shares) and tell of nobody here
    subsets     pairs of count measures (part, whole) in one row group, e.g. ("pairs", "t0")
    nestings    dimensions whose levels are parts of another dimension's levels
    answers     dimension that holds the answer options of a question; inferred from equal denominators when empty
    ladder      dimensions to collapse in turn when too much would be hidden; `unit` in the table of one unit: it is
                published for all units together only

    The rest is filled in by `suppress`, so that an auditor reads the same relations from the files:
    adds        `dim`, or `dim:role` of a number -> exact | partial (unknowns are left out) | overlap (several answers)
                | `about X` (estimated shares: their sum is at most X persons from the total);
                `dim:role>n levels` -> exact: at these levels the answers make up their denominator
    base        counts are multiples of it (0: exact); set by `suppress`
    part_of     percent or mean measure -> the quantity that it is computed from (`count`, `sum:costs`, ...)
    n_of        measure -> the quantity that its n is (`count`, `n`, or a name of its own)
    n_over      measure -> dimensions that its n does not depend on
    limits_of   limit of a share -> the percent measure that it belongs to: a limit tells the share and its n
    untrue      relations that the true numbers contradict in some unit (see `system`): nobody may reckon with them
    """

    dims: tuple[str, ...]
    totals: Mapping[str, str]
    counts_of: str
    profile: str
    kinds: Mapping[str, str]
    unit: str = ALL
    population: str = ""
    within: str = ""
    counts_where: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    step_of: Mapping[str, str] = field(default_factory=dict)
    cumulative: tuple[str, ...] = ()
    at: Mapping[str, str] = field(default_factory=dict)
    public: tuple[str, ...] = ()
    subsets: tuple[tuple[str, str], ...] = ()
    nestings: tuple[Nesting, ...] = ()
    answers: str = ""
    ladder: tuple[str, ...] = ()
    adds: Mapping[str, str] = field(default_factory=dict)
    base: int = 0
    part_of: Mapping[str, str] = field(default_factory=dict)
    n_of: Mapping[str, str] = field(default_factory=dict)
    n_over: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limits_of: Mapping[str, str] = field(default_factory=dict)
    untrue: tuple[str, ...] = ()

    def __post_init__(self):
        problems = [f"kind {kind!r} of {measure!r}" for measure, kind in self.kinds.items() if kind not in KINDS]
        counted = {self.counts_of, *self.counts_where.values()}
        problems += [f"counts_of {unknown!r}" for unknown in sorted(counted - COUNTED)]
        problems += [f"{dim!r}, which is not in dims" for dim in self._named() if dim not in self.dims]
        if problems:
            raise ValueError(
                f"Table description holds what is not known: {'; '.join(problems)}. "
                f"Kinds are {', '.join(sorted(KINDS))}; counts_of is one of {', '.join(sorted(COUNTED))}."
            )

    def _named(self) -> list[str]:
        return sorted(
            {
                *self.totals,
                *self.steps,
                *self.cumulative,
                *(dim for dim in self.ladder if dim != "unit"),
                *([self.answers] if self.answers else []),
            }
        )

    def to_json(self) -> str:
        """The description as JSON text, keys sorted, so that equal descriptions are equal bytes."""
        return json.dumps(self.about(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    def about(self) -> dict:
        """The description as JSON knows it (see `of`)."""
        return vars(self) | {"nestings": [vars(nesting) for nesting in self.nestings]}

    @classmethod
    def from_json(cls, text: str) -> "Meta":
        """The description that `to_json` wrote; keys that another module added beside ours are ignored."""
        return cls.of(json.loads(text))

    @classmethod
    def of(cls, about: Mapping) -> "Meta":
        """The description in a parsed JSON file (see `from_json`)."""
        known = {key: value for key, value in about.items() if key in cls.__dataclass_fields__}
        known["nestings"] = tuple(Nesting(**nesting) for nesting in known.get("nestings", ()))
        known["subsets"] = tuple(tuple(pair) for pair in known.get("subsets", ()))
        known["n_over"] = {measure: tuple(dims) for measure, dims in known.get("n_over", {}).items()}
        for key in ("dims", "steps", "cumulative", "public", "ladder", "untrue"):
            known[key] = tuple(known.get(key, ()))
        return cls(**known)


def counted(cells: pd.DataFrame, meta: Meta) -> pd.Series:
    """What each row counts: `counts_of`, or what `counts_where` says of its level or measure."""
    found = pd.Series(meta.counts_of, cells.index)
    for where, counts_of in meta.counts_where.items():
        column, _, level = where.partition("=")
        found = found.mask(cells[column].eq(level), counts_of)
    return found


def step_before(levels: list[str], meta: Meta, dim: str) -> dict[str, str]:
    """Level of a dimension of steps -> the level that it is a part of; the first, and the total, are in none."""
    order = [level for level in levels if level != meta.totals.get(dim)]
    if dim in meta.cumulative:
        return {level: of for of, level in pairwise(order[::-1])}
    before = dict(zip(order[1:], order, strict=False)) | {k: v for k, v in meta.step_of.items() if k in order}
    return {level: of for level, of in before.items() if of}


def limits(cells: pd.DataFrame, meta: Meta) -> list[tuple[int, int]]:
    """Pairs of positions (limit, the percentage of its row group); a limit of something else is left out."""
    if not meta.limits_of:
        return []
    groups = list(zip(*(cells[dim].tolist() for dim in meta.dims), strict=True)) or [()] * len(cells)
    measures, known = cells["measure"].tolist(), cells["value"].notna().tolist()
    at: dict[str, dict[tuple, int]] = {}
    for i, (measure, group) in enumerate(zip(measures, groups, strict=True)):
        if known[i]:
            at.setdefault(measure, {})[group] = i
    return [
        (i, at[percent][group])
        for limit, percent in meta.limits_of.items()
        for group, i in at.get(limit, {}).items()
        if group in at.get(percent, {})
    ]


def described(table: pd.DataFrame, meta: Meta) -> pd.DataFrame:
    """`table` with the contract's columns typed (levels text, numbers float), a fresh index and, where absent, `n` NaN.

    Raises ValueError that lists every absent column, measure without kind and cell that stands twice.
    """
    absent = [column for column in (*meta.dims, "measure", "value") if column not in table]
    if absent:
        found = ", ".join(map(str, table.columns))
        raise ValueError(f"Table lacks column(s) {', '.join(absent)}; it has {found}. Add them or correct dims.")
    typed = table.reset_index(drop=True).assign(n=table["n"].to_numpy() if "n" in table else float("nan"))
    text = [column for column in (*meta.dims, "measure") if not isinstance(typed[column].dtype, pd.StringDtype)]
    numbers = [column for column in ("value", "n") if typed[column].dtype != float]
    typed = typed.assign(**{column: typed[column].astype(str) for column in text})
    typed = typed.assign(**{column: pd.to_numeric(typed[column]).astype(float) for column in numbers})
    unknown = sorted(set(typed["measure"]) - set(meta.kinds))
    twice = int(typed.duplicated([*meta.dims, "measure"]).sum())
    problems = [f"measure(s) without a kind: {', '.join(unknown)}"] * bool(unknown)
    problems += [f"{twice} cell(s) stand more than once: a dimension is missing from dims"] * bool(twice)
    if problems:
        raise ValueError(f"Table cannot be checked: {'; '.join(problems)}.")
    return typed
