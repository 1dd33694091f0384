"""Every word stands in the two text files, and numbers are rounded and written as each language does."""

import ast
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
import yaml
from babel.numbers import parse_decimal
from hypothesis import given, settings
from hypothesis import strategies as st
from present_cases import ROOT, the_study

from analysis import present
from analysis.present.numbers import rounded
from analysis.present.wording import LANGUAGES, fixed_texts

TEXTS = ROOT / "src/analysis/present/texts"
SOURCE = ROOT / "src/analysis"
OF_PAGES = ("anchors", "blocks", "contents", "drawn", "html", "site", "tabled")
PAGES = [SOURCE / "publish" / f"{name}.py" for name in OF_PAGES]
CODE = [path for path in sorted((SOURCE / "present").rglob("*.py")) if path.name != "__init__.py"] + PAGES
LIKE_PROSE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_and_placeholders():
    nl, en = fixed_texts("nl"), fixed_texts("en")
    assert set(nl) == set(en)
    strings = [key for key in nl if isinstance(nl[key], str)]
    assert [key for key in strings if _fields(nl[key]) != _fields(en[key])] == []
    assert [key for key in strings if not nl[key].strip() or not en[key].strip()] == []


def _asked() -> tuple[set[str], list[re.Pattern]]:
    """What can name a text: every string of the code, YAML, pages and notebooks; filled-in strings as patterns."""
    whole, filled = set(), []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                parts = (re.escape(one.value) if isinstance(one, ast.Constant) else "[^.]+" for one in node.values)
                filled.append(re.compile("".join(parts)))
    others = [*SOURCE.rglob("*.html"), *(SOURCE / "publish").glob("*.yaml"), *(ROOT / "notebooks").rglob("*.ipynb")]
    for path in others:
        whole |= set(re.findall(r"[\w.]+", path.read_text("utf-8")))
    return whole, filled


def test_every_text_is_asked_for():
    """By its key, by a filled-in string, or by the beginning of its key where the code chooses the end."""
    whole, filled = _asked()
    begun = tuple(f"{one}{mark}" for one in whole if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", one) for mark in "._")
    keys = [key for key in fixed_texts("nl") if key not in whole and not key.startswith(begun)]
    assert [key for key in keys if not any(pattern.fullmatch(key) for pattern in filled)] == []


def test_no_key_is_written_twice():
    """YAML keeps the last of two equal keys without a word."""

    class Strict(yaml.SafeLoader):
        pass

    def once(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(map(str, keys))), sorted(map(str, keys))
        return {
            key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)
        }

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, once)
    for language in LANGUAGES:
        yaml.load((TEXTS / f"{language}.yaml").read_text(encoding="utf-8"), Strict)


def _literals(path: Path) -> list[str]:
    """String literals of a module but for docstrings and the messages of errors (those are for developers)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            skipped |= {id(child) for child in ast.walk(node)}
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            skipped.add(id(node.body[0].value))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in found if id(node) not in skipped]


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.stem)
def test_no_text_stands_outside_the_text_files(path):
    allowed = {"not estimable", "DejaVu Sans", "lower left", "lower right", "outside upper right", "offset points"}
    prose = [text for text in _literals(path) if LIKE_PROSE.search(text) and "<" not in text]
    assert set(prose) - allowed == set()


def test_every_text_that_the_code_asks_for_is_there():
    keys = fixed_texts("nl")
    asked = {key for path in CODE for key in re.findall(r"\btext\(\s*\"([a-z_0-9.]+)\"", path.read_text())}
    templates = ROOT / "src/analysis/publish/templates"
    asked |= {key for path in templates.glob("*.html") for key in re.findall(r"text\(\"([a-z_.]+)\"", path.read_text())}
    assert len(asked) > 60
    assert sorted(asked - set(keys)) == []


@pytest.mark.parametrize(
    ("number", "digits", "expected"),
    [
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (0.5, 0, "1"),
        (2.675, 2, "2.68"),
        (1.005, 2, "1.01"),
        (-0.04, 1, "0.0"),
        (0.15, 1, "0.2"),
        (-0.05, 1, "-0.1"),
        (1e-9, 3, "0.000"),
        (123456.5, 0, "123457"),
    ],
)
def test_rounding_is_half_away_from_zero_on_the_decimal_that_is_read(number, digits, expected):
    assert str(rounded(number, digits)) == expected


@settings(deadline=None)  # a busy machine is no failure
@given(st.floats(-1e9, 1e9), st.integers(0, 4), st.sampled_from(LANGUAGES))
def test_a_written_number_reads_back_as_the_rounded_one(number, digits, language):
    written = present.words(the_study(), language).number(number, digits)
    assert parse_decimal(written.replace("\N{MINUS SIGN}", "-"), locale=language) == rounded(number, digits)
    assert abs(Decimal(repr(number)) - rounded(number, digits)) * 2 <= Decimal(1).scaleb(-digits)
    assert ("," if language == "nl" else ".") in written or digits == 0
    assert "-" not in written


@settings(deadline=None)  # a busy machine is no failure
@given(st.floats(0, 1), st.sampled_from(LANGUAGES))
def test_a_p_value_is_never_zero_and_never_one(p_value, language):
    written = present.words(the_study(), language).p_value(p_value)
    assert re.search(r"[1-9]", written)
    assert written[0] in "<>" or abs(Decimal(written.replace(",", ".")) - Decimal(repr(p_value))) <= Decimal("0.005")


def test_numbers_by_hand():
    nl, en = present.words(the_study(), "nl"), present.words(the_study(), "en")
    assert (nl.number(1234.56, 1), en.number(1234.56, 1)) == ("1.234,6", "1,234.6")
    assert (nl.percent(12.34, 250), nl.percent(12.34, 99), en.percent(12.34, 100)) == ("12,3%", "12%", "12.3%")
    assert nl.interval(-3.25, 1.04) == "−3,3 tot 1,0" and en.interval(-3.25, 1.04) == "−3.3 to 1.0"
    assert [nl.p_value(p) for p in (0.0004, 0.0049, 0.034, 0.2, 0.999)] == [
        "< 0,001",
        "0,005",
        "0,03",
        "0,20",
        "> 0,99",
    ]
    assert (nl.date(date(2023, 6, 30)), en.date(date(2023, 6, 30))) == ("30 juni 2023", "30 June 2023")
    assert nl.number(float("nan"), 1) == ""


def test_labels_come_from_the_study_and_unknown_ids_are_shown_plainly():
    nl, en = present.words(the_study(), "nl"), present.words(the_study(), "en")
    assert nl.level("unit", "oost_gelre") == "Oost Gelre" and nl.level("unit", "all") == "Zes gemeenten samen"
    assert nl.level("step", "started") == "Gestart"  # the step of the referral, not the cost of the same id
    assert nl.level("contrast", "t1 - t0") == "6 maanden (T1) ten opzichte van Start (T0)"
    assert en.level("outcome", "mhi5") == "Mental health (MHI-5)"
    assert en.level("colour", "light_blue") == "light blue" and en.measure("some_measure") == "some measure"
    assert nl.label("unit") == "Gemeente" and en.label("stop_reason") == "Reason for stopping"


def test_an_unknown_text_or_language_is_refused_by_name():
    with pytest.raises(KeyError, match="no text 'page.nothing'"):
        present.words(the_study(), "nl").text("page.nothing")
    with pytest.raises(ValueError, match="found 'fr'"):
        present.words(the_study(), "fr")
