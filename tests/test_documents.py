"""Generated pages are current and say what is so: the README's tables, the self-audits, the badge, the workflows."""

import re
from pathlib import Path

import pytest
import yaml

from analysis import documents, store
from analysis.instruments import cards
from analysis.verify import claims

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_generated_pages_are_current():
    """`python -m analysis docs` would change nothing: run it when this fails."""
    assert documents.readme(README) == README
    assert documents.audits() == (ROOT / "docs/audits/README.md").read_text("utf-8")
    assert cards() == (ROOT / "docs/instruments.md").read_text("utf-8")


def test_a_page_that_is_out_of_date_is_written_and_hand_written_text_stays(project):
    for name in ("notebooks", "docs"):
        (project / name).symlink_to(ROOT / name, target_is_directory=True)
    (project / "CITATION.cff").write_text((ROOT / "CITATION.cff").read_text("utf-8"), "utf-8")
    stale = README.replace("03_change__means.csv", "03_change__gone.csv").replace("## Start", "## Start of mine")
    (project / "README.md").write_text(stale, "utf-8")
    assert documents.rewrite() == [project / "README.md"]
    assert (project / "README.md").read_text("utf-8") == README.replace("## Start", "## Start of mine")
    assert documents.rewrite() == []


def test_a_readme_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="Restore the two lines"):
        documents.readme("# Nothing\n")


def test_every_notebook_and_every_published_number_stands_in_the_table():
    listed = documents.questions()
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        assert f"`{path.stem}`" in listed
    numbers = sum(int(row.rstrip(" |").rpartition("| ")[2]) for row in documents.published().splitlines()[2:])
    files = (ROOT / "studies").glob("*/published.csv")
    assert numbers == sum(int(claims(path.parent.name)["table"].ne("").sum()) for path in files) > 700


# --- self-audits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", documents.AUDITS)
def test_every_place_that_an_audit_names_is_there(name):
    audited = documents.audit(name)
    assert not [place for place in documents.places(audited) if not (ROOT / place).exists()]


@pytest.mark.parametrize("name", documents.AUDITS)
def test_an_audit_gives_every_item_a_verdict_with_a_reason_and_what_is_met_a_place(name):
    audited = documents.audit(name)
    assert audited["item"].is_unique and set(audited["verdict"]) <= set(documents.VERDICTS)
    assert (audited["how"].str.len() > 10).all() and (audited["asks"].str.len() > 10).all()
    assert (audited.loc[audited["verdict"].isin(["met", "partly"]), "where"] != "").all()


def test_the_audits_have_every_item_of_their_source():
    rap = documents.audit("rap")
    assert rap["section"].value_counts().to_dict() == {"silver": 9, "baseline": 5, "gold": 4}
    twice = {4, 8, 9, 11, 13, 17, 18, 20, 22, 26}  # the items that have a text in both columns of the checklist
    strands = [("(strategy)", "(intervention)") if number in twice else ("",) for number in range(1, 28)]
    wanted = [f"{number} {strand}".rstrip() for number, both in enumerate(strands, 1) for strand in both]
    assert documents.audit("stari")["item"].tolist() == wanted


# --- badge and workflows --------------------------------------------------------------------------------------------


def test_the_badge_opens_the_first_notebook_at_the_public_address(project, monkeypatch):
    found = re.search(r"mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)/HEAD\?urlpath=lab/tree/(\S+?)\)", README)
    assert found and (ROOT / found[2]).exists()
    (project / "CITATION.cff").write_text("repository-code: https://github.com/agora/samen-in-beweging\n")
    assert "gh/agora/samen-in-beweging/HEAD" in documents.binder() and "works once" not in documents.binder()
    (project / "CITATION.cff").write_text("title: no address yet\n")
    assert "works once `repository-code`" in documents.binder()


def test_binder_installs_the_lock_and_then_the_package_itself():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["-r requirements.lock"], "a local reference, for which Binder copies the whole repository first"
    script = ROOT / "postBuild"
    assert script.stat().st_mode & 0o111 and script.read_text("utf-8").startswith("#!")
    assert re.search(r"^pip install --no-deps .*-e \.$", script.read_text("utf-8"), re.MULTILINE)
    assert not (ROOT / "binder").exists() and not (ROOT / ".binder").exists(), "Binder would look only there"


def test_workflows_run_the_test_command_and_the_audit_and_may_write_nothing():
    flows = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / ".github/workflows").glob("*.yml")}
    assert set(flows) == {"tests", "audit"}
    steps = {name: [step.get("run", "") for job in flow["jobs"].values() for step in job["steps"]]
             for name, flow in flows.items()}  # fmt: skip
    assert ".ci/run" in steps["tests"] and "make reproduce" in steps["tests"]
    assert any("pip-audit" in step and "--strict" in step for step in steps["audit"])
    assert flows["audit"][True]["schedule"][0]["cron"].split()[2:] == ["1", "*", "*"], (
        "monthly"
    )  # YAML reads `on` as true
    assert all(flow["permissions"] == {"contents": "read"} for flow in flows.values())


def test_actions_of_others_are_pinned_to_a_commit_with_the_version_beside_it():
    used = re.findall(r"uses: (.+)", "".join(p.read_text("utf-8") for p in (ROOT / ".github/workflows").glob("*.yml")))
    assert len(used) > 3 and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)


def test_the_security_page_names_files_that_are_there():
    page = (ROOT / "SECURITY.md").read_text("utf-8")
    named = re.findall(r"`((?:src|tests|\.github)/[\w./-]+|\.\w[\w.-]+|requirements\.lock)`", page)
    assert len(named) > 12 and not [name for name in named if not (ROOT / name).exists()]
    assert store.root() == ROOT
