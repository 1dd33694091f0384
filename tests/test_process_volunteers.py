"""People who help: four volunteers and three matches that a reader can check."""

import numpy as np
import pandas as pd
import pytest

from analysis.process import volunteers

PEOPLE = pd.DataFrame(
    [("v1", "2020-01-01", None, "yes"), ("v2", "2020-01-01", "2020-03-01", "yes"), ("v3", "2020-01-01", None, "no"),
     ("v4", "2020-12-01", None, "yes")],
    columns=["volunteer", "since", "until", "trained"],
).assign(**{name: lambda data, name=name: pd.to_datetime(data[name]) for name in ("since", "until")})  # fmt: skip
MATCHES = pd.DataFrame(
    {
        "volunteer": ["v1", "v1", "v2", "v9"],
        "matched": pd.to_datetime(["2020-01-10", "2020-06-01", "2020-02-01", "2020-02-01"]),
    }
)


def test_numbers_matches_and_who_stays():
    table = volunteers(PEOPLE, MATCHES, trained="trained", as_of="2020-12-31").set_index("measure")
    assert table.loc[["trained", "matched", "active", "stopped"], "n"].tolist() == [3, 2, 3, 1]
    assert set(table.loc[["trained", "matched", "active", "stopped"], "denominator"]) == {4}
    assert table.loc["matches per volunteer", ["mean", "most"]].tolist() == [0.75, 2]  # v9 is nobody's
    assert "1 matches of a volunteer that is not in the list" in table.loc["matches per volunteer", "note"]


def test_who_began_lately_counts_as_long_as_they_were_seen():
    """v4 is seen for 30 days and leaves; v2 stops after 60 of the three that are left: 1 - 1/3 stay, not 1 - 1/4."""
    table = volunteers(PEOPLE, MATCHES, as_of="2020-12-31").set_index("measure")
    assert table.loc["active after 6 months", "percent"] == pytest.approx(100 * 2 / 3)
    assert "beyond the last day" in volunteers(PEOPLE, MATCHES, as_of="2020-12-30").set_index("measure").loc[
        "active after 12 months", "note"]  # fmt: skip


def test_on_an_earlier_day_less_was_known():
    table = volunteers(PEOPLE, MATCHES, as_of="2020-02-15").set_index("measure")
    assert table.loc["volunteers", "n"] == 3 and table.loc["stopped", "n"] == 0 and table.loc["matched", "n"] == 2
    none = volunteers(PEOPLE, MATCHES, as_of="2019-01-01")
    shares = none[none["measure"].isin(["matched", "active"])]
    assert shares["note"].tolist() == ["not estimable, because there is no volunteer"] * 2
    assert np.isnan(none.set_index("measure").loc["active after 6 months", "percent"])
