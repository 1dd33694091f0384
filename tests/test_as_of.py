"""What was known on a day: a report of that day holds no answer, referral or start of a later one."""

import pandas as pd
import pytest

from analysis import planned, prepare, store

STUDY, DAY = "samen_in_beweging", "2021-03-31"


@pytest.fixture
def then(project):
    prepare.write(store.study(STUDY))
    return store.open_case("test", study=STUDY, as_of=DAY)


@pytest.mark.parametrize("table", ["answers", "measures", "activities", "meetings", "experience", "actions"])
def test_no_row_is_dated_later(then, table):
    frame = store.table(table)
    date = next(column for column in ("date", "opened") if column in frame)
    assert len(frame) and (frame[date] <= pd.Timestamp(DAY)).all()


def test_last_waves_are_not_there_yet(then):
    store.open_case("test", study=STUDY, as_of="2020-07-31")
    assert set(store.table("measures")["wave"]) == {"t0"}


def test_later_steps_of_a_referral_are_empty(then):
    referrals = store.table("referrals")
    for step in then.study.referral_steps:
        assert not (referrals[step] > pd.Timestamp(DAY)).any()


def test_who_started_later_does_not_count_yet(then):
    persons = store.table("persons")
    treated = persons[persons["arm"] == "programme"]
    assert treated.loc[treated["in_study"], "started"].notna().all()
    people = planned.population(then.study, store.table("measures"), persons)
    store.open_case("test", study=STUDY)
    final = planned.population(then.study, store.table("measures"), store.table("persons"))
    assert 0 < people["person"].nunique() < final["person"].nunique()
