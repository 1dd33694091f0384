"""The pages in a real browser: no violation of WCAG 2.1 A and AA, on a phone and on a desktop, contrast included."""

import os
from contextlib import suppress
from shutil import which

import pytest
from present_cases import the_study, write

from analysis import publish

STUDY = the_study()
CHROMIUM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), "")
INSTALL = "Chromium is not installed. Install it (Debian, Ubuntu: `sudo apt-get install chromium`) and run this again."
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STANDARD = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
WIDTHS = (1200, 390)


@pytest.fixture(scope="module")
def browser():
    """A Chromium; where there is none the test is skipped, but fails where the machine says that it is for checks."""
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(INSTALL)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        with suppress(Exception):  # a browser that is gone already is closed too
            chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Report and index of the made-up release in both languages, by file name."""
    folder = tmp_path_factory.mktemp("reports")
    released = write(folder)
    for language in ("nl", "en"):
        report = publish.report(released, STUDY, "all", language, STUDY.as_of, languages=("nl", "en"))
        index = publish.index(STUDY, ["all"], language, STUDY.as_of, languages=("nl", "en"))
        (folder / f"report.{language}.html").write_text(report, encoding="utf-8")
        (folder / f"index.{language}.html").write_text(index, encoding="utf-8")
    return folder


def _violations(browser, address: str, width: int) -> list[str]:
    """The rules that the page breaks, each with the elements that do; folded parts are opened first."""
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 900})
    try:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        found = Axe().run(page, options=STANDARD | {"resultTypes": ["violations"]}).response
        assert found["passes"], "axe looked at nothing"
        return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
    finally:
        page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report.nl.html", "report.en.html", "index.nl.html", "index.en.html"])
def test_no_violation_of_wcag_a_or_aa(browser, pages, name, width):
    assert _violations(browser, (pages / name).as_uri(), width) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_itself_never_scrolls_sideways(browser, pages, width):
    """Wide tables scroll in their own region (WCAG 1.4.10), which axe does not test."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((pages / "report.nl.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert wide <= width


def test_axe_finds_what_is_wrong(browser, pages):
    """A report that is made worse on purpose is refused: contrast, alternative text and language each."""
    good = (pages / "report.nl.html").read_text(encoding="utf-8")
    bad = good.replace('lang="nl"', "", 1).replace("--soft: #595959", "--soft: #BBBBBB")
    start = bad.index(' alt="')
    bad = bad[:start] + bad[bad.index('"', start + 6) + 1 :]
    (pages / "bad.html").write_text(bad, encoding="utf-8")
    rules = {line.partition(":")[0] for line in _violations(browser, (pages / "bad.html").as_uri(), 1200)}
    assert {"html-has-lang", "color-contrast", "image-alt"} <= rules
