"""Coefficients of agreement are what krippendorff and statsmodels give, for the data and for each bootstrap sample."""

import krippendorff
import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from analysis.process.coefficients import alpha, cohen, fleiss

CODES = 4


def ratings(seed: int, coders: int, gaps: float) -> np.ndarray:
    """Positions of codes that coders agree on in part, with two coders of each unit at least."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, CODES, (40, 1)) + rng.integers(0, 2, (40, coders))
    rows = (rows % CODES).astype(float)
    rows[:, 2:][rng.random((40, coders - 2)) < gaps] = np.nan
    return rows


def samples(rows: np.ndarray, seed: int, draws: int) -> list[np.ndarray]:
    """The samples that a bootstrap with this seed draws."""
    return [rows[pick] for pick in np.random.default_rng(seed).integers(0, len(rows), (draws, len(rows)))]


def counts(rows: np.ndarray) -> np.ndarray:
    return np.stack([(rows == at).sum(axis=1) for at in range(CODES)], axis=1)


def table(rows: np.ndarray) -> np.ndarray:
    found = np.zeros((CODES, CODES))
    np.add.at(found, (rows[:, 0].astype(int), rows[:, 1].astype(int)), 1)
    return found


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_that_of_krippendorff(scale, seed):
    rows, codes = ratings(seed, 4, 0.4), np.array([1.0, 2.0, 4.0, 7.0])
    own = alpha(codes, scale)

    def library(sample: np.ndarray) -> float:
        return krippendorff.alpha(value_counts=counts(sample), value_domain=list(codes), level_of_measurement=scale)

    assert own.of(rows) == pytest.approx(library(rows), abs=1e-12)
    drawn = own.drawn(rows, 25, np.random.default_rng(seed))
    assert drawn == pytest.approx([library(sample) for sample in samples(rows, seed, 25)], abs=1e-12)


@pytest.mark.parametrize("weights", [None, np.abs(np.subtract.outer(range(CODES), range(CODES))) ** 1.5])
def test_cohen_is_that_of_statsmodels(weights):
    rows = ratings(5, 2, 0)

    def library(sample: np.ndarray) -> float:
        return cohens_kappa(table(sample), weights=weights, return_results=False)

    assert cohen(CODES, weights).of(rows) == pytest.approx(library(rows), abs=1e-12)
    drawn = cohen(CODES, weights).drawn(rows, 25, np.random.default_rng(5))
    assert drawn == pytest.approx([library(sample) for sample in samples(rows, 5, 25)], abs=1e-12)


def test_fleiss_is_that_of_statsmodels():
    rows = ratings(6, 5, 0)
    assert fleiss(CODES).of(rows) == pytest.approx(fleiss_kappa(counts(rows)), abs=1e-12)
    drawn = fleiss(CODES).drawn(rows, 25, np.random.default_rng(6))
    assert drawn == pytest.approx([fleiss_kappa(counts(sample)) for sample in samples(rows, 6, 25)], abs=1e-12)


@pytest.mark.parametrize("coefficient", [alpha(np.arange(2.0), "nominal"), cohen(2), fleiss(2)])
def test_of_one_code_only_there_is_no_coefficient_and_beside_it_there_is(coefficient):
    same, mixed = np.zeros((5, 2)), np.array([[0.0, 0], [0, 0], [1, 1], [1, 0], [0, 0]])
    assert np.isnan(coefficient.of(same))
    assert coefficient.of(mixed) > 0
