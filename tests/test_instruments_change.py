"""Change between two moments, against the classes of R package eq5d and hand-worked numbers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.instruments import level_sum, load, pchc, reliable_change, score

DIMENSIONS = list(load("eq5d5l_nl").items)


def profiles(*states: str) -> pd.DataFrame:
    rows = [[np.nan if level == "." else float(level) for level in state] for state in states]
    return pd.DataFrame(rows, columns=DIMENSIONS)


CLASSES = [
    ("21232", "11232", "improve"),
    ("11111", "11112", "worsen"),
    ("21232", "11233", "mixed_change"),
    ("21232", "21232", "no_change"),
    ("11111", "11111", "no_change"),
    ("1111.", "11111", None),
    ("11111", ".1111", None),
]


def test_paretian_classes():
    before, after = profiles(*(case[0] for case in CLASSES)), profiles(*(case[1] for case in CLASSES))
    expected = [case[2] for case in CLASSES]
    assert pchc(before, after).astype(object).where(lambda found: found.notna(), None).tolist() == expected
    expected[4] = "no_problems"
    split = pchc(before, after, no_problems=True)
    assert split.astype(object).where(lambda found: found.notna(), None).tolist() == expected


@given(st.lists(st.tuples(*[st.text("12345", min_size=5, max_size=5)] * 2), min_size=1, max_size=6), st.randoms())
def test_paretian_classes_turn_round_with_time_and_match_people_by_index(pairs, random):
    before, after = profiles(*(pair[0] for pair in pairs)), profiles(*(pair[1] for pair in pairs))
    forth, back = pchc(before, after).astype(str), pchc(after, before).astype(str)
    assert forth.tolist() == back.replace({"improve": "worsen", "worsen": "improve"}).tolist()
    order = random.sample(list(after.index), len(after))
    assert pchc(before, after.loc[order]).astype(str).tolist() == forth.tolist()


def test_paretian_classes_need_the_same_people_once():
    two, three = profiles("11111", "11112"), profiles("11111", "11112", "11113")
    for before, after in [(two, three), (three, two), (two, two.set_axis([5, 6])), (two.set_axis([1, 1]), two)]:
        with pytest.raises(ValueError, match="same people in both frames"):
            pchc(before, after)
    with pytest.raises(ValueError, match="mobility: not declared: 6"):
        pchc(profiles("11111"), profiles("61111"))


def test_level_sum():
    sums = level_sum(profiles("11111", "12345", "55555", "1111."))
    assert sums.tolist()[:3] == [5, 15, 25] and np.isnan(sums[3])


def test_reliable_change_by_hand():
    """sd 7.5, reliability 0.80: the standard error of a change is 7.5 * sqrt(2 * 0.2) = 4.743, times 1.96 is 9.297."""
    before = pd.Series([32.5, 32.5, 32.5, 47.5, 32.5], index=list("abcde"))
    after = pd.Series([47.5, 41.8, 41.7, 32.5, np.nan], index=list("abcde"))
    found = reliable_change(before, after, sd=7.5, reliability=0.80, better="high")
    assert found["index"].round(2).tolist()[:4] == [3.16, 1.96, 1.94, -3.16]
    assert found["class"].astype(object).tolist()[:4] == ["improved", "improved", "unchanged", "worsened"]
    assert pd.isna(found["class"]["e"])
    turned = reliable_change(before, after, sd=7.5, reliability=0.80, better="low")["class"]
    assert turned.astype(object).tolist()[:4] == ["worsened", "worsened", "unchanged", "improved"]
    shuffled = reliable_change(before, after.iloc[::-1], sd=7.5, reliability=0.80, better="high")
    pd.testing.assert_frame_equal(shuffled, found)


@pytest.mark.parametrize(
    "wrong", [{"sd": 0}, {"sd": np.nan}, {"reliability": 1}, {"reliability": -0.1}, {"better": "up"}, {"level": 1}]
)
def test_reliable_change_refuses_impossible_arguments(wrong):
    arguments = {"sd": 1.0, "reliability": 0.8, "better": "high"} | wrong
    with pytest.raises(ValueError, match="reliable_change"):
        reliable_change(pd.Series([1.0]), pd.Series([2.0]), **arguments)


def test_katz_decline_is_one_point_more():
    katz = load("katz15")
    helped = pd.DataFrame([[1] * n + [0] * (15 - n) for n in (3, 4, 4, 3)], columns=katz.items)
    scores = score("katz15", helped)["katz15"]
    assert katz.better == "low" and katz.mid == 1
    assert scores[1] - scores[0] >= katz.mid  # from 3 to 4 is decline
    assert not scores[3] - scores[2] >= katz.mid  # from 4 to 3 is not
