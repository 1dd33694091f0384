"""A plan with mistakes is refused with every mistake at once, each with file, key, what was found and what is
allowed.
"""

import pytest
import yaml

from analysis import codebook, store
from analysis.codebook import Source, StudyError

DEFAULT = "samen_in_beweging"


def change(project, study: str, edit) -> None:
    path = project / "studies" / study / "study.yaml"
    plan = yaml.safe_load(path.read_text("utf-8"))
    edit(plan)
    path.write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")


def problems(study: str) -> list[str]:
    with pytest.raises(StudyError) as error:
        store.study(study)
    return error.value.problems


def test_both_studies_load(project):
    assert store.studies() == ["help", DEFAULT] or set(store.studies()) >= {"help", DEFAULT}
    assert len(store.study(DEFAULT).units) == 6
    assert store.study("help").units == ("alcohol", "cocaine", "heroin")


def test_a_misspelt_key_names_the_nearest_known_one(project):
    change(project, DEFAULT, lambda plan: plan["outcomes"][0].update(rol="primary"))
    found = problems(DEFAULT)
    assert any("outcomes[0].rol" in p and "'role'" in p and "study.yaml" in p for p in found)


def test_every_problem_is_listed_at_once(project):
    def edit(plan):
        plan["wavez"] = plan["waves"]
        plan["kind"] = "sinthetic"
        del plan["seed"]

    change(project, DEFAULT, edit)
    found = "\n".join(problems(DEFAULT))
    assert "wavez" in found and "'waves'" in found
    assert "kind: found 'sinthetic'" in found
    assert "seed: not found" in found


def test_plan_and_codebook_must_agree(project):
    def edit(plan):
        plan["covariates"] = ["age", "shoe_size"]
        plan["design"]["treated"] = "programma"
        plan["referral_steps"] = ["referred", "fetched"]
        plan["tables"]["sessions"] = {"file": "sessions.csv"}

    change(project, DEFAULT, edit)
    found = "\n".join(problems(DEFAULT))
    for word in ("shoe_size", "'programma'", "fetched", "tables.sessions"):
        assert word in found


@pytest.mark.parametrize("role,count", [("secondary", 0), ("primary", 2)])
def test_exactly_one_primary_outcome_a_domain(project, role, count):
    def edit(plan):
        health = [o for o in plan["outcomes"] if o["domain"] == "health"]
        health[0]["role"] = role
        health[1]["role"] = "primary" if count == 2 else "secondary"

    change(project, DEFAULT, edit)
    assert any(f"domain health has {count} primary outcomes" in p for p in problems(DEFAULT))


def test_an_unknown_study_names_the_known_ones(project):
    assert "help" in problems("hlep")[0]


def test_the_codebook_lists_every_wrong_row(project):
    path = project / "studies" / DEFAULT / "codebook.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace(",direct,", ",secret,")
    lines.append(lines[2])
    lines[5] = lines[5].replace(",sex,", ",sexes,")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = "\n".join(problems(DEFAULT))
    assert "'secret'" in found and "stands twice" in found and "'sexes' is not a set" in found


@pytest.mark.parametrize("text,reads", [
    ("AGE", ("AGE",)), ("A + B", ("A", "B")), ("=0", ()), ("DAYS where STATUS=1", ("DAYS", "STATUS")), ("", ()),
])  # fmt: skip
def test_what_a_source_reads(text, reads):
    assert Source.parse(text).reads == reads


def test_every_variable_has_labels_in_both_languages():
    for study in store.studies():
        assert all(v.label_nl and v.label_en for v in codebook.read(store.study_folder(study)))
