"""A run does what its plan says, once and in order; a change reruns what depends on it and nothing else."""

import io
import json
from pathlib import Path

import psutil
import pytest
from run_project import Project, notebook

from analysis.run import lock
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
        actions={"prepare": __import__("run_project").prepare},
        on_event=lambda event: reasons.update({event.step.name: event.why}),
    )
    assert reasons["s/east/a"] == "notebook changed: notebooks/a.ipynb"
    assert reasons["s/west/b"].startswith("step changed") or reasons["s/west/b"] == "parameters changed: study"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"step": 1}', "\xff"])
def test_a_corrupted_receipt_or_a_lost_output_is_rerun(finished, damage):
    step = finished.steps[1]
    before = finished.made()
    finished.layout.receipt(step).write_text(damage, "latin-1")
    finished.layout.executed(finished.steps[3]).write_text("{}")
    (finished.root / "out/west-b.txt").unlink()
    assert sorted(finished.run().done) == [step.name, finished.steps[3].name, "s/west/b"]
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
