"""The simulation study: truths and formulas by hand, short cuts against plain calls, resuming, the committed table."""

import ast
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis import effect, validated

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # validation/ is no part of the installed package

from validation import analyses, performance, simulate, version  # noqa: E402
from validation.draw import draw  # noqa: E402
from validation.grid import Cell, Scale, cells, design  # noqa: E402

PLAN = design()
CELLS = cells(PLAN)


@pytest.fixture(scope="module")
def tiny() -> dict:
    """A grid of two cells with few people and replications, and imputations to match."""
    return PLAN | {
        "replications": {"closed": 5, "fitted": 2, "resampled": 2}, "block": 3, "imputation": {"m": 2, "iterations": 1},
        "sizes": {"small": [20, 18, 16, 14, 12, 10]}, "between_sd": [0.15], "effect": [0, 0.25],
        "outcomes": {"binary": PLAN["outcomes"]["binary"]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory) -> Path:
    cache = tmp_path_factory.mktemp("cache")
    assert len(list(simulate.run(tiny, cache))) == len(simulate.jobs(tiny, cache)) == 2 * (2 + 1 + 1)
    return cache


@pytest.fixture(scope="module")
def block():
    return draw(next(cell for cell in CELLS if cell.between_sd and cell.outcome == "count"), 0, 12)


# ---- the world: what is true is known


def test_moments_of_a_scale_by_hand():
    """Three classes of one third with scores 0, 1, 5: mean 2, variance 26/3 - 4 = 14/3."""
    scale = Scale.of({"scores": [0, 1, 5], "shares": [1 / 3, 1 / 3, 1 / 3]})
    assert scale.start == pytest.approx(2) and scale.sd == pytest.approx((14 / 3) ** 0.5)
    assert scale.expected(50.0) == pytest.approx(5) and scale.expected(-50.0) == pytest.approx(0)


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ValueError, match="sum to 0.9"):
        Scale.of({"scores": [0, 1], "shares": [0.5, 0.4]})


@pytest.mark.parametrize("cell", CELLS[8:16], ids=lambda cell: f"{cell.outcome}-{cell.effect}")
def test_the_true_change_is_what_a_large_sample_shows(cell):
    """Mean and SD over municipalities of the change, without the closed form: a million people."""
    rng, scale = np.random.default_rng(5), cell.scale
    moved = cell.shift.mean + cell.shift.sd * rng.standard_normal(1_000_000)
    drawn = (rng.standard_normal(1_000_000) + add for add in (0, moved))
    start, later = (scale.scores[np.searchsorted(scale.cuts, normal)] for normal in drawn)
    error = np.sqrt(start.var() + later.var()) / 1000
    assert later.mean() - start.mean() == pytest.approx(cell.mean_change, abs=4 * error)
    assert cell.mean_change == pytest.approx(cell.effect * start.std() * scale.sign, abs=0.01 * start.std())
    changes = scale.change(moved[:200_000])
    assert changes.std() == pytest.approx(0.15 * scale.sd, rel=0.01)


def test_the_people_of_these_municipalities_count_once(block):
    """The target weighs the six true changes with 110, 95, 80, 65, 50 and 32 people."""
    more = draw(block.cell, 0, 400)
    full = np.random.default_rng([PLAN["seed"], block.cell.number, 0]).standard_normal((400, 7))
    changes = block.cell.scale.change(block.cell.shift.mean + block.cell.shift.sd * full)
    weights = np.array([110, 95, 80, 65, 50, 32]) / 432
    assert more.these == pytest.approx(changes[:, :6] @ weights)
    assert more.another == pytest.approx(changes[:, 6])


def test_dropout_is_that_of_the_synthetic_study_and_depends_on_the_start():
    scores = draw(CELLS[0], 0, 200).scores
    there = ~np.isnan(scores)
    assert there.mean(axis=(0, 1)) == pytest.approx([1, 0.74, 0.60], abs=0.01)
    stayed, lost = scores[..., 0][there[..., 1]], scores[..., 0][~there[..., 1]]
    assert (stayed.mean() - lost.mean()) / scores[..., 0].std() == pytest.approx(0.3, abs=0.05)


# ---- the analyses are those of the notebooks


