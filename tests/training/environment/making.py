"""Environments made to measure: any spaces, any answers, any wrappers, registered for a while."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Space

from mpo.settings import settings
from mpo.training.environment import Environment, require_contract

ID = "Made-v0"
ACTIONS = Box(-1.0, 1.0, (2,))
OBSERVATIONS = Box(-9.0, 9.0, (3,))


def as_it_is(value: Any) -> Any:
    return value


class Made(gymnasium.Env):
    """Observes samples of its space, drawn from the reset's seed; keeps the actions it is given.

    `observe` is what becomes of an observation on its way out, `reward` what each step gives. A
    `strict` one refuses actions that are not in its space.
    """

    def __init__(
        self,
        actions: Space | None = ACTIONS,
        observations: Space | None = OBSERVATIONS,
        observe: Callable[[Any], Any] = as_it_is,
        reward: Any = 1.0,
        seeded: bool = True,
        strict: bool = True,
    ) -> None:
        if actions is not None:
            self.action_space = actions
        if observations is not None:
            self.observation_space = copy.deepcopy(observations)  # whose generator is its own
        self._observe, self._reward = observe, reward
        self._seeded, self._strict = seeded, strict
        self.given: list[Any] = []

    def _observation(self) -> Any:
        return self._observe(self.observation_space.sample())

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        if self._seeded:
            self.observation_space.seed(seed)
        return self._observation(), {}

    def step(self, action: Any) -> Any:
        if self._strict:
            assert self.action_space.contains(action), f"{action!r} is not in {self.action_space}"
        self.given.append(np.array(action))
        return self._observation(), self._reward, False, False, {}


@contextmanager
def registered(
    creator: Callable[..., gymnasium.Env], limit: int | None = 100, **kwargs: Any
) -> Iterator[str]:
    """The id of an environment that `creator` makes, known to Gymnasium meanwhile."""
    gymnasium.register(ID, creator, max_episode_steps=limit, kwargs=kwargs)
    try:
        yield ID
    finally:
        del gymnasium.registry[ID]


def made(
    creator: Callable[..., gymnasium.Env] = Made, episode_steps: int | None = None, **kwargs: Any
) -> Environment:
    """The adapter around what `creator` makes. Raises as it does."""
    with registered(creator, **kwargs) as name:
        return Environment(name, episode_steps=episode_steps)


def check(creator: Callable[..., gymnasium.Env] = Made, **kwargs: Any) -> None:
    """What is tried of it when a run starts. Raises `EnvironmentFault`."""
    with registered(creator, **kwargs) as name:
        require_contract(settings({"environment": name}))


def simulator(environment: Environment) -> Any:
    """The environment behind the adapter and all wrappers."""
    return environment._gymnasium.unwrapped
