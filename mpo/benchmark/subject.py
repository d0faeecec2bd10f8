"""What is measured: a learner of hopper's shapes beside a filled replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import unflatten
from mpo.settings import Settings, settings
from mpo.training.protocols.iterations.learner import Learner as IterationsLearner
from mpo.training.protocols.iterations.protocol import pairs, usable
from mpo.training.replay import Replay

OBSERVATION_SIZE, ACTION_SIZE = 15, 4
"""Of hopper-stand in dm_control."""
EPISODE, EPISODES = 500, 40


class Subject:
    """The learner of one variant, ready to update."""

    _learner: Any = Learner

    def __init__(
        self, own: Mapping[str, Any], action_size: int = ACTION_SIZE, **changes: Any
    ) -> None:
        """Of the fields that the variant sets itself, with `changes`."""
        self.settings: Settings = settings({**own, **changes})
        protocol = self.settings.option("protocol")
        self.networks = protocol.Networks(self.settings, OBSERVATION_SIZE, action_size)
        self.learner = self._learner(self.networks, 1, 2)
        self._replay = filled_replay(EPISODES, action_size)
        self._returns = self.settings.option("returns")
        self._generator = np.random.default_rng(3)

    def batch(self) -> Any:
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

    def reference(self, module: ModuleType) -> Callable[[], None]:
        """An update by the classes of tests/reference/, with this learner's parameters."""
        multipliers = self.learner.state.multipliers.parameters
        made = module.Reference(
            self.settings, self.networks.action_size, self._named(), multipliers
        )
        return lambda: made.update(self.batch(), self.noise())

    def _named(self) -> dict[str, dict[str, Tensor]]:
        """Copies of the parameters of each network by name."""
        state, made = self.learner.state, self.networks
        flat = {
            "policy": (state.policy.parameters, made.policy_shapes()),
            "critic": (state.critic.parameters, made.critic_shapes()),
            "target_policy": (state.target_policy, made.policy_shapes()),
            "target_critic": (state.target_critic, made.critic_shapes()),
        }
        return {name: unflatten(vector.clone(), shapes) for name, (vector, shapes) in flat.items()}


class OfIterations(Subject):
    """The learner of `protocol: iterations`; its targets are not refreshed."""

    _learner = IterationsLearner

    def batch(self) -> Any:
        """A batch of an iteration."""
        size = self.settings.batch_size
        return pairs(self._replay, self._generator.choice(usable(self._replay), size, False))

    def reference(self, module: ModuleType) -> Callable[[], None]:
        """An update by the classes of tests/reference/, with this learner's parameters."""
        sizes, temperature = self.networks.action_size, self.learner.temperature
        made = module.Iterations(self.settings, sizes, self._named(), temperature)
        return lambda: made.update(*self.batch(), torch.stack([self.noise(), self.noise()]))


def subject(own: Mapping[str, Any], action_size: int = ACTION_SIZE, **changes: Any) -> Subject:
    """The learner of a variant that sets the fields `own`, whatever its protocol."""
    kind = OfIterations if own.get("protocol") == "iterations" else Subject
    return kind(own, action_size, **changes)


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
