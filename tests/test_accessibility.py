"""The pages in a real browser: no violation of WCAG 2.1 A and AA, on a phone and on a desktop, contrast included."""

import expected_release
import pytest
from axe import WIDTHS, violations
from present_cases import the_study, write

from analysis import publish, verify
from analysis.verify import certificate

STUDY = the_study()
COMMITTED = sorted(path.parent.parent.name for path in expected_release.ROOT.glob("studies/*/expected/tables"))


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


@pytest.mark.parametrize("name", ["report.nl.html", "report.en.html", "index.nl.html", "index.en.html"])
def test_no_violation_of_wcag_a_or_aa(browser, pages, name):
    assert violations(browser, (pages / name).as_uri(), *WIDTHS) == []


def test_there_are_committed_studies():
    assert {"samen_in_beweging", "samen_oplopen", "help"} <= set(COMMITTED)


@pytest.mark.slow
@pytest.mark.parametrize("study", COMMITTED)
def test_no_page_of_a_whole_study_violates_wcag(browser, tmp_path, study):
    """Every page of every unit in both languages, made from the committed results of a whole run."""
    plan, broken = the_study(study), {}
    units, both = expected_release.write(study, tmp_path), {"languages": plan.languages}
    for language in plan.languages:
        made = {f"index.{language}.html": publish.index(plan, units, language, plan.as_of, **both)}
        for unit in units:
            page = publish.report(tmp_path / unit / "tables", plan, unit, language, plan.as_of, **both)
            made[f"{unit}/report.{language}.html"] = page
        for name, page in made.items():
            (tmp_path / name).write_text(page, encoding="utf-8")
            broken[name] = violations(browser, (tmp_path / name).as_uri(), *WIDTHS)
    assert len(broken) == 2 * (1 + len(plan.units) + 1) and not any(broken.values()), broken


def test_the_certificate_of_published_numbers_violates_nothing(browser, tmp_path):
    claims = verify.claims("published")
    compared = claims.assign(obtained=claims["value"], verdict="no match")
    about = {"study": "published", "conclusion": "no match", "parameters": {}, "made": "2026-01-01",
             "claims_sha256": "0" * 64, "versions": {"python": "3.11"}}  # fmt: skip
    (tmp_path / "certificate.html").write_text(certificate.page(compared, about), encoding="utf-8")
    assert violations(browser, (tmp_path / "certificate.html").as_uri(), *WIDTHS) == []


def test_axe_finds_what_is_wrong(browser, pages):
    """A report that is made worse on purpose is refused: contrast, alternative text, language and width each."""
    good = (pages / "report.nl.html").read_text(encoding="utf-8")
    bad = good.replace('lang="nl"', "", 1).replace("--soft: #595959", "--soft: #BBBBBB")
    bad = bad.replace(".scroll { overflow-x: auto;", ".scroll { overflow-x: visible;")
    start = bad.index(' alt="')
    bad = bad[:start] + bad[bad.index('"', start + 6) + 1 :]
    (pages / "bad.html").write_text(bad, encoding="utf-8")
    rules = {line.partition(" at ")[0] for line in violations(browser, (pages / "bad.html").as_uri(), min(WIDTHS))}
    assert {"html-has-lang", "color-contrast", "image-alt", "reflow"} <= rules
