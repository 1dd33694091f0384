"""The exercises of a lesson: what people wrote about them (YAML) and the digests of their answers (CSV)."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from analysis._yaml import read_yaml
from analysis.lessons.answers import KINDS, Marks, digest

FOLDER = "exercises"


@dataclass(frozen=True)
class Exercise:
    """One exercise: `id` is lesson.number; `kind` a name of `answers.KINDS`; `tolerance` in the unit of the answer.

    `right` and `hint` are Dutch feedback (the hint from the second wrong try on); `not_justified`: asks which
    conclusion does not follow; `options`: the letters of a choice; `digests`: of the right answer, one a part, empty
    before `refresh` made them.
    """

    id: str
    kind: str
    right: str
    hint: str
    tolerance: float = 0.0
    not_justified: bool = False
    options: str = "abcd"
    digests: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"exercise {self.id}: kind {self.kind!r} is unknown; kinds are {', '.join(KINDS)}.")
        if not self.right or not self.hint:
            raise ValueError(f"exercise {self.id}: `right` and `hint` must both be written.")

    def accepts(self, answer: Marks) -> bool:
        """Whether these marks are those of the right answer."""
        return len(answer) == len(self.digests) and all(
            any(digest(self.id, part, mark) == stored for mark in alternatives)
            for part, (alternatives, stored) in enumerate(zip(answer, self.digests, strict=True))
        )


def exercise(id: str) -> Exercise:
    """The exercise `lesson.number`. Raises ValueError when it does not exist, naming those that do."""
    found = re.fullmatch(r"(\d+)\.(\d+)", id)
    known = exercises(int(found[1])) if found else {}
    if id not in known:
        raise ValueError(f"Opdracht {id!r} bestaat niet. Bekend zijn: {', '.join(known) or 'geen'}.")
    return known[id]


@cache
def exercises(lesson: int) -> Mapping[str, Exercise]:
    """The exercises of a lesson by id, in their order; empty for a lesson without a file."""
    texts, digests = _file(lesson, "yaml"), _file(lesson, "csv")
    written = read_yaml(texts.read_text("utf-8")) if texts.is_file() else {}
    stored: dict[str, list[str]] = {}
    if digests.is_file():
        for row in csv.DictReader(digests.read_text("utf-8").splitlines()):
            stored.setdefault(row["exercise"], []).append(row["digest"])
    return {id: Exercise(id=id, digests=tuple(stored.get(id, ())), **fields) for id, fields in written.items()}


def as_csv(answers: Mapping[str, Marks]) -> str:
    """The digests of right answers as the text of exercises/NN.csv: exercise, part, digest."""
    rows = [
        f"{id},{part},{digest(id, part, alternatives[0])}"
        for id, parts in answers.items()
        for part, alternatives in enumerate(parts)
    ]
    return "\n".join(["exercise,part,digest", *rows]) + "\n"


def digest_file(lesson: int) -> Path:
    """Where the digests of a lesson are committed."""
    return Path(str(_file(lesson, "csv")))


def _file(lesson: int, kind: str):
    return files(__package__).joinpath(FOLDER, f"{lesson:02d}.{kind}")
