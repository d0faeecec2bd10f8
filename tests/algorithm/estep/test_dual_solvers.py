"""Newton, SLSQP and a grid find the same temperature; floors, ties, warm starts, extremes."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp

from mpo.algorithm.estep.dual_solvers import MINIMUM_TEMPERATURE, gradient, newton, slsqp
from mpo.algorithm.estep.duals import raw, stable
from tests.draws import normal, seeds, state_weights


def dual(q: np.ndarray, eta: float, epsilon: float, rho: np.ndarray) -> float:
    """g(η) by SciPy's logsumexp."""
    soft = eta * (np.asarray(logsumexp(q / eta, axis=0)) - math.log(q.shape[0]))
    return eta * epsilon + float(rho @ soft)


def grid_minimiser(q: np.ndarray, epsilon: float, rho: np.ndarray) -> float:
    """The minimiser over 1e-6 .. 1e8 by a grid in the logarithm and a bounded search."""
    powers = np.linspace(-6.0, 8.0, 561)
    values = [dual(q, 10.0**power, epsilon, rho) for power in powers]
    best = powers[int(np.argmin(values))]
    found: Any = minimize_scalar(
        lambda power: dual(q, 10.0**power, epsilon, rho),
        bounds=(best - 0.05, best + 0.05),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return 10.0 ** float(found.x)


def problem(seed: int, samples: int, states: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    return scale * normal(seed, samples, states).numpy(), state_weights(seed, states).numpy()


def kl(q: np.ndarray, eta: float, rho: np.ndarray) -> float:
    """Σ_s ρ_s Σ_j w_j log(N w_j), with 0 log 0 = 0."""
    weights = np.exp((q - q.max(0)) / eta)
    weights = weights / weights.sum(0)
    logs = np.log(np.where(weights > 0, weights, 1.0) * q.shape[0])
    return float(rho @ (weights * logs).sum(0))


@given(seeds, st.integers(4, 15), st.integers(1, 5), st.floats(0.01, 1.0), st.floats(-1.0, 1.0))
def test_newton_slsqp_and_grid_agree(
    seed: int, samples: int, states: int, epsilon: float, power: float
) -> None:
    q, rho = problem(seed, samples, states, 10.0**power)
    best = grid_minimiser(q, epsilon, rho)
    lowest = dual(q, best, epsilon, rho)
    for solver, relative in ((newton, 1e-3), (slsqp, 0.2)):
        solution = solver.solve(stable.dual, q, epsilon, rho, 1.0)
        assert not solution.at_floor
        assert solution.temperature == pytest.approx(best, rel=relative)
        reached = dual(q, solution.temperature, epsilon, rho)
        assert reached == pytest.approx(lowest, abs=1e-4 * (1.0 + abs(lowest)))


@given(seeds, st.integers(4, 15), st.integers(1, 5), st.floats(-6.0, 6.0), st.floats(0.01, 1.0))
def test_newton_puts_the_kl_at_epsilon(
    seed: int, samples: int, states: int, power: float, epsilon: float
) -> None:
    q, rho = problem(seed, samples, states, 10.0**power)
    q = q + 1000.0 * 10.0**power
    solution = newton.solve(None, q, epsilon, rho, 1.0)
    if solution.at_floor:
        assert solution.temperature == MINIMUM_TEMPERATURE
        assert kl(q, MINIMUM_TEMPERATURE, rho) <= epsilon + 1e-9
    else:
        assert kl(q, solution.temperature, rho) == pytest.approx(epsilon, rel=1e-6)


@given(seeds, st.floats(-5.0, 7.0).map(lambda power: 10.0**power))
def test_newton_does_not_depend_on_its_start(seed: int, start: float) -> None:
    q, rho = problem(seed, 10, 4, 1.0)
    cold = newton.solve(None, q, 0.1, rho, 1.0).temperature
    assert newton.solve(None, q, 0.1, rho, start).temperature == pytest.approx(cold, rel=1e-8)


@given(seeds, st.floats(0.5, 2.0))
def test_slsqp_goes_on_from_its_last_solution(seed: int, share: float) -> None:
    q, rho = problem(seed, 10, 4, 1.0)
    exact = newton.solve(None, q, 0.1, rho, 1.0).temperature
    warm = slsqp.solve(stable.dual, q, 0.1, rho, share * exact).temperature
    assert warm == pytest.approx(exact, rel=0.05)


def by_autograd(form: Any, q: np.ndarray, epsilon: float, rho: np.ndarray, eta: float) -> float:
    """Where SLSQP ends when it is given the form's slope by automatic differentiation."""

    def value_and_slope(at: np.ndarray) -> tuple[float, np.ndarray]:
        variable = torch.tensor(float(at[0]), dtype=torch.float64, requires_grad=True)
        value = form.dual(torch.from_numpy(q), variable, epsilon, torch.from_numpy(rho))
        (slope,) = torch.autograd.grad(value, variable)
        return value.item(), np.array([slope.item()])

    if not math.isfinite(value_and_slope(np.array([eta]))[0]):
        return eta
    found = minimize(value_and_slope, [eta], jac=True, method="SLSQP", bounds=[(1e-6, None)])
    return float(found.x[0]) if math.isfinite(found.x[0]) else eta


@given(
    seeds,
    st.sampled_from([raw, stable]),
    st.integers(4, 64),
    st.floats(-1.0, 2.5).map(lambda power: 10.0**power),
    st.floats(-2.0, 1.0).map(lambda power: 10.0**power),
    st.sampled_from([-800.0, 0.0, 500.0, 800.0]),
)
def test_slsqp_goes_where_the_slope_by_autograd_leads_it(
    seed: int, form: Any, samples: int, scale: float, start: float, level: float
) -> None:
    """Also from where the raw form overflows, at the start and on the way."""
    q, rho = problem(seed, samples, 3, scale)
    q = q + start * level
    expected = by_autograd(form, q, 0.1, rho, start)
    assert slsqp.solve(form.dual, q, 0.1, rho, start).temperature == pytest.approx(
        expected, rel=1e-6
    )


@given(seeds, st.floats(0.01, 100.0), st.floats(-1000.0, 1000.0))
def test_temperature_scales_with_q_and_ignores_its_level(
    seed: int, factor: float, level: float
) -> None:
    q, rho = problem(seed, 8, 3, 1.0)
    eta = newton.solve(None, q, 0.1, rho, 1.0).temperature
    other = newton.solve(None, factor * q + level, 0.1, rho, 1.0).temperature
    assert other == pytest.approx(factor * eta, rel=1e-6)


def test_ties_that_hold_the_kl_below_epsilon_give_the_floor() -> None:
    """Half of the samples share the maximum, so the KL never exceeds log 2."""
    q, rho = np.array([[1.0, 1.0, 0.0, 0.0]]).T, np.ones(1)
    solution = newton.solve(None, q, 0.8, rho, 1.0)
    assert solution == (MINIMUM_TEMPERATURE, True)
    assert not newton.solve(None, q, 0.6, rho, 1.0).at_floor
    by_library = slsqp.solve(stable.dual, q, 0.8, rho, 1e-3)
    assert by_library.temperature == pytest.approx(MINIMUM_TEMPERATURE, abs=1e-3)


@pytest.mark.parametrize("level", [0.0, 5.0, -1e6])
def test_constant_q_gives_the_floor(level: float) -> None:
    q, rho = np.full((6, 2), level), np.full(2, 0.5)
    assert newton.solve(None, q, 0.1, rho, 1.0) == (MINIMUM_TEMPERATURE, True)


def test_slsqp_reports_the_floor_it_ends_on() -> None:
    q, rho = np.zeros((6, 2)), np.full(2, 0.5)
    solution = slsqp.solve(stable.dual, q, 0.1, rho, 0.01)
    assert solution.at_floor
    assert solution.temperature == pytest.approx(MINIMUM_TEMPERATURE)


@pytest.mark.parametrize(("level", "moves"), [(700.0, True), (720.0, False)])
def test_slsqp_on_the_raw_dual_stands_still_beyond_710(level: float, moves: bool) -> None:
    q, rho = level + problem(0, 8, 2, 1.0)[0], np.full(2, 0.5)
    q = q - q.max() + level
    solution = slsqp.solve(raw.dual, q, 0.1, rho, 1.0)
    assert (solution.temperature != 1.0) is moves
    assert not solution.at_floor
    assert slsqp.solve(stable.dual, q, 0.1, rho, 1.0).temperature != 1.0


@given(seeds, st.floats(-1.0, 1.0).map(lambda power: 10.0**power))
def test_slope_and_curvature_are_the_dual_s_derivatives(seed: int, eta: float) -> None:
    q, rho = problem(seed, 7, 3, 1.0)
    slope, curvature = newton.slope_and_curvature(q - q.max(0), eta, 0.1, rho)
    variable = torch.tensor(eta, dtype=torch.float64, requires_grad=True)
    value = stable.dual(torch.from_numpy(q), variable, 0.1, torch.from_numpy(rho))
    (first,) = torch.autograd.grad(value, variable, create_graph=True)
    (second,) = torch.autograd.grad(first, variable)
    assert slope == pytest.approx(float(first), rel=1e-8, abs=1e-10)
    assert curvature == pytest.approx(float(second), rel=1e-7, abs=1e-10)


def test_states_without_weight_do_not_move_the_solution() -> None:
    q, rho = problem(1, 8, 3, 1.0)
    rho = np.array([0.5, 0.5, 0.0])
    wild = q.copy()
    wild[:, 2] *= 1e3
    for solver in (newton, slsqp):
        before = solver.solve(stable.dual, q, 0.1, rho, 1.0).temperature
        assert solver.solve(stable.dual, wild, 0.1, rho, 1.0).temperature == pytest.approx(before)


def test_only_solvers_say_that_they_solve() -> None:
    assert (gradient.SOLVES, newton.SOLVES, slsqp.SOLVES) == (False, True, True)
