"""The E-step's identities (P1 eq. 7-9) against brute force, quadrature and a general solver."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import Tensor
from torch.distributions import Categorical, kl_divergence

from mpo.algorithm.estep.dual_solvers import newton
from mpo.algorithm.estep.duals.stable import dual
from mpo.algorithm.estep.weights import (
    effective_sample_size,
    estep_weights,
    kl_to_uniform,
    log_mean_exp,
    penalty_costs,
)
from mpo.algorithm.multipliers import MINIMUM_RAW, POSITIVE_FLOOR, positive, raw_of
from tests.draws import normal, number, q_values, seeds, state_weights

temperatures = st.floats(-2.0, 2.0).map(lambda power: 10.0**power)


def brute_weights(q: np.ndarray, temperature: float) -> np.ndarray:
    """exp(Q_j/η) / Σ_k exp(Q_k/η), a loop over pairs that cannot overflow."""
    weights = np.empty_like(q)
    for s in range(q.shape[1]):
        for j in range(q.shape[0]):
            with np.errstate(over="ignore"):
                weights[j, s] = 1.0 / np.exp((q[:, s] - q[j, s]) / temperature).sum()
    return weights


def brute_kl(q: Tensor, temperature: float) -> Tensor:
    """KL of the weights to the uniform distribution, as PyTorch has it."""
    weights = torch.from_numpy(brute_weights(q.numpy(), temperature))
    uniform = torch.full_like(weights.T, 1.0 / q.shape[0])
    return kl_divergence(Categorical(probs=weights.T), Categorical(probs=uniform))


@given(q_values(), temperatures)
def test_weights_are_the_normalised_exponentials(q: Tensor, eta: float) -> None:
    weights = estep_weights(q, number(eta))
    torch.testing.assert_close(weights.sum(0), torch.ones_like(q[0]))
    expected = torch.from_numpy(brute_weights(q.numpy(), eta))
    torch.testing.assert_close(weights, expected, rtol=1e-8, atol=1e-15)


@given(q_values(), temperatures, seeds)
def test_weights_do_not_change_under_a_shift_of_each_state(
    q: Tensor, eta: float, seed: int
) -> None:
    shifted = q + 10.0 * normal(seed, q.shape[1])
    before, after = estep_weights(q, number(eta)), estep_weights(shifted, number(eta))
    torch.testing.assert_close(before, after, rtol=1e-7, atol=1e-9)


@given(q_values(), temperatures, st.floats(0.01, 100.0))
def test_weights_do_not_change_when_q_and_temperature_scale(
    q: Tensor, eta: float, factor: float
) -> None:
    scaled = estep_weights(factor * q, number(factor * eta))
    torch.testing.assert_close(estep_weights(q, number(eta)), scaled, rtol=1e-7, atol=1e-12)


@given(q_values(), temperatures)
def test_kl_is_that_of_the_weights(q: Tensor, eta: float) -> None:
    kl = kl_to_uniform(q, number(eta))
    torch.testing.assert_close(kl, brute_kl(q, eta), rtol=1e-7, atol=1e-6)
    assert (kl >= -1e-12).all()
    assert (kl <= math.log(q.shape[0]) + 1e-12).all()


@given(q_values(tied=True), st.floats(-6.0, 2.0).map(lambda power: 10.0**power))
def test_kl_is_at_most_log_n_over_ties(q: Tensor, eta: float) -> None:
    ties = (q == q.amax(0)).sum(0)
    bound = torch.log(q.shape[0] / ties.double())
    kl = kl_to_uniform(q, number(eta))
    assert torch.isfinite(kl).all()
    assert (kl <= bound + 1e-12).all()
    cold = kl_to_uniform(q, number(1e-6))
    torch.testing.assert_close(cold, bound, rtol=1e-9, atol=1e-12)


@given(q_values(), temperatures, st.floats(0.01, 2.0), seeds)
def test_derivative_of_the_dual_is_the_slack_of_the_constraint(
    q: Tensor, eta: float, epsilon: float, seed: int
) -> None:
    rho = state_weights(seed, q.shape[1])
    variable = number(eta).requires_grad_()
    (slope,) = torch.autograd.grad(dual(q, variable, epsilon, rho), variable)
    expected = epsilon - float(rho @ brute_kl(q, eta))
    assert float(slope) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(seeds, st.integers(4, 12), st.integers(1, 4))
def test_at_the_minimiser_kl_is_epsilon_and_dual_the_primal_value(
    seed: int, samples: int, states: int
) -> None:
    q, rho, epsilon = normal(seed, samples, states), state_weights(seed, states), 0.2
    eta = newton.solve(None, q.numpy(), epsilon, rho.numpy(), 1.0).temperature
    weights = torch.from_numpy(brute_weights(q.numpy(), eta))
    assert float(rho @ brute_kl(q, eta)) == pytest.approx(epsilon, rel=1e-7)
    value = float(dual(q, number(eta), epsilon, rho))
    assert value == pytest.approx(float((weights * q).sum(0) @ rho), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_weights_solve_the_primal_as_a_general_solver_does(seed: int) -> None:
    """max_q Σ ρ_s q_s Q_s under the KL constraint, by SLSQP that knows no closed form."""
    samples, states, epsilon = 4, 2, 0.15
    q, rho = normal(seed, samples, states), state_weights(seed, states)
    values, weights = q.numpy(), rho.numpy()

    def density(x: np.ndarray) -> np.ndarray:
        return x.reshape(samples, states)

    def kl(x: np.ndarray) -> float:
        return float(((density(x) * np.log(density(x) * samples)).sum(0) * weights).sum())

    normalised = {"type": "eq", "fun": lambda x: density(x).sum(0) - 1.0}
    bounded = {"type": "ineq", "fun": lambda x: epsilon - kl(x)}
    solution = minimize(
        lambda x: -float(((density(x) * values).sum(0) * weights).sum()),
        np.full(samples * states, 1.0 / samples),
        method="SLSQP",
        bounds=[(1e-9, 1.0)] * (samples * states),
        constraints=[normalised, bounded],
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    eta = newton.solve(None, values, epsilon, weights, 1.0).temperature
    ours = estep_weights(q, number(eta)).numpy()
    np.testing.assert_allclose(density(solution.x), ours, atol=2e-5)
    assert -solution.fun == pytest.approx(float(dual(q, number(eta), epsilon, rho)), rel=1e-8)


@given(seeds, st.floats(0.5, 3.0))
def test_weights_of_a_quadratic_q_are_the_exact_gaussian(seed: int, eta: float) -> None:
    """Precision Σ_i^-1 + K/η and mean P^-1 (Σ_i^-1 μ_i + b/η), by Gauss-Hermite quadrature."""
    size, nodes = 2, 40
    root = normal(seed, size, size)
    hessian = root @ root.T
    hessian = hessian / hessian.trace() + 0.1 * torch.eye(size, dtype=torch.float64)
    linear = normal(seed + 1, size).clamp(-1.0, 1.0)
    scale = 0.3 * torch.tril(normal(seed + 2, size, size), -1)
    scale = scale + torch.diag(0.4 + normal(seed + 3, size).abs().clamp(max=1.0))
    mean = normal(seed + 4, size).clamp(-1.0, 1.0)

    points, masses = np.polynomial.hermite_e.hermegauss(nodes)
    grid = torch.tensor([[x, y] for x in points for y in points], dtype=torch.float64)
    log_mass = torch.tensor([math.log(a) + math.log(b) for a in masses for b in masses])
    actions = mean + grid @ scale.T
    q = actions @ linear - 0.5 * torch.einsum("ni,ij,nj->n", actions, hessian, actions)
    # a node's mass enters as if it were part of Q, since w ∝ mass exp(Q/η)
    weights = estep_weights((q + eta * log_mass.double()).unsqueeze(1), number(eta))[:, 0]

    prior = torch.linalg.inv(scale @ scale.T)
    precision = prior + hessian / eta
    exact_mean = torch.linalg.solve(precision, prior @ mean + linear / eta)
    found_mean = weights @ actions
    centred = actions - found_mean
    found = torch.einsum("n,ni,nj->ij", weights, centred, centred)
    torch.testing.assert_close(found_mean, exact_mean, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found, torch.linalg.inv(precision), rtol=1e-3, atol=1e-4)


@given(q_values(), temperatures)
def test_soft_value_is_the_log_mean_of_exponentials(q: Tensor, eta: float) -> None:
    highest = q.numpy().max(0)
    expected = highest + eta * np.log(np.exp((q.numpy() - highest) / eta).mean(0))
    found = log_mean_exp(q, number(eta))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("ties", [1, 2, 5])
def test_effective_sample_size_counts_equal_weights(ties: int) -> None:
    weights = torch.zeros(5, 1, dtype=torch.float64)
    weights[:ties] = 1.0 / ties
    assert float(effective_sample_size(weights)) == pytest.approx(ties)
    assert float(effective_sample_size(3.0 * weights)) == pytest.approx(ties)


@given(q_values(), temperatures)
def test_effective_sample_size_is_between_one_and_n(q: Tensor, eta: float) -> None:
    sizes = effective_sample_size(estep_weights(q, number(eta)))
    assert (sizes >= 1.0 - 1e-9).all()
    assert (sizes <= q.shape[0] + 1e-9).all()


def test_penalty_costs_are_distances_to_the_box() -> None:
    actions = 1.5 * normal(0, 4, 3, 2)
    actions[0] = actions[0].clamp(-1.0, 1.0)
    costs = penalty_costs(actions)
    for j in range(4):
        for s in range(3):
            outside = [max(abs(float(a)) - 1.0, 0.0) for a in actions[j, s]]
            assert float(costs[j, s]) == pytest.approx(-math.hypot(*outside))
    assert (costs[0] == 0.0).all()


@given(st.floats(1e-7, 1e4))
def test_raw_of_inverts_positive(multiplier: float) -> None:
    assert float(positive(number(raw_of(multiplier)))) == pytest.approx(multiplier, rel=1e-6)


@pytest.mark.parametrize("multiplier", [0.0, 1e-9, 1e-8])
def test_no_raw_parameter_is_below_the_minimum(multiplier: float) -> None:
    assert raw_of(multiplier) == MINIMUM_RAW
    smallest = float(positive(torch.tensor(MINIMUM_RAW)))
    assert POSITIVE_FLOOR < smallest < 3e-8


@pytest.mark.parametrize("function", [estep_weights, kl_to_uniform, log_mean_exp])
def test_gradients(function) -> None:
    q, eta = normal(1, 5, 3).requires_grad_(), number(0.7).requires_grad_()
    assert torch.autograd.gradcheck(function, (q, eta))


def test_gradients_of_sizes_costs_and_positive() -> None:
    weights = (normal(2, 5, 3).abs() + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(effective_sample_size, (weights,))
    drawn = normal(3, 4, 2, 2)
    outside = (drawn + 1.1 * drawn.sign()).requires_grad_()
    assert torch.autograd.gradcheck(penalty_costs, (outside,))
    assert torch.autograd.gradcheck(positive, (normal(4, 3).requires_grad_(),))


@given(q_values(), temperatures)
def test_gradient_of_the_soft_value_is_the_weights(q: Tensor, eta: float) -> None:
    variable = q.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(log_mean_exp(variable, number(eta)).sum(), variable)
    expected = torch.from_numpy(brute_weights(q.numpy(), eta))
    torch.testing.assert_close(gradient, expected, rtol=1e-7, atol=1e-12)
