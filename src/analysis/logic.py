"""The logic model and the expected results of a study: two tables of its folder, written by people.

`logic_model.csv` has one row a node: its stage, what it is called, which nodes it leads to and what was measured of it.
`expected_results.csv` has one row for each piece of evidence of a result that the programme promised: what kind of
evidence it is, where it is measured, and from which percentage it speaks for the result. Both name a measure as one of
`SOURCES`, or as `outcome:<id>@<wave>`, `step:<id>`, `factor:<id>` or `public:<indicator>@<population>`.
"""

from dataclasses import dataclass
from pathlib import Path

from analysis.codebook import StudyError, table_rows

STAGES = ("input", "activities", "output", "short", "middle", "long", "context")
EVIDENCE = ("change", "process", "factor", "embedding")
MOST = 4  # nodes of a stage: more cannot be read side by side
SOURCES = {  # measures of the process, and the tables that each needs
    "fidelity": ("fidelity",),
    "work_sessions": ("work_sessions",),
    "ties": ("ties", "organisations"),
    "organisations": ("organisations",),
    "meetings": ("meetings",),
    "actions": ("actions",),
    "embedding": ("embedding",),
    "with_residents": ("involvement",),
    "advising": ("involvement",),
    "points_done": ("involvement",),
    "costs": ("costs",),
    "interventions": ("interventions",),
    "adaptations": ("adaptations",),
    "measures_days": (),
}
PREFIXES = ("outcome", "step", "factor", "public")
_NODE = ["node", "stage", "label_nl", "label_en", "leads_to", "measured"]
_RESULT = ["result", "label_nl", "label_en", "evidence", "measured", "speaks_for"]


@dataclass(frozen=True)
class Measured:
    """Where something is measured: `source` (one of SOURCES or PREFIXES), what it is `about`, and `at` which wave or in
    which population."""

    source: str
    about: str = ""
    at: str = ""

    @classmethod
    def parse(cls, text: str) -> "Measured":
        """The measure that `text` names, as `outcome:mhi5@t1` or `meetings`."""
        source, _, rest = text.partition(":")
        about, _, at = rest.partition("@")
        return cls(source, about, at)

    def __str__(self) -> str:
        return f"{self.source}{':' * bool(self.about)}{self.about}{'@' * bool(self.at)}{self.at}"


@dataclass(frozen=True)
class Node:
    """A box of the logic model: its stage, label, the nodes that it leads to and what was measured of it."""

    id: str
    stage: str
    label_nl: str
    label_en: str
    leads_to: tuple[str, ...] = ()
    measured: tuple[Measured, ...] = ()

    def label(self, language: str) -> str:
        """The label in `nl` or `en`."""
        return self.label_nl if language == "nl" else self.label_en


@dataclass(frozen=True)
class Promise:
    """A piece of evidence for the expected result `id`: its kind, where it is measured, and the percentage from which
    it speaks for the result (None where the rule needs none)."""

    id: str
    label_nl: str
    label_en: str
    evidence: str
    measured: Measured
    speaks_for: float | None = None

    def label(self, language: str) -> str:
        """The label of the result in `nl` or `en`."""
        return self.label_nl if language == "nl" else self.label_en


def read(folder: Path) -> tuple[tuple[Node, ...], tuple[Promise, ...]]:
    """The logic model and the expected results of the study in `folder`; empty where there is no such file.

    Raises `StudyError` with every problem that can be seen without the plan.
    """
    problems: list[str] = []
    nodes = tuple(_node(line, row, problems) for line, row in _rows(folder / "logic_model.csv", _NODE, problems))
    lines = _rows(folder / "expected_results.csv", _RESULT, problems)
    promises = tuple(_promise(line, row, problems) for line, row in lines)
    labels = {one.id: one for one in reversed(promises) if one.label_nl and one.label_en}
    for result in dict.fromkeys(one.id for one in promises):
        if result not in labels:
            problems.append(f"expected_results.csv: {result} has no label in both languages. Its first row gives them.")
    if problems:
        raise StudyError([f"{folder.name}/{problem}" for problem in problems])
    return nodes, tuple(_labelled(one, labels[one.id]) for one in promises)


def _rows(path: Path, columns: list[str], problems: list[str]) -> list[tuple[int, dict[str, str]]]:
    return table_rows(path, columns, problems) if path.exists() else []


def _node(line: int, row: dict[str, str], problems: list[str]) -> Node:
    where = f"logic_model.csv line {line} ({row['node']})"
    if row["stage"] not in STAGES:
        problems.append(f"{where}: stage is {row['stage']!r}; allowed: {', '.join(STAGES)}.")
    for column in ("node", "label_nl", "label_en"):
        if not row[column]:
            problems.append(f"{where}: {column} is empty. Every node has an id and a label in both languages.")
    measured = tuple(map(Measured.parse, row["measured"].split()))
    return Node(row["node"], row["stage"], row["label_nl"], row["label_en"], tuple(row["leads_to"].split()), measured)


def _promise(line: int, row: dict[str, str], problems: list[str]) -> Promise:
    where, limit = f"expected_results.csv line {line} ({row['result']})", row["speaks_for"]
    if row["evidence"] not in EVIDENCE:
        problems.append(f"{where}: evidence is {row['evidence']!r}; allowed: {', '.join(EVIDENCE)}.")
    if not row["measured"]:
        problems.append(f"{where}: measured is empty. Name where the evidence is measured.")
    number = float(limit) if limit.replace(".", "", 1).isdigit() else None
    if row["evidence"] in ("process", "embedding") and (number is None or not 0 < number <= 100):
        problems.append(f"{where}: speaks_for is {limit!r}; give a percentage above 0, at most 100.")
    measured = Measured.parse(row["measured"])
    return Promise(row["result"], row["label_nl"], row["label_en"], row["evidence"], measured, number)


def _labelled(promise: Promise, named: Promise) -> Promise:
    return Promise(promise.id, named.label_nl, named.label_en, promise.evidence, promise.measured,
                   promise.speaks_for)  # fmt: skip
