"""The logic model and the expected results: refused when wrong, marked by stated rules, whole for every study."""

import re

import pandas as pd
import pytest
from present_cases import the_study

from analysis import planned, present, store
from analysis.codebook import StudyError
from analysis.logic import EVIDENCE, SOURCES, Measured, Node, Promise
from analysis.planned.synthesis import strength
from analysis.present.wording import fixed_texts

DEFAULT = "samen_in_beweging"


def problems(study: str) -> str:
    with pytest.raises(StudyError) as error:
        store.study(study)
    return "\n".join(error.value.problems)


def rewrite(project, file: str, *changes: tuple[str, str]) -> None:
    path = project / "studies" / DEFAULT / file
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def test_every_mistake_in_the_logic_model_is_named_with_what_is_allowed(project):
    rewrite(
        project, "logic_model.csv", ("means,input", "means,inputt"),
        ("participation,middle,Minder eenzaam", "participation,middle,"),
    )  # fmt: skip
    found = problems(DEFAULT)
    assert "(means): stage is 'inputt'; allowed: input, activities" in found
    assert "(participation): label_nl is empty" in found


def test_what_needs_the_plan_is_checked_against_it(project):
    rewrite(
        project, "logic_model.csv", ("integral,ties", "nowhere shared_work,ties"),
        ("outcome:mhi5@t1", "outcome:mhi5@t9"), ("step:intake", "step:intaek"),
        ("learning,activities", "means,activities"), ("activities learning,costs", "activities,kosten"),
    )  # fmt: skip
    rewrite(project, "expected_results.csv", ("process,fidelity,50", "change,fidelity,"))
    found = problems(DEFAULT)
    assert "network: leads_to 'nowhere' is not a node" in found
    assert "network: leads_to 'shared_work', which is not of a later stage" in found
    assert "'outcome:mhi5@t9': wave 't9' is not a later wave; later: t1, t2" in found
    assert "'step:intaek': 'intaek' is not known; known: referred, reached" in found
    assert "means stands twice" in found and "measured 'kosten'; allowed: fidelity" in found
    assert "evidence change cannot be measured as fidelity" in found


def test_a_percentage_that_speaks_for_a_result_must_be_one(project):
    rewrite(project, "expected_results.csv", ("process,ties,50", "process,ties,"), ("meetings,50", "meetings,150"))
    found = problems(DEFAULT)
    assert "(network): speaks_for is ''" in found and "(learning_network): speaks_for is '150'" in found


def test_a_fifth_box_in_a_stage_is_refused(project):
    rewrite(project, "logic_model.csv", ("covid,context", "fourth,activities,Vierde,Fourth,,\ncovid,context"))
    assert "stage activities has 5 nodes; at most 4" in problems(DEFAULT)


def test_a_study_without_the_tables_has_none_and_says_so():
    study = the_study("help")
    assert study.nodes == () and study.promises == ()
    found = planned.measurements(study, pd.DataFrame(), {})
    assert found.empty
    for table in (planned.logic_model(study, found), planned.evidence(study, found)):
        assert len(table) == 1 and table["note"].item().startswith("not estimable, because the study has no ")


@pytest.mark.parametrize("text", ["outcome:mhi5@t1", "step:started", "public:lonely@65_plus", "meetings"])
def test_the_name_of_a_measure_reads_back(text):
    assert str(Measured.parse(text)) == text


PIECES = [  # evidence, what was measured, value, lower, upper, speaks_for, mark by the rules, worked out by hand
    ("change", "outcome:mhi5@t1", 4.0, 1.0, 7.0, None, 2),  # higher is better, wholly above zero
    ("change", "outcome:mhi5@t1", -4.0, -7.0, -1.0, None, -1),
    ("change", "outcome:mhi5@t1", 4.0, -1.0, 9.0, None, 1),
    ("change", "outcome:de_jong_gierveld_6@t1", -0.5, -0.9, -0.1, None, 2),  # lower is better
    ("change", "outcome:de_jong_gierveld_6@t1", 0.5, 0.1, 0.9, None, -1),
    ("process", "meetings", 50.0, None, None, 50, 2),  # the bound itself speaks for it
    ("process", "meetings", 49.9, None, None, 50, 1),
    ("embedding", "embedding", 70.0, None, None, 80, 1),
    ("factor", "factor:trust", 0.26, None, None, None, 2),
    ("factor", "factor:trust", 0.25, None, None, None, 1),
    ("factor", "factor:trust", -0.26, None, None, None, -1),
    ("change", "outcome:mhi5@t1", None, None, None, None, 0),
]


@pytest.mark.parametrize(("kind", "name", "value", "lower", "upper", "limit", "mark"), PIECES)
def test_marks_follow_the_rules(kind, name, value, lower, upper, limit, mark):
    part = {"measured": name, "value": value, "lower": lower, "upper": upper}
    part |= {key: float("nan") for key in ("value", "lower", "upper") if part[key] is None}
    assert strength(the_study(), kind, part, limit) == mark


