"""The table is complete and every verdict comes of its errors; each module by a second way."""

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from mpo.theory import errata
from mpo.theory.errata import (
    divergences,
    fisher_prior,
    inner_loop,
    normaliser,
    regularised_value,
    stable_form,
)
from mpo.theory.errata import retrace_discount as retrace
from mpo.theory.mdp import action_values
from mpo.theory.primal import Solver, random_problem


@pytest.fixture(scope="module")
def table():
    return errata.table()


def test_every_erratum_is_there_and_confirmed(table):
    assert list(dict.fromkeys(table["erratum"])) == list(range(1, 11))
    assert set(table["verdict"]) == {"confirmed"}


def test_table_is_the_same_when_made_again(table):
    again = errata.table()
    assert again.to_csv() == table.to_csv()


def test_shown_table_has_a_line_a_check(table):
    lines = errata.shown(table).strip().split("\n")
    assert len(lines) == len(table) + 2
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1


def test_the_corrected_exponents_do_not_depend_on_the_sign():
    found = normaliser.exponents(problems=4)
    np.testing.assert_allclose(found["flipped_correct"], found["lagrangian_correct"])
    np.testing.assert_allclose(found["flipped_printed"], -found["flipped_correct"])
    np.testing.assert_allclose(found["lagrangian_correct"] - found["lagrangian_printed"], 2.0)


def test_grid_sum_is_the_kl():
    first = MultivariateNormal(divergences.MEANS[0], scale_tril=divergences.SCALES[0])
    second = MultivariateNormal(divergences.MEANS[1], scale_tril=divergences.SCALES[1])
    found = divergences.summed_kl(first, second)
    np.testing.assert_allclose(found, float(kl_divergence(first, second)), rtol=1e-10)


def test_fitted_mean_and_variance_by_search():
    """The optimum lies on both bounds: the mean by its bound, given the best variance."""
    mean, covariance = divergences.fitted(0.1, 1e-2)
    log_sigma = np.linspace(-0.2, 0.2, 4001)
    part = log_sigma + 0.5 * np.exp(-2 * log_sigma) - 0.5
    mu = np.sqrt(0.2) * np.exp(log_sigma)
    loss = log_sigma + ((3.0 - mu) ** 2 + 4.0) / (2 * np.exp(2 * log_sigma))
    best = np.where(part <= 1e-2, loss, np.inf).argmin()
    np.testing.assert_allclose(covariance, part[best], rtol=1e-2)
    np.testing.assert_allclose(mean, 0.1, rtol=1e-6)


def test_fisher_matrix_of_a_gaussian():
    """Known in closed form: E[x xᵀ] / σ² for the mean's parameters, 2 for log σ."""
    features = torch.cat([fisher_prior.STATES, torch.ones(3, 1, dtype=torch.float64)], 1)
    expected = torch.zeros(4, 4, dtype=torch.float64)
    variance = (2.0 * fisher_prior.PARAMETERS[3]).exp()
    expected[:3, :3] = features.T @ features / 3.0 / variance
    expected[3, 3] = 2.0
    torch.testing.assert_close(fisher_prior.fisher(), expected)


def test_trajectories_are_all_of_them():
    problem = retrace.evaluation()
    total = np.zeros((retrace.STATES, retrace.ACTIONS))
    start = (problem.paths.states[0], problem.paths.actions[0])
    np.add.at(total, start, problem.paths.probability)
    np.testing.assert_allclose(total, 1.0)


@pytest.mark.parametrize("discounted", [True, False])
def test_expected_retrace_target_by_operators(discounted):
    """The same expectation by matrices: Q + Σ_j γ^j (P c b)^j [r + γ P V - Q]."""
    problem = retrace.evaluation(seed=2)
    mdp, policy, behaviour = problem.mdp, problem.policy, problem.behaviour
    q = np.random.default_rng(3).normal(size=mdp.reward.shape)
    factor = mdp.discount if discounted else 1.0
    error = mdp.reward + factor * mdp.transition @ (policy * q).sum(-1) - q
    traced = behaviour * np.minimum(1.0, policy / behaviour)
    total, carried = q.copy(), error
    for j in range(retrace.STEPS):
        total = total + mdp.discount**j * carried
        carried = mdp.transition @ (traced * carried).sum(-1)
    found = retrace.expected_targets(problem, q, discounted)
    np.testing.assert_allclose(found, total, rtol=1e-10)


def test_printed_dual_grows_with_the_temperature():
    """So that its minimiser is the lower end, unlike that of the right one."""
    problem = random_problem(np.random.default_rng(1), 1, 6)
    problem = problem._replace(policy=np.full((1, 6), 1 / 6))
    temperatures = np.geomspace(0.01, 10, 30)
    values = [stable_form.printed_dual(problem, eta) for eta in temperatures]
    assert (np.diff(values) > 0).all()
    eta, value = stable_form.minimum(stable_form.trained_dual, problem)
    primal = Solver(1, 6).solve(problem)
    np.testing.assert_allclose([eta, value], [primal.temperature, primal.value], rtol=1e-3)


def test_inner_loop_stops_where_it_should():
    assert inner_loop.inner_steps(lambda current, limit: current > limit, 7) == 0
    assert inner_loop.inner_steps(lambda current, limit: current < limit, 7) == 7
    assert inner_loop.inner_steps(lambda current, limit: True, 7, most=50) == 50


def test_summed_futures_by_a_linear_solve():
    mdp = regularised_value.problem()
    policy = np.random.default_rng(0).dirichlet(np.ones(3), size=4)
    found = regularised_value.summed(mdp, policy, 0.0)
    np.testing.assert_allclose(found, action_values(mdp, policy), rtol=1e-10)
    costly = regularised_value.summed(mdp, policy, 1.0)
    kl = (policy * np.log(3 * policy)).sum(-1)
    carried = np.linalg.solve(
        np.eye(4) - mdp.discount * np.einsum("sa,sat->st", policy, mdp.transition), kl
    )
    np.testing.assert_allclose(found - costly, mdp.discount * mdp.transition @ carried)


def test_errors_that_are_rounding_are_bounds():
    """Those digits are the processor's, and a study is to give the same files on any."""
    assert errata._short(4.4e-15, 1e-8) == "< 1e-10"
    assert errata._short(9.9e-11, 1e-8) == "< 1e-10"
    assert errata._short(1.1e-10, 1e-8) == "1.1e-10"
    assert errata._short(0, 0.5) == "0"
    assert errata._short(195.4, 1e-6) == "195"
