"""The synthetic study is what it says: the committed bytes, the codebook's codes, the declared mistakes, the truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis.synthetic import World, make, make_study, rewrite, unit_levels, units, write, write_units
from analysis.synthetic.referring import STEPS

ROOT = Path(__file__).parents[1]
STUDY, RAW = ROOT / "studies" / "samen_in_beweging", ROOT / "data" / "raw" / "samen_in_beweging"
PLAN = yaml.safe_load((STUDY / "study.yaml").read_text("utf-8"))
CODEBOOK = pd.read_csv(STUDY / "codebook.csv", dtype=str, keep_default_na=False)
LEVELS = pd.read_csv(STUDY / "levels.csv", dtype=str, keep_default_na=False)
FILE = {name: table["file"] for name, table in PLAN["tables"].items()}


def raw(table: str) -> pd.DataFrame:
    return pd.read_csv(RAW / FILE[table], dtype=str, keep_default_na=False)


def corrected(table: str) -> pd.DataFrame:
    """The raw table with the lines of corrections.csv applied, as a reader would by hand."""
    frame = raw(table)
    lines = pd.read_csv(STUDY / "corrections.csv", dtype=str, keep_default_na=False)
    source = CODEBOOK[CODEBOOK["table"] == table].set_index("name")["source"]
    for line in lines[lines["table"] == table].to_dict("records"):
        rows = frame["respondent"] == line["person"]
        if line["wave"]:
            rows &= "t" + frame["meting"] == line["wave"]
        assert (frame.loc[rows, source[line["variable"]]] == line["from"]).tolist() == [True], line["variable"]
        frame.loc[rows, source[line["variable"]]] = line["to"]
    return frame


def fields(table: str) -> pd.DataFrame:
    """The codebook's rows of one raw column each."""
    rows = CODEBOOK[(CODEBOOK["table"] == table) & (CODEBOOK["source"] != "") & ~CODEBOOK["source"].str.contains(r"\+")]
    return rows.drop_duplicates("source")


def undeclared(values: pd.Series, field: dict) -> int:
    """How many values the codebook does not allow in this column."""
    missing = [part.split("=")[0] for part in field["missing"].split("|") if part]
    given = values[(values != "") & ~values.isin(missing)]
    if field["type"] == "category":
        allowed = LEVELS.loc[(LEVELS["set"] == field["levels"]) & (LEVELS["code"] != ""), "code"]
        return int((~given.isin(allowed)).sum())
    if field["type"] in ("integer", "number"):
        low, high = map(float, field["levels"].split(".."))
        whole = given.astype(float) % 1 == 0 if field["type"] == "integer" else True
        return int((~(given.astype(float).between(low, high) & whole)).sum())
    if field["type"] == "date":
        moments = pd.to_datetime(given, format="%Y-%m-%d")
        low, high = map(pd.Timestamp, PLAN["window"])
        return int((~moments.between(low, high)).sum())
    return 0


@pytest.fixture(scope="module")
def default():
    return make_study()


def test_the_committed_files_are_what_the_code_writes(tmp_path):
    (tmp_path / "studies" / "samen_in_beweging").mkdir(parents=True)
    fresh = {path.relative_to(tmp_path): path.read_bytes() for path in rewrite(tmp_path)}
    raw = [*RAW.glob("*.csv"), *RAW.with_name("samen_oplopen").glob("*.csv")]
    committed = {path.relative_to(ROOT): path.read_bytes() for path in [*raw, STUDY / "corrections.csv"]}
    assert fresh == committed


def test_another_seed_writes_other_files(tmp_path):
    paths = write(tmp_path, seed=7)
    assert any(path.read_bytes() != (RAW / path.name).read_bytes() for path in paths)


def test_there_is_a_file_for_every_table_and_no_other():
    assert {path.name for path in RAW.glob("*.csv")} == set(FILE.values())


@pytest.mark.parametrize("table", FILE)
def test_raw_columns_are_those_of_the_codebook(table):
    assert list(raw(table).columns) == list(fields(table)["source"])


