"""Another kind of programme in the same design: read, analysed and stated without a line of code of its own."""

import pandas as pd
import pytest

from analysis import planned, prepare, store
from analysis.run import job
from analysis.synthetic import oplopen

STUDY = "samen_oplopen"
RAW = store.root() / "data" / "raw" / STUDY
STEPS = {
    "referred": "aangemeld", "intake": "kennismaking", "matched": "gekoppeld", "started": "eerste_bezoek",
    "kept_6m": "nog_gekoppeld_6mnd", "goal": "doel_bereikt",
}  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return dict(prepare.prepare(store.study(STUDY)).tables)


def case(unit: str = "all"):
    return store.open_case("test", study=STUDY, unit=unit)


def test_the_notebooks_that_have_their_tables_run_and_no_others():
    books = [book.stem[:2] for book in job.notebooks() if job.fits(book, store.study(STUDY))]
    assert books == ["00", "01", "02", "03", "04", "05", "08", "10"]  # no network, fragments or public figures


def test_another_seed_makes_other_raw_files():
    """That the committed ones are those of this seed, byte for byte, is in test_synthetic."""
    assert not oplopen.tables(7)["trajecten"].equals(oplopen.tables()["trajecten"])


def test_funnel_counts_are_those_of_the_raw_file(tables):
    raw = pd.read_csv(RAW / "trajecten.csv")
    funnel = planned.funnel(case().study, tables["referrals"], as_of=case().as_of).set_index("step")["count"]
    assert {step: funnel[step] for step in STEPS} == {step: raw[column].notna().sum() for step, column in STEPS.items()}


def test_a_match_is_a_share_of_the_intakes_and_a_goal_of_the_visited(tables):
    funnel = planned.funnel(case().study, tables["referrals"], as_of=case().as_of).set_index("step")
    raw = pd.read_csv(RAW / "trajecten.csv", parse_dates=list(STEPS.values()))
    # every intake lies long enough before the last day, so that all are judged
    assert funnel.loc["matched", "n_previous"] == raw["kennismaking"].notna().sum()
    long_ago = raw[(pd.Timestamp("2024-03-31") - raw["eerste_bezoek"]).dt.days >= 310]
    assert funnel.loc["goal", "n_previous"] == len(long_ago)
    assert funnel.loc["goal", "percent_previous"] == pytest.approx(100 * long_ago["doel_bereikt"].notna().mean())


def test_changes_are_what_the_families_gained(tables):
    """The gain is known; with forms missing by chance the estimate lies within four standard errors of it."""
    study = case().study
    people = planned.population(study, tables["measures"], tables["persons"])
    found = planned.changes(study, people).set_index(["outcome", "contrast"])
    names = {"wellbeing": "welbevinden", "support": "steun", "burden": "belasting"}
    for outcome, column in names.items():
        for place, wave in enumerate(["m6", "m12"], start=1):
            row = found.loc[(outcome, f"{wave} - m0")]
            assert abs(row["estimate"] - oplopen.GAIN[column][place]) < 4 * row["std_error"]
            assert row["std_error"] < abs(oplopen.GAIN[column][place]) / 3  # and says something


def test_volunteers_are_those_of_the_raw_file_and_stay_as_long_as_they_were_seen(tables):
    study = case().study
    found = planned.volunteers(study, tables["volunteers"], tables["referrals"], as_of=case().as_of)
    found = found.set_index("indicator")
    raw = pd.read_csv(RAW / "vrijwilligers.csv", parse_dates=["gestart_op", "gestopt_op"])
    matched = pd.read_csv(RAW / "trajecten.csv")["vrijwilliger"]
    assert set(found["of"]) == {len(raw)}
    assert found.loc["trained", "count"] == raw["training"].sum()
    assert found.loc["matched", "count"] == matched.nunique()
    assert found.loc["stopped", "count"] == raw["gestopt_op"].notna().sum()
    assert found.loc["active", "count"] == raw["gestopt_op"].isna().sum()
    assert found.loc["matches_per_volunteer", "mean"] == pytest.approx(matched.notna().sum() / len(raw))
    # nobody began less than a year before the last day, so that nobody is open at twelve months
    long_ago = pd.Timestamp("2024-03-31") - raw["gestart_op"] >= pd.Timedelta(days=365)
    assert long_ago.all()
    stayed = ~((raw["gestopt_op"] - raw["gestart_op"]).dt.days <= 365)
    assert found.loc["active_after_12_months", "percent"] == pytest.approx(100 * stayed.mean())


