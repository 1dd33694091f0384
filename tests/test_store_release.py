"""A table offered for release becomes long: a row a measure, with the number behind each, in the table's own order."""

import numpy as np
import pandas as pd
import pytest

from analysis import store

STUDY = "samen_in_beweging"
TABLE = pd.DataFrame(
    {
        "wave": ["t1", "t0", "t2"],
        "count": pd.array([40, 60, None], "Int64"),
        "percent": [80.0, 75.0, np.nan],
        "asked": pd.array([50, 80, 30], "Int64"),
    },
    index=[1, 0, 2],  # as after sorting: the index says where a row belongs
)


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """Offers a table of all units, and reads the candidate that was written."""
    monkeypatch.setattr(store, "candidates", lambda *_: tmp_path)
    store.open_case("02_participants", study=STUDY)

    def offer(table: pd.DataFrame, **options) -> list[str]:
        store.release(table, "made", dims=["wave"], counts_of="persons", **options)
        return (tmp_path / "02_participants__made.csv").read_text().splitlines()

    return offer


def test_measures_stand_below_one_another_row_by_row_each_with_its_own_number(offered):
    assert offered(TABLE, measures=["count", "percent"], n={"percent": "asked"}) == [
        "wave,measure,value,n",
        "t0,count,60,60", "t0,percent,75,80",
        "t1,count,40,40", "t1,percent,80,50",
        "t2,count,,", "t2,percent,,30",
    ]  # fmt: skip


def test_a_column_n_stands_beside_every_measure_and_one_that_is_absent_is_unknown_but_for_counts(offered):
    assert offered(TABLE.rename(columns={"asked": "n"}), measures=["count", "percent"])[1:3] == [
        "t0,count,60,80", "t0,percent,75,80",
    ]  # fmt: skip
    assert offered(TABLE, measures=["count", "percent"])[1:3] == ["t0,count,60,60", "t0,percent,75,"]


def test_a_table_without_rows_keeps_its_columns_and_a_note_stands_with_each_measure(offered):
    assert offered(TABLE.iloc[:0], measures=["count"]) == ["wave,measure,value,n"]
    noted = TABLE.iloc[:1].assign(note="few")
    assert offered(noted, measures=["count", "percent"], n="asked")[1:] == [
        "t1,few,count,40,50", "t1,few,percent,80,50",
    ]  # fmt: skip
