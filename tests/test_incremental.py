"""A run does again what changed and nothing else; what does not fit the notebooks' parameters is refused."""

import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis import store
from analysis.__main__ import app
from analysis.run import job
from analysis.run.plan import plan

ROOT = store.root()


@pytest.fixture
def small(project):
    """A project with the real study and two notebooks."""
    import shutil

    (project / "notebooks").mkdir()
    for name in ("00_start", "01_prepare"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", project / "notebooks")
    return project


def execute(*studies: str, **options) -> list[str]:
    said: list[str] = []
    given = {
        "only": None,
        "units": None,
        "parameters": {"language": "nl"},
        "jobs": 2,
        "force": False,
        "dry_run": False,
        "scheduler": None,
    }
    status = job.execute(studies, echo=said.append, **(given | options))
    return [str(status), *said]


def would_run(*studies: str, **options) -> set[str]:
    """Steps whose receipt does not hold, by name; steps after one of them depend on its outcome."""
    said = execute(*studies, dry_run=True, **options)
    return {line.split()[1] for line in said if line.startswith("started") and "if what it needs changes" not in line}


def test_a_second_run_does_nothing_and_a_changed_unit_reruns_its_readers_only(small):
    study, units = "samen_in_beweging", ["all", "kampen", "winterswijk"]
    assert execute(study, units=units)[0] == "0"
    said = execute(study, units=units, dry_run=True)
    assert would_run(study, units=units) == set(), said
    path = small / "data" / "raw" / study / "persons.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    row = frame.index[(frame["gemeente"] == "Kampen") & (frame["toestemming"] == "1")][0]
    frame.loc[row, "toestemming"] = "0"
    frame.to_csv(path, index=False, lineterminator="\n")
    assert would_run(study, units=units) == {f"{study}/prepare"}
    said = execute(study, units=units)
    assert said[0] == "0"
    summary = next(line for line in said if "unchanged" in line)
    # prepare, 01 for all and one unit, release and publish; 00 reads the log only, the other unit nothing that changed
    assert summary.startswith("5 done, 4 unchanged, 0 failed"), summary


def test_reports_of_a_study_are_its_own_and_whole(small):
    assert execute("help")[0] == "0"
    reports = small / "reports" / "help"
    assert {path.name for path in reports.iterdir() if path.is_dir()} >= {"all", "alcohol", "cocaine", "heroin"}
    for language in ("nl", "en"):
        page = (reports / "all" / f"report.{language}.html").read_text("utf-8")
        assert f'lang="{language}"' in page and "<script" not in page
    flow = pd.read_csv(reports / "all" / "tables" / "01_prepare__flow.csv", keep_default_na=False)
    assert float(flow.loc[flow["step"] == "in_study", "value"].iloc[0]) == 470
    assert not list(small.rglob("*.partial"))


def test_a_failing_notebook_is_named_and_the_release_waits(small):
    path = small / "notebooks" / "01_prepare.ipynb"
    path.write_text(path.read_text("utf-8").replace("guide.settled(words", "guide.setled(words"), encoding="utf-8")
    said = execute("help", units=["all"])
    assert said[0] == "1"
    text = "\n".join(said)
    assert "What was corrected and settled" in text and "AttributeError" in text
    assert "not run: help/release" in text
    assert not (small / "reports" / "help").exists()


@pytest.mark.parametrize(
    ("until", "last"), [("notebooks", {"prepare", "notebook"}), ("release", {"prepare", "notebook", "release"})]
)
def test_a_run_stops_where_it_is_told(small, until, last):
    kinds = {step.name: step.kind for step in job.chosen([store.study("help")], None, {}, None)}
    asked = CliRunner().invoke(app, ["run", "help", "--unit", "all", "--dry-run", "--until", until])
    named = re.findall(r"started: (\S+)", asked.output)
    assert asked.exit_code == 0 and {kinds[name] for name in named} == last


def test_a_run_without_a_release_is_gone_on_with_from_there(small):
    assert execute("help", units=["all"], only=["prepare", "notebook"])[0] == "0"
    assert list(small.glob("data/processed/help/candidates/all/*.csv")) and not list(
        small.glob("reports/help/*/tables")
    )
    assert would_run("help", units=["all"]) == {"help/release"}


def test_an_undeclared_parameter_is_refused():
    from analysis.run.document import ParameterError

    with pytest.raises(ParameterError, match="did you mean language"):
        plan({"help": ["all"]}, job.notebooks(), {"langauge": "nl"})


def test_an_unknown_unit_is_refused():
    from analysis.codebook import StudyError

    with pytest.raises(StudyError, match="in none of the studies"):
        job.chosen([store.study("help")], ["kampem"], {}, None)


def test_a_study_without_a_table_skips_the_notebooks_that_need_it():
    names = {step.title for step in job.chosen([store.study("help")], None, {}, None)}
    assert {"00_start", "03_change", "05_referrals"} <= names and not {"06_collaboration", "07_factors"} & names