@pytest.mark.parametrize("table", FILE)
def test_after_the_corrections_nothing_undeclared_is_left(table):
    frame = corrected(table)
    wrong = {field["source"]: undeclared(frame[field["source"]], field) for field in fields(table).to_dict("records")}
    empty = {
        field["source"]: int((frame[field["source"]] == "").sum())
        for field in fields(table).to_dict("records")
        if field["required"] == "yes"
    }
    assert not any(wrong.values()), wrong
    assert not any(empty.values()), empty


def test_without_the_corrections_the_typing_errors_are_seen():
    lines = pd.read_csv(STUDY / "corrections.csv", dtype=str, keep_default_na=False)
    seen = sum(
        undeclared(raw(table)[field["source"]], field)
        for table in ("persons", "answers")
        for field in fields(table).to_dict("records")
    )
    assert seen == len(lines) == 8
    assert (lines["reason"] != "").all()


def test_double_forms_and_persons_can_be_settled_by_the_declared_rules():
    forms, persons = raw("answers"), raw("persons")
    double = forms[forms.duplicated(["respondent", "meting"], keep=False)]
    answered = (double != "").sum(axis=1).groupby([double["respondent"], double["meting"]])
    assert answered.size().eq(2).all() and answered.nunique().eq(2).all() and len(answered) == 9
    assert persons.duplicated("respondent").sum() == persons.duplicated().sum() == 3


def test_keys_join_and_sum_to_the_planned_size():
    persons = raw("persons").drop_duplicates()
    known = set(persons["respondent"])
    for table in ("answers", "referrals", "activities", "experience"):
        assert set(raw(table)["respondent"]) <= known, table
    assert set(raw("referrals")["respondent"]) == known
    assert 1600 <= len(known) <= 1700
    assert 1850 <= len(raw("referrals")) <= 1950
    assert raw("referrals")["verwijzing"].is_unique


def test_steps_of_a_referral_are_in_order():
    frame = raw("referrals")
    names = CODEBOOK[CODEBOOK["table"] == "referrals"].set_index("name")["source"]
    moments = frame[[names[step] for step in PLAN["referral_steps"]]].apply(pd.to_datetime)
    assert PLAN["referral_steps"] == STEPS
    latest = moments.cummax(axis=1).ffill(axis=1)
    assert not (moments < latest).any(axis=None)
    ended = pd.to_datetime(frame["d_einde"])
    assert not (ended < moments.drop(columns="d_terugkoppeling").max(axis=1)).any()
    assert ((frame["reden"] != "") == (frame["d_einde"] != "")).all()


def test_forms_are_in_order_and_only_of_who_consented_and_had_an_intake():
    forms = corrected("answers")
    day = forms.assign(day=pd.to_datetime(forms["datum"])).groupby(["respondent", "meting"])["day"].min().unstack()
    assert day["0"].notna().all()
    assert ((day["1"] > day["0"]) | day["1"].isna()).all() and (
        (day["2"] > day["1"]) | day[["1", "2"]].isna().any(axis=1)
    ).all()
    consent = raw("persons").drop_duplicates().set_index("respondent")["toestemming"]
    assert (consent[day.index] == "1").all()


def test_the_waiting_group_has_not_started_by_t1(default):
    waits = pd.concat([sample.asked[sample.asked["waits"]] for sample in default.samples])
    assert 120 <= len(waits) <= 200
    assert not (waits["started"] <= waits["t1"]).any()


def test_lockdowns_are_those_of_the_plan():
    from analysis.synthetic.world import assumed

    assert assumed()["lockdowns"] == [[period["start"], period["end"]] for period in PLAN["periods"]]
    assert [assumed()["window"][edge] for edge in ("first", "last")] == PLAN["window"]
    assert assumed()["outcomes"] == [outcome["id"] for outcome in PLAN["outcomes"]]


def test_another_seed_is_another_draw_and_the_same_seed_the_same():
    one, two, three = make(1), make(1), make(2)
    assert all(one[name].equals(two[name]) for name in one)
    assert not one["measures"].equals(three["measures"])


def test_a_world_that_cannot_be_is_refused_with_all_reasons():
    with pytest.raises(ValueError, match=r"dropout is 0\.9.*; 2 people in 5"):
        World(dropout=0.9, people=2, municipalities=5)


