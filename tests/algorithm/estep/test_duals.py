"""Both forms of the E-step's dual: equal where finite, and where the raw one stops being so."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from mpo.algorithm.estep.duals import raw, stable
from tests.draws import normal, number, q_values, seeds, state_weights

FORMS = [raw.dual, stable.dual]
temperatures = st.floats(-2.0, 2.0).map(lambda power: 10.0**power)


def brute(q: Tensor, eta: float, epsilon: float, rho: Tensor) -> float:
    """η ε + η Σ_s ρ_s log mean_j exp(Q_sj/η), state by state and shifted by hand."""
    total = eta * epsilon
    for s in range(q.shape[1]):
        column = [float(value) for value in q[:, s]]
        highest = max(column)
        mean = math.fsum(math.exp((value - highest) / eta) for value in column) / len(column)
        total += float(rho[s]) * (highest + eta * math.log(mean))
    return total


@given(q_values(), temperatures, st.floats(0.001, 2.0), seeds)
def test_stable_form_is_the_brute_sum(q: Tensor, eta: float, epsilon: float, seed: int) -> None:
    rho = state_weights(seed, q.shape[1])
    found = float(stable.dual(q, number(eta), epsilon, rho))
    assert found == pytest.approx(brute(q, eta, epsilon, rho), rel=1e-10, abs=1e-10)


@given(q_values(), temperatures, st.floats(0.001, 2.0), seeds)
def test_raw_equals_stable_where_it_and_its_gradient_are_finite(
    q: Tensor, eta: float, epsilon: float, seed: int
) -> None:
    rho = state_weights(seed, q.shape[1])
    values, slopes = [], []
    for dual in FORMS:
        variable = number(eta).requires_grad_()
        value = dual(q, variable, epsilon, rho)
        (slope,) = torch.autograd.grad(value, variable)
        values.append(float(value))
        slopes.append(float(slope))
    assert np.isfinite([values[1], slopes[1]]).all()
    assume(np.isfinite([values[0], slopes[0]]).all() and (q / eta).amax(0).amin() > -700.0)
    scale = float(q.abs().max()) + eta
    assert values[0] == pytest.approx(values[1], rel=1e-8, abs=1e-10 * scale)
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-6, abs=1e-6 * scale / eta)


@given(q_values(), temperatures, temperatures, st.floats(0.0, 1.0))
def test_dual_is_convex_in_the_temperature(
    q: Tensor, first: float, second: float, share: float
) -> None:
    rho = state_weights(0, q.shape[1])
    middle = share * first + (1.0 - share) * second
    ends = [float(stable.dual(q, number(eta), 0.1, rho)) for eta in (first, second)]
    chord = share * ends[0] + (1.0 - share) * ends[1]
    scale = float(q.abs().max()) + first + second
    assert float(stable.dual(q, number(middle), 0.1, rho)) <= chord + 1e-10 * scale


@pytest.mark.parametrize("dual", FORMS)
def test_hand_derived_gradient_with_respect_to_q_is_weights_of_states_and_samples(dual) -> None:
    q, rho = normal(3, 6, 4).requires_grad_(), state_weights(4, 4)
    (gradient,) = torch.autograd.grad(dual(q, number(0.8), 0.1, rho), q)
    exponentials = (q.detach() / 0.8).exp()
    torch.testing.assert_close(gradient, rho * exponentials / exponentials.sum(0))


@pytest.mark.parametrize("dual", FORMS)
def test_gradients(dual) -> None:
    q, eta = normal(1, 5, 3).requires_grad_(), number(0.7).requires_grad_()
    rho = state_weights(2, 3)
    assert torch.autograd.gradcheck(lambda *given: dual(*given, 0.1, rho), (q, eta))
    assert torch.autograd.gradgradcheck(lambda *given: dual(*given, 0.1, rho), (q, eta))


@pytest.mark.parametrize("dual", FORMS)
def test_states_without_weight_have_no_influence(dual) -> None:
    q, rho = normal(1, 5, 3), torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    changed = torch.cat([q[:, :2], 10.0 * q[:, 2:]], 1)
    torch.testing.assert_close(dual(q, number(0.7), 0.1, rho), dual(changed, number(0.7), 0.1, rho))


@pytest.mark.parametrize(
    ("level", "finite"), [(80.0, True), (90.0, False), (-80.0, True), (-120.0, False)]
)
def test_raw_float32_leaves_the_finite_numbers_near_88(level: float, finite: bool) -> None:
    """Q/η beyond about 88 gives inf, below about -104 the logarithm of zero; stable neither."""
    q, rho = torch.full((4, 2), level), torch.full((2,), 0.5)
    eta = torch.tensor(1.0)
    assert bool(torch.isfinite(raw.dual(q, eta, 0.1, rho))) is finite
    value = float(stable.dual(q, eta, 0.1, rho))
    assert value == pytest.approx(level + 0.1, rel=1e-6)


def test_raw_float32_sums_over_samples_and_so_fails_near_86() -> None:
    q, eta = torch.full((20, 1), 86.5), torch.tensor(1.0, requires_grad=True)
    value = raw.dual(q, eta, 0.1, torch.ones(1))
    (slope,) = torch.autograd.grad(value, eta)
    assert not bool(torch.isfinite(value) & torch.isfinite(slope))
    assert bool(torch.isfinite(raw.dual(q[:1], eta, 0.1, torch.ones(1))))


def test_raw_float32_overflows_in_the_textbook_case() -> None:
    q, rho = torch.full((4, 1), 100.0), torch.ones(1)
    assert float(raw.dual(q, torch.tensor(0.5), 0.1, rho)) == math.inf