def test_the_mark_of_families_is_their_mean(tables):
    marks = planned.experience(case().study, tables["experience"], as_of=case().as_of)
    assert marks.loc[marks["role"] == "all", "estimate"].item() == pytest.approx(
        pd.read_csv(RAW / "cijfers.csv")["cijfer"].mean()
    )


def test_visits_and_talks_of_everybody_who_was_visited(tables):
    dose = planned.dose(case().study, tables["activities"], tables["referrals"], as_of=case().as_of)
    raw = pd.read_csv(RAW / "bezoeken.csv")
    started = tables["referrals"]["started"].notna().sum()
    total = dose[dose["kind"] == "all"].set_index("received")
    assert total.loc["contacts", "total"] == (raw["contact"] == "coordinator").sum()
    assert total.loc["sessions", "total"] == (raw["contact"] == "vrijwilliger").sum()
    assert set(total["n"]) == {started}
    assert set(dose["kind"]) == {"all", "at_home", "outdoors"}


def test_what_is_not_there_is_stated_and_what_is_there_is_estimated(tables):
    study = case().study
    stated = "not estimable, because the study has no such table"
    absent = pd.DataFrame()
    assert planned.reach(study, tables["persons"], absent)["note"].tolist() == [stated]
    assert planned.representativeness(study, tables["persons"], tables["measures"], absent)["note"].tolist() == [stated]
    assert planned.adaptations(study, absent)["note"].tolist() == [stated]
    assert planned.embedding(study, absent)["note"].tolist() == [stated]
    none = planned.since_steps(study, absent, tables["referrals"])["note"].tolist()
    assert none == ["not estimable, because the study has no meetings of a learning network"]
    assert planned.with_period(study, tables["referrals"])["period"].eq("all_time").all()
    assert planned.fidelity(study, tables["fidelity"])["percent"].notna().all()


def test_reaim_says_which_dimensions_were_not_measured(tables):
    study = case().study
    present = {
        name: tables.get(name, pd.DataFrame())
        for name in ("context", "referrals", "organisations", "ties", "fidelity", "embedding")
    }
    reaim = planned.reaim(study, tables["persons"], tables["measures"], as_of=case().as_of, **present)
    measured = set(map(tuple, reaim.loc[reaim["note"] == "", ["dimension", "at"]].to_numpy()))
    assert measured == {("effectiveness", "person"), ("implementation", "setting"), ("maintenance", "person")}
    absent = reaim[reaim["note"].str.startswith("not estimable")]
    assert set(map(tuple, absent[["dimension", "at"]].to_numpy())) == {
        ("reach", "person"), ("adoption", "setting"), ("maintenance", "setting"),
    }  # fmt: skip
    # the last step that is a share of those who started is what lasts
    assert reaim.loc[(reaim["dimension"] == "maintenance") & (reaim["at"] == "person"), "indicator"].tolist() == [
        "kept_6m"
    ]


def test_an_optional_table_is_empty_and_a_needed_one_is_refused(project):
    from analysis.codebook import StudyError

    prepare.write(store.study(STUDY))
    case()
    assert store.table("context", optional=True).empty and len(store.table("volunteers", optional=True)) == 160
    with pytest.raises(StudyError, match="has no table context"):
        store.table("context")


def test_limits_of_a_share_are_hidden_with_its_count(project, tables):
    """A share of a known denominator can be worked out from its limits, so that they may not outlive the count."""
    from analysis.disclosure import Meta, profile, suppress

    case()
    fidelity = planned.fidelity(store.case().study, tables["fidelity"])
    store.release(
        fidelity, "fidelity", dims=["element"], measures=planned.FIDELITY, counts_of="persons", n=planned.FIDELITY_N,
        totals={"element": "all"},
    )  # fmt: skip
    path = store.candidates(STUDY, "all") / "test__fidelity.csv"
    meta = Meta.from_json(path.with_suffix(".json").read_text("utf-8"))
    candidate = pd.read_csv(path).drop(columns="note", errors="ignore")
    candidate["n"] = candidate["n"].where(candidate["value"].notna())
    out, _ = suppress({"all/test__fidelity": (candidate, meta)}, profile(meta.profile))
    shown = out["all/test__fidelity"][0].query("element != 'all'").groupby("element")["status"].agg(set)
    assert sorted(shown.map(len)) == [1] * 5
    assert shown.map(lambda found: found == {"hidden"}).sum() == 2  # one too small to show, one that would give it away
