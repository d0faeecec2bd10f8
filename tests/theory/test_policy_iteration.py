import cvxpy as cp
import numpy as np
import pytest

from mpo.theory import convergence, enumerated
from mpo.theory import policy_iteration as iteration
from mpo.theory.mdp import backed_up, garnet_mdps, optimal_values, state_values


@pytest.fixture
def mdps():
    return garnet_mdps(np.random.default_rng(0), 4, 6, 3, 0.9, 2, 0.3)


@pytest.mark.parametrize("epsilon", [0.01, 10.0])
def test_mstep_is_that_of_a_convex_solver(epsilon):
    rng = np.random.default_rng(1)
    target, policy = rng.dirichlet(np.ones(3), size=(2, 1, 4))
    variable = cp.Variable((4, 3))
    kl = cp.sum(cp.rel_entr(policy[0], variable)) / 4
    objective = cp.Maximize(cp.sum(cp.multiply(target[0], cp.log(variable))))
    constraints = [cp.sum(variable, axis=1) == 1, kl - epsilon <= 0]
    cp.Problem(objective, constraints).solve(solver=cp.CLARABEL)
    found = iteration.mstep(target, policy, epsilon)[0]
    np.testing.assert_allclose(found, np.asarray(variable.value), atol=1e-5)


def test_kl_by_hand():
    first, second = np.array([[[0.5, 0.5], [1.0, 0.0]]]), np.array([[[0.25, 0.75], [0.5, 0.5]]])
    expected = 0.5 * (0.5 * np.log(2) + 0.5 * np.log(2 / 3) + np.log(2))
    np.testing.assert_allclose(iteration.kl(first, second), [expected])


@pytest.mark.parametrize("backup", enumerated.BACKUPS)
def test_an_iteration_keeps_both_bounds(mdps, backup):
    schedule = iteration.Schedule(backup, 3, 1)
    policy = np.random.default_rng(2).dirichlet(np.ones(3), size=(4, 6))
    q, new = iteration.iterate(mdps, schedule, np.zeros_like(policy), policy)
    assert (iteration.kl(policy, new) <= 0.1 + 1e-9).all()
    eta = enumerated.solve_temperature(q, policy, 0.1)
    star = enumerated.weights(q, policy, eta)
    np.testing.assert_allclose(iteration.kl(star, policy), 0.1, rtol=1e-4)


@pytest.mark.parametrize("sweeps", [1, iteration.EXACT])
@pytest.mark.parametrize("backup", enumerated.BACKUPS)
def test_every_backup_reaches_the_optimum(mdps, backup, sweeps):
    gaps = iteration.suboptimality(mdps, iteration.Schedule(backup, sweeps, 14))
    np.testing.assert_allclose(gaps[0], 1.0)
    assert (gaps[-1] < 1e-6).all(), gaps[-1]


def test_exact_evaluation_never_makes_the_policy_worse(mdps):
    gaps = iteration.suboptimality(mdps, iteration.Schedule("policy", iteration.EXACT, 12))
    assert (np.diff(gaps, axis=0) <= 1e-9).all()


def test_suboptimality_is_of_the_policy_not_of_q(mdps):
    schedule = iteration.Schedule("improved", 1, 2)
    q, policy = np.zeros_like(mdps.reward), np.full_like(mdps.reward, 1 / 3)
    best = optimal_values(mdps)
    first = (best - state_values(mdps, policy)).mean(-1)
    for _ in range(2):
        q, policy = iteration.iterate(mdps, schedule, q, policy)
    expected = (best - state_values(mdps, policy)).mean(-1) / first
    np.testing.assert_allclose(iteration.suboptimality(mdps, schedule)[-1], expected)


def test_settled_soft_q_solves_its_equation(mdps):
    schedule = iteration.Schedule("soft", iteration.EXACT, 1)
    policy = np.full_like(mdps.reward, 1 / 3)
    q = iteration.evaluate(mdps, schedule, np.zeros_like(policy), policy)
    eta = enumerated.solve_temperature(q, policy, 0.1)
    again = backed_up(mdps, enumerated.value("soft", q, policy, eta))
    np.testing.assert_allclose(q, again, atol=1e-5)


def test_crossings_are_interpolated_in_the_logarithm():
    gaps = np.array([[1.0, 1.0, 1.0, 1.0], [0.1, 0.1, 1e-2, 0.5], [1e-3, 1e-2, 1e-9, 0.4]])
    np.testing.assert_allclose(convergence.crossings(gaps), [1.5, 2.0, 1.0, np.inf])


def test_the_summary_counts_who_is_ahead_by_hand():
    """Of three processes, after 2, 3 and 2 iterations, and by the other after 1, 3 and 3."""
    policy = np.array([[1, 1, 1], [0.1, 0.5, 0.1], [0.01, 0.1, 0.01], [1e-3, 0.01, 1e-3]])
    improved = np.array([[1, 1, 1], [0.01, 0.5, 0.1], [1e-3, 0.1, 0.1], [1e-4, 0.01, 0.01]])
    found = {("1", "policy"): policy, ("1", "improved"): improved}
    first, second = convergence.summary(found).to_dict("records")
    assert (first["ahead"], first["behind"], first["reached"]) == (0, 0, 3)
    assert (second["ahead"], second["behind"], second["processes"]) == (1, 1, 3)
    assert (first["iterations"], second["iterations"]) == pytest.approx((7 / 3, 7 / 3))
    assert first["standard_error"] == pytest.approx(np.sqrt(1 / 3) / np.sqrt(3))
    assert second["standard_error"] == pytest.approx(np.sqrt(4 / 3) / np.sqrt(3))
    drawn = convergence.curves(found)
    last = drawn[(drawn["backup"] == "improved") & (drawn["iteration"] == 2)].iloc[0]
    assert last["value"] == pytest.approx(0.1)
    assert (last["low"], last["high"]) == pytest.approx((1e-3 + 0.2 * 0.099, 0.1))
