"""Every number in a sentence of a report leads to the cell that holds it; the table leads on to its notebook cell."""

import html
import json
import re
from dataclasses import dataclass

import expected_release
import pytest
from present_cases import ROOT, the_study, write

from analysis import present, publish
from analysis.publish import provenance
from analysis.publish.anchors import Anchors, linked
from analysis.publish.html import page

NUMBER = r"(?<![\w.,-])\u2212?\d+(?:[.,]\d+)*%?(?![\w%.,]*\w|-\w)"
LINK = r'<a class="number" href="#([^"]+)" title="[^"]+">([^<]+)</a>'


@dataclass(frozen=True)
class Told:
    """What stands on a page: sentences as HTML by section, cells and their n by id, ids of tables."""

    sentences: dict[str, list[str]]
    cells: dict[str, str]
    people: dict[str, str]
    tables: set[str]

    @property
    def links(self) -> list[tuple[str, str]]:
        return [found for said in self.sentences.values() for one in said for found in re.findall(LINK, one)]


def told(text: str) -> Told:
    bare = re.sub(r"<table.*?</table>|<figure>.*?</figure>|<p class=.*?</p>", "", text, flags=re.S)
    sections = re.findall(r'<section id="(\w+)".*?</section>', bare, flags=re.S)
    parts = re.findall(r"<section id=.*?</section>", bare, flags=re.S)
    said = {
        id: re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", part, flags=re.S)
        for id, part in zip(sections, parts, strict=True)
    }
    cells = re.findall(r'<td id="([^"]+)"(?: data-n="([^"]*)")?[^>]*>([^<]*)</td>', text)
    return Told(said, {id: shown for id, _, shown in cells}, {id: n for id, n, _ in cells},
                set(re.findall(r'<table id="([^"]+)"', text)))  # fmt: skip


def plain(number: str) -> str:
    return number.removeprefix("\N{MINUS SIGN}")


@pytest.fixture(scope="module", params=["nl", "en"])
def pages(request, tmp_path_factory):
    """Language, and the reports of the whole and of a municipality from the committed results of the default study."""
    folder, made = tmp_path_factory.mktemp("release"), {}
    expected_release.write("samen_in_beweging", folder)
    study = the_study()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(present, "png", lambda picture: b"", raising=False)  # what is drawn does not matter here
        for unit in ("all", study.units[1]):
            made[unit] = publish.report(folder / unit / "tables", study, unit, request.param, study.as_of)
    return request.param, made


def test_each_link_arrives_at_what_holds_its_number(pages):
    for text in pages[1].values():
        page = told(text)
        assert len(page.links) > 150
        for address, number in page.links:
            if address in page.tables:
                continue  # counted over a table: checked below
            shown = {plain(one) for one in re.findall(NUMBER, page.cells[address])} | {page.people[address]}
            assert plain(number) in shown, (number, page.cells[address], page.people[address])


def test_only_counts_over_a_whole_table_lead_to_the_table(pages):
    """Units with a figure, ways to calculate, figures equal to the country, guideline items, boxes, hidden cells."""
    words = {"nl": "cijfers|manieren|punten van CHEERS|gemeten|verborgen|genoemd als",
             "en": "figures|ways|items of CHEERS|measured|hidden|Mentioned"}  # fmt: skip
    for text in pages[1].values():
        page = told(text)
        counted = [one for said in page.sentences.values() for one in said
                   if {address for address, _ in re.findall(LINK, one)} & page.tables]  # fmt: skip
        assert counted and all(re.search(words[pages[0]], one) for one in counted)


def bare(text: str) -> str:
    """A text without commas, brackets and line ends."""
    return " ".join(re.sub("[(),]", " ", text).split())


def beside(text: str) -> list[str]:
    """Each number of a text with the word after it; a year with the word before it."""
    words = [word.strip(".,:;()") for word in html.unescape(re.sub(LINK, "", text)).split()]
    there = ((at, at + 1) for at, word in enumerate(words) if re.fullmatch(NUMBER, word))
    year = re.compile(r"[12]\d{3}")
    return [" ".join(words[at - 1 : end] if year.fullmatch(words[at]) else words[at : end + 1]) for at, end in there]


