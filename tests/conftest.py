"""What several test files share: a project folder of its own, with copies of the studies, that a test may change."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project folder with the studies and the synthetic raw data, and nothing else; the store works in it."""
    from analysis import store

    for folder in ("studies", "data/raw"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setattr(store, "_open", [])
    return tmp_path
