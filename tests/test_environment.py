"""pyproject, lock and environment.yml describe one environment, and the lock is safe to share."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def locked() -> dict[str, str]:
    return {
        canonicalize_name(name): found
        for name, found in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, re.MULTILINE)
    }


def declared() -> list[Requirement]:
    extras = [entry for group in PROJECT["optional-dependencies"].values() for entry in group]
    return [Requirement(entry) for entry in [*PROJECT["dependencies"], *extras]]


def test_every_dependency_is_locked_within_its_bounds():
    pins = locked()
    for requirement in declared():
        assert str(requirement.specifier), f"{requirement.name} has no lower bound"
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement.name


def test_one_version_of_every_package():
    names = re.findall(r"^([A-Za-z0-9._-]+)==", LOCK, re.MULTILINE)
    assert len(names) == len(set(names))


def test_every_package_has_hashes_and_no_address():
    entries = re.split(r"^(?=[A-Za-z0-9._-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", LOCK)


def test_this_environment_is_the_locked_one():
    pins = locked()
    for requirement in declared():
        assert version(requirement.name) == pins[canonicalize_name(requirement.name)], requirement.name


def test_conda_installs_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    assert {"pip": ["-r requirements.lock"]} in environment["dependencies"]
    python = next(entry for entry in environment["dependencies"] if str(entry).startswith("python="))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python.removeprefix("python=") + ".0")


def test_ci_calls_the_test_command_of_the_readme():
    assert "make test" in (ROOT / "README.md").read_text("utf-8")
    assert (ROOT / ".ci" / "run").read_text("utf-8").rstrip().endswith("make test")
