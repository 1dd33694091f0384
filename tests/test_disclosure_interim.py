"""Releases with rounded counts: nothing beside a count tells it more precisely than its rounding."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.disclosure import Meta, profile, suppress

KINDS = {"count": "count", "percent": "percent", "lower": "lower", "upper": "upper", "per_1000": "rate",
         "population_size": "rate", "mean": "mean", "sd": "sd", "df": "df", "estimate": "estimate"}  # fmt: skip
BASE = 5


def group(name, part, n, scores):
    """What a table may hold of `part` of `n` people with whole scores."""
    low, high = proportion_confint(part, n, method="wilson")
    beside = {"count": part, "percent": 100 * part / n, "lower": 100 * low, "upper": 100 * high,
              "per_1000": 1000 * n / 9230, "population_size": 9230}  # fmt: skip
    rows = [("share", name, measure, value, n) for measure, value in beside.items()]
    model = {"mean": scores.mean(), "sd": scores.std(ddof=1), "df": n - 1, "estimate": scores.mean() - 2}
    return rows + [("score", name, measure, value, n) for measure, value in model.items()]


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(8)
    sizes = {f"g{n}": n for n in (41, 57, 63, 88, 124, 152, 333)}
    rows = [row for name, n in sizes.items() for row in group(name, n * 2 // 5, n, rng.integers(0, 7, n))]
    table = pd.DataFrame(rows, columns=["about", "group", "measure", "value", "n"])
    meta = Meta(("about", "group"), {}, "persons", "samen10_30", KINDS, public=("population_size",))
    return table, suppress({"t": (table, meta)}, profile(interim=True))[0]["t"][0]


def at(table, about, name):
    rows = table[(table["about"] == about) & (table["group"] == name)]
    return rows.set_index("measure")["value"], rows["n"].max()


def rounded(value):
    return BASE * np.floor(value / BASE + 0.5)


def places(value):
    """Decimals that a published number shows."""
    text = np.format_float_positional(value, trim="-")
    return len(text.partition(".")[2])


def test_every_share_and_limit_follows_from_the_rounded_counts(tables):
    true, shown = tables
    for name in true["group"].unique():
        value, n = at(shown, "share", name)
        real, size = at(true, "share", name)
        assert value["count"] == rounded(real["count"]) and n == rounded(size)
        limits = [100 * limit for limit in proportion_confint(value["count"], n, method="wilson")]
        assert np.allclose([value["lower"], value["upper"]], limits, atol=0.06)
        assert value["percent"] == pytest.approx(100 * value["count"] / n, abs=0.51)


def test_what_is_a_number_of_people_in_disguise_is_left_out_and_public_numbers_stay(tables):
    _, shown = tables
    gone = shown[shown["measure"].isin(["per_1000", "df"])]
    assert gone["value"].isna().all() and set(gone["reason"]) == {"interim"} and len(gone) == 14
    assert shown.loc[shown["measure"] == "population_size", "value"].eq(9230).all()


def test_every_n_within_the_rounding_could_have_given_the_mean_that_is_shown(tables):
    """A mean of whole scores is a fraction with n below the line: with all its digits it tells n."""
    true, shown = tables
    for name in true["group"].unique():
        for measure in ("mean", "estimate"):
            exact, published = at(true, "score", name)[0][measure], at(shown, "score", name)[0][measure]
            n = at(shown, "score", name)[1]
            fits = [abs(np.round(published * k) / k - published) <= 0.5 * 10.0 ** -places(published) + 1e-9
                    for k in np.arange(n - 2, n + 3)]  # fmt: skip
            assert all(fits), (name, measure, published)
            digits = [abs(np.round(exact * k) / k - exact) <= 1e-9 for k in np.arange(n - 2, n + 3)]
            assert sum(digits) < 5  # the exact mean would have told


def test_limits_of_another_kind_stand_beside_no_rounded_share():
    rows = [("a", measure, value, 63) for measure, value in
            {"count": 27, "percent": 100 * 27 / 63, "lower": 30.1234, "upper": 55.4321}.items()]  # fmt: skip
    table = pd.DataFrame(rows, columns=["group", "measure", "value", "n"])
    meta = Meta(("group",), {}, "persons", "samen10_30", KINDS)
    out = suppress({"t": (table, meta)}, profile(interim=True))[0]["t"][0]
    assert out.set_index("measure")["reason"].to_dict() == {
        "count": "rounded", "percent": "", "lower": "interim", "upper": "interim",
    }  # fmt: skip


def test_a_final_release_keeps_every_digit(tables):
    true, _ = tables
    meta = Meta(("about", "group"), {}, "persons", "samen10_30", KINDS, public=("population_size",))
    final = suppress({"t": (true, meta)}, profile())[0]["t"][0]
    mean = final["measure"].eq("mean")
    assert np.allclose(final.loc[mean, "value"], true.loc[mean, "value"])
