"""What is measured: a learner of hopper's shapes beside a filled replay."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import Networks, unflatten
from mpo.settings import Settings, settings
from mpo.study.entries import load_variants
from mpo.training.replay import Replay

OBSERVATION_SIZE, ACTION_SIZE = 15, 4
"""Of hopper-stand in dm_control."""
EPISODE, EPISODES = 500, 40


class Subject:
    """The learner of one variant, ready to update."""

    def __init__(self, variant: str, action_size: int = ACTION_SIZE, **changes: Any) -> None:
        """The variant's settings with `changes`; raises KeyError for an unknown variant."""
        self.variant = variant
        self.settings: Settings = settings({**load_variants()[variant].settings, **changes})
        self.networks = Networks(self.settings, OBSERVATION_SIZE, action_size)
        self.learner = Learner(self.networks, 1, 2)
        self._replay = filled_replay(EPISODES, action_size)
        self._returns = self.settings.option("returns")
        self._generator = np.random.default_rng(3)

    def batch(self) -> Batch:
        """A batch as training draws it."""
        returns = self._returns
        sequences, length = returns.sequences(self.settings), returns.length(self.settings)
        return self._replay.sample(self._generator, sequences, length, returns.ENDPOINTS)

    def update(self) -> None:
        """All of an update: batch, noise, loss, gradients, optimisers, targets when due."""
        self.learner.update(self.batch())

    def noise(self) -> Float[Tensor, "N B A"]:
        """Noise of the shape that an update takes."""
        return torch.randn(
            self.settings.action_samples, self.settings.batch_size, self.networks.action_size
        )

    def reference(self, module: ModuleType) -> Any:
        """The `Reference` of tests/reference/ with this learner's parameters."""
        state, made = self.learner.state, self.networks
        flat = {
            "policy": (state.policy.parameters, made.policy_shapes()),
            "critic": (state.critic.parameters, made.critic_shapes()),
            "target_policy": (state.target_policy, made.policy_shapes()),
            "target_critic": (state.target_critic, made.critic_shapes()),
        }
        named = {name: unflatten(vector.clone(), shapes) for name, (vector, shapes) in flat.items()}
        return module.Reference(
            self.settings, made.action_size, named, state.multipliers.parameters
        )


def filled_replay(episodes: int, action_size: int) -> Replay:
    """Episodes of random observations, actions and rewards."""
    draws = np.random.default_rng(0)
    replay = Replay((EPISODE + 1) * episodes, OBSERVATION_SIZE, action_size)
    for _ in range(episodes):
        observations = draws.standard_normal((EPISODE + 1, OBSERVATION_SIZE))
        actions = draws.uniform(-1, 1, (EPISODE, action_size))
        for t, action in enumerate(actions):
            reward, density = float(draws.uniform()), float(draws.normal() - 2.0)
            replay.add(observations[t], action, reward, density, False, observations[t + 1])
        replay.end_episode()
    return replay
