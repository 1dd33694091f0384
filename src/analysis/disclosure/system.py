"""The published numbers of a release as unknowns and their relations: what an outsider can calculate with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.disclosure.links import stem_groups
from analysis.disclosure.meta import Meta
from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import Names, Quantity
from analysis.disclosure.reading import Reader, Row
from analysis.disclosure.relations import Relation, relations_of
from analysis.disclosure.stacks import Tables


@dataclass(frozen=True)
class System:
    """Unknowns and relations of a set of tables.

    unknowns   frame, one row an unknown: quantity (None when derived), derived ('' | complement | residual | loss |
               increment | estimated | difference | open | rounding), value (NaN when no row shows it), threshold (0:
               no rule), rows (how many rows publish it), slack (`rounding` lies between plus and minus this)
    rows       what each table row publishes (columns as in `Row`), with `unknown`, the position in `unknowns`
    relations  matrix with one row a relation and one column an unknown; relation @ values = 0
    """

    unknowns: pd.DataFrame
    rows: pd.DataFrame
    relations: sparse.csr_matrix


def system(tables: Tables, profile: Profile) -> System:
    """Unknowns and relations of resolved tables (see `links.resolve`): sums, shares, funnels, nested populations."""
    rows, position = _rows(tables, Reader())
    return _system(rows, position, relations_of(tables, rows, position), profile)


def truthful(
    tables: Tables, profile: Profile, reader: Reader | None = None
) -> tuple[dict[str, tuple[pd.DataFrame, Meta]], System]:
    """Resolved tables, before anything is hidden, with the relations that their numbers contradict named in `untrue`.

    A relation is left out for a table as a whole (in all units), so that a release and its audit reckon with the same
    ones and the list tells of no cell. Beside them their system, without those relations. `reader`: see `resolve`.
    """
    rows, position = _rows(tables, reader or Reader())
    values, relations = _values(rows), list(relations_of(tables, rows, position))
    wrong: dict[tuple, set[str]] = {}
    for relation in relations:
        if relation.rule and _contradicted(relation, values):
            wrong.setdefault(relation.stem, set()).add(relation.rule)
    group = {name: key for key, names in stem_groups(tables).items() for name in names}
    found = {
        name: (table, replace(meta, untrue=tuple(sorted(wrong.get(group[name], ())))))
        for name, (table, meta) in tables.items()
    }
    true = (relation for relation in relations if relation.rule not in wrong.get(relation.stem, ()))
    return found, _system(rows, position, true, profile)


def _system(rows: list[Row], position: Mapping[Quantity, int], stated: Iterable, profile: Profile) -> System:
    values, relations, quantities = _values(rows), list(dict.fromkeys(stated)), list(position)
    said = pd.DataFrame(rows, columns=list(Row._fields)).assign(unknown=[position[row.quantity] for row in rows])
    unknowns = pd.DataFrame({
        "quantity": quantities, "derived": "", "value": [values.get(q, np.nan) for q in quantities],
        "threshold": [_threshold(q, "", profile) for q in quantities],
        "rows": np.bincount(said["unknown"], minlength=len(quantities)),
        "slack": 0.0,
    })  # fmt: skip
    derived = pd.DataFrame(
        [
            (None, r.derived, _rest(r, values), _threshold(r.total, r.derived, profile), 0, r.slack)
            for r in relations
            if r.derived
        ],
        columns=unknowns.columns,
    )
    unknowns = pd.concat([unknowns, derived.astype(unknowns.dtypes)], ignore_index=True) if len(derived) else unknowns
    return System(unknowns, said, _matrix(relations, position, len(unknowns)))


def _contradicted(relation: Relation, values: Mapping[Quantity, float]) -> bool:
    """Whether known values say that a part is more than its whole (half a person is rounding)."""
    rest, slack = _rest(relation, values), 0.5 + 1e-6 * abs(values.get(relation.total, 0))
    return rest < -slack or (not relation.derived and rest > slack)


def _rows(tables: Tables, reader: Reader) -> tuple[list[Row], dict[Quantity, int]]:
    rows = reader.published(tables, Names.of(tables))
    return rows, {quantity: i for i, quantity in enumerate(dict.fromkeys(row.quantity for row in rows))}


def _values(rows: Iterable[Row]) -> dict[Quantity, float]:
    """The value of each quantity: a count itself before what a percentage tells of it."""
    found: dict[Quantity, float] = {}
    for row in rows:
        if row.value == row.value:
            found.setdefault(row.quantity, row.value)
    return found


def _rest(relation: Relation, values: Mapping[Quantity, float]) -> float:
    return values.get(relation.total, np.nan) - sum(values.get(part, np.nan) for part in relation.parts)


def _threshold(quantity: Quantity, derived: str, profile: Profile) -> float:
    """Protection that a hidden number needs; what is derived from published ones is a cell of its own (0: no rule)."""
    if quantity.role.startswith("sum:") or not profile.threshold(quantity.counts_of):
        return 0
    if quantity.counts_of == "organisations":
        return 0 if derived else profile.min_organisations
    return {"": profile.protection, "residual": profile.min_cell, "open": 0, "rounding": 0}.get(
        derived, profile.min_complement
    )


def _matrix(relations: list[Relation], position: Mapping[Quantity, int], width: int) -> sparse.csr_matrix:
    entries = []
    derived = len(position)
    for i, relation in enumerate(relations):
        entries.append((i, position[relation.total], 1.0))
        entries += [(i, position[part], -1.0) for part in relation.parts]
        if relation.derived:
            entries.append((i, derived, -1.0))
            derived += 1
    row, column, value = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_matrix((value, (row, column)), shape=(len(relations), width))
