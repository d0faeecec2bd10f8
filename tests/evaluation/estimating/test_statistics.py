"""Estimates against hand-computed matrices and rliable itself; repeatable, strict, honest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rliable import library, metrics
from scipy import stats

from mpo.evaluation.estimating.statistics import (
    Estimate,
    estimate,
    improvement,
    iqm,
    means,
    middles,
    runs_in_iqm,
    widened,
)

MATRIX = np.array([[0.0, 0.2], [0.1, 0.9], [0.4, 1.1], [0.3, 0.5]])
"""Sorted 0, .1, .2, .3, .4, .5, .9, 1.1; task means 0.2 and 0.675."""

scores = arrays(float, st.tuples(st.integers(2, 6), st.integers(1, 4)), elements=st.floats(-1, 2))


def test_middles_by_hand():
    assert middles(MATRIX) == pytest.approx([(0.2 + 0.3 + 0.4 + 0.5) / 4, (0.2 + 0.675) / 2])


@given(scores)
def test_middles_are_rliables(matrix):
    expected = [metrics.aggregate_iqm(matrix), metrics.aggregate_median(matrix)]
    np.testing.assert_allclose(middles(matrix), expected, atol=1e-12)


def test_means_have_the_interval_of_a_stratified_t():
    """Two tasks, the squared errors of their means by four, Satterthwaite's degrees of freedom.

    Of skewed runs one end is Student's, and the other further away.
    """
    found = means(np.stack([MATRIX, 1 - np.minimum(MATRIX, 1)], axis=-1))
    assert found.n == 4
    assert found.value == pytest.approx([MATRIX.mean(), 1 - (3.5 - 0.1) / 8])
    parts = MATRIX.var(axis=0, ddof=1) / 4 / 4
    freedom = parts.sum() ** 2 / (parts**2 / 3).sum()
    reach = stats.t.ppf(0.975, freedom) * parts.sum() ** 0.5
    near, far = sorted([found.high[0] - found.value[0], found.value[0] - found.low[0]])
    assert near == pytest.approx(reach)
    assert reach < far < 2 * reach
    even = np.array([0.1, 0.2, 0.4, 0.5])
    single = means(even[:, None, None])
    expected = stats.ttest_1samp(even, 0).confidence_interval()
    assert (single.low[0], single.high[0]) == pytest.approx(tuple(expected))


def test_the_iqm_says_which_tasks_runs_are_in_it():
    """Sorted 0, .1, .2, .3, .4, .5, .9, 1.1: the middle four are .3 and .4 of the first task."""
    assert runs_in_iqm(MATRIX).tolist() == [2, 2]
    apart = np.array([[0.0, 1.0, 5.0], [0.1, 1.1, 6.0], [0.2, 1.2, 7.0], [0.3, 1.3, 8.0]])
    assert runs_in_iqm(apart).tolist() == [1, 4, 1]
    inside = [0.3, 1.0, 1.1, 1.2, 1.3, 5.0]
    assert iqm(apart) == pytest.approx(np.mean(inside))


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(1.0, 0.025 ** (1 / 5), 1.0), (0.0, 0.0, 1 - 0.025 ** (1 / 5))],
)
def test_a_probability_never_has_an_interval_of_no_width(value, low, high):
    one = np.array([value])
    found = widened(Estimate(5, one, one, one), tasks=1)
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))
    ends = 0.025 ** (1 / 20) if value else 0.0, 1.0 if value else 1 - 0.025 ** (1 / 20)
    four = widened(Estimate(5, one, one, one), tasks=4)
    assert (four.low[0], four.high[0]) == pytest.approx(ends), "of 20 runs"
    tied = widened(Estimate(4, np.array([0.5]), np.array([0.5]), np.array([0.5])), tasks=1)
    expected = stats.binomtest(2, 4).proportion_ci(method="exact")
    assert (tied.low[0], tied.high[0]) == pytest.approx((expected.low, expected.high))
    wide = Estimate(5, np.array([0.9]), np.array([0.6]), np.array([1.0]))
    assert widened(wide, 1) == wide


@given(arrays(float, st.tuples(*[st.integers(1, 5)] * 3), elements=st.floats(-1, 2)))
def test_the_iqm_of_every_point_is_rliables(points):
    expected = [metrics.aggregate_iqm(points[..., k]) for k in range(points.shape[-1])]
    np.testing.assert_allclose(iqm(points), expected, atol=1e-12)


def test_improvement_by_hand():
    candidate, base = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [0.0]])
    assert improvement(candidate, base) == pytest.approx((0 + 1 + 0.5 + 1 + 1 + 1) / 6)
    assert improvement(base, candidate) == pytest.approx(1 - 4.5 / 6)


@given(st.data())
def test_improvement_is_rliables_with_ties_too(data):
    tasks = data.draw(st.integers(1, 3))
    each = st.sampled_from([0.0, 0.25, 0.5, 1.0])
    sample = arrays(float, st.tuples(st.integers(2, 5), st.just(tasks)), elements=each)
    candidate, base = data.draw(sample), data.draw(sample)
    expected = metrics.probability_of_improvement(candidate, base)
    assert improvement(candidate, base)[0] == pytest.approx(expected)


def test_tied_scores_improve_on_each_other_half_of_the_time():
    tied = np.full((4, 2), 0.3)
    found = estimate([tied, tied], improvement, "tied", repetitions=50)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_an_interval_holds_its_estimate_and_repeats_to_the_bit():
    first = estimate(MATRIX, middles, "a", "b", repetitions=200)
    np.random.seed(99)
    second = estimate(MATRIX, middles, "a", "b", repetitions=200)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.n == 4
    assert (first.low <= first.value).all() and (first.value <= first.high).all()
    assert (first.low < first.high).all()


def test_the_name_alone_seeds_the_resampling():
    one = estimate(MATRIX, middles, "a", "b", repetitions=200)
    other = estimate(MATRIX, middles, "ab", repetitions=200)
    np.testing.assert_array_equal(one.value, other.value)
    assert (one.low != other.low).any()


def test_numpys_global_generator_is_left_as_it_was():
    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    estimate(MATRIX, middles, "a", repetitions=20)
    np.testing.assert_array_equal(np.random.random(3), expected)


def test_it_is_left_as_it_was_after_an_error_too():
    def fails(_):
        raise RuntimeError

    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    with pytest.raises(RuntimeError):
        estimate(MATRIX, fails, "a")
    np.testing.assert_array_equal(np.random.random(3), expected)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(odd):
    matrix = MATRIX.copy()
    matrix[1, 1] = odd
    with pytest.raises(ValueError, match="aggregate/paper: scores must be finite"):
        estimate(matrix, middles, "aggregate", "paper")
    with pytest.raises(ValueError, match="finite"):
        estimate([MATRIX, matrix], improvement, "improvement")


def test_scores_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"scores are \(runs, tasks\), not \(3,\)"):
        estimate(np.ones(3), middles, "a")


def test_one_run_gives_an_estimate_and_no_interval():
    found = estimate(MATRIX[:1], middles, "a")
    assert found.n == 1
    assert np.isfinite(found.value).all()
    assert np.isnan(found.low).all() and np.isnan(found.high).all()


def test_an_interval_is_that_of_rliable_itself():
    """Resamples drawn a hundred at once, against rliable's own call, up to the draw's noise."""
    matrix = np.random.default_rng(3).normal(0.5, 0.2, (5, 3))
    found = estimate(matrix, middles, "a", repetitions=20_000)
    np.random.seed(0)
    value, interval = library.get_interval_estimates({"": matrix}, middles, reps=4000)
    np.testing.assert_allclose(found.value, value[""], atol=1e-12)
    np.testing.assert_allclose([found.low, found.high], interval[""], atol=0.012)


def test_two_samples_are_resampled_apart_as_rliable_does():
    generator = np.random.default_rng(4)
    pair = [generator.normal(mean, 1, (5, 2)) for mean in (0.5, 0.0)]
    found = estimate(pair, improvement, "a", repetitions=20_000)
    np.random.seed(0)
    _, interval = library.get_interval_estimates({"": pair}, improvement, reps=4000)
    np.testing.assert_allclose([found.low, found.high], interval[""], atol=0.021)


def test_constant_scores_give_an_interval_of_no_width():
    found = estimate(np.full((5, 3), 0.25), middles, "a", repetitions=50)
    np.testing.assert_array_equal(found.value, [0.25, 0.25])
    np.testing.assert_array_equal(found.low, found.high)


def test_resampling_keeps_runs_within_their_tasks():
    """Were tasks mixed, resampled means of 0 and 1 would vary; within tasks they cannot."""
    matrix = np.tile([0.0, 1.0], (6, 1))
    found = estimate(matrix, middles, "a", repetitions=100)
    np.testing.assert_array_equal(found.low, found.high)


@settings(max_examples=10, deadline=None)
@given(scores, st.randoms(use_true_random=False))
def test_point_estimates_do_not_depend_on_the_order_of_runs(matrix, random):
    order = list(range(len(matrix)))
    random.shuffle(order)
    np.testing.assert_allclose(middles(matrix), middles(matrix[order]), atol=1e-12)
