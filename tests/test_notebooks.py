"""A committed notebook is an executed canonical run that a person can read; a stripped one would pass nbval and check
nothing.
"""

import ast
import json
import re
from pathlib import Path

import pytest

from analysis import store
from analysis.run import document, job

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
STUDY_NOTEBOOKS = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name) and path.parent.name == "notebooks"]
TAGS = {"parameters", "nbval-ignore-output", "raises-exception", "solution", "exercise"}
EXPECTED = [
    "00_start",
    "01_prepare",
    "02_participants",
    "03_change",
    "04_robustness",
    "05_referrals",
    "06_collaboration",
    "07_factors",
    "08_costs",
    "09_context",
    "10_synthesis",
]


def load(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


def code_cells(path: Path) -> list[dict]:
    return [cell for cell in load(path)["cells"] if cell["cell_type"] == "code"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "notebooks"))


def test_every_question_has_its_notebook():
    assert [path.stem for path in STUDY_NOTEBOOKS] == EXPECTED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_executed_in_order_with_outputs(path):
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell["outputs"] for cell in cells)
    assert path.stat().st_size <= 300_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_cells_are_short_and_have_ids(path):
    lengths = sorted(len(document.source(cell).splitlines()) for cell in code_cells(path))
    assert lengths[-1] <= 10 and lengths[len(lengths) // 2] <= 3
    ids = [cell.get("id") for cell in load(path)["cells"]]
    assert all(ids) and len(ids) == len(set(ids))
    assert {tag for cell in load(path)["cells"] for tag in cell["metadata"].get("tags", [])} <= TAGS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_normalised(path):
    notebook = load(path)
    assert "papermill" not in notebook["metadata"] and "version" not in notebook["metadata"].get("language_info", {})
    assert not any({"papermill", "execution"} & set(cell["metadata"]) for cell in notebook["cells"])
    text = path.read_text("utf-8")
    assert str(ROOT) not in text and str(Path.home()) + "/" not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_forbidden_code(path):
    for cell in code_cells(path):
        source = document.source(cell)
        tree = ast.parse(source)
        kinds = {type(node).__name__ for node in ast.walk(tree)}
        assert not kinds & {"FunctionDef", "ClassDef", "Try", "With"}, source
        assert not re.search(
            r"^\s*[!%]|sys\.path|filterwarnings|import \*|\.head\(|\.csv['\"]|['\"][./\w]*/[\w/]+\.\w+['\"]",
            source,
            re.MULTILINE,
        ), source


@pytest.mark.parametrize("path", STUDY_NOTEBOOKS, ids=name)
def test_one_parameters_cell_first(path):
    cells = code_cells(path)
    tagged = [place for place, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", [])]
    assert tagged == [0]
    for line in document.source(cells[0]).splitlines():
        assert re.match(r"\w+: \w+ = .+  # .+", line), line
    assert {"study", "unit", "language", "as_of"} <= set(document.declared(path))


@pytest.mark.parametrize("path", STUDY_NOTEBOOKS, ids=name)
def test_first_cell_says_question_reads_writes_time(path):
    first = document.source(load(path)["cells"][0])
    assert first.startswith("# ")
    for word in ("**Question**", "**Reads**", "**Writes**", "**Time**"):
        assert word in first


@pytest.mark.parametrize("path", STUDY_NOTEBOOKS, ids=name)
def test_reads_and_writes_are_true(path):
    """What the code opens and releases is what the first cell says."""
    source = "\n".join(document.source(cell) for cell in code_cells(path))
    first = document.source(load(path)["cells"][0])
    needed, optional = job.reads(path)
    opened = set(re.findall(r"""(?:store|process)\.\w*table\(\s*["'](\w+)["']""", source))
    assert opened == needed | optional
    writes = re.search(r"\*\*Writes\*\*([^\n]*)", first)[1]
    released = set(re.findall(r"""store\.release\([\w.]+,\s*["'](\w+)["']""", source))
    assert {f"{path.stem}__{found}" for found in released} == set(re.findall(r"`(\w+)`", writes))


@pytest.mark.parametrize("path", STUDY_NOTEBOOKS, ids=name)
def test_defaults_are_the_canonical_run(path):
    parameters = {}
    exec(document.source(code_cells(path)[0]), parameters)
    assert (parameters["study"], parameters["unit"], parameters["language"]) == ("samen_in_beweging", "all", "en")


NUMBER_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    "nineteen|twenty|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|dertien|veertien|vijftien|zestien|"
    "zeventien|achttien|negentien|twintig"
)
NO_RESULT = r"Two questions that look alike|Each two groups|two tables in the folder"  # of methods: true of every study


def number_words(prose: str) -> list[str]:
    """Numbers written as words, two to twenty, in English and Dutch."""
    return re.findall(rf"\b(?:{NUMBER_WORDS})\b", re.sub(NO_RESULT, "", prose), re.IGNORECASE)


@pytest.mark.parametrize("path", STUDY_NOTEBOOKS, ids=name)
def test_no_number_word_stands_in_prose(path):
    """`six municipalities` is a result of one study: another study has another number."""
    for cell in load(path)["cells"]:
        if cell["cell_type"] == "markdown":
            assert not number_words(document.source(cell)), document.source(cell)


def test_number_words_are_found():
    assert number_words("In zes gemeenten met Two questions that look alike, and Three more") == ["zes", "Three"]


@pytest.mark.parametrize("path", STUDY_NOTEBOOKS, ids=name)
def test_no_result_is_typed_in_prose(path):
    """Numbers in prose are section numbers, table numbers and parts of names; results are computed."""
    for cell in load(path)["cells"][1:]:
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"`[^`]*`|\bT[0-2]\b|Table \d|EQ-5D|95 ?%", "", document.source(cell))
            assert not re.search(r"\d+[.,]\d+|\d+ ?%|\d{2,}", prose), prose


def test_every_notebook_opens_the_study_it_is_named_after():
    for path in STUDY_NOTEBOOKS:
        source = "\n".join(document.source(cell) for cell in code_cells(path))
        assert f'store.open_case("{path.stem}"' in source
    assert store.studies()
