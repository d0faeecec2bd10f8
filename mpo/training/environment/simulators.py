"""One control step of a simulator, by Gymnasium's API (`dm_control` has the other way)."""

from collections.abc import Mapping
from typing import Any, Protocol

import gymnasium
import numpy as np
from jaxtyping import Float

from mpo.training.environment.faults import Breach
from mpo.training.environment.observations import Observations

LARGEST_REWARD = float(np.finfo(np.float32).max)
Outcome = tuple[Any, float, bool, bool]
"""The observation as it came, the reward, and whether the episode terminated or was truncated."""


class Simulator(Protocol):
    """What `Environment` steps. All raise `Breach`, and whatever the simulator raises."""

    observations: Observations

    def reset(self, seed: int) -> Any: ...
    def step(self, native: np.ndarray) -> Outcome: ...
    def flat(self, observation: Any) -> Float[np.ndarray, " O"]: ...


class GymnasiumSimulator:
    """Any Gymnasium environment, wrapped or not. What it returns is held against its spaces."""

    def __init__(self, environment: gymnasium.Env) -> None:
        self._environment = environment
        self.observations = Observations(getattr(environment, "observation_space", None))
        self.flat = self.observations.flat

    def reset(self, seed: int) -> Any:
        """The first observation of the episode that `seed` determines."""
        returned: Any = self._environment.reset(seed=seed)
        if not isinstance(returned, tuple) or len(returned) != 2 or not _is_info(returned[1]):
            raise Breach("reset returned something other than (observation, info)")
        return returned[0]

    def step(self, native: np.ndarray) -> Outcome:
        """One control step. The environment may keep or change the action: it gets its own."""
        returned: Any = self._environment.step(native.copy())
        if not isinstance(returned, tuple) or len(returned) != 5:
            raise Breach(
                "step returned something other than (observation, reward, terminated, truncated, "
                "info)"
            )
        observation, reward, terminated, truncated, _ = returned
        return observation, number(reward), flag(terminated), flag(truncated)


def _is_info(value: Any) -> bool:
    return isinstance(value, Mapping)


def number(reward: Any) -> float:
    """A reward as a float. Raises `Breach` where it is no single number that float32 can hold."""
    if not isinstance(reward, float | int):
        array = np.asarray(reward)
        if array.size != 1 or array.dtype.kind not in "biuf":
            raise Breach(f"the reward is {reward!r}, where a number is due")
        reward = array.item()
    if not abs(reward) <= LARGEST_REWARD:
        raise Breach(f"the reward is {reward}, which is not finite in float32")
    return float(reward)


def flag(value: Any) -> bool:
    """An episode's end as a bool. Raises `Breach` where it is neither true nor false."""
    if isinstance(value, bool):
        return value
    array = np.asarray(value)
    if array.size != 1 or array.item() not in (0, 1):
        raise Breach(f"terminated or truncated is {value!r}, where true or false is due")
    return bool(array.item())
