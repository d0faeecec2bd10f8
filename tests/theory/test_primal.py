"""The convex solver against a second general solver, and its multipliers against finite
differences, which know no sign convention."""

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, NonlinearConstraint, minimize

from mpo.theory.primal import Solver, log_normaliser, mass_rate, random_problem


@pytest.fixture(scope="module")
def problems():
    rng = np.random.default_rng(0)
    return [random_problem(rng, 2, 3) for _ in range(3)]


def test_optimum_equals_that_of_trust_region(problems):
    problem = problems[0]
    mu = np.repeat(problem.state_weights, 3)
    q, reference = problem.q.ravel(), problem.policy.ravel()

    def divergence(x):
        return float((mu * x * np.log(x / reference)).sum())

    found = minimize(
        lambda x: -(mu * q * x).sum(),
        reference,
        jac=lambda x: -mu * q,
        hess=lambda x: np.zeros((6, 6)),
        method="trust-constr",
        constraints=[
            LinearConstraint(np.kron(np.eye(2), np.ones(3)), 1.0, 1.0),
            NonlinearConstraint(
                divergence,
                -np.inf,
                problem.epsilon,
                jac=lambda x: mu * (np.log(x / reference) + 1.0),  # pyright: ignore
                hess=lambda x, v: v[0] * np.diag(mu / x),
            ),
        ],
        bounds=[(1e-12, None)] * 6,
        options={"gtol": 1e-10, "xtol": 1e-12, "maxiter": 2000},
    )
    primal = Solver(2, 3).solve(problem)
    np.testing.assert_allclose(-found.fun, primal.value, rtol=1e-5)
    np.testing.assert_allclose(found.x.reshape(2, 3), primal.distribution, atol=1e-3)


def test_temperature_is_the_rate_of_the_bound(problems):
    solver, step = Solver(2, 3), 1e-4
    for problem in problems:
        high = solver.solve(problem._replace(epsilon=problem.epsilon + step)).value
        low = solver.solve(problem._replace(epsilon=problem.epsilon - step)).value
        found = solver.solve(problem).temperature
        np.testing.assert_allclose(found, (high - low) / (2 * step), rtol=1e-3)


def test_normaliser_has_the_sign_of_the_printed_lagrangian(problems):
    solver = Solver(2, 3)
    for problem in problems:
        found = problem.state_weights @ solver.solve(problem).normaliser
        np.testing.assert_allclose(found, mass_rate(solver, problem), atol=1e-3)


def test_joint_constraint_holds_only_the_mean_mass(problems):
    for problem in problems:
        mass = Solver(2, 3, joint=True).solve(problem).distribution.sum(1)
        np.testing.assert_allclose(problem.state_weights @ mass, 1.0, atol=1e-7)
        assert np.abs(mass - 1.0).max() > 1e-2


def test_bound_is_met_with_equality(problems):
    for problem in problems:
        q = Solver(2, 3).solve(problem).distribution
        kl = problem.state_weights @ (q * np.log(q / problem.policy)).sum(1)
        np.testing.assert_allclose(kl, problem.epsilon, rtol=1e-5)


def test_normaliser_is_summed_by_hand(problems):
    problem = problems[0]
    by_hand = [
        np.log(sum(p * np.exp(q / 0.7) for p, q in zip(policy, values, strict=True)))
        for policy, values in zip(problem.policy, problem.q, strict=True)
    ]
    np.testing.assert_allclose(log_normaliser(problem, 0.7), by_hand)
