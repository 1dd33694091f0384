"""The pages: accessible, self-contained, made from released tables only, written whole or not at all."""

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from present_cases import share_rows, tables, the_study, write

from analysis import present, publish, store
from analysis.publish import html as pages
from analysis.publish.contents import completed, sections

STUDY = the_study()
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Tree(HTMLParser):
    """Tags in order with their attributes and ancestors; asserts that every tag that opens is closed."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style"} & set(self.open):
            self.words.append(data)

    def all(self, *names: str):
        return [attrs for tag, attrs, _ in self.tags if tag in names]


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return write(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module", params=["nl", "en"])
def page(request, released):
    """The report of the whole in one language: language, text, tree."""
    text = publish.report(released, STUDY, "all", request.param, STUDY.as_of, languages=("nl", "en"))
    return request.param, text, Tree(text)


@pytest.fixture(params=["report", "index"])
def either(request, page):
    """The report, and the index of the same language."""
    language, text, tree = page
    if request.param == "report":
        return language, text, tree
    text = publish.index(STUDY, ["all", "kampen"], language, STUDY.as_of, languages=("nl", "en"))
    return language, text, Tree(text)


def test_language_title_and_landmarks(either):
    language, text, tree = either
    assert text.startswith("<!DOCTYPE html>") and tree.all("html") == [{"lang": language}]
    assert [len(tree.all(tag)) for tag in ("header", "main", "footer", "title", "h1")] == [1] * 5
    other = "en" if language == "nl" else "nl"
    assert [(link["lang"], link["hreflang"]) for link in tree.all("a") if "lang" in link] == [(other, other)]
    assert present.words(STUDY, language).text("synthetic.banner") in text


def test_headings_go_down_one_level_at_a_time(either):
    levels = [int(tag[1]) for tag, _, _ in either[2].tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and all(later - earlier <= 1 for earlier, later in zip(levels, levels[1:], strict=False))


def test_nothing_is_fetched_and_nothing_runs(either):
    _, text, tree = either
    assert not tree.all("script", "iframe", "object", "embed", "link", "form", "base")
    assert not re.search(r"https?:|//[a-z]|url\(|@import|javascript:", re.sub(r"base64,[^\"]+", "", text))
    assert not any(name.startswith("on") for _, attrs, _ in tree.tags for name in attrs)
    assert all(image["src"].startswith("data:image/png;base64,") for image in tree.all("img"))


def test_ids_are_unique_and_links_within_the_page_arrive(either):
    tree = either[2]
    ids = [attrs["id"] for _, attrs, _ in tree.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [link["href"][1:] for link in tree.all("a") if link["href"].startswith("#")]
    assert targets and set(targets) <= set(ids)
    labelled = [attrs["aria-labelledby"] for _, attrs, _ in tree.tags if "aria-labelledby" in attrs]
    assert set(labelled) <= set(ids)
    first = next(attrs for tag, attrs, inside in tree.tags if tag == "a")
    assert first == {"class": "skip", "href": "#main"}


def test_the_other_files_of_the_unit_are_offered(page):
    *_, tree = page
    links = [link["href"] for link in tree.all("a") if not link["href"].startswith("#")]
    offered = {Path(link).name for link in links}
    assert {"xlsx", "pptx", "pdf", "csv", "ipynb", "html"} == {name.rsplit(".", 1)[-1] for name in offered}
    assert not any(re.match(r"[a-z]+:|//|/", link) for link in links), "an outside or absolute address"


def test_every_table_has_a_caption_and_scoped_heads(page):
    _, text, tree = page
    found = re.findall(r"<table.*?</table>", text, flags=re.S)
    assert len(found) >= 15
    for table in found:
        part = Tree(table)
        assert [tag for tag, _, _ in part.tags[:2]] == ["table", "caption"]
        heads = [(attrs, inside) for tag, attrs, inside in part.tags if tag == "th"]
        assert all(attrs["scope"] == ("col" if "thead" in inside else "row") for attrs, inside in heads)
        assert not re.search(r"<t[hd][^>]*>\s*</t[hd]>|<caption><span>\s*</span>", table)
        rows = [len(re.findall(r"<t[hd]", row)) for row in re.findall(r"<tr>.*?</tr>", table)]
        assert len(set(rows)) == 1 and len(rows) > 1
    regions = [attrs for attrs in tree.all("div") if attrs.get("class") == "scroll"]
    assert len(regions) == len(found)
    assert all(region["tabindex"] == "0" and region["role"] == "region" and region["aria-label"] for region in regions)


def test_every_figure_has_alternative_text_and_a_table_of_what_is_drawn(page):
    language, text, tree = page
    images = tree.all("img")
    assert (
        len(images) == 14
    )  # strip, attrition, 2 waves, 2 forests, responders, robustness, funnel, curves, 2 bars, network, factors
    assert all(10 < len(image["alt"]) <= 200 and image["width"] and image["height"] for image in images)
    assert len({image["alt"] for image in images}) == len(images)
    twin = present.words(STUDY, language).text("page.table_twin")
    assert text.count(f"<summary>{twin}</summary>") == len(images) - 1  # the time strip shows public dates, no table


def test_no_hidden_value_is_anywhere_on_the_page(page):
    _, text, tree = page
    plain = re.sub(r"base64,[^\"]+", "", text)
    assert "7777" not in re.sub(r"[.,\s]", "", plain)
    assert "nan" not in " ".join(tree.words).lower().split()
    assert "{" not in " ".join(tree.words)


def test_sections_stand_in_order_and_absent_ones_are_named(page):
    language, _, tree = page
    found = [attrs["id"] for attrs in tree.all("section")]
    absent = {"evidence"}  # this release has no table of it
    assert found == [section.id for section in sections() if section.id not in absent]
    words = present.words(STUDY, language)
    said = " ".join(tree.words)
    assert all(words.text(f"tables.{name}") in said for name in ("09_context__profile", "10_synthesis__evidence"))


def _few(folder, *names):
    """A release of these tables only: a page of it is made in a moment."""
    return write(folder, omit=tuple(set(tables()) - set(names)))


def test_the_same_release_gives_the_same_page(tmp_path):
    folder = _few(tmp_path, "03_change__forest", "03_change__estimates", "05_referrals__funnel")
    made = [publish.report(folder, STUDY, "kampen", "nl", STUDY.as_of) for _ in range(2)]
    assert made[0] == made[1] and "Kampen" in made[0]


def test_the_forest_of_a_municipality_is_that_of_all_with_its_own_name_in_it(tmp_path):
    _few(tmp_path, "03_change__forest")
    own = write(tmp_path, "winterswijk", omit=tuple(set(tables()) - {"03_change__forest", "01_prepare__flow"}))
    frame = tables()["03_change__forest"]
    only = frame[frame["unit"] == "all"]  # what a notebook about one unit has: one line, called all
    only.to_csv(own / "03_change__forest.csv", index=False)
    text = publish.report(own, STUDY, "winterswijk", "nl")
    assert [part in text for part in ("Hardenberg: 2,0", "Oost Gelre: 3,6")] == [True, True]
    table = present.read(own / "03_change__forest.csv")
    assert present.forest(table, present.words(STUDY, "nl"), outcome="mhi5").alt.startswith(
        "Psychische gezondheid (MHI-5): hoe groot is de verandering per gemeente. Winterswijk: 6,8"
    )
    assert "Zes gemeenten" not in present.html_table(table.where(outcome="mhi5"), present.words(STUDY, "nl"))


def test_a_table_that_nobody_planned_is_shown_in_the_section_of_its_notebook(tmp_path):
    folder = _few(tmp_path, "05_referrals__referrers")
    (folder / "05_referrals__dose.csv").write_text((folder / "05_referrals__referrers.csv").read_text())
    (folder / "05_referrals__dose.json").write_text((folder / "05_referrals__referrers.json").read_text())
    text = publish.report(folder, STUDY, "all", "en")
    section = re.search(r'<section id="how_people_came".*?</section>', text, flags=re.S).group(0)
    assert 'id="t-05_referrals__dose-table"' in section
    assert completed(["99_other__x"])[-3].tables[-1] == "99_other__x"


def test_a_release_in_which_all_is_hidden_or_absent_is_a_page_too(tmp_path):
    folder = _few(tmp_path, "08_costs__per_step")
    for language in ("nl", "en"):
        tree = Tree(publish.report(folder, STUDY, "all", language))
        said = present.words(STUDY, language).text("empty.hidden")
        assert " ".join(tree.words).count(said[1:]) == 1  # once, though sentences and a table are about it
        assert len(tree.all("table")) == 0 and len(tree.all("img")) == 1
    with pytest.raises(FileNotFoundError, match="no released table"):
        publish.report(tmp_path / "nothing", STUDY, "all", "nl")


def test_hostile_text_is_shown_and_does_nothing(tmp_path):
    folder = _few(tmp_path, "05_referrals__referrers")
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202e=cmd()'
    share_rows("referrer", {hostile: 40.0}).to_csv(folder / "05_referrals__referrers.csv", index=False)
    tree = Tree(publish.report(folder, STUDY, "all", "nl"))
    assert not tree.all("script") and all(image["src"] != "x" for image in tree.all("img"))
    assert "<script>alert(1)</script>" in " ".join(tree.words) and "\u202e" not in " ".join(tree.words)


# --- contrast, from the style sheet itself ---------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _pairs() -> list[tuple[str, str, str]]:
    """Selector, text colour and background of every rule that sets a text colour."""
    css = files("analysis.publish").joinpath("templates/style.css").read_text(encoding="utf-8")
    names = dict(re.findall(r"(--[a-z]+): (#[0-9A-F]{6})", css))
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        rule = dict(re.findall(r"(?<![a-z-])(color|background): (?:var\()?([^;)]+)", body))
        assert ("color" in rule) == ("background" in rule), selector
        if "color" in rule and rule["background"] != "inherit":
            found.append((selector.strip(), *(names.get(rule[part], rule[part]) for part in ("color", "background"))))
    return found


@pytest.mark.parametrize(("selector", "colour", "background"), _pairs())
def test_text_has_enough_contrast(selector, colour, background):
    high, low = sorted((_luminance(colour), _luminance(background)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_contrast_formula_gives_published_values():
    for colour, known in (
        ("#D1005D", 5.43),
        ("#1D1756", 16.04),
        ("#86B443", 2.44),
        ("#739BD0", 2.87),
        ("#007E48", 5.15),
    ):
        assert round(1.05 / (_luminance(colour) + 0.05), 2) == pytest.approx(known, abs=0.011)
    assert len(_pairs()) >= 15


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The reports folder of the study in a project elsewhere, with the releases of two units."""
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setenv("ANALYSIS_RUN", "1")
    few = tuple(set(tables()) - {"01_prepare__flow", "02_participants__attrition"})
    for unit in ("all", "kampen"):
        write(store.reports(STUDY.id), unit, omit=few)
    return store.reports(STUDY.id)


