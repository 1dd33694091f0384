"""The published numbers of our two studies are matched, and one that is moved beyond its tolerance is not."""

import json

import pandas as pd
import pytest
import yaml

from analysis import planned, prepare, store, verify
from analysis.verify.verdicts import compare

WORDS = {"flow": "01_prepare", "attrition": "02_participants", "estimates": "03_change"}


def released(study: str) -> dict[str, pd.DataFrame]:
    """The tables that the claims are about, made as the notebooks make them."""
    plan = store.study(study)
    tables = prepare.prepare(plan).tables
    people = planned.population(plan, tables["measures"], tables["persons"])
    made = {
        "flow": (planned.flow(plan, tables["persons"]), ["step"], ["count"], {"population": "persons"}),
        "attrition": (planned.attrition(plan, people), planned.dims(plan, "wave"), ["count", "percent"], {}),
        "estimates": (
            planned.corrected(plan, planned.changes(plan, people)),
            planned.dims(plan, "outcome", "contrast", "method"), planned.ESTIMATES, {"totals": planned.totals(plan)},
        ),
    }  # fmt: skip
    found = {}
    for name, (table, dims, measures, more) in made.items():
        store.open_case(WORDS[name], study=study)
        found[name] = store.release(table, name, dims=dims, measures=measures, counts_of="persons", **more)
    return found


@pytest.fixture(scope="module", params=["samen_in_beweging", "help"])
def study(request):
    return request.param, verify.claims(request.param), released(request.param)


def test_every_claim_is_matched_or_says_why_it_is_not_computed(study):
    _, claims, tables = study
    found = compare(claims, tables)
    assert found.loc[found["table"] != "", "verdict"].eq("match").all() and (found["verdict"] == "match").sum() >= 3
    assert found.loc[found["table"] == "", "verdict"].str.startswith("not computed, because").all()


def test_a_number_moved_beyond_its_tolerance_is_no_match(study):
    _, claims, tables = study
    asserted = claims[claims["table"] != ""]
    step = asserted["tolerance"].fillna(0).where(asserted["tolerance_kind"] != "exact", 0.5)
    obtained = compare(asserted, tables)["obtained"]
    moved = compare(asserted.assign(value=obtained + 1.01 * step), tables)
    assert (moved["verdict"] == "no match").all()


def test_what_was_not_read_in_a_source_is_not_asserted(study):
    _, claims, _ = study
    assert claims["source"].ne("").all() and claims["status"].ne("").all()
    assert not claims.loc[claims["table"] != "", "status"].str.contains("unconfirmed").any()


def test_claims_about_the_truth_hold_the_numbers_of_the_truth():
    claims = verify.claims("samen_in_beweging").query("status == 'known truth'")
    truth = yaml.safe_load((store.study_folder("samen_in_beweging") / "truth.yaml").read_text("utf-8"))["rows"]
    known = {(row["outcome"], row["wave"]): row["change"] for row in truth if row["unit"] == "all"}
    for claim in claims.to_dict("records"):
        cells = dict(part.strip().split("=") for part in claim["cells"].split(";"))
        assert claim["value"] == known[cells["outcome"], cells["contrast"].split(" - ")[0]]
    assert len(claims) == 8


def test_the_raw_files_hold_what_was_counted_by_hand():
    raw = pd.read_csv(store.raw("samen_in_beweging", "persons.csv"), dtype=str)
    claims = verify.claims("samen_in_beweging").set_index("claim")["value"]
    assert claims["People received"] == raw["respondent"].nunique()
    assert claims["People without consent"] == raw.loc[raw["toestemming"] == "0", "respondent"].nunique()


def test_certificates_are_written_from_released_tables(project):
    for name, table in released("help").items():
        folder = project / "reports" / "help" / "all" / "tables"
        folder.mkdir(parents=True, exist_ok=True)
        table.to_csv(folder / f"{WORDS[name]}__{name}.csv", index=False)
    compared, paths = verify.certify("help")
    assert [path.name for path in paths] == ["certificate.html", "certificate.json"]
    assert "Samet" in paths[0].read_text("utf-8")
    verdicts = [row["verdict"] for row in json.loads(paths[1].read_text("utf-8"))["claims"]]
    assert verdicts == compared["verdict"].tolist() and verdicts.count("match") == 3