def test_making_is_quick(default):
    from time import perf_counter

    begin = perf_counter()
    make(3)
    assert perf_counter() - begin < 5
    assert sum(path.stat().st_size for path in RAW.glob("*.csv")) < 6_000_000
    assert np.isfinite(default.measures["value"].dropna()).all()


def test_scores_without_a_file_are_those_that_prepare_makes_of_the_committed_files(default):
    from analysis import prepare, store

    keys, values = ["person", "wave", "outcome"], ["unit", "group", "arm", "date", "value", "n_missing_items"]
    tables = prepare.prepare(store.study("samen_in_beweging")).tables
    taking_part = tables["persons"].loc[tables["persons"]["in_study"].astype(bool), "person"]
    made = tables["measures"][tables["measures"]["person"].isin(taking_part)]
    frames = [
        frame.astype(dict.fromkeys(["unit", "group", "arm", "wave", "outcome"], str))
        .set_index(keys)[values]
        .sort_index()
        for frame in (default.measures, made)
    ]
    pd.testing.assert_frame_equal(*frames, check_dtype=False)


def test_people_look_like_a_vulnerable_group(default):
    at_start = default.measures.query("wave == 't0' and arm == 'programme'").groupby("outcome")["value"].mean()
    plausible = {
        "mhi5": (59, 65), "de_jong_gierveld_6": (2.6, 3.3), "eq5d5l_nl": (0.65, 0.75), "eq_vas": (62, 68),
        "mastery": (20, 24), "beweegrichtlijn_2017": (0.2, 0.4), "volunteering": (0.1, 0.3),
    }  # fmt: skip
    assert not {name: at_start[name] for name, (low, high) in plausible.items() if not low <= at_start[name] <= high}


def test_forms_at_t1_and_t2_are_as_many_as_planned():
    world = World(people=40_000, seed=5)
    present, asked = [], []
    for sample in units(world):
        taking_part = (sample.asked["in_study"] & ~sample.asked["waits"]).to_numpy()
        present.append(sample.present[taking_part])
        asked.append(taking_part.sum())
    np.testing.assert_allclose(np.concatenate(present).mean(axis=0), [1, 0.74, 0.60], atol=0.02)
    assert 0.43 < sum(asked) / world.people < 0.47


def test_forms_that_are_missing_are_of_people_with_lower_scores(default):
    scores = default.measures.query("outcome == 'mhi5' and arm == 'programme'")
    wide = scores.pivot(index="person", columns="wave", values="value")
    assert wide["t0"][wide["t1"].notna()].mean() > wide["t0"][wide["t1"].isna()].mean()


def test_participants_start_after_their_first_form(default):
    started = pd.concat([sample.asked[sample.asked["in_study"] & ~sample.asked["waits"]] for sample in default.samples])
    assert (started["started"] > started["t0"]).all()


def test_a_question_asked_of_the_population_has_the_shares_its_cuts_say():
    """Graded response by hand: with a trait of mean 0 and SD 1 the tendency is standard normal."""
    from scipy.stats import norm

    from analysis.synthetic.answers import fill_in
    from analysis.synthetic.world import items, traits

    rng = np.random.default_rng(11)
    answers = fill_in(rng.standard_normal((40_000, 3, len(traits()))), rng)
    for item in (item for item in items() if item.kind == "grade"):
        edges = norm.cdf([-np.inf, *item.cuts, np.inf])
        expected = np.diff(edges)[:: item.direction]
        found = [(answers[item.column] == item.lowest + step).mean() for step in range(len(expected))]
        np.testing.assert_allclose(found, expected, atol=0.006, err_msg=item.column)


def test_regression_to_the_mean_is_that_of_a_cut_normal():
    """E(passing state at T0) = carry-over x state variance x mean of a normal cut off above, by its formula."""
    from scipy.stats import truncnorm

    from analysis.synthetic.wellbeing import trait_levels
    from analysis.synthetic.world import assumed, municipalities, traits

    world, n = World().without("effect", "shock"), 200_000
    people = pd.DataFrame(
        {"age": np.full(n, 70.0), "alone": False, "started": 0.0, "t0": 0.0, "t1": 183.0, "t2": 365.0}
    )
    levels = trait_levels(world, municipalities(world)[0], people, np.random.default_rng(12))
    plan = assumed()["population"]
    spread = np.sqrt(1 + plan["referral_noise"])
    low = truncnorm(-np.inf, plan["threshold"]).mean() * spread
    passing = plan["carry_over"] * (1 - plan["stability"]) * low / spread**2
    gain = (levels[:, 1] - levels[:, 0]).mean(axis=0)
    np.testing.assert_allclose(gain, -passing * traits()["common"], atol=0.01)