def _bytes(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_publishing_writes_pages_figures_and_index_and_the_same_bytes_again(folder):
    written = publish.publish(folder, STUDY, ("nl", "en"), STUDY.as_of)
    names = {path.relative_to(folder).as_posix() for path in written}
    assert {"index.nl.html", "index.en.html", "all/report.nl.html", "kampen/report.en.html"} <= names
    assert "kampen/figures/02_participants__attrition__bars.nl.png" in names
    assert {"kampen/tables.nl.xlsx", "kampen/slides.en.pptx", "all/factsheet.nl.pdf"} <= names
    first = _bytes(folder)
    for path in written:
        path.unlink()
    assert publish.publish(folder, STUDY, ("nl", "en"), STUDY.as_of, processes=2) == written
    assert _bytes(folder) == first
    links = [
        link["href"] for link in Tree(first["index.nl.html"].decode()).all("a") if not link["href"].startswith("#")
    ]
    assert links and all((folder / link).exists() for link in links)


def test_publishing_removes_what_no_longer_belongs_and_nothing_else(folder):
    publish.publish(folder, STUDY, ("nl", "en"), STUDY.as_of)
    for path in (folder / "kampen/tables").iterdir():
        path.unlink()
    (folder / "release_log.csv").write_text("file\n")
    publish.publish(folder, STUDY, ("nl",), STUDY.as_of)
    left = set(_bytes(folder))
    assert "release_log.csv" in left and "all/report.nl.html" in left
    assert not any(name.startswith("kampen") or ".en." in name for name in left)


def test_a_page_that_fails_leaves_everything_as_it_was(folder, monkeypatch):
    publish.publish(folder, STUDY, ("nl", "en"), STUDY.as_of)
    before = _bytes(folder)
    real = pages.page

    def failing(tables, study, unit, language, *rest, **options):
        if (unit, language) == ("kampen", "en"):
            raise RuntimeError("broken")
        return real(tables, study, unit, language, None, **options)

    monkeypatch.setattr("analysis.publish.site.page", failing)
    with pytest.raises(RuntimeError, match="broken"):
        publish.publish(folder, STUDY, ("nl", "en"), None)
    assert _bytes(folder) == before


def test_only_the_reports_folder_of_the_study_is_written(folder, tmp_path):
    with pytest.raises(ValueError, match="its own folder in reports/ only"):
        publish.publish(tmp_path / "elsewhere", STUDY, ("nl",), None)


def test_only_released_tables_are_read(folder, monkeypatch):
    opened = []
    real = present.read

    def watched(path):
        opened.append(path)
        return real(path)

    monkeypatch.setattr(present, "read", watched, raising=False)
    publish.publish(folder, STUDY, ("nl",), None)
    assert {path.parent.name for path in opened} == {"tables"} and len(opened) == 4


def test_a_study_without_periods_has_no_strip_of_them(released):
    plain = STUDY.model_copy(update={"periods": ()})
    with_strip = publish.report(released, STUDY, "all", "nl", STUDY.as_of, languages=("nl",))
    without = publish.report(released, plain, "all", "nl", STUDY.as_of, languages=("nl",))
    assert without.count("<figure") == with_strip.count("<figure") - 1
