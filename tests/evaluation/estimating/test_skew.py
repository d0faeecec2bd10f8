"""What a contrast does about skew: Hall's transformation, its inverse, what it costs and buys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from mpo.evaluation.estimating.contrasts import Contrast, contrast
from tests.evaluation.estimating.calibration import TRUTHS, strata

GENERATOR = np.random.default_rng(0)
FIRST, SECOND = GENERATOR.exponential(0.1, 7), GENERATOR.exponential(0.3, 5)
runs = st.lists(st.floats(-5, 5).map(lambda x: round(x, 3)), min_size=3, max_size=12)


def t_alone(found: Contrast) -> Contrast:
    return found._replace(skew=0.0)


def johnson(found: Contrast, bound: float) -> np.ndarray:
    """Johnson's (1978) t, with the same skew."""
    t = (found.value - bound) / found.error
    return t + found.skew / 6 + found.skew * t**2 / 3


def test_skew_is_the_unbiased_third_cumulant_of_the_estimate_shrunk():
    """By SciPy's k-statistics; that of a mean of n goes with n^2, of H strata with H^3."""

    def cumulant(sample: np.ndarray) -> float:
        n = len(sample)
        return stats.kstat(sample, 3) / n**2 * (n - 2) / (n + 2)

    for made, expected in [
        ([(FIRST,)], cumulant(FIRST)),
        ([(FIRST, SECOND)], cumulant(FIRST) - cumulant(SECOND)),
        ([(FIRST,), (SECOND,)], (cumulant(FIRST) + cumulant(SECOND)) / 8),
    ]:
        found = contrast(made)
        assert found.skew * found.error**3 == pytest.approx(expected)


@pytest.mark.parametrize("sample", [[0.1, 0.5], [-1.0, 0.0, 1.0], [1.0, 2.0, 4.0, 5.0]])
def test_symmetric_runs_and_two_runs_have_student_s_t(sample):
    found = contrast([(np.array(sample),)])
    expected: Any = stats.ttest_1samp(sample, 0.4)
    assert found.skew == pytest.approx(0, abs=1e-12)
    assert 2 * min(found.tails(0.4)) == pytest.approx(expected.pvalue)
    assert found.interval() == pytest.approx(tuple(expected.confidence_interval()))


def test_one_sided_p_by_hand():
    """Hall's g as printed: t + k t^2 / 3 + k^2 t^3 / 27 + k / 6."""
    found = Contrast(np.array(1.0), np.array(0.5), np.array(4.0), np.array(-0.3))
    t, g = 2.0, 2.0 - 0.3 * 4 / 3 + 0.09 * 8 / 27 - 0.05
    above, below = found.tails(0.0)
    assert above == pytest.approx(stats.t.sf(g, 4))
    assert below == pytest.approx(stats.t.cdf(t, 4))


@given(runs, st.floats(-5, 5), st.floats(0.1, 10))
def test_p_go_along_with_scales_and_change_sides_with_signs(sample, bound, scale):
    values = np.array(sample)
    if np.ptp(values) < 0.01:
        return
    plain = contrast([(values,)]).tails(bound)
    assert contrast([(scale * values,)]).tails(scale * bound) == pytest.approx(plain, abs=1e-9)
    assert contrast([(-values,)]).tails(-bound)[::-1] == pytest.approx(plain, abs=1e-9)
    assert np.all(np.add(*plain) >= 1 - 1e-9)


@given(runs)
def test_the_interval_holds_what_is_not_excluded_and_student_s(sample):
    found = contrast([(np.array(sample),)])
    if np.isnan(found.error):
        return
    low, high = found.interval()
    assert found.tails(low)[0] == pytest.approx(0.025, rel=1e-5)
    assert found.tails(high)[1] == pytest.approx(0.025, rel=1e-5)
    narrow = t_alone(found).interval()
    assert low <= narrow[0] + 1e-9 and high >= narrow[1] - 1e-9


@given(st.floats(-1, 1))
def test_no_effect_is_too_large_to_be_seen(skew):
    """The further off the bound, the less its p; of Johnson's t it rises again."""
    found = Contrast(np.array(0.0), np.array(1.0), np.array(9.0), np.array(skew))
    p = [float(found.tails(-distance)[0]) for distance in np.linspace(0, 40, 200)]
    assert np.all(np.diff(p) <= 1e-12)
    assert p[-1] < 0.001
    falling = found._replace(skew=np.array(-0.5))
    assert johnson(falling, -40.0) < 0 < johnson(falling, -2.0)


def rejecting(found: Contrast, transformed: np.ndarray) -> float:
    """How often t and `transformed` are on one side of nought, both beyond the two-sided 5 %."""
    t, end = found.value / found.error, special.stdtrit(found.freedom, 0.975)
    least = np.minimum(np.abs(t), np.abs(transformed))
    return float(np.mean((least >= end) & (np.sign(t) == np.sign(transformed))))


def drawn(name: str, effect: float = 0.0, n: int = 10) -> Contrast:
    truth = TRUTHS[name]
    sides = truth.draw(np.random.default_rng(3), 1, 20_000, n)
    sides[0] = sides[0] + effect * truth.deviation
    return contrast(strata(truth, sides))


def share(found: Contrast) -> float:
    return float(np.mean(2 * np.minimum(*found.tails(0.0)) <= 0.05))


def test_the_level_holds_where_t_s_does_not_and_more_is_found_than_by_johnson_s():
    null, planted = (drawn("one sample, capped", effect) for effect in (0.0, 1.5))
    assert share(t_alone(null)) > 0.09
    assert share(null) < 0.05
    assert rejecting(null, johnson(null, 0.0)) < 0.05
    assert share(planted) > rejecting(planted, johnson(planted, 0.0)) + 0.2


@pytest.mark.parametrize(("n", "most"), [(5, 0.08), (10, 0.06), (20, 0.01)])
def test_of_normal_runs_little_power_is_lost(n, most):
    found = drawn("normal", 1.5, n)
    assert 0 <= share(t_alone(found)) - share(found) < most
