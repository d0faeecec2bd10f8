"""Estimates against hand-computed matrices and rliable itself; repeatable, strict, honest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rliable import library, metrics

from mpo.evaluation.estimating.statistics import (
    AGGREGATES,
    aggregates,
    estimate,
    improvement,
    iqm,
    smallest_p,
)

MATRIX = np.array([[0.0, 0.2], [0.1, 0.9], [0.4, 1.1], [0.3, 0.5]])
"""Sorted 0, .1, .2, .3, .4, .5, .9, 1.1; task means 0.2 and 0.675."""

scores = arrays(float, st.tuples(st.integers(2, 6), st.integers(1, 4)), elements=st.floats(-1, 2))


def test_aggregates_by_hand():
    found = dict(zip(AGGREGATES, aggregates(MATRIX), strict=True))
    assert found["iqm"] == pytest.approx((0.2 + 0.3 + 0.4 + 0.5) / 4)
    assert found["median"] == pytest.approx((0.2 + 0.675) / 2)
    assert found["mean"] == pytest.approx(0.4375)
    assert found["optimality_gap"] == pytest.approx(1 - (3.5 - 0.1) / 8)


@given(scores)
def test_aggregates_are_rliables(matrix):
    expected = [
        metrics.aggregate_iqm(matrix),
        metrics.aggregate_median(matrix),
        metrics.aggregate_mean(matrix),
        metrics.aggregate_optimality_gap(matrix),
    ]
    np.testing.assert_allclose(aggregates(matrix), expected, atol=1e-12)


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
    first = estimate(MATRIX, aggregates, "a", "b", repetitions=200)
    np.random.seed(99)
    second = estimate(MATRIX, aggregates, "a", "b", repetitions=200)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.n == 4
    assert (first.low <= first.value).all() and (first.value <= first.high).all()
    assert (first.low < first.high).all()


def test_the_name_alone_seeds_the_resampling():
    one = estimate(MATRIX, aggregates, "a", "b", repetitions=200)
    other = estimate(MATRIX, aggregates, "ab", repetitions=200)
    np.testing.assert_array_equal(one.value, other.value)
    assert (one.low != other.low).any()


def test_numpys_global_generator_is_left_as_it_was():
    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    estimate(MATRIX, aggregates, "a", repetitions=20)
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
        estimate(matrix, aggregates, "aggregate", "paper")
    with pytest.raises(ValueError, match="finite"):
        estimate([MATRIX, matrix], improvement, "improvement")


def test_scores_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"scores are \(runs, tasks\), not \(3,\)"):
        estimate(np.ones(3), aggregates, "a")


def test_one_run_gives_an_estimate_and_no_interval():
    found = estimate(MATRIX[:1], aggregates, "a")
    assert found.n == 1
    assert np.isfinite(found.value).all()
    assert np.isnan(found.low).all() and np.isnan(found.high).all()


def test_an_interval_is_that_of_rliable_itself():
    """Resamples drawn a hundred at once, against rliable's own call, up to the draw's noise."""
    matrix = np.random.default_rng(3).normal(0.5, 0.2, (5, 3))
    found = estimate(matrix, aggregates, "a", repetitions=20_000)
    np.random.seed(0)
    value, interval = library.get_interval_estimates({"": matrix}, aggregates, reps=4000)
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
    found = estimate(np.full((5, 3), 0.25), aggregates, "a", repetitions=50)
    np.testing.assert_array_equal(found.value, [0.25, 0.25, 0.25, 0.75])
    np.testing.assert_array_equal(found.low, found.high)


def test_resampling_keeps_runs_within_their_tasks():
    """Were tasks mixed, resampled means of 0 and 1 would vary; within tasks they cannot."""
    matrix = np.tile([0.0, 1.0], (6, 1))
    found = estimate(matrix, aggregates, "a", repetitions=100)
    np.testing.assert_array_equal(found.low, found.high)


@settings(max_examples=10, deadline=None)
@given(scores, st.randoms(use_true_random=False))
def test_point_estimates_do_not_depend_on_the_order_of_runs(matrix, random):
    order = list(range(len(matrix)))
    random.shuffle(order)
    np.testing.assert_allclose(aggregates(matrix), aggregates(matrix[order]), atol=1e-12)


def test_intervals_of_five_runs_on_four_tasks_cover_a_known_mean():
    """Nominal 0.95; with runs this few the bootstrap is too narrow, and by so much."""

    def mean(scores: np.ndarray) -> np.ndarray:
        return scores.mean(axis=(0, 1))[None]

    generator, held = np.random.default_rng(0), 0
    for study in range(200):
        sample = generator.normal(0.5, 0.1, (5, 4))
        found = estimate(sample, mean, "coverage", str(study), repetitions=200)
        held += found.low[0] <= 0.5 <= found.high[0]
    assert 0.82 <= held / 200 <= 0.96


def test_the_smallest_p_of_a_stratified_permutation():
    assert smallest_p(3, 1) == pytest.approx(0.1)
    assert smallest_p(5, 1) == pytest.approx(2 / 252)
    assert smallest_p(2, 2) == pytest.approx(2 / 36)
    assert smallest_p(1, 1) == 1
