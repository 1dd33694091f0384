"""The plan of a run: which steps there are, what each needs, in an order in which they can run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from analysis.run import document

Kind = Literal["prepare", "notebook", "release", "publish"]


@dataclass(frozen=True)
class Step:
    """One thing to run. `name` is unique in a plan; `needs` names the steps that must have succeeded before.

    A notebook step runs `notebook` with `parameters`; the other kinds are actions that the engine's caller has.
    """

    name: str
    kind: Kind
    study: str
    unit: str = "all"
    notebook: Path | None = None
    parameters: Mapping[str, object] = field(default_factory=dict, hash=False)
    needs: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Short name within study and unit: the notebook's, or the kind."""
        return self.notebook.stem if self.notebook else self.kind


def plan(
    studies: Mapping[str, Sequence[str]],
    notebooks: Iterable[Path],
    parameters: Mapping[str, object] = MappingProxyType({}),
    *,
    notebooks_of: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Step, ...]:
    """Steps for every study (id to its unit ids): prepare, each notebook for each unit, release, publish.

    Each notebook gets `study`, `unit` and those of `parameters` that it declares; one that declares no `unit` runs
    once per study, as unit `all`. `notebooks_of` limits a study to the notebooks with these stems. Raises
    `ParameterError` when no notebook at all declares one of `parameters`.
    """
    notebooks = sorted(notebooks, key=lambda path: path.name)
    declared = {path: document.declared(path) for path in notebooks}
    unknown = set(parameters) - set().union(*declared.values())
    if unknown and notebooks:
        raise document.ParameterError([document.undeclared("any notebook", unknown, set().union(*declared.values()))])
    steps: list[Step] = []
    for study, units in studies.items():
        chosen = [p for p in notebooks if notebooks_of is None or p.stem in notebooks_of.get(study, ())]
        prepare = Step(f"{study}/prepare", "prepare", study)
        runs = [
            _notebook_step(study, unit, path, declared[path], parameters, prepare.name)
            for path in chosen
            for unit in (units if "unit" in declared[path] else ("all",))
        ]
        release = Step(f"{study}/release", "release", study, needs=tuple(run.name for run in runs) or (prepare.name,))
        steps += [prepare, *runs, release, Step(f"{study}/publish", "publish", study, needs=(release.name,))]
    return tuple(steps)


def _notebook_step(
    study: str, unit: str, path: Path, declared: Mapping[str, str], parameters: Mapping[str, object], needed: str
) -> Step:
    offered = {"study": study, "unit": unit, **parameters}
    given = {name: value for name, value in offered.items() if name in declared}
    return Step(f"{study}/{unit}/{path.stem}", "notebook", study, unit, path, given, (needed,))
