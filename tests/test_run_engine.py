"""A run does what its plan says, once and in order; a change reruns what depends on it and nothing else."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import run_project
from run_project import LOAD, Project, notebook

from analysis.run import lock, measure
from analysis.run.document import ParameterError
from analysis.run.engine import run
from analysis.run.plan import Step, plan
from analysis.run.progress import shown


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Project:
    monkeypatch.setenv("FAKE_ROOT", str(tmp_path))
    return Project(tmp_path)


@pytest.fixture
def finished(project: Project) -> Project:
    assert project.run().ok
    return project


def test_every_step_runs_once_in_order_and_a_second_run_runs_none(project):
    events = []
    first = project.run(on_event=lambda event: events.append((event.what, event.step.name)))
    assert first.ok and len(first.done) == 7, [str(outcome) for outcome in first.failed.values()]
    done = [name for what, name in events if what == "done"]
    assert done[0] == "s/prepare" and done[-2:] == ["s/release", "s/publish"]
    assert sorted(done[1:-2]) == ["s/east/a", "s/east/b", "s/west/a", "s/west/b"]
    assert (project.root / "reports/s/all.csv").read_text() == (
        "east-a.txt,11\neast-b.txt,12\nwest-a.txt,11\nwest-b.txt,12\n"
    )
    before = project.made()
    second = project.run()
    assert second.done == [] and len(second.skipped) == 7
    assert project.made() == before


def test_a_large_notebook_begins_before_small_ones_and_an_action_before_both(project):
    notebook(project.notebooks[1], LOAD, "# " + 9999 * "x")
    begun = []
    steps = [step for step in project.steps if step.unit == "west" or step.kind == "prepare"]
    told = {"on_event": lambda event: begun.append(event.step.name) if event.what == "started" else None}
    assert run(steps, project.layout, actions={"prepare": run_project.prepare}, jobs=1, **told).ok
    assert begun == ["s/prepare", "s/west/b", "s/west/a"]


def test_a_link_to_nowhere_in_the_package_as_an_editor_leaves_it_stops_no_run(project):
    (project.package / ".#one.py").symlink_to("nobody@nowhere:1")
    assert project.run().ok


def test_a_changed_input_reruns_only_what_reads_it(finished):
    (finished.root / "west.csv").write_text("20")
    again = finished.run()
    assert sorted(again.done) == ["s/publish", "s/release", "s/west/a", "s/west/b"]
    assert "west-b.txt,22" in (finished.root / "reports/s/all.csv").read_text()


def test_an_input_rewritten_with_the_same_bytes_reruns_nothing(finished):
    (finished.root / "west.csv").write_text("10")
    assert finished.run().done == []


def test_a_changed_helper_reruns_only_its_users_and_stops_where_nothing_changes(finished):
    (finished.package / "two.py").write_text("def value(x):\n    return 2 + int(x)\n")
    assert sorted(finished.run().done) == ["s/east/b", "s/west/b"]


def test_a_changed_notebook_or_parameter_reruns_it(finished):
    notebook(finished.notebooks[0], "1 + 1")
    steps = finished.steps
    reasons = {}
    run(
        [*steps[:2], Step("s/west/b", "notebook", "s", "west", finished.notebooks[1], {"study": "t", "unit": "west"})],
        finished.layout,
        dry_run=True,
        actions={"prepare": run_project.prepare},
        on_event=lambda event: reasons.update({event.step.name: event.why}),
    )
    assert reasons["s/east/a"] == "notebook changed: notebooks/a.ipynb"
    assert reasons["s/west/b"].startswith("step changed") or reasons["s/west/b"] == "parameters changed: study"


def test_a_corrupted_receipt_or_a_lost_output_is_rerun(finished):
    corrupted, overwritten = finished.steps[1], finished.steps[3]
    before = finished.made()
    for damage in ("", "{", "[]", '{"step": 1}', "\xff"):
        finished.layout.receipt(corrupted).write_text(damage, "latin-1")
        assert finished.run().done == [corrupted.name]
    finished.layout.executed(overwritten).write_text("{}")
    (finished.root / "out/west-b.txt").unlink()
    assert sorted(finished.run().done) == [overwritten.name, "s/west/b"]
    assert finished.made() == before


def test_a_receipt_names_everything_and_only_when_differs(finished):
    receipt = json.loads(finished.layout.receipt(finished.steps[1]).read_text())
    assert receipt["parameters"] == {"study": "s", "unit": "east"}
    assert list(receipt["code"]) == ["fakepkg/__init__.py", "fakepkg/files.py", "fakepkg/one.py"]
    assert list(receipt["inputs"]) == ["east.csv"] and list(receipt["notebook"]) == ["notebooks/a.ipynb"]
    assert list(receipt["outputs"]) == ["data/s/runs/east/a.ipynb", "out/east-a.txt"]
    assert receipt["versions"]["pandas"].startswith("3.") and receipt["measured"]["cell_seconds"] > 0


def test_an_undeclared_parameter_is_refused_before_anything_runs(project):
    step = Step("s/east/a", "notebook", "s", "east", project.notebooks[0], {"unti": "east"})
    with pytest.raises(ParameterError, match=r"a.ipynb does not declare: unti \(did you mean unit\?\)"):
        run([step], project.layout)
    with pytest.raises(ParameterError, match="does not declare: langauge"):
        plan({"s": ("east",)}, project.notebooks, {"langauge": "nl"})
    assert not project.layout.processed.exists()


def test_a_failing_notebook_stops_only_what_needs_it_and_is_kept_for_reading(project):
    notebook(project.notebooks[1], "fine = 1", "if unit == 'east':\n    raise ValueError('no such wave: T9')\nfine")
    out = io.StringIO()
    with shown(project.steps, file=out) as on_event:
        summary = project.run(on_event=on_event)
    assert list(summary.failed) == ["s/east/b"] and summary.blocked == ["s/release", "s/publish"]
    assert sorted(summary.done) == ["s/east/a", "s/prepare", "s/west/a", "s/west/b"]
    failed = summary.failed["s/east/b"]
    assert (failed.cell, failed.error, failed.message) == ("Part 1", "ValueError", "no such wave: T9")
    assert failed.remedy and failed.kept == "b.failed.ipynb"
    assert "failed s/east/b: s/east/b, 'Part 1': ValueError: no such wave: T9" in out.getvalue()
    step = next(step for step in project.steps if step.name == "s/east/b")
    kept = project.layout.failed(step)
    assert "no such wave" in kept.read_text() and not project.layout.executed(step).exists()
    project.add("b", "two")
    assert project.run().ok and not kept.exists()


def test_a_failing_action_names_its_error(project):
    (project.package / "files.py").write_text("raise OSError('disk full')")
    project.notebooks = [notebook(project.root / "notebooks/c.ipynb", "1")]
    summary = project.run()
    assert (summary.failed["s/release"].error, summary.failed["s/release"].message) == ("OSError", "disk full")
    assert summary.blocked == ["s/publish"]


def test_a_dry_run_says_why_and_changes_nothing(project):
    reasons = {}
    project.run(dry_run=True, on_event=lambda event: reasons.update({event.step.name: event.why}))
    assert reasons["s/prepare"] == "never run" and reasons["s/release"] == "if what it needs changes"
    assert project.made() == {} and not project.layout.reports.exists()


def test_two_runs_at_once_on_one_reports_folder_are_refused(project):
    with lock.exclusive(project.layout.reports), pytest.raises(lock.Busy, match=r"another run .* reports/ \(process"):
        project.run()
    assert project.run().ok


def test_a_run_listens_on_no_port(project):
    listening = []

    def look(event):
        found = psutil.Process().net_connections("inet")
        listening.extend(connection.laddr for connection in found if connection.status == psutil.CONN_LISTEN)

    before = set(psutil.Process().net_connections("inet"))
    assert project.run(on_event=look).ok and not before
    assert listening == []


def test_the_same_project_elsewhere_gives_the_same_bytes(tmp_path, monkeypatch):
    made = []
    for name in ("first", "second-place"):
        project = Project(tmp_path / name)
        monkeypatch.setenv("FAKE_ROOT", str(project.root))
        notebook(
            project.root / "notebooks/c.ipynb",
            "import warnings, sys, numpy as np, random\nwarnings.warn('careful')\nprint('err', file=sys.stderr)",
            "print(np.random.normal(), random.random(), hash('x'))\nobject()",
        )
        project.notebooks.append(project.root / "notebooks/c.ipynb")
        assert project.run(jobs=1 if made else 2).ok
        made.append(project.made())
    assert made[0].keys() == made[1].keys()
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []
    assert b"image/png" in made[0]["data/s/runs/east/a.ipynb"]


@pytest.mark.slow
def test_a_cluster_of_other_processes_gives_the_same_bytes(tmp_path, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made = []
    for name in ("here", "cluster"):
        project = Project(tmp_path / name)
        monkeypatch.setenv("FAKE_ROOT", str(project.root))
        if made:
            with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
                assert project.run(scheduler=cluster.scheduler_address).ok
        else:
            assert project.run().ok
        made.append(project.made())
    assert made[0] == made[1]


@pytest.mark.slow
def test_overhead_is_under_a_second_a_notebook_and_a_third_of_a_plain_loop(tmp_path):
    measured = measure.overhead(measure.sample(tmp_path, 16), jobs=2)
    assert measured.per_notebook < 1.0
    assert measured.ratio > 3


def test_the_plan_is_in_an_order_in_which_it_can_run(tmp_path):
    paths = [notebook(tmp_path / f"{name}.ipynb", "1") for name in ("02_b", "01_a")]
    paths.append(notebook(tmp_path / "00_once.ipynb", "1", parameters="study: str = 's'\nlanguage = 'en'"))
    chosen = {"x": ["01_a"], "y": ["01_a", "02_b", "00_once"]}
    steps = plan({"x": ("all", "east"), "y": ("all",)}, paths, {"language": "nl"}, notebooks_of=chosen)
    assert [step.name for step in steps] == [
        "x/prepare", "x/all/01_a", "x/east/01_a", "x/release", "x/publish",
        "y/prepare", "y/all/00_once", "y/all/01_a", "y/all/02_b", "y/release", "y/publish",
    ]  # fmt: skip
    seen: set[str] = set()
    for step in steps:
        assert seen.issuperset(step.needs), step.name
        seen.add(step.name)
    assert dict(steps[6].parameters) == {"study": "y", "language": "nl"}
    assert dict(steps[2].parameters) == {"study": "x", "unit": "east"}


def test_nothing_heavy_is_imported_when_nothing_has_to_run(finished):
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom run_project import Project\n"
        "assert len(Project(Path(sys.argv[1]), fresh=False).run().skipped) == 7\n"
        "print({'papermill', 'distributed', 'pandas', 'numpy', 'nbformat', 'rich'} & set(sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", program, str(finished.root)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (result.stdout, result.stderr) == ("set()\n", "")


def test_an_input_that_changes_while_the_step_runs_is_not_taken_for_done(project):
    change = "from fakepkg import files\nfiles.read(f'{unit}.csv')\n(files.ROOT / f'{unit}.csv').write_text('99')"
    notebook(project.notebooks[0], LOAD, change)
    project.notebooks = project.notebooks[:1]
    options = {"actions": {"prepare": run_project.prepare}, "jobs": 1}
    assert run(project.steps[:3], project.layout, **options).ok
    reasons = {}
    told = {"dry_run": True, "on_event": lambda event: reasons.update({event.step.name: event.why})}
    run(project.steps[:3], project.layout, **options, **told)
    assert reasons["s/east/a"] == "east.csv changed"


def test_code_that_changes_when_kernels_may_have_it_is_not_taken_for_what_ran(project):
    def edit(event):
        if (event.what, event.step.name) == ("started", "s/prepare"):
            (project.package / "two.py").write_text("def value(x):\n    return 2 + int(x)\n")

    assert project.run(on_event=edit).ok
    reasons = {}
    project.run(on_event=lambda event: reasons.update({event.step.name: event.why} if event.what == "started" else {}))
    assert reasons == dict.fromkeys(("s/east/b", "s/west/b"), "code changed: fakepkg/two.py")


def test_a_file_that_was_missing_and_a_folder_that_gains_a_file_are_noticed(project):
    look = (
        "from fakepkg import files\nfiles.note('missed', files.ROOT / 'late.csv')\n"
        "files.note('listed', files.ROOT / 'more')\nfiles.note('read', files.ROOT / 'parts')"
    )
    notebook(project.notebooks[0], LOAD, look)
    step = Step("s/all/a", "notebook", "s", "all", project.notebooks[0])
    for folder in ("more", "parts"):
        (project.root / folder).mkdir()
    (project.root / "parts/one").write_text("1")

    def done() -> list[str]:
        return run([step], project.layout, jobs=1).done

    assert done() == [step.name] and done() == []
    (project.root / "late.csv").write_text("x")
    assert done() == [step.name] and done() == []
    (project.root / "more" / "new.csv").write_text("x")
    assert done() == [step.name] and done() == []
    (project.root / "parts/one").write_text("2")
    assert done() == [step.name] and done() == []


def test_an_event_loop_of_before_is_not_shared_by_the_notebooks_of_a_run(monkeypatch):
    """What used Jupyter in this process before (a notebook executed in place, nbval) left a loop in the context."""
    import contextvars
    import threading

    from jupyter_core.utils import ensure_event_loop
    from papermill.engines import papermill_engines

    from analysis.run import notebooks

    left = ensure_event_loop()
    seen = []
    empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

    def engine(name, given, *more, **options):
        seen.append(ensure_event_loop())
        return given

    monkeypatch.setattr(papermill_engines, "execute_notebook_with_engine", engine)
    monkeypatch.setattr(notebooks.document, "read", lambda path: empty)
    for _ in range(2):
        context = contextvars.copy_context()
        notebook = (notebooks.Path("a.ipynb"), {}, object, 1, notebooks.Watch())
        thread = threading.Thread(target=context.run, args=(notebooks._run, *notebook))
        thread.start()
        thread.join()
    assert len({id(loop) for loop in [left, *seen]}) == 3
    assert all(loop.is_closed() for loop in seen) and not left.is_closed()
