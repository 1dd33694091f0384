"""The rules for one table on all tables of a release: tables that are alike are judged, and emptied, in one go."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.disclosure.meta import Meta
from analysis.disclosure.profiles import Profile
from analysis.disclosure.release import released
from analysis.disclosure.rules import check, ruled
from analysis.disclosure.spread import Spread, largest_first
from analysis.disclosure.stacks import Stack, Tables, alike


def checked(tables: Tables, profile: Profile, spread: Spread = map) -> dict[str, pd.DataFrame]:
    """What `check` gives of each table, by name; `spread` is over tables that are alike."""
    return _apart(tables, _stacks(tables, profile), partial(_checked, profile=profile), spread)


def judge(tables: Tables, profile: Profile, spread: Spread = map) -> dict[str, pd.DataFrame]:
    """Each table after the rules for one table, by name (see `ruled`); `spread` as in `checked`."""
    return _apart(tables, _stacks(tables, profile), partial(_ruled, profile=profile), spread)


def _checked(stack: Stack, profile: Profile) -> pd.DataFrame:
    return check(stack.cells, stack.meta, profile)


def _ruled(stack: Stack, profile: Profile) -> pd.DataFrame:
    return ruled(check(stack.cells, stack.meta, profile), stack.meta)


def _apart(tables: Tables, stacks: list[Stack], call: Callable, spread: Spread) -> dict[str, pd.DataFrame]:
    made = largest_first(spread, call, stacks, [len(stack.cells) for stack in stacks])
    found = {name: own for stack, cells in zip(stacks, made, strict=True) for name, own in stack.apart(cells).items()}
    return {name: found[name] for name in tables}


@dataclass
class Known:
    """Tables as they were released last; one of which nothing changed is not made again."""

    _made: dict[str, tuple[pd.DataFrame, Meta, np.ndarray, pd.DataFrame, Meta]] = field(default_factory=dict)

    def released(
        self, tables: Tables, profile: Profile, hidden: Mapping[str, np.ndarray]
    ) -> dict[str, tuple[pd.DataFrame, Meta]]:
        """Each judged table as it may leave, with the rows hidden that `hidden` (a mask a name) says (`release`)."""
        new = {name: pair for name, pair in tables.items() if not self._holds(name, *pair, hidden[name])}
        for stack in _stacks(new, profile):
            masks = np.concatenate([hidden[name] for name in stack.sizes])
            out, about = released(stack.cells, stack.meta, profile, masks)
            for name, table in stack.apart(out).items():
                meta = replace(tables[name][1], base=about.base, profile=about.profile)
                self._made[name] = (*tables[name], hidden[name], table, meta)
        return {name: self._made[name][3:] for name in tables}

    def _holds(self, name: str, table: pd.DataFrame, meta: Meta, hidden: np.ndarray) -> bool:
        before = self._made.get(name)
        return before is not None and before[0] is table and before[1] == meta and np.array_equal(before[2], hidden)


def _stacks(tables: Tables, profile: Profile) -> list[Stack]:
    """Tables that may be judged together; whether a dimension holds answers is found out for one whole table."""
    groups = [{name: pair} for name, pair in tables.items()] if profile.hide_question else alike(tables, _form)
    return [Stack.of(group) for group in groups]


def _form(table: pd.DataFrame, meta: Meta) -> Hashable:
    """Columns and their types, and the order of the levels that are each a part of the one before."""
    steps = tuple(tuple(table[dim].astype(str).unique()) for dim in (*meta.steps, *meta.cumulative))
    return (*table.columns, *map(str, table.dtypes), *steps)