def test_replications_fitted_together_equal_fits_apart(block):
    found = pd.concat([analyses.closed(block), analyses.fitted(block)]).set_index(["replication", "method"])
    long, columns = block.long(), ["estimate", "std_error", "lower", "upper", "p_value"]
    for number, rows in block.changes().groupby("replication"):
        apart = {
            kind: effect.cluster_robust(rows, "change ~ 1", cluster="unit", kind=kind) for kind in ("CR2", "CR3")
        } | {
            "CR1_t": effect.cluster_robust(rows, "change ~ 1", cluster="unit", kind="CR1"),
            "paired": effect.cluster_robust(rows, "change ~ 1", cluster=None, kind="HC2"),
            "cluster_means": effect.cluster_summaries(rows, "change", cluster="unit"),
            "sign_flip": effect.sign_flip(rows, "change", cluster="unit"),
            "mixed_model": _mixed(long[long["replication"] == number]),
        }  # fmt: skip
        for method, row in apart.items():
            wanted = pytest.approx(row[columns].iloc[0].tolist(), rel=1e-8)
            assert found.loc[(number, method), columns].tolist() == wanted, method


def _mixed(rows: pd.DataFrame) -> pd.DataFrame:
    found = effect.mixed_change(rows, "value", time="wave", person="person", covariates=["unit"])
    return found[found["contrast"] == "t1 - t0"]


def test_the_normal_variant_keeps_estimate_and_error(block):
    found = analyses.closed(block).set_index(["method", "replication"])
    z, t = found.loc["CR1_z"], found.loc["CR1_t"]
    assert (z["std_error"] == t["std_error"]).all() and (z["p_value"] < t["p_value"]).all()
    wider = (t["upper"] - t["lower"]) / (z["upper"] - z["lower"])
    assert wider.tolist() == pytest.approx([2.570582 / 1.959964] * 12, rel=1e-6)


# ---- running: resumed, reproducible, whole


def test_same_seed_same_numbers_and_only_what_is_missing_is_computed(tiny, finished, tmp_path):
    before = simulate.summary(tiny, finished)
    lost = sorted(finished.rglob("*.parquet"))[3]
    kept = pd.read_parquet(lost)
    lost.unlink()
    times = {path: path.stat().st_mtime_ns for path in finished.rglob("*.parquet")}
    assert list(simulate.run(tiny, finished)) == [lost]
    assert {path: path.stat().st_mtime_ns for path in times} == times
    pd.testing.assert_frame_equal(pd.read_parquet(lost), kept)
    list(simulate.run(tiny, tmp_path, workers=2))
    pd.testing.assert_frame_equal(simulate.summary(tiny, tmp_path), before)
    assert not list(tmp_path.rglob("*.partial"))


def test_a_run_cut_short_counts_what_every_cell_has(tiny, finished, tmp_path):
    assert not list(simulate.run(tiny, tmp_path, minutes=0))
    with pytest.raises(ValueError, match="no block"):
        simulate.summary(tiny, tmp_path)
    for job in simulate.jobs(tiny, finished):
        if (job.cell.number, job.group, job.block) != (1, "closed", 1):  # the last block, of the last cell only
            (tmp_path / job.cell.name).mkdir(exist_ok=True)
            shutil.copy(job.path, tmp_path / job.cell.name)
    for folder, many in ((finished, [5, 2, 2]), (tmp_path, [3, 2, 2])):
        table = simulate.summary(tiny, folder).groupby("method")["replications"].agg(["min", "max"])
        assert table.loc[["cluster_means", "random_effects", "imputed"]].T.to_numpy().tolist() == [many, many]


def test_another_design_does_not_use_the_cache(tiny, finished):
    for change in ({"seed": 1}, {"correlation": 0.5}, {"imputation": {"m": 3, "iterations": 1}}):
        assert not any(job.path.exists() for job in simulate.jobs(tiny | change, finished))


