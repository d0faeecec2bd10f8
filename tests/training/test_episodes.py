"""Evaluation episodes: returns, lengths, discounting, and the critic's estimate."""

import math

import numpy as np
import pytest
import torch

from mpo.algorithm.networks import unflatten
from mpo.training.environment import Environment
from mpo.training.episodes import Episode, critic_value, rows, run_episode
from tests.environments import PREFIX
from tests.learning import ACTION, OBSERVATION, learner, small


class Still:
    """A policy of zeros that counts its observations."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def mean(self, observation: np.ndarray) -> np.ndarray:
        self.seen.append(observation)
        return np.zeros(2, np.float32)


@pytest.mark.parametrize("repeat", [1, 2])
def test_an_episode_sums_its_rewards(repeat: int) -> None:
    environment, policy = Environment(PREFIX + "Clock-v0", repeat), Still()
    watched: list[int] = []
    episode = run_episode(
        environment,
        policy,
        4,
        0.5,
        value=lambda observation, action: 10.0 + float(observation[0]) + float(action.sum()),
        watch=lambda: watched.append(1),
    )
    decisions = math.ceil(7 / repeat)
    rewards = [float(repeat)] * (7 // repeat) + [1.0] * (7 % repeat)
    assert episode.return_ == 7.0
    assert episode.length == 7
    assert episode.value_estimate == 10.0
    expected = sum(0.5**k * reward for k, reward in enumerate(rewards))
    assert episode.discounted_return == pytest.approx(expected)
    assert len(policy.seen) == decisions
    assert len(watched) == decisions + 1


def test_without_a_critic_there_is_no_estimate() -> None:
    episode = run_episode(Environment(PREFIX + "Terminating-v0"), Still(), 4, 0.9)
    assert math.isnan(episode.value_estimate)
    assert episode.length == 7


def test_the_seed_starts_the_episode() -> None:
    environment = Environment(PREFIX + "Clock-v0")
    policies = Still(), Still(), Still()
    for policy, seed in zip(policies, (3, 4, 3), strict=True):
        run_episode(environment, policy, seed, 0.9)
    first, other, again = (policy.seen[0][1] for policy in policies)
    assert first == again != other


def test_critic_value_is_the_online_critic_s() -> None:
    made = learner(small({}))
    rng = np.random.default_rng(0)
    observation = rng.normal(size=OBSERVATION).astype(np.float32)
    action = np.array([0.3, 4.0], np.float32)
    assert len(action) == ACTION
    named = unflatten(made.state.critic.parameters, made.networks.critic_shapes())
    inside = torch.tensor([[0.3, 1.0]])
    expected = made.networks.q_values(named, torch.from_numpy(observation)[None], inside)
    assert critic_value(made, observation, action) == pytest.approx(float(expected))


def test_rows_number_the_episodes() -> None:
    found = rows(40, [Episode(1.0, 7, 2.0, 0.5), Episode(3.0, 8, math.nan, 0.6)])
    assert [row["episode"] for row in found] == [0, 1]
    assert {row["step"] for row in found} == {40}
    assert found[0] == {
        "step": 40,
        "episode": 0,
        "return": 1.0,
        "length": 7,
        "value_estimate": 2.0,
        "discounted_return": 0.5,
    }
