"""The definitions themselves: the agreed ids and columns, the allowed words, complete texts, and the generated page."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.instruments import Coded, cards, instruments, load, overview

ROOT = Path(__file__).resolve().parents[1]
EVERY = pytest.mark.parametrize("name", instruments())
EQ5D = ["mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression"]
N_ITEMS = {
    "de_jong_gierveld_11": 11, "mhi5": 5, "who5": 5, "eq_vas": 1, "swemwbs": 7, "icecap_o_uk": 5, "mastery": 7,
    "tfi": 15, "gfi": 15, "katz15": 15, "beweegrichtlijn_2017": 2, "self_rated_health": 1, "ucla3": 3, "ons4": 4,
    "loneliness_single": 1, "volunteering": 1, "social_contact_weekly": 1, "activity_weekly": 1,
    "partnership_checklist": 25,
}  # fmt: skip


def test_ids_and_columns_are_those_agreed():
    expected = {name: [f"{name}_{n + 1}" for n in range(count)] for name, count in N_ITEMS.items()}
    expected["de_jong_gierveld_6"] = [f"de_jong_gierveld_6_{n}" for n in (3, 4, 7, 8, 9, 10)]
    expected |= dict.fromkeys(["eq5d5l_nl", "eq5d3l_nl_2006", "eq5d3l_nl_2026"], EQ5D)
    assert {name: list(load(name).items) for name in instruments()} == expected


@EVERY
def test_words_and_texts(name):
    instrument = load(name)
    assert instrument.kind in {"continuous", "binary", "ordinal"}
    assert instrument.status in {"confirmed", "conflicting", "unconfirmed"}
    assert instrument.mid_status in {"confirmed", "derived", "unconfirmed", "none"}
    assert (instrument.mid is None) == (instrument.mid_status == "none")
    assert {scale.better for scale in instrument.scales} | {instrument.better} <= {"high", "low"}
    assert {scale.missing_status for scale in instrument.scales} <= {"confirmed", "unconfirmed"}
    texts = [instrument.title, instrument.note, *(item.text for item in instrument.questions)]
    texts += [scale.title for scale in instrument.scales]
    texts += [band.label for each in instrument.conventions.values() for bands in each.bands.values() for band in bands]
    assert all(isinstance(text[language], str) and text[language] for text in texts for language in ("nl", "en"))
    assert instrument.source


@EVERY
def test_what_is_not_confirmed_is_said_in_both_languages(name):
    instrument = load(name)
    parts = [instrument.status, instrument.mid_status, *(scale.missing_status for scale in instrument.scales)]
    parts += [convention.status for convention in instrument.conventions.values()]
    said_nl = re.search("niet (bevestigd|gevonden)", instrument.note.nl, re.IGNORECASE)
    said_en = re.search("not (confirmed|found)", instrument.note.en, re.IGNORECASE)
    assert "unconfirmed" not in parts or (said_nl and said_en)
    assert "conflicting" not in parts or ("verschil" in instrument.note.nl and "differ" in instrument.note.en)


@EVERY
def test_answers_and_their_labels_are_unambiguous(name):
    for item in load(name).questions:
        answers = item.answers
        if isinstance(answers, Coded):
            assert not set(answers.codes) & set(answers.missing)
            for language in ("nl", "en"):
                labels = [text[language] for text in answers.labels.values()]
                assert answers.numbers(labels).tolist() == list(answers.labels)
            assert set(answers.synonyms.values()) <= set(answers.codes)


@EVERY
def test_cut_offs_rise_and_belong_to_scales(name):
    instrument = load(name)
    assert (instrument.default_convention is None) == (not instrument.conventions)
    assert instrument.default_convention in {None, *instrument.conventions}
    ranges = {scale.name: scale.range for scale in instrument.scales}
    for convention in instrument.conventions.values():
        for scale, bands in convention.bands.items():
            bounds = [band.bound for band in bands]
            assert bounds == sorted(set(bounds)) and bounds[-1] == np.inf
            assert all(ranges[scale][0] <= bound <= ranges[scale][1] + 1 for bound in bounds[:-1])
            assert len({band.name for band in bands}) == len(bands)


def test_range_and_direction_belong_to_the_score_itself():
    for name in instruments():
        instrument = load(name)
        assert instrument.range == instrument.scales[0].range
        assert instrument.scores[0] == name or name == "ons4"
        assert instrument.better == instrument.scales[0].better


def test_overview_has_a_row_for_each_and_names_every_convention():
    table = overview("nl").set_index("id")
    assert table.index.tolist() == instruments()
    assert isinstance(table, pd.DataFrame) and not table.isna().any(axis=None)
    assert table.loc["mhi5", "cut_offs"].startswith("ggd: psychisch ongezond <= 60, psychisch gezond above | cbs: ")
    assert table.loc["de_jong_gierveld_6", "mid"] == "none agreed: 0.5 SD at T0"
    assert table.loc["eq5d5l_nl", "mid"] == "0.07 (derived)"


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(KeyError, match="choose 'nl' or 'en'"):
        overview("de")


def test_the_committed_page_is_the_generated_one():
    assert (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8") == cards()
