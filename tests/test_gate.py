"""The gate: what is planted in the raw data of people never reaches a byte of what may leave, however it is planted."""

import base64
import json
import re
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from published_text import chunks, texts

from analysis import store
from analysis.run import job
from analysis.run.plan import Step
from analysis.run.publishing import publish

ROOT = Path(__file__).parents[1]
STUDY, UNIT = "samen_in_beweging", "kampen"
PERSON, REFERRAL, ORGANISATION = "ZQKANARIE0001", "ZQVERWIJZING01", "ZQORGANISATIE1"
NAME, SCRIPT = "Zqorinde van der Kanarie", "<script>zqkanarie()</script>"
FORMULA, TURNED = "=cmd|'/C zqkanarie'!A0", "‮eiranakqz‬"
PLANTED = (PERSON, REFERRAL, ORGANISATION, "Zqorinde", "zqkanarie", "eiranakqz", "1931-02-28")
PICTURE = re.compile(r'"[A-Za-z0-9+/=\\n]{200,}"')
LABEL, TITLE = "<script>label()</script>", "Titel <img src=x onerror=titel()> =cmd()"


def _change(folder: Path, table: str, **columns) -> None:
    """Write columns of a raw table: a value for all rows, or a function of the frame."""
    path = folder / "data" / "raw" / STUDY / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.assign(**columns).to_csv(path, index=False, lineterminator="\n")


def _rename(folder: Path, old: str, new: str, *tables: str) -> None:
    for table in tables:
        path = folder / "data" / "raw" / STUDY / f"{table}.csv"
        path.write_text(re.sub(rf"(?<![^,\n]){re.escape(old)}(?![^,\n])", new, path.read_text("utf-8")), "utf-8")


def _first(folder: Path, table: str, column: str, **where: str) -> str:
    frame = pd.read_csv(folder / "data" / "raw" / STUDY / f"{table}.csv", dtype=str, keep_default_na=False)
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return frame[column].iloc[0]


