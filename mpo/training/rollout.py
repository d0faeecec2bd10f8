"""A training episode under way, which its reset seed and its actions bring back to where it is.

So no simulator's state is ever saved, an episode may be of any length, and a run that is stopped
within one goes on exactly there.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from mpo.training.environment import Diverged, Environment, EnvironmentFault, Step


class Unrepeatable(Exception):
    """A simulator that shows something else for the same seed and the same actions."""


class Rollout:
    """One episode in a simulator, from its reset to the last action that it was given."""

    def __init__(self, environment: Environment, seed: int) -> None:
        """Reset the simulator by `seed`."""
        self.seed = seed
        self.actions: list[Float[np.ndarray, " A"]] = []
        """As they were given, unclipped."""
        self.observation: Float[np.ndarray, " O"] = environment.reset(seed)
        self.total = 0.0
        """Sum of rewards."""
        self.over = False
        self._environment = environment

    def step(self, action: Float[np.ndarray, " A"]) -> Step:
        """Give the simulator one action. Raises `Diverged` as it does."""
        step = self._environment.step(action)
        self.actions.append(action)
        self.observation = step.observation
        self.total += step.reward
        self.over = step.terminated or step.truncated
        return step

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """What brings the episode back, and what it must show then."""
        return {
            "seed": self.seed,
            "actions": torch.from_numpy(np.stack(self.actions)),
            "observation": torch.from_numpy(self.observation),
            "total": self.total,
            "over": self.over,
        }

    @classmethod
    def restored(cls, environment: Environment, state: dict[str, Any]) -> "Rollout":
        """The episode of a `state()`; its simulator is not there before `catch_up`."""
        rollout = cls.__new__(cls)
        rollout.seed, rollout.total, rollout.over = state["seed"], state["total"], state["over"]
        rollout.actions = list(state["actions"].numpy())
        rollout.observation = state["observation"].numpy()
        rollout._environment = environment
        return rollout

    def catch_up(self) -> Iterator[None]:
        """Reset the simulator and give it the actions again, one from item to item.

        For an episode that is not over; nothing of this object changes on the way. Raises
        `Unrepeatable` where the simulator does not come to the observation and the sum of rewards
        that it had, bit for bit.
        """
        total, observation = 0.0, self._environment.reset(self.seed)
        for given, action in enumerate(self.actions, 1):
            try:
                step = self._environment.step(action)
            except (Diverged, EnvironmentFault) as now:
                raise self._otherwise(given, str(now)) from None
            if step.terminated or step.truncated:
                raise self._otherwise(given, "the episode is over")
            observation, total = step.observation, total + step.reward
            yield
        given = len(self.actions)
        for entry in np.flatnonzero(observation != self.observation):
            had = f"{float(self.observation[entry])!r}, now {float(observation[entry])!r}"
            raise self._otherwise(given, f"entry {entry} of the observation was {had}")
        if total != self.total:
            raise self._otherwise(given, f"the rewards' sum was {self.total!r}, now {total!r}")

    def _otherwise(self, given: int, what: str) -> Unrepeatable:
        return Unrepeatable(
            f"after a reset by the same seed {self.seed} and {given} of the same "
            f"{len(self.actions)} actions, {what}"
        )
