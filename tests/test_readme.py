"""The README is a promise: every command in it exists, every file it names is there, and the quick ones are run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = sorted(
    set(re.findall(r"python -m analysis ([a-z]+)", README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")))
)
TARGETS = sorted(set(re.findall(r"\bmake ([a-z]+)\b", README)))


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "analysis", *arguments], capture_output=True, text=True, cwd=ROOT)


def test_there_are_commands_to_test():
    assert {"run", "check"} <= set(COMMANDS) and {"report", "test", "lab"} <= set(TARGETS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists(command):
    found = run(command, "--help")
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_exists(target):
    found = subprocess.run(["make", "--dry-run", target], capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("study", ["help", "samen_in_beweging"])
def test_check_passes_for_the_shipped_studies(study):
    found = run("check", study)
    assert found.returncode == 0 and "No problem found" in found.stdout, found.stderr


def test_an_unknown_study_is_one_clear_message():
    found = run("check", "nobody")
    assert found.returncode == 1 and "Studies are:" in found.stderr and "Traceback" not in found.stderr


def test_files_and_notebooks_named_exist():
    for name in re.findall(r"\]\(([A-Za-z][\w./-]*)\)", README):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(\d\d_\w+)`", README):
        assert (ROOT / "notebooks" / f"{name}.ipynb").exists(), name


def test_the_command_draws_each_picture_that_is_shown_and_no_other():
    """What `make pictures` writes, what README shows, and what is committed are the same files, in a readable size."""
    from PIL import Image

    from analysis.publish import pictures

    shown = sorted(re.findall(r"!\[[^\]]+\]\((docs/pictures/[\w-]+\.png)\)", README))
    assert shown == sorted(f"docs/pictures/{name}.png" for name in pictures.NAMES)
    assert shown == sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/pictures").iterdir())
    for name in shown:
        with Image.open(ROOT / name) as image:
            assert 300 < image.width <= pictures.WIDTH and image.height > 200 and not image.info.get("Software")


def test_the_table_of_outputs_names_tables_that_notebooks_write():
    for name in re.findall(r"`(\d\d_\w+)__(\w+)\.csv`", README):
        notebook = (ROOT / "notebooks" / f"{name[0]}.ipynb").read_text("utf-8")
        assert f"`{name[0]}__{name[1]}`" in notebook
