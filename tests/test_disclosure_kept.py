"""The release of the default study: what is left to see, from the candidates of the last run."""

import pytest

from analysis import benchmark_release
from analysis.codebook import StudyError
from analysis.disclosure import audit, profile


@pytest.mark.slow
def test_municipality_by_step_and_overall_by_referrer_show_most_cells(capsys):
    try:
        out, log, seconds = benchmark_release.solved()
    except StudyError as absent:
        pytest.skip(absent.problems[0])
    steps = benchmark_release.shown(out, benchmark_release.STEPS, every_unit=True)
    referrers = benchmark_release.shown(out, benchmark_release.REFERRERS, every_unit=False)
    with capsys.disabled():
        print(f"\nmunicipality x step {steps:.1f} %, overall x referrer {referrers:.1f} %, {seconds:.0f} s")
    assert steps >= 85 and referrers >= 85
    assert set(log["attack"]) == {"pass"} and not audit(out, profile(), exact=False)["verdict"].eq("fail").any()


def test_without_candidates_the_benchmark_says_what_to_do(tmp_path):
    with pytest.raises(StudyError, match="analysis run"):
        benchmark_release.candidates(tmp_path)
