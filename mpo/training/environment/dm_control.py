"""dm_control stepped directly, where nothing stands between that would change a step.

Flattening, rescaling and Gymnasium's wrappers together add some 45 microseconds to a step. The
parts of an observation come in dm_control's own order, while Gymnasium's space sorts them.
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker
from jaxtyping import Float

from mpo.training.environment.faults import Breach
from mpo.training.environment.observations import Observations, require
from mpo.training.environment.registration import DmControlCompatibilityV0
from mpo.training.environment.simulators import Outcome, number

CHANGE_NOTHING = (OrderEnforcing, PassiveEnvChecker)
"""Wrappers that leave a step as it is."""


def is_plain(environment: gymnasium.Env) -> bool:
    """Whether stepping the dm_control environment itself is all that the environment does."""
    layer: Any = environment
    while type(layer) in CHANGE_NOTHING:
        layer = layer.env
    if type(layer) is not DmControlCompatibilityV0:
        return False
    space = layer.observation_space
    return isinstance(space, Dict) and all(isinstance(part, Box) for part in space.values())


class DmControlSimulator:
    """The environment of dm_control behind a plain one. Owns nothing: the latter is closed."""

    def __init__(self, environment: gymnasium.Env) -> None:
        self._environment = environment
        inner: Any = environment.unwrapped
        self.inner = inner._env
        space = inner.observation_space
        self.observations = Observations(space)
        self._parts = [(key, len(space[key].shape) == 1) for key in self.inner.observation_spec()]

    def reset(self, seed: int) -> Any:
        """The first observation of the episode that `seed` determines, held against its space."""
        observation, _ = self._environment.reset(seed=seed)
        require(self.observations.space, observation, "observation")
        return observation

    def step(self, native: np.ndarray) -> Outcome:
        """One control step. A discount of 0 says that nothing follows an episode's end."""
        timestep = self.inner.step(native)
        reward = number(timestep.reward)
        if not timestep.last():
            return timestep.observation, reward, False, False
        terminated = timestep.discount == 0.0
        return timestep.observation, reward, terminated, not terminated

    def flat(self, observation: Any) -> Float[np.ndarray, " O"]:
        """The observation, in a new array. Raises `Breach` where its size is not the space's."""
        parts = [
            observation[key] if is_vector else np.ravel(observation[key])
            for key, is_vector in self._parts
        ]
        flat = np.concatenate(parts, dtype=np.float32, casting="same_kind")
        if flat.size != self.observations.size:
            raise Breach(
                f"the observation has {flat.size} numbers, its space {self.observations.size}"
            )
        return flat
