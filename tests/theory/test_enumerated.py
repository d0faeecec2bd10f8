"""Enumerated actions with a policy against repeated samples, and against sums written out."""

import numpy as np
import pytest
import torch

from mpo.algorithm.estep.dual_solvers import newton
from mpo.algorithm.estep.duals import stable
from mpo.algorithm.estep.weights import estep_weights, kl_to_uniform
from mpo.theory import enumerated

COUNTS = np.array([[[1, 2, 5], [4, 4, 0]], [[8, 0, 0], [2, 3, 3]]])
"""How often each of 3 actions is among 8 samples, for 2 processes of 2 states."""


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    q, policy = rng.normal(size=(2, 2, 3)), COUNTS / 8
    temperature = np.array([0.4, 1.7])
    states = zip(q.reshape(4, 3), COUNTS.reshape(4, 3), strict=True)
    samples = np.stack([np.repeat(values, counts) for values, counts in states], 1)
    return q, policy, temperature, torch.from_numpy(samples)


def of_process(samples, m):
    return samples[:, 2 * m : 2 * m + 2]


@pytest.mark.parametrize("backup", enumerated.BACKUPS)
def test_value_is_that_of_repeated_samples(case, backup):
    q, policy, temperature, samples = case
    found = enumerated.value(backup, q, policy, temperature)
    for m, eta in enumerate(temperature):
        expected = enumerated.BACKUPS[backup].value(of_process(samples, m), torch.tensor(eta))
        np.testing.assert_allclose(found[m], expected.numpy(), rtol=1e-10)


def test_weights_and_kl_are_those_of_repeated_samples(case):
    q, policy, temperature, samples = case
    found = enumerated.weights(q, policy, temperature)
    kl = enumerated.kl(enumerated.tilted(q, policy), temperature)
    for m, eta in enumerate(temperature):
        mine = of_process(samples, m)
        by_sample = estep_weights(mine, torch.tensor(eta)).numpy()
        for s, a in np.ndindex(2, 3):
            same = mine[:, s].numpy() == q[m, s, a]
            np.testing.assert_allclose(found[m, s, a], by_sample[same, s].sum(), atol=1e-12)
        expected = float(kl_to_uniform(mine, torch.tensor(eta)).mean())
        np.testing.assert_allclose(kl[m], expected, rtol=1e-10)


def test_values_are_the_sums_of_their_definition(case):
    q, policy, temperature, _ = case
    eta = temperature[:, None, None]
    tilted = policy * np.exp(q / eta)
    star = tilted / tilted.sum(-1, keepdims=True)
    expected = {
        "policy": (policy * q).sum(-1),
        "improved": (star * q).sum(-1),
        "soft": temperature[:, None] * np.log(tilted.sum(-1)),
    }
    for backup, values in expected.items():
        np.testing.assert_allclose(enumerated.value(backup, q, policy, temperature), values)


def test_temperature_is_that_of_newton():
    rng = np.random.default_rng(1)
    q = rng.normal(size=(3, 4, 5))
    found = enumerated.solve_temperature(q, np.full_like(q, 0.2), 0.1)
    for m in range(3):
        solved = newton.solve(stable.dual, q[m].T.copy(), 0.1, np.full(4, 0.25), 1.0)
        np.testing.assert_allclose(found[m], solved.temperature, rtol=1e-6)


def test_temperature_is_the_floor_where_no_kl_reaches_the_bound():
    q = np.array([[[1.0, 1.0, 0.0]]])
    policy = np.array([[[0.5, 0.49, 0.01]]])
    np.testing.assert_allclose(enumerated.solve_temperature(q, policy, 0.1), 1e-6, rtol=1e-6)


def test_an_action_without_probability_stays_without():
    q = np.array([[[0.0, 100.0]]])
    found = enumerated.weights(q, np.array([[[1.0, 0.0]]]), np.array([1.0]))
    np.testing.assert_allclose(found, [[[1.0, 0.0]]], atol=1e-200)
