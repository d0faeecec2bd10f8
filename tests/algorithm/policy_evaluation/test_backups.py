"""What the critic's target evaluates: values, their order and gap, and contraction."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Categorical, kl_divergence

from mpo.algorithm.estep.dual_solvers import newton
from mpo.algorithm.policy_evaluation.backups import improved, policy, soft
from tests.draws import normal, number, q_values, seeds, state_weights

temperatures = st.floats(-2.0, 2.0).map(lambda power: 10.0**power)
BACKUPS = {"policy": policy, "soft": soft, "improved": improved}


def brute(name: str, column: list[float], eta: float) -> float:
    """V of one state by plain sums over its samples."""
    highest, count = max(column), len(column)
    exponentials = [math.exp((value - highest) / eta) for value in column]
    total = math.fsum(exponentials)
    if name == "policy":
        return math.fsum(column) / count
    if name == "soft":
        return highest + eta * math.log(total / count)
    return math.fsum(e * value for e, value in zip(exponentials, column, strict=True)) / total


@pytest.mark.parametrize("name", BACKUPS)
@given(q=q_values(), eta=temperatures)
def test_value_is_the_plain_sum(name: str, q: Tensor, eta: float) -> None:
    found = BACKUPS[name].value(q, number(eta))
    expected = [brute(name, q[:, s].tolist(), eta) for s in range(q.shape[1])]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)


@given(q_values(), temperatures)
def test_policy_is_at_most_soft_is_at_most_improved(q: Tensor, eta: float) -> None:
    low, middle, high = (BACKUPS[name].value(q, number(eta)) for name in BACKUPS)
    rounding = 1e-12 * (q.abs().max() + eta)
    assert (low <= middle + rounding).all()
    assert (middle <= high + rounding).all()
    assert (high <= q.amax(0) + rounding).all()


@given(q_values(), temperatures)
def test_soft_is_improved_less_the_kl_s_cost(q: Tensor, eta: float) -> None:
    weights = torch.softmax((q - q.amax(0)).T / eta, 1)
    uniform = torch.full_like(weights, 1.0 / q.shape[0])
    kl = kl_divergence(Categorical(probs=weights), Categorical(probs=uniform))
    gap = improved.value(q, number(eta)) - soft.value(q, number(eta))
    torch.testing.assert_close(gap, eta * kl, rtol=1e-6, atol=1e-6 * float(q.abs().max() + eta))


@given(seeds, st.integers(6, 15), st.integers(1, 5), st.floats(0.01, 1.0))
def test_mean_gap_at_the_exact_temperature_is_eta_epsilon(
    seed: int, samples: int, states: int, epsilon: float
) -> None:
    q, rho = normal(seed, samples, states), state_weights(seed, states)
    eta = newton.solve(None, q.numpy(), epsilon, rho.numpy(), 1.0).temperature
    gap = improved.value(q, number(eta)) - soft.value(q, number(eta))
    assert float(rho @ gap) == pytest.approx(eta * epsilon, rel=1e-6)


@pytest.mark.parametrize("module", [soft, improved])
def test_limits_of_the_temperature_are_maximum_and_mean(module) -> None:
    q = normal(0, 8, 3)
    torch.testing.assert_close(module.value(q, number(1e-8)), q.amax(0), atol=1e-6, rtol=0)
    torch.testing.assert_close(module.value(q, number(1e8)), q.mean(0), atol=1e-6, rtol=0)


@given(q_values(), temperatures, seeds)
def test_policy_and_soft_move_no_further_than_q(q: Tensor, eta: float, seed: int) -> None:
    other = q + normal(seed, *q.shape)
    largest = float((q - other).abs().max()) * (1.0 + 1e-9) + 1e-9
    for module in (policy, soft):
        moved = module.value(q, number(eta)) - module.value(other, number(eta))
        assert float(moved.abs().max()) <= largest


def test_improved_can_move_further_than_q() -> None:
    """|Σ_j dV/dQ_j| exceeds 1: no contraction for a discount near 1."""
    q = torch.tensor([[1.0]] + 19 * [[0.0]], dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(improved.value(q, number(0.25)).sum(), q)
    assert float(gradient.sum()) == pytest.approx(1.0)
    assert float(gradient.abs().sum()) > 1.5


def test_samples_bias_the_soft_value_downward() -> None:
    """N = 20 and sd/η = 3.3 give about 1.13 η-free units of 1.67 (the mean over many states)."""
    q = normal(0, 20, 20000)
    eta = 1.0 / 3.3
    exact = 0.5 * 3.3**2 * eta
    found = float(soft.value(q, number(eta)).mean())
    assert exact == pytest.approx(1.65, abs=0.03)
    assert found == pytest.approx(1.13, abs=0.03)


@pytest.mark.parametrize("name", BACKUPS)
def test_gradients(name: str) -> None:
    q, eta = normal(1, 5, 3).requires_grad_(), number(0.7).requires_grad_()
    assert torch.autograd.gradcheck(BACKUPS[name].value, (q, eta))
