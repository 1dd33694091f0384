"""Which numbers a set of tables publishes: a cell of one table and a total of another are often the same number.

A quantity is identified by who is counted (population, counts_of), what it is (role: count, n, sum:costs, ...) and
the levels that it is restricted to; a dimension at its total level restricts nothing. So links between tables need no
declaration.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from analysis.disclosure.meta import Nesting
from analysis.disclosure.stacks import Tables

Levels = frozenset[tuple[str, str]]
UNIT = "unit"


class Quantity(NamedTuple):
    """A number that tables can publish: `role` of `population` (`counts_of` it) restricted to `levels`.

    A tuple because a release looks up its quantities a million times.
    """

    population: str
    counts_of: str
    role: str
    levels: Levels

    def at(self, *, population: str | None = None, role: str | None = None, levels: Levels | None = None) -> "Quantity":
        """The quantity with another role, population or other levels."""
        return Quantity(
            self.population if population is None else population, self.counts_of,
            self.role if role is None else role, self.levels if levels is None else levels,
        )  # fmt: skip

    def without(self, dims) -> "Quantity":
        """The quantity not restricted on `dims`."""
        return self.at(levels=frozenset([pair for pair in self.levels if pair[0] not in dims]))


@dataclass(frozen=True)
class Names:
    """What makes two restrictions the same one: nestings, and (population, dimension, level) that restrict nothing."""

    nestings: tuple[Nesting, ...] = ()
    everybody: frozenset[tuple[str, str, str]] = frozenset()

    @classmethod
    def of(cls, tables: Tables) -> "Names":
        """Every nesting and first step that any table declares, once."""
        metas = [meta for _, meta in tables.values()]
        nestings = tuple({(n.dim, n.parent): n for meta in metas for n in meta.nestings}.values())
        first = {
            (meta.population, dim, level)
            for meta in metas
            for dim in meta.steps
            for level, of in meta.step_of.items()
            if not of
        }
        return cls(nestings, frozenset(first))

    def levels(self, pairs: Iterable[tuple[str, str]], population: str) -> Levels:
        """One name for equal restrictions: what is everybody goes, a parent that its child implies goes, a parent of
        one child is that child.
        """
        found = dict(pair for pair in pairs if (population, *pair) not in self.everybody)
        for nesting in self.nestings:
            parent = found.get(nesting.parent)
            children = [child for child, of in nesting.of.items() if of == parent]
            if nesting.dim not in found and len(children) == 1:
                found[nesting.dim] = children[0]
            if found.get(nesting.dim) in children:
                found.pop(nesting.parent)
        return frozenset(found.items())
