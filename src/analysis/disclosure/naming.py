"""What a number of a system is called: the tables it stands in, its levels; for a derived one those it follows from."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.disclosure.quantities import Quantity
from analysis.disclosure.releases import level_text
from analysis.disclosure.system import System


@dataclass(frozen=True)
class Named:
    """The numbers of a system by position.

    quantity   the number; None when it is derived
    derived    how it follows from others ('' when rows publish it)
    threshold  protection that it needs (0: no rule)
    tables     tables whose rows publish it, by their place in the release
    order      names of the tables
    relations, by_number  the relations by relation and by number
    """

    quantity: list[Quantity | None]
    derived: list[str]
    threshold: np.ndarray
    tables: list[set[int]]
    order: list[str]
    relations: sparse.csr_matrix
    by_number: sparse.csc_matrix

    @classmethod
    def of(cls, found: System) -> "Named":
        """The numbers of `found`."""
        unknowns, order = found.unknowns, list(dict.fromkeys(found.rows["table"]))
        rank, tables = {name: i for i, name in enumerate(order)}, [set() for _ in range(len(unknowns))]
        for unknown, table in zip(found.rows["unknown"], found.rows["table"], strict=True):
            tables[unknown].add(rank[table])
        return cls(unknowns["quantity"].tolist(), unknowns["derived"].tolist(), unknowns["threshold"].to_numpy(float),
                   tables, order, found.relations, found.relations.tocsc())  # fmt: skip

    def follows_from(self, column: int) -> list[int]:
        """The numbers that a derived one is calculated from; itself when it is not derived."""
        if not self.derived[column]:
            return [column]
        own = slice(self.by_number.indptr[column], self.by_number.indptr[column + 1])
        beside = self.relations[self.by_number.indices[own]].indices
        return [other for other in dict.fromkeys(beside.tolist()) if other != column]

    def text(self, column: int) -> dict[str, str]:
        """Columns table (names, in order), levels, population and role of the audit."""
        of, quantity = self.follows_from(column), self.quantity[column]
        standing = sorted(set().union(*(self.tables[other] for other in of)))
        return {
            "table": " ".join(self.order[i] for i in standing),
            "levels": " | ".join(level_text(self.quantity[other]) for other in of),
            "population": getattr(quantity, "population", ""), "role": getattr(quantity, "role", ""),
        }  # fmt: skip