def test_a_world_without_programme_or_lockdowns_has_no_effect_or_shock():
    from analysis.synthetic import truth

    quiet = truth(6_000, World(effect=0, shock=0))
    assert (quiet[["effect", "shock"]] == 0).all(axis=None)
    loud = truth(6_000, World(effect=0.5, shock=0.5)).set_index(["outcome", "unit", "wave"])
    assert loud.loc[("mhi5", "all", "t1"), "effect"] > 4
    assert loud.loc[("de_jong_gierveld_6", "all", "t1"), "shock"] > 0.05
    np.testing.assert_allclose(loud["change"], loud[["regression", "shock", "effect"]].sum(axis=1), atol=1e-12)


def test_without_dropout_all_forms_are_there_and_what_nobody_sees_fools():
    full = make_study(dropout=0.0).measures.query("outcome == 'mhi5' and arm == 'programme'")
    assert full.groupby("wave").size().nunique() == 1
    changes = []
    for mnar in (0.0, 2.0):
        scores = make_study(mnar=mnar, people=20_000).measures.query("outcome == 'mhi5' and arm == 'programme'")
        wide = scores.pivot(index="person", columns="wave", values="value")
        changes.append((wide["t1"] - wide["t0"]).mean())
    assert changes[1] > changes[0] + 2


def test_the_waiting_group_changes_as_people_would_without_the_programme():
    from analysis.synthetic import truth

    world = World(people=60_000, seed=21)
    scores = make_study(people=world.people, seed=world.seed, dropout=0.0).measures
    wide = scores.query("outcome == 'mhi5' and arm == 'waiting'").pivot(index="person", columns="wave", values="value")
    gain = (wide["t1"] - wide["t0"]).dropna()
    told = truth(60_000, world).set_index(["outcome", "unit", "wave"]).loc[("mhi5", "all", "t1")]
    assert abs(gain.mean() - (told["regression"] + told["shock"])) < 4 * gain.sem() + 4 * told["std_error"]


def test_facts_of_the_network_the_meetings_and_the_codes(default):
    tables = default.tables
    meetings = tables["meetings"].drop_duplicates("bijeenkomst")
    in_2020 = meetings[(meetings["datum"].dt.year == 2020) & (meetings["gehouden"] == 1)]
    assert in_2020["gemeente"].nunique() == 3
    assert tables["organisations"].groupby("gemeente").size().between(14, 22).all()
    domain = tables["organisations"].set_index("organisatie")["domein"]
    ties = tables["ties"]
    across = ties["van"].map(domain).to_numpy() != ties["naar"].map(domain).to_numpy()
    share = pd.Series(across).groupby(ties["moment"].to_numpy()).mean()
    assert share[1] > share[0]
    codes = tables["fragments"].pivot(index="fragment", columns="codeur", values="factor")
    assert codes.notna().all(axis=None) and 0.6 < (codes["a"] == codes["b"]).mean() < 0.9
    assert tables["costs"]["prijs"].isna().sum() == 1
    wor = tables["interventions"].query("interventie == 'wor'")
    assert len(wor) == 6 and set(wor["erkenning"]) == {"beschreven"}


