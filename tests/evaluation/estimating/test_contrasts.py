"""Contrasts against SciPy's tests, by hand, and against a permutation test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mpo.evaluation.estimating.contrasts import contrast, stratum

GENERATOR = np.random.default_rng(0)
FIRST, SECOND = GENERATOR.normal(0.6, 0.1, 7), GENERATOR.normal(0.4, 0.3, 5)


def two_sided(found, bound: float = 0.0) -> float:
    return float(2 * min(found.tails(bound)))


def by_t_alone(strata):
    return contrast(strata)._replace(skew=0.0)


def test_one_sample_is_student_s():
    found = by_t_alone([(FIRST,)])
    expected = stats.ttest_1samp(FIRST, 0.5)
    assert two_sided(found, 0.5) == pytest.approx(expected[1])
    assert found.interval() == pytest.approx(tuple(expected.confidence_interval()))


def test_pairs_are_student_s_of_the_differences():
    found = by_t_alone([(FIRST[:5] - SECOND,)])
    assert two_sided(found) == pytest.approx(stats.ttest_rel(FIRST[:5], SECOND)[1])


def test_two_samples_are_welch_s():
    found = by_t_alone([(FIRST, SECOND)])
    expected = stats.ttest_ind(FIRST, SECOND, equal_var=False)
    assert two_sided(found) == pytest.approx(expected[1])
    assert found.interval() == pytest.approx(tuple(expected.confidence_interval()))


def test_strata_by_hand():
    """Means 2 and 1; variances 1 / 3 and 4 / 2, of errors over the four of two strata squared."""
    found = contrast([(np.array([1.0, 2.0, 3.0]),), (np.array([0.0, 2.0 * 2**0.5]) + 1,)])
    parts = np.array([1 / 3, 4 / 2]) / 4
    assert found.value == pytest.approx((2 + 1 + 2**0.5) / 2)
    assert found.error == pytest.approx(parts.sum() ** 0.5)
    assert found.freedom == pytest.approx(parts.sum() ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2))


@given(st.floats(-3, 3), st.floats(0.1, 10))
def test_the_effect_of_a_task_adds_nothing_to_the_error_and_scales_go_along(shift, scale):
    plain = contrast([(FIRST[:5],), (SECOND,)])
    moved = contrast([(scale * (FIRST[:5] + shift),), (scale * (SECOND - shift),)])
    assert moved.error == pytest.approx(scale * plain.error)
    assert moved.value == pytest.approx(scale * plain.value, abs=1e-9)
    assert moved.freedom == pytest.approx(plain.freedom)
    assert moved.skew == pytest.approx(plain.skew)


def test_many_studies_at_once_are_each_its_own():
    drawn = np.random.default_rng(1).normal(0, 1, (2, 4, 6))
    found = contrast([(drawn[0], drawn[1])])
    for place in range(4):
        alone = contrast([(drawn[0, place], drawn[1, place])])
        for part, whole in zip(alone, found, strict=True):
            assert np.asarray(whole)[place] == pytest.approx(part)


@pytest.mark.parametrize(
    "strata", [[(np.array([0.5]),)], [(np.full(4, 0.1 + 0.2),)], [(np.ones(3), np.zeros(3))]]
)
def test_one_run_and_runs_without_spread_tell_nothing(strata):
    found = contrast(strata)
    assert np.isnan(found.error)
    assert np.isnan(found.interval()).all()
    assert tuple(found.tails(0.0)) == (1.0, 1.0)


def test_runs_are_paired_by_seed_whatever_their_order():
    first = pd.Series([1.0, 2.0, 3.0], index=[0, 1, 2])
    second = pd.Series([0.5, 0.25, 0.75], index=[2, 0, 1])
    assert stratum(first, second, paired=True)[0] == pytest.approx([0.75, 1.25, 2.5])
    assert len(stratum(first, second, paired=False)) == 2
    assert len(stratum(first, second[:2], paired=True)) == 2, "a seed of one side alone"


@pytest.mark.parametrize("effect", [0.0, 0.15, 0.3])
def test_a_permutation_test_says_much_the_same(effect):
    """Signs of pairs flipped at random, of well-behaved runs: a cross-check of the verdicts' t."""
    pairs = np.random.default_rng(5).normal(effect, 0.2, 12)
    flipped = stats.permutation_test((pairs,), np.mean, permutation_type="samples")
    assert two_sided(by_t_alone([(pairs,)])) == pytest.approx(flipped.pvalue, abs=0.02)
