"""`python -m analysis`: every command; each says what it does and where its result is, and exits 1 on a problem."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

StudyName = Annotated[str, typer.Argument(help="Folder below studies/, as study.yaml names it.")]
Studies = Annotated[list[str] | None, typer.Argument(help="Folders below studies/; all of them when none is named.")]


@app.command()
def check(study: StudyName) -> None:
    """Read the plan, the codebook and the raw files of a study; print every problem, or a one-screen summary."""
    from analysis import prepare, store
    from analysis.summary import summary

    plan = store.study(study)
    with prepare.reported(plan):
        prepared = prepare.prepare(plan)
    typer.echo(summary(plan, prepared))


@app.command("prepare")
def prepare_command(studies: Studies = None) -> None:
    """Raw to processed: check, correct, score and write the processed tables; skipped where nothing changed."""
    _execute(studies, only=("prepare",), jobs=1)


@app.command()
def run(
    studies: Studies = None,
    unit: Annotated[
        list[str] | None, typer.Option(help="Only this unit (repeat for more); `all` is all together.")
    ] = None,
    notebook: Annotated[
        list[str] | None, typer.Option(help="Only this notebook, 03 or 03_change (repeat for more).")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the executed notebooks: nl or en.")] = "nl",
    as_of: Annotated[
        str, typer.Option(help="Cut-off date 2021-12-31: what was known then. Empty: the plan's own.")
    ] = "",
    jobs: Annotated[int | None, typer.Option(help="Notebooks at a time; the number of cores when absent.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, tcp://host:port.")] = None,
    cluster: Annotated[
        Path | None, typer.Option(help="YAML file that says how to start workers as batch jobs (SLURM, PBS, ...).")
    ] = None,
    until: Annotated[
        Literal["notebooks", "release", "pages"], typer.Option(help="Stop after these; a later run goes on from there.")
    ] = "pages",
    force: Annotated[bool, typer.Option(help="Run every step, also those whose receipt holds.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Say which steps would run, and run none.")] = False,
) -> None:
    """Prepare, run every notebook for every unit, release what may be shown, publish reports/."""
    kinds = {"notebooks": ("prepare", "notebook"), "release": ("prepare", "notebook", "release"), "pages": None}
    parameters = {"language": language, **({"as_of": as_of} if as_of else {})}
    chosen = {"only": kinds[until], "units": unit, "books": notebook, "parameters": parameters}
    _execute(studies, **chosen, jobs=jobs, force=force, dry_run=dry_run, scheduler=scheduler, cluster=cluster)


def _execute(studies, **options) -> None:
    from analysis._processes import search_garbage_rarely
    from analysis.run import job

    search_garbage_rarely()
    raise typer.Exit(job.execute(tuple(studies or ()), echo=typer.echo, **options))


@app.command()
def notebooks(
    names: Annotated[
        list[Path] | None, typer.Argument(help="Notebook files; all of notebooks/ when none is named.")
    ] = None,
) -> None:
    """Execute the canonical notebooks in place, normalised: a diff then means that a result changed."""
    from analysis.run import job

    raise typer.Exit(job.canonical(names, echo=typer.echo))


@app.command()
def lessons(
    fresh: Annotated[bool, typer.Option(help="Replace lessons that somebody worked in; without it they stay.")] = False,
) -> None:
    """Write the student edition of the lessons to lessons/, and derive from the solutions what checks the answers."""
    from analysis import store
    from analysis.lessons import refresh, write_editions, write_page

    for path, changed in refresh(store.root()):
        if changed:
            typer.echo(f"answers changed: {path.name}")
    write_page(store.root())
    for path, done in write_editions(store.root(), fresh=fresh):
        told = {"written": "written", "same": "unchanged", "kept": "kept, as it may hold work (--fresh replaces it)"}
        typer.echo(f"{told[done]}: {path.relative_to(store.root())}")


@app.command()
def data(truth: Annotated[bool, typer.Option(help="Also simulate the truth anew (minutes).")] = False) -> None:
    """Rewrite the raw files of the synthetic studies from their seeds, byte for byte."""
    from analysis import store, synthetic

    for path in synthetic.rewrite(store.root(), truth=truth):
        typer.echo(f"written: {path.relative_to(store.root())}")


@app.command()
def world(
    name: Annotated[str, typer.Argument(help="Name of the new study, beginning with `world`.")],
    municipalities: Annotated[int, typer.Option(help="Number of municipalities.")] = 342,
    people: Annotated[int, typer.Option(help="People referred, over all municipalities.")] = 500_000,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 20181001,
) -> None:
    """Write a synthetic study of any size: plan, codebook, a raw folder a municipality (national by default)."""
    from analysis import store
    from analysis.synthetic import World, write_study

    made = list(write_study(store.root(), name, World(municipalities=municipalities, people=people, seed=seed)))
    typer.echo(
        f"written: studies/{name}/, {len(made)} folders below data/raw/{name}/. Run: python -m analysis run {name}"
    )


@app.command()
def context(study: StudyName) -> None:
    """Fetch the public tables that the plan names as a dated snapshot; offline the last one serves."""
    import datetime as dt

    from analysis import store
    from analysis.intake import snapshots, statline
    from analysis.intake.visits import Unreachable

    plan, folder = store.study(study), store.raw(study) / "context"
    try:
        taken = snapshots.take(plan, folder, dt.date.today(), catalogs=statline.CATALOGS, patience=statline.PATIENCE)
        typer.echo(f"written: {taken.path.relative_to(store.root())} ({taken.rows} rows of {', '.join(taken.tables)})")
    except Unreachable as trouble:
        typer.echo(f"not fetched: {trouble}", err=True)
        taken = snapshots.last(folder)
        if taken is None:
            typer.echo(f"There is no earlier snapshot in {folder.relative_to(store.root())}.", err=True)
            raise typer.Exit(1) from None
        typer.echo(
            f"The snapshot of {taken.retrieved} serves: {taken.path.relative_to(store.root())} ({taken.rows} rows)."
        )
    file = f"context/{taken.path.name}"
    if plan.tables["context"].file != file:
        typer.echo(
            f"The plan reads {plan.tables['context'].file}; for the snapshot write `file: {file}` under tables.context."
        )


@app.command()
def new(
    study: Annotated[str, typer.Argument(help="Id of the new study: a-z, 0-9 and _.")],
    files: Annotated[list[Path], typer.Option("--from", help="A file as received (repeat for more).")],
    conventions: Annotated[str | None, typer.Option(help="castor, limesurvey or qualtrics.")] = None,
) -> None:
    """Propose a study from its files: studies/STUDY with a plan, codebook and levels, and what is left to decide."""
    from analysis import instruments, store
    from analysis.intake.new import start
    from analysis.intake.recognition import questionnaires

    known = questionnaires(instruments.load(name) for name in instruments.instruments())
    for path in start(study, files, store.study_folder(study), store.raw(study), known, conventions):
        typer.echo(f"written: {path.relative_to(store.root())}")
    typer.echo(f"Decide what README.md lists, then run `python -m analysis check {study}`.")


@app.command()
def privacy(paths: Annotated[list[Path], typer.Argument(help="Folders, tables, notebooks or text files.")]) -> None:
    """Look for what identifies a person directly, in folders and notebooks with outputs; exits 1 when it finds some."""
    from analysis.intake.checks import IntakeError
    from analysis.intake.scan import scan

    found = [problem for path in paths for problem in scan(path)]
    if found:
        raise IntakeError(found)
    typer.echo("Nothing found that identifies a person.")


@app.command()
def verify(
    study: Annotated[
        str, typer.Argument(help="A study with a published.csv; `published` is the open reference cases.")
    ],
    every: Annotated[bool, typer.Option(help="Print every number, also those that match.")] = False,
) -> None:
    """Compare published numbers with ours and write a certificate; exits 1 when a number is not reproduced."""
    from analysis import store
    from analysis.verify import NO_MATCH, by_notebook, certify, conclusion, shown

    compared, paths = certify(study)
    typer.echo(by_notebook(compared).to_string())
    told = compared if every or len(compared) <= 30 else compared[compared["verdict"] != "match"]
    typer.echo("" if told.empty else f"\n{shown(told).to_string()}")
    typer.echo(f"\n{conclusion(compared)}")
    for path in paths:
        typer.echo(f"written: {path.relative_to(store.root())}")
    raise typer.Exit(int((compared["verdict"] == NO_MATCH).any()))


@app.command()
def reproduce(
    studies: Studies = None,
    crate: Annotated[
        Path | None, typer.Option(help="A downloaded research object (folder or zip) to reproduce instead.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Folder of the certificate; data/processed/reproduction when absent.")
    ] = None,
) -> None:
    """Make every result anew in an empty folder and compare: a certificate; exit 1 names what changed, what differs."""
    from analysis import store
    from analysis.reproduce import certificate, reproduction

    found = reproduction.reproduce(studies or (), crate, typer.echo)
    typer.echo("\n".join(["", *certificate.lines(found)]))
    for path in certificate.write(found, to or store.processed("reproduction")):
        typer.echo(f"written: {path.relative_to(store.root()) if path.is_relative_to(store.root()) else path}")
    raise typer.Exit(int(not all(one.holds for one in found)))


@app.command()
def expect(studies: Studies = None) -> None:
    """Make every result anew and commit to it: writes studies/STUDY/expected/, which `reproduce` compares with."""
    from analysis.reproduce import reproduction

    reproduction.expect(studies or (), typer.echo)


@app.command()
def benchmark(
    groups: Annotated[
        list[str] | None, typer.Argument(help="Groups of promises, such as runs or report; all when none is named.")
    ] = None,
) -> None:
    """Measure every speed promise, each as a ratio in this run; exit 1 when one is missed."""
    from analysis import benchmark, store

    figures = benchmark.run(store.root(), list(groups or []), typer.echo)
    raise typer.Exit(0 if all(figure.holds for figure in figures) else 1)


@app.command()
def audit(
    path: Annotated[
        Path, typer.Argument(help="Folder of released tables (.csv with .json), or a packed release (.zip).")
    ],
    previous: Annotated[Path | None, typer.Option(help="The release before, to judge differences against.")] = None,
) -> None:
    """Attack released tables as an outsider would; a verdict per table, exits 1 when a hidden number can be derived."""
    from analysis.run import outgoing

    found = outgoing.audit(path, previous)
    typer.echo(found.to_string(index=False))
    failed = int(found["verdict"].eq("fail").sum())
    typer.echo(f"{len(found) - failed} pass, {failed} fail.")
    raise typer.Exit(int(failed > 0))


@app.command()
def approve(
    study: StudyName,
    checker: Annotated[str, typer.Option(help="Name of the second checker, who did not write the analysis.")],
    decision: Annotated[str, typer.Option(help="approve or reject.")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    file: Annotated[
        list[str] | None, typer.Option(help="A table as release_log.csv names it (repeat); all when absent.")
    ] = None,
) -> None:
    """Record the second checker's decision on released tables; it holds as long as their bytes stay the same."""
    from analysis import store
    from analysis.run import outgoing

    store.study(study)
    found = outgoing.approve(study, checker, decision, reason, file or ())
    counts = found["decision"].replace("", "no decision").value_counts()
    typer.echo(f"{study}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
    typer.echo(f"written: studies/{study}/approvals.csv, reports/{study}/release_log.csv")


@app.command()
def pack(study: StudyName) -> None:
    """Pack the approved objects of a study as a release; names those that stay. Later runs are audited against it."""
    from analysis import store
    from analysis.run import outgoing

    store.study(study)
    typer.echo(f"packed: {outgoing.pack(study, typer.echo).relative_to(store.root())}")


@app.command()
def trace(
    query: Annotated[str, typer.Argument(help="Part of a sentence of a report, a number, or a cell: wave=t1;count.")],
    study: Annotated[str | None, typer.Argument(help="Folder below studies/; all of them when absent.")] = None,
    most: Annotated[int, typer.Option(help="At most so many places.")] = 5,
) -> None:
    """Print the way of a sentence or number: page, table cell, notebook and section, processed tables, raw files."""
    from analysis import store
    from analysis.publish import trail

    plans = [store.study(name) for name in ([study] if study else store.studies())]
    found = [(plan, one) for plan in plans for one in trail.find(plan, query)]
    for plan, one in found[:most]:
        typer.echo("\n".join(trail.way(plan, one)) + "\n")
    typer.echo(f"{len(found)} place(s)" + (f", {most} shown; --most shows more." if len(found) > most else "."))
    raise typer.Exit(int(not found))


@app.command()
def docs() -> None:
    """Rewrite generated pages: the tables of README.md, docs/audits/ and docs/instruments.md."""
    from analysis import documents, store

    changed = [path.relative_to(store.root()) for path in documents.rewrite()]
    typer.echo("\n".join(f"written: {path}" for path in changed) or "nothing changed")


@app.command()
def pictures(
    study: StudyName, folder: Annotated[Path, typer.Argument(help="Where to.")] = Path("docs/pictures")
) -> None:
    """Draw the README's pictures from the reports of a study: a page, a figure, a sheet, a slide."""
    from analysis import store
    from analysis.publish.pictures import pictures as drawn

    for path in drawn(store.study(study), folder):
        typer.echo(f"written: {path} ({path.stat().st_size // 1024} kB)")


@app.command()
def instruments() -> None:
    """List the questionnaires that can be scored."""
    from analysis.instruments import overview

    typer.echo(overview().to_string(index=False))


def main() -> None:
    """Entry point: a known problem is printed without a traceback, and the exit status is 1."""
    from analysis.codebook import StudyError

    try:
        app()
    except StudyError as error:
        _show(error)
        typer.echo(f"{len(error.problems)} problem(s); nothing was written.", err=True)
        raise SystemExit(1) from None


def _show(error) -> None:
    """Problems of data as a table on a terminal, else one sentence a line."""
    import sys

    if hasattr(error, "found") and sys.stderr.isatty():
        from rich.console import Console

        from analysis.intake.problem_report import terminal_table

        Console(stderr=True).print(terminal_table(error.found))
        return
    for problem in error.problems:
        typer.echo(problem, err=True)


if __name__ == "__main__":
    main()
