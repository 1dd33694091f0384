"""What several test files share: a project folder of its own, which a test may change, and a browser."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
INSTALL = "Chromium is not installed. Install it (Debian, Ubuntu: `sudo apt-get install chromium`) and run this again."
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project folder with the studies and the synthetic raw data, and nothing else; the store works in it."""
    from analysis import store

    for folder in ("studies", "data/raw"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setattr(store, "_open", [])
    return tmp_path


@pytest.fixture(scope="module")
def browser():
    """A Chromium; where there is none the test is skipped, but fails where the machine says that it is for checks.

    One a file, not one a session: while it is there, Playwright's event loop runs, in which no other can be started.
    """
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(INSTALL)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        with suppress(Exception):  # a browser that is gone already is closed too
            chromium.close()