def test_the_command_writes_the_table(tiny, finished, tmp_path, capsys):
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump(tiny), "utf-8")
    options = ["--workers", "1", "--grid", str(tmp_path / "grid.yaml"), "--cache", str(finished), "--summary"]
    assert simulate.main([*options, str(tmp_path / "summary.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "summary.csv")) == 2 * sum(map(len, tiny["targets"].values()))
    assert "headline intervals that miss their mark" in capsys.readouterr().out


@pytest.mark.parametrize(("role", "code"), [("headline", 1), ("replaced", 0)])
def test_the_command_fails_on_a_headline_that_misses(tiny, finished, tmp_path, role, code):
    """With a bar that no interval clears everything misses: a headline fails the command, another role is reported."""
    impossible = tiny | {
        "criteria": PLAN["criteria"] | {"coverage": 2}, "targets": {"these": {"mixed_model": role}},
    }  # fmt: skip
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump(impossible), "utf-8")
    options = ["--workers", "1", "--grid", str(tmp_path / "grid.yaml"), "--cache", str(finished), "--summary"]
    assert simulate.main([*options, str(tmp_path / "summary.csv")]) == code


@pytest.mark.parametrize(
    ("module", "counts"),
    [("analysis.effect.terms", True), ("analysis.effect.draws", True), ("validation.draw", True),
     ("analysis.effect.trend", False), ("analysis.effect.gee", False), ("validation.performance", False)],
)  # fmt: skip
def test_the_cache_is_of_one_version_of_what_the_analyses_run(monkeypatch, module, counts):
    """Code changed three imports deep makes another version; code that no simulated analysis runs does not."""
    before, parse = version.version(), version._tree

    def changed(found):
        tree = parse(found)
        tree.body.append(ast.parse("changed = 1").body[0])
        return tree if found.__name__ == module else parse(found)

    monkeypatch.setattr(version, "_tree", changed)
    assert (version.version() != before) == counts


# ---- performance measures and their Monte Carlo errors


def test_measures_by_hand():
    """Errors -1, 1, 3, 5 (in units of 2: -.5, .5, 1.5, 2.5) around true 10; the fifth replication has no estimate."""
    rows = pd.DataFrame({
        "estimate": [9.0, 11.0, 13.0, 15.0, np.nan], "std_error": [2.0, 2.0, 4.0, 4.0, np.nan],
        "lower": [5.0, 7.0, 5.0, 11.0, np.nan], "upper": [13.0, 15.0, 21.0, 19.0, np.nan],
        "p_value": [0.2, 0.05, 0.04, 0.001, np.nan],
    })  # fmt: skip
    found = performance.measures(rows, np.full(5, 10.0), 2.0)
    empirical = (5 / 3) ** 0.5  # deviations -1.5, -.5, .5, 1.5: squares sum to 5
    by_hand = {
        "replications": 5, "not_estimable": 1, "bias": 1.0, "bias_mcse": empirical / 2, "empirical_se": empirical,
        "empirical_se_mcse": empirical / 6**0.5, "model_se": 2.5**0.5,  # model variances 1, 1, 4, 4
        "model_se_mcse": (3 / (4 * 4 * 2.5)) ** 0.5, "coverage": 0.75, "coverage_mcse": (0.75 * 0.25 / 4) ** 0.5,
        "centred_coverage": 1.0, "centred_coverage_mcse": 0.0,  # of 12, the mean of the estimates
        "rejection": 0.75, "rejection_mcse": (0.75 * 0.25 / 4) ** 0.5,
    }  # fmt: skip
    assert found == pytest.approx(by_hand)


def test_rejection_is_type_1_only_where_the_target_is_zero():
    named = {}
    cases = [(0, 0, "these"), (0.15, 0, "these"), (0.15, 0, "like_these"), (0, 0.25, "these")]
    for place, (between, size, target) in enumerate(cases):
        this = Cell(0, "equal", between, "binary", size, PLAN)
        row = performance._named({"rejection": 0.4, "rejection_mcse": 0.1}, this, target)
        named[place] = (row["type_1"] == 0.4, row["power"] == 0.4)
    assert list(named.values()) == [(True, False), (False, False), (True, False), (False, True)]


def test_verdicts_allow_two_monte_carlo_errors():
    table = pd.DataFrame({
        "coverage": [0.915, 0.919, 0.95, 0.95, 0.99], "coverage_mcse": 0.006,
        "type_1": [np.nan, np.nan, 0.073, 0.071, 0.01], "type_1_mcse": 0.006,
    })  # fmt: skip
    expected = ["covers too little", "as promised", "rejects too often", "as promised", "conservative"]
    assert performance.verdicts(table, PLAN["criteria"]).tolist() == expected


# ---- the committed table


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    return validated.summary()


def test_the_committed_table_is_that_of_the_grid(committed):
    expected = {
        (cell.sizes, cell.between_sd, cell.outcome, cell.effect, target, method, role)
        for cell in CELLS for target, methods in PLAN["targets"].items() for method, role in methods.items()
    }  # fmt: skip
    assert set(committed[[*performance.KEYS, "role"]].itertuples(index=False, name=None)) == expected
    assert len(committed) == len(expected) and len(CELLS) == 32
    assert (committed["replications"] <= PLAN["replications"]["closed"]).all()
    assert (committed["replications"] % PLAN["block"] == 0).all()
    assert committed.groupby("method")["replications"].nunique().eq(1).all(), "every cell rests on as many replications"
    assert (committed["not_estimable"] == 0).all()


def test_the_committed_table_agrees_with_itself(committed):
    share, n = committed["coverage"], committed["replications"]
    assert committed["coverage_mcse"].to_numpy() == pytest.approx(np.sqrt(share * (1 - share) / n), abs=1e-5)
    assert committed["bias_mcse"].to_numpy() == pytest.approx(committed["empirical_se"] / np.sqrt(n), abs=1e-5)
    assert performance.verdicts(committed, PLAN["criteria"]).tolist() == committed["verdict"].tolist()


def test_headline_intervals_do_what_they_promise(committed):
    """Coverage of 93 % and rejection of 6 %, within two Monte Carlo errors, in every cell."""
    headlines = committed[committed["role"] == "headline"]
    assert set(headlines["method"]) == {"mixed_model", "random_effects"} and len(headlines) == 2 * len(CELLS)
    assert (headlines["coverage"] + 2 * headlines["coverage_mcse"] >= 0.93).all()
    tested = headlines.dropna(subset=["type_1"])
    assert (tested["type_1"] - 2 * tested["type_1_mcse"] <= 0.06).all() and len(tested) == 24


def test_the_headline_that_was_replaced_is_reported(committed):
    """`cluster_means` was fixed as a headline and missed; table, README and notebook go on saying so."""
    rows = committed[committed["role"] == "replaced"]
    failing = rows["verdict"].isin(validated.BROKEN).sum()
    assert set(rows["method"]) == {"cluster_means"} and failing > 0
    said = validated.conclusions(committed, "replaced")
    assert len(said) == 1 and f"misses its mark in {failing} of 32 cells" in said[0]
    readme = (ROOT / "validation" / "README.md").read_text("utf-8")
    assert f"missed its mark in {failing} of 32 cells" in " ".join(readme.split())


def test_the_prediction_interval_is_told_to_be_too_narrow_where_units_are_a_sample(committed):
    from analysis import present, store

    rows = committed[(committed["method"] == "prediction") & (committed["between_sd"] > 0)]
    for language, decimal in (("nl", "niet in 95%"), ("en", "not 95%")):
        (said,) = validated.prediction(present.words(store.study("samen_in_beweging"), language))
        assert f"{rows['coverage'].mean():.0%}" in str(said) and decimal in str(said)
    assert validated.prediction(present.words(store.study("help"), "nl")) == ()


def test_the_committed_table_is_complete(committed):
    many = committed.groupby("method")["replications"].first()
    for method in ("mixed_model", "cluster_means"):
        assert many[method] == PLAN["replications"]["closed"] == 2000
    for method in ("random_effects", "model_means", "wild_bootstrap", "imputed", "rademacher", "sign_flip"):
        assert many[method] == 500


def test_what_cluster_means_miss_is_dropout_and_not_the_few_clusters(committed):
    rows = committed[committed["method"] == "cluster_means"]
    assert (rows["centred_coverage"] + 2 * rows["centred_coverage_mcse"] >= 0.93).all()
    assert (rows["bias"].abs() > 5 * rows["bias_mcse"]).all()


def test_familiar_methods_fail_where_municipalities_differ(committed):
    rows = committed[(committed["target"] == "like_these") & (committed["between_sd"] > 0)].set_index("method")
    for method in ("CR0_z", "CR1_z", "paired", "mixed_model"):
        assert set(rows.loc[method, "verdict"]) <= set(validated.BROKEN), method


def test_the_reader_says_what_the_table_says(committed):
    said = validated.conclusions(committed)
    assert len(said) == 2 and "random effects, for municipalities like these" in said[1]
    assert not any("misses its mark in" in one for one in said) and validated.missed(committed).empty
    assert set(validated.missed(committed, "replaced")["method"]) == {"cluster_means"}
    table = validated.by_method(committed).set_index(["target", "method"])
    rows = committed[(committed["target"] == "these") & (committed["method"] == "mixed_model")]
    assert table.loc[("these", "mixed_model"), "lowest"] == rows["coverage"].min()
    assert "mixed_model" in validated.coverage(committed, target="these").alt
    assert validated.precision(committed, "replaced")["bias"].max() < 0, "too little change"
