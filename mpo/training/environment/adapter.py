"""Decisions: an action in [-1, 1], repeated, and what it led to.

`terminated` means that the environment ended the episode by its own rules, so that nothing
follows; `truncated`, that a clock did, and the value of the last observation still counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from dm_control.rl.control import PhysicsError
from jaxtyping import Float

from mpo.settings import Settings
from mpo.settings.plain import thawed
from mpo.training.environment.actions import Actions
from mpo.training.environment.dm_control import DmControlSimulator, is_plain
from mpo.training.environment.faults import Breach, Diverged, EnvironmentFault, told
from mpo.training.environment.opening import Layer, make, time_limit
from mpo.training.environment.simulators import GymnasiumSimulator, Simulator


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
    """One simulator with its action repeat. Owns the simulator; `close` frees it.

    An episode is determined by the seed of its reset and its actions.
    """

    def __init__(
        self,
        name: str,
        action_repeat: int = 1,
        render: bool = False,
        episode_steps: int | None = None,
        kwargs: Mapping[str, Any] = MappingProxyType({}),
        wrappers: Sequence[Layer] = (),
    ) -> None:
        """Make the Gymnasium environment `name`, whose episodes are cut at `episode_steps`.

        It is made with `kwargs`, and wrapped in `wrappers` from the inside out.

        Raises `EnvironmentFault`, a ValueError, where there is no such environment, its spaces do
        not fit, or nothing would end its episodes.
        """
        self.name, self.action_repeat = name, action_repeat
        self._gymnasium, warnings = make(name, render, kwargs, wrappers)
        try:
            self.actions = Actions(self._gymnasium)
            kind = DmControlSimulator if is_plain(self._gymnasium) else GymnasiumSimulator
            self.simulator: Simulator = kind(self._gymnasium)
            self.limit = time_limit(self._gymnasium) if episode_steps is None else episode_steps
            """Control steps after which an episode is cut."""
        except Breach as breach:
            self._gymnasium.close()
            raise EnvironmentFault(name, str(breach)) from None
        self.action_size = self.actions.size
        self.observation_size = self.simulator.observations.size
        self.warnings = [*warnings, *self.simulator.observations.warnings()]
        """What its user should know, one line each."""
        self._episode_steps = math.inf if episode_steps is None else episode_steps
        self._seed = self._steps = 0

    @classmethod
    def of(cls, settings: Settings, render: bool = False) -> Environment:
        """The environment of a run. Raises `EnvironmentFault`."""
        layers = [Layer(each.wrapper, thawed(each.kwargs)) for each in settings.wrappers]
        plain = settings.environment, settings.action_repeat, render, settings.episode_steps
        return cls(*plain, thawed(settings.kwargs), layers)

    @property
    def decision_seconds(self) -> float:
        """Simulated seconds that one decision lasts."""
        inner: Any = self._gymnasium.unwrapped
        return float(inner.dt) * self.action_repeat

    def reset(self, seed: int) -> Float[np.ndarray, " O"]:
        """Start the episode that `seed` (below 2^32) determines; its first observation.

        Raises `EnvironmentFault`.
        """
        self._seed, self._steps = seed, 0
        try:
            return self._flat(self.simulator.reset(seed))
        except Exception as error:  # a simulator may raise anything
            raise self._fault(error) from error

    def step(self, action: Float[np.ndarray, " A"]) -> Step:
        """Apply one action, clipped to [-1, 1], for `action_repeat` control steps.

        Raises `Diverged` where the action is not finite or the actions drove dm_control's physics
        apart, `EnvironmentFault` where anything else is not as it must be.
        """
        native = self.actions.native(action)
        total = 0.0
        terminated = truncated = False
        observation: Any = None
        start = self._steps
        try:
            for _ in range(self.action_repeat):
                self._steps += 1
                observation, reward, terminated, truncated = self.simulator.step(native)
                total += reward
                if terminated or truncated:
                    break
            flat = self._flat(observation)
        except Exception as error:  # a simulator may raise anything
            if not np.isfinite(action).all():
                raise Diverged("action", "as given to the environment") from error
            fault = self._fault(error)
            if isinstance(error, PhysicsError):
                raise Diverged("physics state", str(fault)) from error
            raise fault from error
        cut = self._steps >= self._episode_steps and not terminated
        return Step(flat, total, terminated, truncated or cut, self._steps - start)

    def _flat(self, observation: Any) -> Float[np.ndarray, " O"]:
        flat = self.simulator.flat(observation)
        if np.count_nonzero(np.isfinite(flat)) < flat.size:  # .all() takes twice the time
            at = np.flatnonzero(~np.isfinite(flat))[0]
            found = f"{flat[at]} at {at} of {flat.size}"
            raise Breach(f"the observation is not finite in float32: {found}")
        return flat

    def _fault(self, error: Exception) -> EnvironmentFault:
        place = f"at control step {self._steps}" if self._steps else "at the reset"
        episode = f"of the episode of seed {self._seed}"
        return EnvironmentFault(self.name, f"{place} {episode}: {told(error)}")

    def render(self) -> np.ndarray:
        """The current picture, [height, width, 3] of uint8; needs `render=True` at creation."""
        frame = self._gymnasium.render()
        assert isinstance(frame, np.ndarray)
        return frame

    def close(self) -> None:
        """Free the simulator."""
        self._gymnasium.close()
