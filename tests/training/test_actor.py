"""The NumPy actor against the networks and torch.distributions."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from mpo.algorithm.gaussian import log_prob
from mpo.algorithm.networks import Networks, initialise, size, unflatten
from mpo.settings import settings
from mpo.training.actor import Actor, UniformActor, views
from mpo.training.environment import Diverged
from tests.draws import generator

CASES: dict[str, dict[str, Any]] = {
    "full": {},
    "diagonal": {"covariance": "diagonal"},
    "normalised": {"layer_norm": True, "covariance": "diagonal"},
    "mean inside": {"mean": "tanh"},
    "mean inside, by a sigmoid": {"mean": "sigmoid", "covariance": "diagonal"},
    "full normalised": {"layer_norm": True, "initial_deviation": 1.3},
}
OBSERVATION, ACTION = 5, 3


def made(fields: dict[str, Any]) -> tuple[Networks, torch.Tensor]:
    networks = Networks(settings({"policy_hidden": (8, 6), **fields}), OBSERVATION, ACTION)
    count = size(networks.policy_shapes())
    return networks, 0.4 * torch.randn(count, generator=generator(0))


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES)
def test_distribution_is_the_networks_(fields: dict[str, Any]) -> None:
    networks, flat = made(fields)
    actor = Actor(networks, flat.numpy())
    named = unflatten(flat, networks.policy_shapes())
    for index in range(5):
        observation = torch.randn(OBSERVATION, generator=generator(index))
        mean, scale = actor.distribution(observation.numpy())
        expected = networks.policy(named, observation.unsqueeze(0))
        np.testing.assert_allclose(mean, expected.mean[0].numpy(), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(scale, expected.scale[0].numpy(), rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(actor.mean(observation.numpy()), mean)


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES)
def test_density_of_a_sample_is_the_networks_(fields: dict[str, Any]) -> None:
    networks, flat = made(fields)
    actor, rng = Actor(networks, flat.numpy()), np.random.default_rng(0)
    named = unflatten(flat, networks.policy_shapes())
    for index in range(20):
        observation = torch.randn(OBSERVATION, generator=generator(index))
        drawn = actor.sample(observation.numpy(), rng)
        policy = networks.policy(named, observation.unsqueeze(0))
        action = torch.from_numpy(drawn.action).unsqueeze(0)
        expected = float(log_prob(networks.covariance, policy, action)[0])
        assert drawn.log_prob == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert drawn.action.dtype == np.float32


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES)
def test_samples_have_the_policy_s_moments(fields: dict[str, Any]) -> None:
    networks, flat = made(fields)
    actor, rng = Actor(networks, flat.numpy()), np.random.default_rng(0)
    observation = np.ones(OBSERVATION, np.float32)
    actions = np.stack([actor.sample(observation, rng).action for _ in range(20_000)])
    mean, scale = actor.distribution(observation)
    factor = np.diag(scale) if scale.ndim == 1 else scale
    spread = float(scale.max())
    np.testing.assert_allclose(actions.mean(0), mean, atol=0.04 * spread)
    np.testing.assert_allclose(np.cov(actions.T), factor @ factor.T, atol=0.05 * spread**2)


def test_actor_follows_the_vector_that_it_views() -> None:
    networks, flat = made({})
    actor, observation = Actor(networks, flat.numpy()), np.ones(OBSERVATION, np.float32)
    before = actor.mean(observation)
    flat.mul_(2.0)
    assert not np.allclose(actor.mean(observation), before)
    named = unflatten(flat, networks.policy_shapes())
    expected = networks.policy(named, torch.ones(1, OBSERVATION)).mean[0].numpy()
    np.testing.assert_allclose(actor.mean(observation), expected, rtol=1e-4, atol=1e-5)


def test_views_are_those_of_torch() -> None:
    networks, flat = made({})
    shapes = networks.policy_shapes()
    ours, theirs = views(flat.numpy(), shapes), unflatten(flat, shapes)
    for name in shapes:
        np.testing.assert_array_equal(ours[name], theirs[name].numpy())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_diverges(value: float) -> None:
    networks = Networks(settings({"policy_hidden": (8, 6)}), OBSERVATION, ACTION)
    flat = initialise(networks.policy_shapes(), generator(0), 0.01)
    unflatten(flat, networks.policy_shapes())["head.bias"][0] = value
    actor, observation = Actor(networks, flat.numpy()), np.ones(OBSERVATION, np.float32)
    with pytest.raises(Diverged, match="action is not finite"):
        actor.mean(observation)
    with pytest.raises(Diverged, match="behaviour policy"):
        actor.sample(observation, np.random.default_rng(0))


def test_uniform_actions_fill_the_box() -> None:
    actor = UniformActor(2, np.random.default_rng(0))
    actions = np.stack([actor.mean(np.zeros(1)) for _ in range(2000)])
    assert actions.dtype == np.float32
    assert np.abs(actions).max() <= 1.0
    np.testing.assert_allclose(actions.mean(0), 0.0, atol=0.05)
    np.testing.assert_allclose(actions.var(0), 1.0 / 3.0, atol=0.02)