def small_study():
    """The default plan with four boxes and three pieces of evidence, measured on tables of at most ten rows."""
    nodes = (
        Node("talks", "activities", "Praten", "Talking", ("heard",), (Measured("meetings"),)),
        Node("heard", "output", "Gehoord", "Heard", (), (Measured("points_done"), Measured("advising"))),
        Node("money", "input", "Geld", "Money", (), (Measured("costs"),)),
        Node("lasting", "long", "Blijvend", "Lasting"),
    )
    promises = (
        Promise("learn", "Leren", "Learning", "process", Measured("meetings"), 50),
        Promise("learn", "Leren", "Learning", "factor", Measured("factor", "trust")),
        Promise("voice", "Stem", "Voice", "process", Measured("points_done"), 80),
    )
    return the_study().model_copy(update={"nodes": nodes, "promises": promises})


TABLES = {
    "meetings": pd.DataFrame(  # three planned, two held
        [(m, "kampen", "2021-03-01", "live", True, held, "resident", 4, 2 * held, 2 * held)
         for m, held in (("m1", True), ("m2", False), ("m3", True))],
        columns=["meeting", "unit", "date", "mode", "planned", "held", "role", "invited", "attended", "residents"],
    ).assign(date=pd.Timestamp("2021-03-01")),
    "involvement": pd.DataFrame(  # 5 points raised, 3 done; one of two occasions advising
        [("kampen", pd.Timestamp("2021-01-01"), "working_group", "consulted", 3, 4, 2),
         ("kampen", pd.Timestamp("2021-02-01"), "working_group", "advising", 2, 1, 1)],
        columns=["unit", "date", "setting", "step", "residents", "points_raised", "points_done"],
    ),
    "fragments": pd.DataFrame(  # trust: +1 and -2 from two sources, mean -0.5
        [("f1", "d1", "trust", 1, "a"), ("f2", "d2", "trust", -2, "a"), ("f3", "d2", "funding", 2, "a")],
        columns=["fragment", "document", "factor", "valence", "coder"],
    ),
    "costs": pd.DataFrame(
        [("intake", "hours", 10, 50.0), ("intake", "room", 4, None)],
        columns=["step", "resource", "volume", "unit_price"],
    ),
}  # fmt: skip


def measured(study):
    """What the tables give of all that the study asks."""
    return planned.measurements(study, pd.DataFrame(), TABLES)


def test_boxes_hold_what_the_tables_give_by_hand():
    table = planned.logic_model(small_study(), measured(small_study()))
    value = table.set_index(["node", "measured", "measure"])["value"]
    assert value["talks", "meetings", "percent"] == pytest.approx(200 / 3)
    assert value["heard", "points_done", "percent"] == 60 and value["heard", "advising", "percent"] == 50
    assert value["money", "costs", "at_least"] == 500  # the room has no price: a lower bound, and called so
    assert value["lasting", "none", "strength"] == 0 and value["money", "costs", "strength"] == 1


def test_the_joint_display_by_hand_and_what_nobody_planned():
    study = small_study()
    table = planned.evidence(study, measured(study)).set_index(["result", "measured", "measure"])["value"]
    assert table["learn", "meetings", "strength"] == 2 and table["voice", "points_done", "strength"] == 1
    assert table["learn", "factor:trust", "mean"] == -0.5 and table["learn", "factor:trust", "strength"] == -1
    gaps = set(planned.gaps(study).itertuples(index=False, name=None))
    assert gaps == {("learn", "change"), ("learn", "embedding"), *(("voice", k) for k in EVIDENCE if k != "process")}


def test_what_the_plan_asks_and_no_table_has_is_not_measured():
    study = small_study().model_copy(update={"tables": {"meetings": the_study().tables["meetings"]}})
    marks = planned.evidence(study, measured(study)).query("measure == 'strength'").set_index("measured")["value"]
    assert marks["points_done"] == 0 and marks["factor:trust"] == 0 and marks["meetings"] == 2


def test_every_promised_result_has_evidence_from_the_tables_of_the_study():
    """The six results of the programme, each with at least one measure whose table the study has."""
    study = the_study()
    others = ("referrals", "fragments")
    tables = {promise: SOURCES.get(promise.measured.source, others) for promise in study.promises}
    there = {promise.id for promise in study.promises if all(map(study.has, tables[promise]))}
    assert there == {"integral_approach", "network", "learning_network", "referral_insight", "embedding", "involvement"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_word_of_cause_stands_in_the_synthesis_of_a_study_without_comparison(language):
    words = present.words(the_study(), language)
    texts = fixed_texts(language)
    prefixes = ("levels.stage", "levels.evidence", "levels.measured", "say.rule", "say.logic", "say.no", "say.heard")
    said = [text for key, text in texts.items() if isinstance(text, str) and key.startswith(prefixes)]
    said += [one.label(language) for one in (*the_study().nodes, *the_study().promises)]
    assert len(said) > 40
    for text in said:
        present.refuse_causal(re.sub(r"\{\w+\}", "", text), words)


def test_the_measure_names_all_have_words_in_both_languages():
    for language in ("nl", "en"):
        texts = fixed_texts(language)
        assert [name for name in SOURCES if f"levels.measured.{name}" not in texts] == []
