"""A reproduction: what changed since results were committed, every table and claim made anew, and a verdict on each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis import store
from analysis.codebook import StudyError
from analysis.reproduce import basis, crates, expected, machine, rerun, verdicts
from analysis.reproduce.expected import Expected
from analysis.reproduce.rerun import Rerun
from analysis.reproduce.verdicts import DIFFERS, REPRODUCED, Verdict
from analysis.verify import MATCH, NO_MATCH


@dataclass(frozen=True)
class Reproduction:
    """How the reproduction of one study ended.

    `changed` and `touched` name files (data, plan, notebooks, code; the expectation's own) that are not as they were
    when results were committed, and how; `tables` are the verdicts; `claims` the published numbers with `verdict`.
    """

    study: str
    origin: str
    changed: Mapping[str, str]
    touched: Mapping[str, str]
    tables: tuple[Verdict, ...]
    claims: tuple[Mapping[str, object], ...]
    seconds: float
    trouble: str

    @property
    def holds(self) -> bool:
        """Whether nothing was changed and every table and claim was made again as it was."""
        missed = any(claim["verdict"] == DIFFERS for claim in self.claims)
        return not (self.changed or self.touched or self.trouble or missed or verdicts.failing(self.tables))

    def because_of(self, name: str) -> list[str]:
        """Tables that differ and rest on the changed file `name`."""
        return [one.table for one in verdicts.failing(self.tables) if name in one.causes]


def reproduce(studies: Sequence[str], crate: Path | None, echo: Callable[[str], None]) -> list[Reproduction]:
    """Make the results of `studies` (all that have an expectation when empty) anew and compare; or those of a `crate`.

    Nothing that the user made is touched. Raises `StudyError` when there is nothing to compare with.
    """
    if crate is not None:
        wanted, broken = crates.read(crate)
        store.study(wanted.study)
        with rerun.folder([wanted.study]) as root:
            return [_compared(wanted, broken, root, echo)]
    chosen = list(studies) or expected.studies()
    found = [expected.read(study) for study in chosen]
    with rerun.folder(chosen) as root:
        return [_compared(one, expected.touched(one), root, echo) for one in found]


def expect(studies: Sequence[str], echo: Callable[[str], None]) -> None:
    """Make the results of `studies` anew and commit to them: writes `studies/<study>/expected/`; all when empty.

    Raises `StudyError` when a study cannot be run: nothing is then written for it.
    """
    chosen = list(studies) or basis.shareable()
    with rerun.folder(chosen) as root:
        for study in chosen:
            made = rerun.rerun(study, root, echo)
            if made.trouble:
                raise StudyError([f"{study}: could not be run.", *made.trouble.splitlines()])
            changed = ", ".join(expected.write(study, made.reports))
            echo(f"written: studies/{study}/expected; tables changed: {changed or 'none'}")


def _compared(wanted: Expected, touched: Mapping[str, str], root: Path, echo: Callable[[str], None]) -> Reproduction:
    made = rerun.rerun(wanted.study, root, echo, _cut_off(wanted))
    changed = basis.differences({**wanted.files, **wanted.packaged}, _found(wanted, made))
    strict = wanted.made is not None and wanted.made.same_arithmetic(machine.this())
    tables = _verdicts(wanted, made, list(changed), strict)
    tables = [replace(one, causes=(*one.causes, *_of_expectation(touched, one))) for one in tables]
    claims = tuple(claim | {"verdict": _word(str(claim["verdict"]))} for claim in made.claims)
    return Reproduction(
        wanted.study, wanted.origin, changed, touched, tuple(tables), claims, made.seconds, made.trouble
    )


def _cut_off(wanted: Expected) -> str:
    """The cut-off date to run with: that of the tables, where it is not the plan's own."""
    return "" if not wanted.as_of or wanted.as_of == str(store.study(wanted.study).as_of) else wanted.as_of


def _found(wanted: Expected, made: Rerun) -> dict[str, str]:
    """Hashes now of what the results rest on, named as the expectation names it."""
    if wanted.made is None:
        return dict(wanted.files) if made.trouble else crates.of_run(made.reports)
    try:
        return basis.files(wanted.study) | basis.packaged(wanted.study)
    except StudyError:  # the run has said what is wrong with the plan
        return basis.of_names(wanted.files) | dict(wanted.packaged)


def _verdicts(wanted: Expected, made: Rerun, changed: list[str], strict: bool) -> list[Verdict]:
    """The verdict on every table, with the changed files that a table which differs rests on."""
    found = expected.released(made.reports)
    names = sorted({*wanted.tables, *found})
    compared = [
        verdicts.compare(
            wanted.study, name, wanted.tables.get(name), found.get(name), kinds=made.kinds.get(name, {}), strict=strict
        )
        for name in names
    ]
    return [
        one
        if one.verdict in verdicts.GOOD
        else replace(one, causes=tuple(basis.resting(changed, one.table.partition("__")[0])))
        for one in compared
    ]


def _of_expectation(touched: Mapping[str, str], one: Verdict) -> list[str]:
    """Changed files of the expectation that are this very table, where it differs."""
    return [name for name in touched if Path(name).stem == one.table and one.verdict not in verdicts.GOOD]


def _word(verdict: str) -> str:
    """The verdict of the verify command in the words of this certificate; why a number is not computed stays."""
    return {MATCH: REPRODUCED, NO_MATCH: DIFFERS}.get(verdict, verdict)
