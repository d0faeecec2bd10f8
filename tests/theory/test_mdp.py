import itertools

import numpy as np
import pytest

from mpo.theory import mdp as finite


@pytest.fixture
def mdps():
    return finite.random_mdps(np.random.default_rng(0), 3, 3, 2, 0.9)


def test_state_values_by_iteration(mdps):
    policy = np.random.default_rng(1).dirichlet(np.ones(2), size=(3, 3))
    values = np.zeros((3, 3))
    for _ in range(400):
        values = (policy * finite.backed_up(mdps, values)).sum(-1)
    np.testing.assert_allclose(finite.state_values(mdps, policy), values)
    q = finite.action_values(mdps, policy)
    np.testing.assert_allclose((policy * q).sum(-1), values)


def test_backed_up_by_loops(mdps):
    values = np.random.default_rng(2).normal(size=(3, 3))
    found = finite.backed_up(mdps, values)
    for m, s, a in np.ndindex(3, 3, 2):
        mean = sum(mdps.transition[m, s, a, t] * values[m, t] for t in range(3))
        np.testing.assert_allclose(found[m, s, a], mdps.reward[m, s, a] + 0.9 * mean)


def test_optimal_values_by_trying_every_policy(mdps):
    best = np.full((3, 3), -np.inf)
    for choice in itertools.product(range(2), repeat=3):
        policy = np.broadcast_to(np.eye(2)[list(choice)], (3, 3, 2))
        best = np.maximum(best, finite.state_values(mdps, policy))
    np.testing.assert_allclose(finite.optimal_values(mdps), best)


def test_policy_iteration_that_is_cut_off_says_so(mdps):
    with pytest.raises(RuntimeError, match="did not end in 1"):
        finite.optimal_values(mdps, iterations=1)


def test_garnet_has_few_successors_and_few_rewards():
    mdps = finite.garnet_mdps(np.random.default_rng(3), 20, 10, 3, 0.9, 2, 0.1)
    np.testing.assert_allclose(mdps.transition.sum(-1), 1.0)
    assert ((mdps.transition > 0).sum(-1) == 2).all()
    assert 0.05 < (mdps.reward != 0).mean() < 0.15


def test_index_picks_processes(mdps):
    assert mdps[1].reward.shape == (3, 2)
    assert mdps[np.array([0, 2])].transition.shape == (2, 3, 2, 3)
