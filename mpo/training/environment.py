"""Environments behind one small interface: flat float32 observations, actions in [-1, 1].

Any Gymnasium environment with a Box (or Dict of Boxes) observation and a Box action will do.
dm_control's suite comes through Shimmy's registration; its steps are taken on the dm_control
environment itself, because flattening, rescaling and Gymnasium's wrappers together add some 45
microseconds to a step and this adapter a third of it.

`terminated` means that the environment ended the episode by its own rules, so that nothing
follows; `truncated`, that a clock did, and the value of the last observation still counts.
"""

import math
import os
from typing import Any, NamedTuple

os.environ.setdefault("MUJOCO_GL", "disabled")  # before MuJoCo is imported; rendering sets it

import gymnasium
import numpy as np
import shimmy
from dm_control.rl.control import PhysicsError
from gymnasium.spaces import Box, Dict
from jaxtyping import Float

gymnasium.register_envs(shimmy)


class Diverged(Exception):
    """A quantity stopped being finite: `what`, and `where` it was noticed."""

    def __init__(self, what: str, where: str) -> None:
        self.what, self.where = what, where
        super().__init__(f"{what} is not finite ({where})")


class Step(NamedTuple):
    """What one decision led to."""

    observation: Float[np.ndarray, " O"]
    reward: float
    """Sum over the control steps of the decision."""
    terminated: bool
    truncated: bool
    control_steps: int
    """Simulator steps taken: the action repeat, or fewer where the episode ended."""


class Environment:
    """One simulator with its action repeat. Owns the simulator; `close` frees it."""

    def __init__(self, name: str, action_repeat: int = 1, render: bool = False) -> None:
        """Make the Gymnasium environment `name`.

        Raises ValueError, naming it, where there is no such environment or its spaces do not fit.
        """
        options: dict[str, Any] = {"render_mode": "rgb_array"} if render else {}
        try:
            wrapped = gymnasium.make(name, disable_env_checker=True, **options)
        except gymnasium.error.Error as error:
            raise ValueError(f"environment: {name!r} cannot be made: {error}") from None
        self.action_repeat = action_repeat
        self._wrapped = wrapped
        self._dm_control: Any = None
        inner: Any = wrapped.unwrapped
        if isinstance(inner, shimmy.DmControlCompatibilityV0):
            self._dm_control = inner._env
        action_space, observation_space = inner.action_space, inner.observation_space
        if not isinstance(action_space, Box) or not np.all(np.isfinite(action_space.low)):
            raise ValueError(f"environment: {name!r} has no bounded Box of actions")
        if not isinstance(observation_space, Box | Dict):
            raise ValueError(f"environment: {name!r} has no Box or Dict of Box observations")
        self._shape = action_space.shape
        self._low = action_space.low.reshape(-1).astype(np.float64)
        self._half_range = (action_space.high.reshape(-1) - self._low) / 2.0
        self.action_size = int(self._low.size)
        self.observation_size = int(gymnasium.spaces.flatdim(observation_space))

    @property
    def decision_seconds(self) -> float:
        """Simulated seconds that one decision lasts."""
        inner: Any = self._wrapped.unwrapped
        return float(inner.dt) * self.action_repeat

    def reset(self, seed: int) -> Float[np.ndarray, " O"]:
        """Start the episode that `seed` (below 2^32) determines; its first observation."""
        observation, _ = self._wrapped.reset(seed=seed)
        return self._flat(observation)

    def step(self, action: Float[np.ndarray, " A"]) -> Step:
        """Apply one action, clipped to [-1, 1], for `action_repeat` control steps.

        Raises `Diverged` where the simulator or its reward or observation is not finite.
        """
        clipped = np.minimum(np.maximum(action, -1.0), 1.0)  # np.clip takes three times as long
        native = self._low + (clipped + 1.0) * self._half_range
        native = native.reshape(self._shape)
        total = 0.0
        terminated = truncated = False
        observation: Any = None
        steps = 0
        for steps in range(1, self.action_repeat + 1):  # noqa: B007
            observation, reward, terminated, truncated = self._control_step(native)
            total += reward
            if terminated or truncated:
                break
        flat = self._flat(observation)
        if not math.isfinite(total):
            raise Diverged("reward", "environment step")
        if not math.isfinite(np.add.reduce(flat)):
            raise Diverged("observation", "environment step")
        return Step(flat, total, terminated, truncated, steps)

    def _control_step(self, native: np.ndarray) -> tuple[Any, float, bool, bool]:
        if self._dm_control is None:
            observation, reward, terminated, truncated, _ = self._wrapped.step(native)
            return observation, float(reward), bool(terminated), bool(truncated)
        try:
            timestep = self._dm_control.step(native)
        except PhysicsError as error:
            raise Diverged("physics state", f"simulator: {error}") from None
        last = timestep.last()
        terminated = last and timestep.discount == 0.0
        return timestep.observation, float(timestep.reward), terminated, last and not terminated

    def _flat(self, observation: Any) -> Float[np.ndarray, " O"]:
        if isinstance(observation, np.ndarray):
            return observation.reshape(-1).astype(np.float32)
        flat, start = np.empty(self.observation_size, np.float32), 0
        for part in observation.values():
            array = np.asarray(part)
            end = start + array.size
            flat[start:end] = array.ravel() if array.ndim > 1 else array
            start = end
        return flat

    def render(self) -> np.ndarray:
        """The current picture, [height, width, 3] of uint8; needs `render=True` at creation."""
        frame = self._wrapped.render()
        assert isinstance(frame, np.ndarray)
        return frame

    def close(self) -> None:
        """Free the simulator."""
        self._wrapped.close()
