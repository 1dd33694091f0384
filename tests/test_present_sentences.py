"""Sentences: numbers from the table, hedged words, denominators, and no cause where there is no comparison."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from present_cases import estimates_rows, long, tables, the_study

from analysis import present
from analysis.present.sentences import report
from analysis.present.sentences.describe import BUILDERS

WORDS = {language: present.words(the_study(), language) for language in ("nl", "en")}
HELP = {language: present.words(the_study("help"), language) for language in ("nl", "en")}
CLAIMS = {  # written apart from the list in the texts: what a reader would take for a claim of cause
    "nl": r"\b(effect|effecten|effectief|veroorzaakt|veroorzaakte|door|dankzij|leidt tot|gevolg van|significant\w*)\b",
    "en": r"\b(effect|effects|effective|caused?|causes|due to|because of|thanks to|leads? to|led to|significant\w*)\b",
}
SAID = [
    ("flow", "01_prepare__flow", {}),
    ("attrition", "02_participants__attrition", {}),
    ("change", "03_change__estimates", {}),
    ("responders", "03_change__responders", {}),
    ("forest", "03_change__forest", {}),
    ("specifications", "04_robustness__specifications", {}),
    ("targets", "04_robustness__methods", {}),
    ("funnel", "05_referrals__funnel", {}),
    ("time_to_step", "05_referrals__time_to_step", {}),
    ("top", "05_referrals__referrers", {"dim": "referrer"}),
    ("network", "06_collaboration__network", {}),
    ("meetings", "06_collaboration__meetings", {}),
    ("factors", "07_factors__factors", {}),
    ("costs", "08_costs__per_step", {}),
    ("since", "06_collaboration__since_meeting", {}),
    ("since", "02_participants__since_meeting", {}),
    ("followed", "06_collaboration__followed", {}),
    ("context", "09_context__compared", {}),
    ("note", "05_referrals__referrers", {"key": "say.context"}),
    ("worth", "08_costs__worth", {}),
    ("cheers", "08_costs__cheers", {}),
    ("logic", "10_synthesis__logic_model", {}),
    ("rules", "10_synthesis__evidence", {}),
    ("not_known", "10_synthesis__evidence", {}),
    ("interventions", "10_synthesis__interventions", {}),
    ("heard", "10_synthesis__heard", {}),
]
PIECE = {"result": "network", "evidence": "process", "measured": "ties"}
FACTOR = {"result": "network", "evidence": "factor", "measured": "factor:trust"}
OFFER = {"intervention": "welzijn_op_recept", "recognition": "described", "theme": "social_base"}
FURTHER = {  # what the synthesis and the costs say, with a hidden cell where people are counted
    "08_costs__worth": long(
        [{"question": "icer", "met": 2.0, "estimate": np.nan, "note": "not estimable, because there is no comparator: "
          "what would have been spent and gained otherwise is not known"}], ["question"]
    ),
    "08_costs__cheers": long([{"cheers": "7", "answer": "na_no_comparison", "met": 2.0}], ["cheers", "answer"]),
    "10_synthesis__logic_model": long(
        [{"stage": "output", "node": "network", "measured": "ties", "percent": 81.0, "strength": 1.0},
         {"stage": "long", "node": "sustained_health", "measured": "none", "strength": 0.0}],
        ["stage", "node", "measured"],
    ),
    "10_synthesis__evidence": long(
        [PIECE | {"percent": 81.0, "strength": 2.0},
         FACTOR | {"mean": 1.0, "strength": 2.0, "hide": ("mean", "strength")},
         PIECE | {"measured": "embedding", "strength": 0.0}], ["result", "evidence", "measured"]
    ),
    "10_synthesis__interventions": long(
        [OFFER | {"policy": "gala_iza", "recognition_source": "movisie_rivm_2015", "units": 6.0}],
        [*OFFER, "policy", "recognition_source"],
    ),
    "10_synthesis__heard": long(
        [{"place": "meetings", "who": "resident", "number": 0.0}, {"place": "meetings", "who": "policy", "number": 9.0},
         {"place": "marks", "who": "unknown", "number": np.nan, "note": "not estimable, because no role was recorded"}],
        ["place", "who"],
    ),
}  # fmt: skip


def _said(what: str, table: str, language: str, **options) -> list[str]:
    return [str(one) for one in present.describe(what, (tables() | FURTHER)[table], WORDS[language], **options)]


def test_every_builder_is_tried():
    assert {what for what, _, _ in SAID} == set(BUILDERS)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(("what", "table", "options"), SAID, ids=[f"{what}-{table}" for what, table, _ in SAID])
def test_sentences_are_whole_hold_no_hidden_value_and_claim_no_cause(what, table, options, language):
    said = _said(what, table, language, **options)
    assert said
    for text in said:
        assert text.rstrip(")").endswith((".", ":")) and text[0].isupper() or text[0].isdigit()
        assert "nan" not in text.lower().replace("financ", "") and "{" not in text
        assert "7777" not in re.sub(r"[.,\s]", "", text)
        assert not re.search(CLAIMS[language], text, flags=re.IGNORECASE)


def test_a_clear_change_by_hand():
    text = _said("change", "03_change__estimates", "nl")[0]
    assert text == (
        "Psychische gezondheid (MHI-5), 6 maanden (T1) ten opzichte van Start (T0): het gemiddelde ging omhoog met 4,1"
        " punt (95%-betrouwbaarheidsinterval 2,0 tot 6,2; n = 612). Dat is een verandering ten goede. Het interval ligt"
        " aan één kant van nul. Dat het gemiddelde veranderde is redelijk zeker; hoeveel precies is minder zeker."
        " De verandering kan groter of kleiner zijn dan het kleinste verschil dat mensen merken (5,0 punt, niet"
        " bevestigd)."
    )


def test_an_unclear_change_has_no_direction():
    text = next(text for text in _said("change", "03_change__estimates", "en") if text.startswith("Loneliness"))
    assert "runs across zero" in text and "for the better" not in text and "for the worse" not in text


def test_analyses_that_are_hidden_or_not_estimable_are_counted_but_not_told():
    """Of five analyses three can be seen; one of these points the other way."""
    assert _said("specifications", "04_robustness__specifications", "en") == [
        "Mental health (MHI-5), 6 months (T1) compared with Start (T0): 2 of 3 ways of calculating point the same"
        " way as the one that was planned. That one gives 4.1; all answers lie between −0.4 and 4.1.",
        "2 of 5 ways of calculating could not be had, or are hidden. The table says why.",
    ]


def test_the_two_targets_and_one_more_unit_are_told_apart():
    first, note = _said("targets", "04_robustness__methods", "nl")
    assert first == (
        "Psychische gezondheid (MHI-5): voor deze gemeenten of groepen samen is het antwoord 4,1 (95%-interval 2,1 tot"
        " 6,1). Voor gemeenten of groepen zoals deze is het gemiddeld 3,9 (1,9 tot 5,9). In een volgende verwachten we"
        " iets tussen 1,9 en 5,9."
    )
    assert "te smal" in note


def test_without_a_prediction_interval_nothing_is_said_of_units_like_these():
    rows = tables()["04_robustness__methods"]
    assert present.describe("targets", rows[rows["method"] != "prediction"], WORDS["en"]) == ()


def test_lower_is_better_where_the_study_says_so():
    frame = long(
        [
            {
                "outcome": "de_jong_gierveld_6",
                "contrast": "t1 - t0",
                "estimate": -0.8,
                "lower": -1.1,
                "upper": -0.5,
                "n": 99,
            }
        ],
        ["outcome", "contrast"],
    )
    text = str(present.describe("change", frame, WORDS["en"])[0])
    assert "went down by 0.8 points" in text and "for the better" in text


def test_shares_change_in_percentage_points_and_hidden_and_impossible_results_are_said():
    said = _said("change", "03_change__estimates", "nl")
    assert any(
        "het percentage ging omhoog met 6,0 procentpunt (95%-betrouwbaarheidsinterval 1,0 tot 11,0" in t for t in said
    )
    assert sum("is verborgen" in text for text in said) == 1
    assert said[-1].endswith("niet te schatten, omdat geen enkele rij volledig is.")


@settings(deadline=None, max_examples=50)
@given(st.floats(-5, 5), st.floats(0.01, 5))
def test_certainty_follows_the_limits_as_they_are_shown(estimate, half):
    frame = long(
        [
            {
                "outcome": "mhi5",
                "contrast": "t1 - t0",
                "estimate": estimate,
                "lower": estimate - half,
                "upper": estimate + half,
                "n": 99,
            }
        ],
        ["outcome", "contrast"],
    )
    text = str(present.describe("change", frame, WORDS["en"])[0])
    low, high = (float(end.replace("−", "-")) for end in re.search(r"interval (\S+) to ([^;]+);", text).groups())
    assert ("one side of zero" in text) == (low > 0 or high < 0)
    assert ("for the better" in text) == (low > 0) and ("for the worse" in text) == (high < 0)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("nl", "Het programma had effect."),
        ("nl", "De score steeg door het programma."),
        ("nl", "Dit is veroorzaakt."),
        ("nl", "De afname is significant."),
        ("en", "The programme caused this."),
        ("en", "This is due to walking."),
        ("en", "An EFFECT was seen."),
        ("en", "A significant change."),
    ],
)
def test_a_claim_of_cause_is_refused_without_a_comparison_only(language, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        present.refuse_causal(text, WORDS[language])
    assert present.refuse_causal(text, HELP[language]) == text


def test_the_guard_lets_names_of_the_study_be():
    text = "Effect op het dorp: het gemiddelde ging omhoog."
    assert present.refuse_causal(text, WORDS["nl"], labels=["Effect op het dorp"]) == text


def test_what_a_change_cannot_separate_is_said_in_both_languages():
    for language, wanted in (
        ("nl", ("regressie naar het gemiddelde", "hele land", "stopt")),
        ("en", ("regression to the mean", "whole country", "stop")),
    ):
        said = " ".join(str(one) for one in present.limits(WORDS[language]))
        assert all(part in said for part in wanted)
        assert not re.search(CLAIMS[language], said, flags=re.IGNORECASE)


def test_a_comparison_is_told_between_its_arms():
    rows = [
        {
            "outcome": "mcs",
            "contrast": "m6 - m0",
            "arm": arm,
            "estimate": size,
            "lower": size - 3,
            "upper": size + 3,
            "n": 400,
        }
        for arm, size in (("clinic", 8.9), ("usual_care", 8.7), ("difference", 0.2))
    ]
    frame = long(rows, ["outcome", "contrast", "arm"])
    table = present.released(frame, {"dims": ["outcome", "contrast", "arm"], "totals": {"arm": "difference"}}, name="x")
    said = [str(one) for one in present.describe("change", table, HELP["en"])]
    assert len(said) == 1
    assert (
        "in Linkage clinic the change is 0.2 points higher than in Usual care (95% confidence interval −2.8 to 3.2"
        in said[0]
    )
    assert "fit with an advantage of either group" in said[0]


def test_denominators_stand_beside_percentages():
    assert "6 maanden (T1): 518 mensen deden mee, dat is 74,0% van de 700 mensen." in _said(
        "attrition", "02_participants__attrition", "nl"
    )
    assert any(
        text.startswith("Intake: 81,2% van de 1.712 mensen") for text in _said("funnel", "05_referrals__funnel", "nl")
    )
    assert any(
        "van 540 mensen scoort 42,0% beter, 35,0% gelijk en 23,0% slechter" in text
        for text in _said("responders", "03_change__responders", "nl")
    )


def test_a_partly_hidden_distribution_is_not_told_in_part():
    text = next(
        text
        for text in _said("responders", "03_change__responders", "en")
        if text.startswith("Self-rated health today")
    )
    assert "hidden" in text and "33" not in text


@pytest.mark.parametrize("what", BUILDERS)
def test_an_absent_an_empty_and_a_hidden_table_are_stated(what):
    hidden = estimates_rows().assign(status="hidden")
    for table, key in ((None, "empty.absent"), (hidden.iloc[:0], "empty.absent"), (hidden, "empty.hidden")):
        (only,) = present.describe(what, table, WORDS["nl"])
        assert str(only) == WORDS["nl"].text(key)


def test_a_table_for_all_units_together_only_says_where_to_look_and_not_that_it_is_too_small():
    rows = estimates_rows().assign(status="hidden", reason="coarser")
    apart = present.released(rows, {"unit": "kampen"}, name="03_change__estimates")
    (said,) = present.describe("change", apart, WORDS["nl"])
    assert str(said) == (
        'Verandering per uitkomst: deze cijfers staan alleen in het rapport "Zes gemeenten samen". Hier apart zouden er'
        " te veel verborgen zijn."
    )
    found = present.grid(apart, WORDS["nl"])
    assert {cell.text for _, cells in found.lines for cell in cells} == {"samen"}
    notes = present.footnotes(apart, WORDS["nl"], found)
    assert notes[0] == "samen: dit cijfer staat alleen in de cijfers van Zes gemeenten samen."
    assert not any(note.startswith("*") for note in notes)
    whole = [str(one) for one in report.hidden([apart], WORDS["en"])]
    assert whole[1].startswith('These tables are only in the report "Six municipalities together"')
    some = present.released(rows.assign(reason=["small", *["coarser"] * (len(rows) - 1)]), {}, name="t")
    assert apart.together and not some.together


def test_hidden_cells_and_failed_estimates_are_counted():
    found = [present.released(frame, {}, name=name) for name, frame in tables().items()]
    cells, hidden = (sum(len(getattr(table, part)) for table in found) for part in ("rows", "hidden"))
    said = [str(one) for one in report.hidden(found, WORDS["en"])]
    assert said[0].startswith(f"{hidden} of the {cells} figures")
    assert said[1] == "These tables are wholly hidden: Costs per step."
    absent = sum(
        frame.loc[(frame["measure"] == "estimate") & (frame["status"] == "shown"), "value"].isna().sum()
        for frame in tables().values()
    )
    assert said[2].startswith(f"Estimates that could not be made: {absent}.") and absent == 5
    assert np.isfinite(absent)


def test_a_sentence_names_the_cells_that_it_came_from():
    frame = present.released(tables()["03_change__estimates"], {}, name="03_change__estimates")
    sentence = present.describe("change", frame, WORDS["nl"])[0]
    assert sentence.table == "03_change__estimates"
    assert sentence.cells == tuple(f"outcome=mhi5;contrast=t1 - t0;{part}" for part in ("estimate", "lower", "upper"))


def test_markup_in_a_label_is_text_in_a_notebook():
    shown = present.markdown(["a <script> *b* [c](d)"]).data
    assert shown == r"a \<script\> \*b\* \[c\](d)"


def test_an_unknown_kind_of_sentence_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match="known are attrition, change"):
        present.describe("poem", None, WORDS["nl"])


def test_what_is_new_is_said_per_unit_with_the_day_and_without_the_hidden():
    said = _said("since", "06_collaboration__since_meeting", "nl")
    assert said == [
        "Hardenberg, sinds de bijeenkomst van 10 november 2022: Actiepunten gemaakt: 3.",
        "Kampen, waar nog niet eerder een bijeenkomst was: niets nieuws.",
    ]
    forms = _said("since", "02_participants__since_meeting", "en")
    assert forms == ["Questionnaires filled in since the previous meeting of the learning network: Start (T0): 12."]


def test_a_goal_is_followed_where_both_sides_may_be_seen():
    said = _said("followed", "06_collaboration__followed", "en")
    assert said[0].startswith("Feedback.") and "40.0% (of 200)" in said[0] and "35.0% (of 300)" in said[0]
    assert len(said) == 2 and said[1].startswith("This is change.")


def test_small_differences_from_the_country_are_called_equal():
    said = _said("context", "09_context__compared", "en")
    assert said[1].startswith("The public figures came with the study")
    assert said[2] == (
        "Hardenberg: of 2 figures 1 are about equal to the country (less than two points apart), 0 higher and 1 lower."
    )


def test_who_was_not_heard_and_what_is_not_known_are_named():
    assert "niet gehoord zijn Bewoner." in _said("heard", "10_synthesis__heard", "nl")[0]
    assert "niet bekend wie niet gehoord is" in _said("heard", "10_synthesis__heard", "nl")[1]
    said = " ".join(_said("not_known", "10_synthesis__evidence", "en"))
    assert "asks for no evidence of the kind Change in participants; Embedding" in said
    assert "not measured: Elements of embedding in place" in said and "hidden: Trust" in said
    bare = _said("logic", "10_synthesis__logic_model", "en")[1]
    assert "Vulnerable residents stay healthy" in bare and "A network across domains" not in bare