def plant(folder: Path) -> None:
    """Identifiers, names, markup, formulas and extreme numbers in raw data; markup in labels, which people write."""
    person = _first(folder, "persons", "respondent", gemeente="Kampen", toestemming="1", status="programma")
    referral = _first(folder, "referrals", "verwijzing", respondent=person)
    _rename(folder, referral, REFERRAL, "referrals")
    _rename(folder, person, PERSON, "persons", "measures", "referrals", "activities", "experience")
    organisation = _first(folder, "organisations", "organisatie", gemeente="Kampen")
    _rename(folder, organisation, ORGANISATION, "organisations", "ties")
    oldest = {"leeftijd": lambda frame: frame["leeftijd"].where(frame["respondent"] != PERSON, "110")}
    _change(folder, "persons", naam=NAME, geboren="1931-02-28", **oldest)
    _change(folder, "referrals", opmerking=SCRIPT, **{"=formule": FORMULA})
    _change(folder, "measures", toelichting=TURNED)
    longest = {"minuten": lambda frame: frame["minuten"].where(frame["respondent"] != PERSON, "479")}
    _change(folder, "activities", **{"<script>kolom": SCRIPT}, **longest)
    study = folder / "studies" / STUDY
    levels = (study / "levels.csv").read_text("utf-8")
    assert "sex,1,man,Man,Man" in levels
    (study / "levels.csv").write_text(levels.replace("sex,1,man,Man,Man", f"sex,1,man,{LABEL},‮{LABEL}"), "utf-8")
    plan = (study / "study.yaml").read_text("utf-8")
    title = "nl: Samen in Beweging met kwetsbare bewoners"
    assert title in plan
    (study / "study.yaml").write_text(plan.replace(title, f"nl: '{TITLE}'"), "utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A project whose synthetic study has been planted, after a run of one unit and all, with two notebooks."""
    folder = tmp_path_factory.mktemp("planted")
    for name in (f"studies/{STUDY}", f"data/raw/{STUDY}"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "notebooks").mkdir()
    for name in ("02_participants", "05_referrals"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder / "notebooks")
    plant(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_ROOT", str(folder))
        patch.setattr(store, "_open", [])
        said: list[str] = []
        status = job.execute(
            [STUDY], echo=said.append, only=None, units=["all", UNIT], parameters={"language": "nl"},
            jobs=2, force=False, dry_run=False, scheduler=None,
        )  # fmt: skip
        assert status == 0, said
        yield folder


def published(folder: Path) -> list[Path]:
    """Every file that may leave."""
    return sorted(
        path for path in (folder / "reports").rglob("*") if path.is_file() and not path.name.startswith(".run")
    )


def found_in(paths: list[Path], *words: str) -> set[tuple[str, str]]:
    """Which words stand in which files, in any form that a reader can get at."""
    wanted = [word.lower() for word in words]
    return {(path.name, word) for path in paths for text in texts(path) for word in wanted if word in text.lower()}


def test_the_run_made_what_may_leave(ran):
    kinds = {path.suffix for path in published(ran)}
    assert {".csv", ".json", ".html", ".png", ".ipynb"} <= kinds
    prepared = pd.read_parquet(ran / "data" / "processed" / STUDY / "tables" / "persons")
    assert PERSON in set(prepared["person"]) and prepared["age"].max() == 110, "the canary was in the analysis"


def test_nothing_planted_occurs_in_what_may_leave(ran):
    assert found_in(published(ran), *PLANTED) == set()


def test_nothing_planted_occurs_in_receipts(ran):
    receipts = sorted((ran / "data" / "processed" / STUDY / "receipts").rglob("*.json"))
    assert len(receipts) == 7
    assert found_in(receipts, *PLANTED) == set()


def test_no_person_of_the_study_occurs_by_id(ran):
    people = pd.read_csv(ran / "data" / "raw" / STUDY / "persons.csv", dtype=str)["respondent"]
    ids = re.compile("|".join(map(re.escape, people)))
    assert not [path.name for path in published(ran) for text in texts(path) if ids.search(text)]


def test_extreme_values_of_one_person_are_not_shown(ran):
    rows = pd.concat(
        pd.read_csv(path, dtype=str)
        for path in published(ran)
        if path.parent.name == "tables" and path.suffix == ".csv"
    )
    assert not rows["measure"].isin(["min", "max"]).any()
    assert "110" not in set(rows.loc[rows["measure"].isin(["mean", "median", "sd"]), "value"])
    assert "479" not in set(rows["value"])


def test_markup_in_labels_is_text_in_pages_and_notebooks(ran):
    pages = [path for path in published(ran) if path.suffix == ".html"]
    text = "".join(path.read_text("utf-8") for path in pages)
    assert "<script" not in text and "onerror=titel()>" not in text and "‮" not in text
    assert "&lt;script&gt;label()&lt;/script&gt;" in text and "&lt;img src=x onerror=titel()&gt;" in text
    for path in (path for path in published(ran) if path.suffix == ".ipynb"):
        outputs = [o for cell in json.loads(path.read_text("utf-8"))["cells"] for o in cell.get("outputs", [])]
        shown = [
            line
            for one in outputs
            for kind in ("text/html", "text/markdown")
            for line in one.get("data", {}).get(kind, [])
        ]
        assert "<script" not in "".join(shown)


def test_spreadsheets_and_slides_hold_no_formula(ran):
    for path in (path for path in published(ran) if path.suffix in (".xlsx", ".pptx")):
        with zipfile.ZipFile(path) as packed:
            sheets = [packed.read(name) for name in packed.namelist() if "worksheets/" in name]
        assert not [sheet for sheet in sheets if b"<f>" in sheet or b"<f " in sheet]


def test_pictures_carry_no_metadata(ran):
    pictures = [path.read_bytes() for path in published(ran) if path.suffix == ".png"]
    pages = [path.read_text("utf-8") for path in published(ran) if path.suffix == ".html"]
    pictures += [base64.b64decode(one) for page in pages for one in re.findall('image/png;base64,([^"]+)', page)]
    assert len(pictures) > 8
    assert {name for picture in pictures for name, _ in chunks(picture)} <= {"pHYs"}


def test_no_folder_user_or_machine_is_named(ran):
    import getpass
    import platform

    assert found_in(published(ran), str(ran), str(ROOT), f"/{getpass.getuser()}/") == set()
    host = re.compile(rf"\b{re.escape(platform.node())}\b")
    plain = [path for path in published(ran) if path.suffix in (".csv", ".json", ".ipynb")]
    assert not [path.name for path in plain if host.search(PICTURE.sub("", path.read_text("utf-8")))]


def test_the_log_shows_counts_and_no_value(ran):
    log = pd.read_csv(ran / "reports" / STUDY / "release_log.csv", dtype=str, keep_default_na=False)
    assert len(log) == len([path for path in published(ran) if path.parent.name == "tables"]) / 2
    assert {"checker", "decision", "reason_of_checker", "status", "attack", "sha256"} <= set(log)
    assert set(log["checker"]) == set(log["decision"]) == {""}


def test_zz_executed_notebooks_of_a_confidential_study_never_leave(ran):
    """Last of this module: the study becomes a real, confidential one."""
    assert [path for path in published(ran) if path.suffix == ".ipynb"]
    plan = ran / "studies" / STUDY / "study.yaml"
    plan.write_text(plan.read_text("utf-8").replace("kind: synthetic", "kind: real"), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_RUN", "1")
        publish(Step(f"{STUDY}/publish", "publish", STUDY))
    assert not [path for path in published(ran) if path.suffix == ".ipynb" or path.parent.name == "notebooks"]
    crate = json.loads((ran / "reports" / STUDY / "ro-crate-metadata.json").read_text("utf-8"))
    assert not [
        one["@id"] for one in crate["@graph"] if one["@id"].endswith(".ipynb") and not one["@id"].startswith("#")
    ]


def test_the_search_finds_what_is_there(tmp_path):
    """The searcher itself: a planted word is found in every kind of file that is published."""
    import openpyxl
    import typst
    from PIL import Image, PngImagePlugin
    from pptx import Presentation

    book = openpyxl.Workbook()
    book.active["A1"] = NAME
    book.save(tmp_path / "a.xlsx")
    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = NAME
    deck.save(tmp_path / "a.pptx")
    (tmp_path / "a.typ").write_text(f"Blad\n\n{NAME}", "utf-8")
    (tmp_path / "a.pdf").write_bytes(typst.compile(str(tmp_path / "a.typ")))
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", NAME, zip=True)
    Image.new("L", (1, 1)).save(tmp_path / "a.png", pnginfo=about)
    picture = base64.b64encode((tmp_path / "a.png").read_bytes()).decode()
    (tmp_path / "a.html").write_text(f'<img src="data:image/png;base64,{picture}">', "utf-8")
    (tmp_path / "b.html").write_text(NAME.replace("Z", "&#90;"), "utf-8")
    names = {"a.xlsx", "a.pptx", "a.pdf", "a.png", "a.html", "b.html"}
    assert {name for name, _ in found_in([tmp_path / name for name in sorted(names)], NAME)} == names
