"""What a report tells and in which order: report.yaml as frozen objects, completed with the tables that are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from analysis._yaml import read_yaml

_VERBS = ("say", "figure", "table", "crossing")
_OWN = {*_VERBS, "each", "closed", "of", "beside"}


@dataclass(frozen=True)
class Part:
    """One piece of a section: `verb` is one of `_VERBS`; `what` is said or drawn; `table` is a released table.

    `options` go to the sentence, figure or table as they are; `each` repeats the part over the primary outcomes;
    `closed` folds a long table away; `of` is the unit whose table is meant, when it is not the report's own; `beside`
    are further tables that the part is made from.
    """

    verb: str
    what: str
    table: str = ""
    each: str = ""
    closed: bool = False
    of: str = ""
    beside: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Section:
    """A section of the report, its parts in order, and the notebooks whose further tables it takes."""

    id: str
    parts: tuple[Part, ...]
    notebooks: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the parts name, once each, in order."""
        return tuple(dict.fromkeys(name for part in self.parts for name in (part.table, *part.beside) if name))


@lru_cache
def sections() -> tuple[Section, ...]:
    """The sections of report.yaml. Raises ValueError that names a part with no verb, or with two."""
    listed = read_yaml(files("analysis.publish").joinpath("report.yaml").read_text(encoding="utf-8"))
    return tuple(
        Section(entry["id"], tuple(map(_part, entry["parts"])), tuple(entry.get("notebooks", ()))) for entry in listed
    )


def completed(tables: Iterable[str]) -> tuple[Section, ...]:
    """The sections with every further table of `tables` added to the section of its notebook, closed, in name order.

    A table of a notebook that no section has goes to the last section that has notebooks.
    """
    plan = sections()
    further = sorted(set(tables) - {table for section in plan for table in section.tables})
    takers = [section for section in plan if section.notebooks]
    homes = {table: _home(table, takers) for table in further}
    return tuple(
        Section(one.id, (*one.parts, *(_closed(table) for table in further if homes[table] == one.id)), one.notebooks)
        for one in plan
    )


def _closed(table: str) -> Part:
    return Part("table", table, table, closed=True)


def _home(table: str, takers: list[Section]) -> str:
    notebook = table.split("__")[0]
    return next((section.id for section in takers if notebook in section.notebooks), takers[-1].id)


def _part(entry: Mapping) -> Part:
    verbs = [verb for verb in _VERBS if verb in entry]
    verb = verbs[0] if verbs else ""
    if not verbs or len(verbs) > 1 and verbs != [verb, "table"]:
        raise ValueError(f"report.yaml: part {dict(entry)} needs one of {', '.join(_VERBS)}.")
    options = {key: value for key, value in entry.items() if key not in _OWN}
    table, each, of = (str(entry.get(key, "")) for key in ("table", "each", "of"))
    table = entry["crossing"] if verb == "crossing" else table
    return Part(verb, entry[verb], table, each, entry.get("closed", False), of, tuple(entry.get("beside", ())), options)
