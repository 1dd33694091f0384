"""What the command line asks of a run: which steps, their actions, the progress shown and how it ended, in words."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from analysis import store
from analysis.codebook import StudyError
from analysis.run.layout import Layout, in_words
from analysis.run.plan import Step, plan
from analysis.study import Study

READS = re.compile(r"\*\*Reads\*\*\s*(?P<needed>[^;\n]*)(?:;\s*where present (?P<optional>[^\n]*))?")


def execute(
    studies: Sequence[str],
    *,
    echo: Callable,
    only: Sequence[str] | None = None,
    units: Sequence[str] | None = None,
    books: Sequence[str] | None = None,
    parameters: dict | None = None,
    dry_run: bool = False,
    cluster: Path | None = None,
    **engine,
) -> int:
    """Run the steps of `studies` (all when empty) and say how it ended; returns the exit status.

    `only` keeps steps of these kinds, `units` these units, `books` these notebooks; `cluster` is a file that
    describes batch jobs; `engine` are options of `engine.run` (jobs, scheduler).
    """
    steps = chosen([store.study(name) for name in studies or store.studies()], units, parameters or {}, only, books)
    from analysis.run.cluster import batch
    from analysis.run.engine import run
    from analysis.run.lock import Busy
    from analysis.run.progress import shown

    jobs_of = batch(cluster) if cluster else None
    try:
        with shown(steps) as show:
            tell = (lambda event: echo(f"{event.what}: {event.step.name} ({event.why})")) if dry_run else show
            summary = run(steps, layout(), actions=_actions(), dry_run=dry_run, on_event=tell, batch=jobs_of, **engine)
    except (Busy, OSError) as error:
        echo(str(error) if isinstance(error, Busy) else in_words(error))
        return 1
    except KeyboardInterrupt:
        echo("stopped; finished steps are kept, and nothing is half-written. Run again to go on.")
        return 130
    _say(summary, echo)
    if summary.ok and not dry_run:
        for path in _results(steps):
            echo(f"report: {path}")
    return 0 if summary.ok else 1


def _say(summary, echo: Callable) -> None:
    """How the run ended: each failure with its remedy, what waited for it, and the counts."""
    for outcome in summary.failed.values():
        echo(f"failed: {outcome}" + (f" Kept for reading: {outcome.kept}" if outcome.kept else ""))
    for name in summary.blocked:
        echo(f"not run: {name}, because what it needs failed")
    counts = f"{len(summary.done)} done, {len(summary.skipped)} unchanged, {len(summary.failed)} failed"
    echo(f"{counts}, {len(summary.blocked)} not run; {summary.wall_seconds:.1f} s")


def chosen(
    studies: Sequence[Study],
    units: Sequence[str] | None,
    parameters: dict,
    only: Sequence[str] | None,
    books: Sequence[str] | None = None,
) -> tuple[Step, ...]:
    """The steps of a run. Raises `StudyError` when a unit is in none of the studies, or a notebook is not there."""
    known = {unit for study in studies for unit in ("all", *study.units)}
    if unknown := sorted(set(units or ()) - known):
        raise StudyError(
            [f"unit {name!r} is in none of the studies; units: {', '.join(sorted(known))}." for name in unknown]
        )
    of_study = {study.id: [u for u in ("all", *study.units) if not units or u in units] for study in studies}
    paths = _named(notebooks(), books)
    steps = plan(
        of_study,
        paths,
        parameters,
        notebooks_of={study.id: [path.stem for path in paths if fits(path, study)] for study in studies},
    )
    return tuple(step for step in steps if only is None or step.kind in only)


def _named(paths: Sequence[Path], names: Sequence[str] | None) -> list[Path]:
    """The notebooks with these names or numbers; all when none is named."""
    known = {key: path for path in paths for key in (path.stem, path.stem.split("_")[0])}
    if unknown := sorted(set(names or ()) - set(known)):
        allowed = ", ".join(path.stem for path in paths)
        raise StudyError([f"notebook {name!r} is not in notebooks/; there are: {allowed}." for name in unknown])
    return sorted({known[name] for name in names}) if names else list(paths)


def notebooks() -> list[Path]:
    """The notebooks of a run, in order."""
    return sorted((store.root() / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def fits(notebook: Path, study: Study) -> bool:
    """True when the study has every table that the notebook's Reads line names (those after `where present` may be
    absent).
    """
    from analysis.study import DERIVED_TABLES

    needed, _ = reads(notebook)
    return needed <= set(study.tables) | DERIVED_TABLES | {"prepare_log", "prepare_problems"}


def reads(notebook: Path) -> tuple[set[str], set[str]]:
    """Tables that the first cell says are read, and those read where present."""
    from analysis.run import document

    found = READS.search(document.source(document.read(notebook)["cells"][0]))
    names = [set(re.findall(r"`(\w+)`", found[part] or "")) if found else set() for part in ("needed", "optional")]
    return names[0], names[1]


def layout() -> Layout:
    """Where this project's runs keep what they make."""
    return Layout(store.root(), store.root() / "data" / "processed", store.root() / "reports")


def canonical(names: Sequence[Path] | None, *, echo: Callable) -> int:
    """Execute canonical notebooks in place; returns the exit status."""
    from analysis.run import kernels
    from analysis.run.notebooks import NotebookError, canonical

    failed = 0
    paths = names or (p for p in (store.root() / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
    with kernels.session():
        for path in sorted(paths):
            try:
                echo(f"{path.name}: {canonical(path.resolve(), root=store.root()):.1f} s")
            except NotebookError as error:
                failed += 1
                echo(f"failed: {error}")
    return 1 if failed else 0


def _actions() -> dict[str, Callable[[Step], None]]:
    from analysis.run.preparing import prepare
    from analysis.run.publishing import publish
    from analysis.run.releasing import release

    return {"prepare": prepare, "release": release, "publish": publish}


def _results(steps: Sequence[Step]) -> list[Path]:
    studies = dict.fromkeys(step.study for step in steps if step.kind == "publish")
    return [path for study in studies for path in [store.reports(study) / "index.nl.html"] if path.exists()]