@pytest.mark.parametrize(
    ("area", "indicator", "population", "year", "table", "value"),
    [
        ("Hardenberg", "good_health", "18+", 2020, "RIVM 50090NED", 81.6),
        ("Hardenberg", "good_health", "18+", 2020, "RIVM 50150NED", 81.5),
        ("Winterswijk", "lonely", "65+", 2020, "RIVM 50090NED", 49.9),
        ("Nederland", "lonely", "18+", 2012, "RIVM 50090NED", 39.6),
        ("Nederland", "lonely", "18+", 2022, "RIVM 50120NED", 49.2),
        ("Oost Gelre", "inhabitants", "totaal", 2020, "CBS Wijk- en Buurtkaart 2020 v2", 29627),
        ("Nederland", "aged_65_plus", "65+", 2025, "CBS 86165NED", 3755679),
    ],
)  # fmt: skip
def test_public_figures_are_those_of_their_table(area, indicator, population, year, table, value):
    """Typed from the published tables, not from our file."""
    figures = pd.read_csv(RAW / "context.csv").set_index(["gebied", "indicator", "populatie", "jaar", "tabel"])
    assert figures.index.is_unique
    assert figures.loc[(area, indicator, population, year, table), "waarde"] == value


def test_other_worlds_repeat_the_shape_with_made_up_names(tmp_path):
    world = World(municipalities=9, people=1800, seed=3)
    paths = {path.stem: pd.read_csv(path) for path in write_units(tmp_path, world)}
    assert set(paths) == {"persons", "measures", "referrals"}
    assert len(paths["persons"]) == 1800 and paths["persons"]["respondent"].is_unique
    assert set(unit_levels(world)["code"]) == set(paths["persons"]["gemeente"])
    assert unit_levels(world)["level"].iloc[0] == "gemeente_001"
    assert set(unit_levels(World())["level"]) == set(PLAN["unit"]["codes"])


def test_a_municipality_is_the_same_whether_made_alone_or_with_others():
    from analysis.synthetic.study import sample
    from analysis.synthetic.world import municipalities

    world = World(municipalities=9, people=1800, seed=3)
    alone = sample(world, municipalities(world)[4]).tables()
    together = list(units(world))[4].tables()
    assert all(alone[name].equals(together[name]) for name in alone)


@pytest.fixture(scope="module")
def told():
    text = yaml.safe_load((STUDY / "truth.yaml").read_text("utf-8"))
    return text, pd.DataFrame(text["rows"]).set_index(["outcome", "unit", "wave"])


def test_the_truth_names_every_outcome_unit_and_wave_once(told):
    text, rows = told
    names = [outcome["id"] for outcome in PLAN["outcomes"]]
    every = pd.MultiIndex.from_product([names, [*PLAN["unit"]["codes"], "all"], ["t1", "t2"]])
    assert text["people"] >= 1_000_000
    assert rows.index.is_unique and set(rows.index) == set(every)
    np.testing.assert_allclose(rows["change"], rows[["regression", "shock", "effect"]].sum(axis=1), atol=2e-4)
    effects = rows["effect"] / rows["sd_start"]
    assert 0.2 <= effects["mhi5", "all", "t1"] <= 0.25
    assert abs(effects["de_jong_gierveld_6", "all", "t1"]) < 0.05


@pytest.mark.slow
def test_the_truth_is_found_again_with_other_people(told):
    from analysis.synthetic import truth

    again = truth(150_000, World(seed=99)).set_index(["outcome", "unit", "wave"])
    rows = told[1].loc[again.index]
    error = np.hypot(again["std_error"], rows["std_error"])
    far = ((again["change"] - rows["change"]) / error).abs()
    assert far.max() < 4.5  # the largest of 140 normal deviates
    assert (far < 1.96).mean() > 0.85


@pytest.mark.slow
def test_intervals_of_a_mixed_model_hold_the_truth(told):
    """The dropout is ignorable in practice: about 95 % of the intervals over new draws of the study hold the truth."""
    from analysis.effect import mixed_change

    hits = []
    for seed in range(500, 506):
        scores = make_study(seed=seed).measures.query("arm == 'programme'")
        for outcome, part in scores.groupby("outcome"):
            found = pd.concat(
                [mixed_change(part, "value", time="wave", person="person", by=by) for by in ("unit", None)]
            )
            for row in found[found["contrast"].isin(["t1 - t0", "t2 - t0"])].itertuples():
                true = told[1].loc[(outcome, row.unit, row.contrast[:2]), "change"]
                hits.append(row.lower <= true <= row.upper)
    assert len(hits) == 6 * 140
    assert 0.92 < np.mean(hits) < 0.98
