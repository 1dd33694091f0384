"""Every cell of the published value sets and conversion tables, typed again and read back as scores."""

import pandas as pd
import pytest

from analysis.instruments import load, score

# Versteegh et al. 2016, Value in Health 19:343; Lamers et al. 2006; Roudijk and Jonker 2026: levels 2 and further, then
# the constant for any problem and the term for any level 3.
EQ5D = {
    "eq5d5l_nl": (
        [[-0.035, -0.057, -0.166, -0.203], [-0.038, -0.061, -0.168, -0.168], [-0.039, -0.087, -0.192, -0.192],
         [-0.066, -0.092, -0.360, -0.415], [-0.070, -0.145, -0.356, -0.421]], -0.047, 0,
    ),
    "eq5d3l_nl_2006": (
        [[-0.036, -0.161], [-0.082, -0.152], [-0.032, -0.057], [-0.086, -0.329], [-0.124, -0.325]], -0.071, -0.234,
    ),
    "eq5d3l_nl_2026": (
        [[-0.045, -0.424], [-0.059, -0.144], [-0.011, -0.132], [-0.114, -0.509], [-0.096, -0.360]], -0.154, 0,
    ),
}  # fmt: skip

# Warwick: metric score of raw sums 7 to 35.
SWEMWBS = [
    7.00, 9.51, 11.25, 12.40, 13.33, 14.08, 14.75, 15.32, 15.84, 16.36, 16.88, 17.43, 17.98, 18.59, 19.25, 19.98, 20.73,
    21.54, 22.35, 23.21, 24.11, 25.03, 26.02, 27.03, 28.13, 29.31, 30.70, 32.55, 35.00,
]  # fmt: skip

# Coast et al. 2008, Popul Health Metr 6:6: attachment, security, role, enjoyment, control at levels 4, 3, 2, 1.
ICECAP = [
    [0.2535, 0.2325, 0.1340, -0.0128], [0.1788, 0.1071, 0.0661, 0.0321], [0.1923, 0.1793, 0.1296, 0.0151],
    [0.1660, 0.1643, 0.1185, 0.0168], [0.2094, 0.1848, 0.1076, -0.0512],
]  # fmt: skip


def one_changed(name: str, start: int, place: int, level: int) -> float:
    answers = pd.DataFrame([[start] * 5], columns=load(name).items)
    answers.iloc[0, place] = level
    return score(name, answers)[name].item()


@pytest.mark.parametrize("name", EQ5D)
def test_every_level_of_an_eq5d_value_set(name):
    decrements, any_problem, any_worst = EQ5D[name]
    for place, row in enumerate(decrements):
        for level, decrement in enumerate(row, start=2):
            expected = 1 + any_problem + decrement + (any_worst if level == 3 else 0)
            assert one_changed(name, 1, place, level) == pytest.approx(expected, abs=1e-9)


def test_every_level_of_icecap_o():
    for place, row in enumerate(ICECAP):
        for level, value in zip((4, 3, 2, 1), row, strict=True):
            assert one_changed("icecap_o_uk", 4, place, level) == pytest.approx(1 - row[0] + value, abs=1e-9)


def test_every_raw_sum_of_swemwbs():
    rows = [[1 + min(4, max(0, extra - 4 * place)) for place in range(7)] for extra in range(29)]
    scored = score("swemwbs", pd.DataFrame(rows, columns=load("swemwbs").items))
    assert scored["swemwbs_raw"].tolist() == list(range(7, 36))
    assert scored["swemwbs"].tolist() == SWEMWBS
