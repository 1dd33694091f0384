"""What is new since last time: the approved release before this one beside the present one, number by number."""

from dataclasses import replace

import pandas as pd
import pytest
from present_cases import add_actions, deck_of, material_of, the_study, write

from analysis import present, publish, store
from analysis.publish.since import since
from analysis.run import approval, publishing

STUDY = the_study()
THEN = pd.Timestamp("2022-12-31").date()


@pytest.fixture
def material(tmp_path):
    return material_of(add_actions(write(tmp_path)), "en")


def before(material, **values: float):
    """The tables of an earlier release: those of now, with other counts of action points in these states."""
    actions = material.tables["07_factors__actions"]
    rows = actions.rows.assign(value=actions.rows["value"].where(~actions.rows["state"].isin(values),
                                                                 actions.rows["state"].map(values)))  # fmt: skip
    tables = {name: replace(table, as_of=THEN) for name, table in material.tables.items()}
    return tables | {actions.name: replace(actions, rows=rows, as_of=THEN)}


def test_the_first_release_says_that_it_is_the_first(material):
    [told] = since(material)
    assert told.text == material.text("slides.since.first")


def test_only_what_a_reader_sees_change_is_told(material):
    """By hand: 12 open points now, 30 then; 25 late now, 25.2 then, which a reader sees as the same."""
    [told] = since(replace(material, earlier=before(material, open=30, late=25.2)))
    assert told.text == "State of the action points, Open: now 12, on 31 December 2022 30."
    assert (told.table, told.cells) == ("07_factors__actions", ("state=open;count",))


def test_nothing_new_is_said_as_well(material):
    [told] = since(replace(material, earlier=before(material)))
    assert told.text == "None of the main figures has changed since 31 December 2022."


def test_a_number_that_one_of_both_hides_is_left_out(material):
    """`dropped` is hidden now; 7777.777 stands in the file of both."""
    earlier = before(material, open=30)
    actions = earlier["07_factors__actions"]
    hidden = actions.rows.assign(status=actions.rows["status"].mask(actions.rows["state"] == "open", "hidden"))
    told = since(replace(material, earlier=earlier | {actions.name: replace(actions, rows=hidden)}))
    assert [one.text for one in told] == ["None of the main figures has changed since 31 December 2022."]


def _slide(folder, title: str) -> list[str]:
    slides = deck_of((folder / "all" / "slides.en.pptx").read_bytes()).slides
    found = next(slide for slide in slides if slide.shapes.title.text == title)
    return [one.text for one in found.placeholders[1].text_frame.paragraphs]


def test_a_run_compares_with_the_packed_release_before_and_takes_the_template_of_the_study(project, monkeypatch):
    """The latest pack before the date counts, not one of the same date; the study has a `template.pptx` of its own."""
    from pptx import Presentation

    monkeypatch.setenv("ANALYSIS_RUN", "1")
    released = add_actions(write(store.reports(STUDY.id)))
    now = {f"all/tables/{path.name}": path.read_bytes() for path in released.iterdir()}
    name = "all/tables/07_factors__actions"
    for day, count in (("2021-12-31", "50"), ("2022-12-31", "30"), (str(STUDY.as_of), "99")):
        facts = now[f"{name}.json"].replace(str(STUDY.as_of).encode(), day.encode())
        pack = now | {f"{name}.csv": now[f"{name}.csv"].replace(b"open,count,12", f"open,count,{count}".encode())}
        path = store.reports(STUDY.id) / "releases" / day / "pack.zip"
        path.parent.mkdir(parents=True)
        path.write_bytes(approval.archive(pack | {f"{name}.json": facts}))
    house = Presentation()
    house.slide_width = 9_000_000
    house.save(store.study_folder(STUDY.id) / publishing.TEMPLATE)
    study = store.study(STUDY.id)
    earlier = publishing.earlier(study, STUDY.as_of)
    publish.publish(store.reports(STUDY.id), study, ("en",), STUDY.as_of, earlier=earlier,
                    template=publishing.template(study))  # fmt: skip
    title = present.words(study, "en").text("slides.since.title")
    told = _slide(store.reports(STUDY.id), title)
    assert told == ["State of the action points, Open: now 12, on 31 December 2022 30."]
    assert deck_of((store.reports(STUDY.id) / "all/slides.en.pptx").read_bytes()).slide_width == 9_000_000