def test_each_number_without_a_link_is_a_word_of_the_plan_or_of_a_fixed_text(pages):
    """Waves, units, boxes, smallest differences and dates of meetings; labels and fixed texts as they are written."""
    language, made = pages
    study, words = the_study(), present.words(the_study(), language)
    paths = [*(ROOT / "studies/samen_in_beweging").glob("*.*"), *(ROOT / "src/analysis/present/texts").glob("*.yaml")]
    texts = " ".join(path.read_text("utf-8") for path in paths if path.suffix in (".yaml", ".csv"))
    texts += " ".join(words.of(outcome.title) for outcome in study.outcomes)
    known = bare(texts)
    plan = {words.number(len(one)) for one in (study.waves, study.units, study.nodes)}
    plan |= {words.number(one.mid, 1) for one in study.outcomes if one.mid}
    months = "november|mei|juni|May|June"
    date = rf"\d+ ({months})|({months}) \d{{4}}"
    for text in made.values():
        for section, said in told(text).sentences.items():
            if section in ("unknown", "how_to_read"):  # of the whole report, of no table
                continue
            for pair in (pair for one in said for pair in beside(one)):
                assert pair.split()[0] in plan or bare(pair) in known or re.fullmatch(date, pair, re.I), (section, pair)


def test_sentences_lead_to_the_numbers_worked_out_by_hand(tmp_path):
    """518 of 700 people at T1 (74.0%) of the made-up release, and a change of 4.1 (2.0 to 6.2) among 612."""
    released = write(tmp_path)
    page = told(publish.report(released, the_study(), "all", "en", the_study().as_of))
    said = {
        re.sub("<.*?>", "", one).replace("\N{NO-BREAK SPACE}", " "): re.findall(LINK, one)
        for one in page.sentences["whom_we_reached"]
    }
    links = next(found for one, found in said.items() if one.startswith("6 months (T1): 518 people"))
    assert [number for _, number in links][:2] == ["518", "74.0%"] and page.cells[links[0][0]] == "518"
    change = next(one for one in page.sentences["what_changed"] if one.startswith("Mental health (MHI-5), 6 months"))
    links = re.findall(LINK, change)
    assert [number for _, number in links] == ["4.1", "2.0", "6.2", "612"]
    assert page.cells[links[0][0]] == "4.1" and page.cells[links[1][0]] == "2.0 to 6.2" == page.cells[links[2][0]]
    assert page.people[links[3][0]] == "612"


def test_a_table_is_added_only_where_none_shows_the_cell(tmp_path):
    """Without a part that shows them, the first counts are folded below; the change stands in a table of the plan."""
    text = publish.report(write(tmp_path), the_study(), "all", "en", the_study().as_of)
    sections = dict(re.findall(r'<section id="(\w+)"(.*?)</section>', text, flags=re.S))
    assert "-whole" not in sections["in_brief"] + sections["what_changed"]
    assert 'id="t-05_referrals__referrers-whole"' in sections["how_people_came"]


def test_a_table_leads_to_the_cell_of_its_notebook(tmp_path):
    """Every table of the report; a notebook that is not there, or a name that it does not release, has no address."""
    released, study = write(tmp_path), the_study()
    names = [path.stem for path in released.glob("*.csv")]
    cells = provenance.cells([*names, "02_participants__nothing", "99_absent__x"])
    assert {"02_participants__nothing", "99_absent__x"}.isdisjoint(cells) and set(cells) == set(names)
    text = page(released, study, "all", "nl", study.as_of, cells=cells).html
    links = re.findall(r'href="notebooks/(\w+)\.ipynb#cell-id=([\w-]+)"', text)
    assert len(links) == text.count("<table") > 10
    for notebook, cell in links:
        there = json.loads((ROOT / f"notebooks/{notebook}.ipynb").read_text("utf-8"))["cells"]
        assert any(one["id"] == cell and "release(" in "".join(one["source"]) for one in there)


def test_numbers_in_labels_are_no_links():
    """The 6 of `6 months` is none of the table's, though a cell holds a 6."""
    words = present.words(the_study(), "en")
    anchors = Anchors({}, set(), {("t", "wave=t1;count", "6"): "t-t-1"}, {"t": "t-t"})
    said = present.Sentence("6 months (T1): 6 people, 3 hidden, 95%-interval.", "t", ("wave=t1;count",), ("3",))
    found = re.findall(LINK, linked(said, anchors, words))
    assert found == [("t-t-1", "6"), ("t-t", "3")] and linked(said, anchors, words).startswith("6 months (T1): <a")
