"""Every decision is kept, and updates draw from all of them (P1; Acme, Tonic).

An update falls due after every `steps_per_update` control steps, once the replay holds
`minimum_replay` decisions. What is common to all protocols is in `mpo.training.session`.
"""

from typing import Any

import numpy as np

from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import Networks
from mpo.settings import Settings, option
from mpo.training import episodes
from mpo.training.actor import Actor
from mpo.training.clock import Clock
from mpo.training.replay import Replay
from mpo.training.seeds import Stream
from mpo.training.session import Session

__all__ = ["Actor", "Networks", "Training"]


class Training(Session[Learner]):
    """One run under way. `episode` plays one training episode; the rest is read from outside."""

    def __init__(self, settings: Settings, study_seed: int, seed: int, clock: Clock) -> None:
        """Make environments, networks, learner and replay; raises ValueError for a bad task."""
        super().__init__(settings, study_seed, seed, clock)
        self._returns = option("returns", settings.returns)
        self._owed_steps = 0

    def _build(self, observation_size: int, action_size: int) -> None:
        settings, sizes = self.settings, (observation_size, action_size)
        self.networks = Networks(settings, *sizes)
        initialisation = self._seed_of(Stream.INITIALISATION)
        self.learner = Learner(self.networks, initialisation, self._seed_of(Stream.NOISE))
        self.actor = Actor(self.networks, self.learner.policy_parameters())
        decisions = settings.steps // settings.action_repeat + 1
        self.replay = Replay(min(settings.replay_capacity, 2 * decisions), *sizes)

    def _value(self, observation: np.ndarray, action: np.ndarray) -> float:
        return episodes.critic_value(self.learner, observation, action)

    def _after_step(self, control_steps: int) -> None:
        self._learn(control_steps)
        self._evaluate()

    def _learn(self, control_steps: int) -> None:
        """One update for every `steps_per_update` steps since the replay was filled."""
        if self.replay.decisions < self.settings.minimum_replay:
            return
        self._owed_steps += control_steps
        while self._owed_steps >= self.settings.steps_per_update:
            self._owed_steps -= self.settings.steps_per_update
            with self.clock.part("update"):
                self.learner.update(self._batch())
            if self.learner.updates % self.settings.logging_updates == 0:
                self._log()

    def _batch(self):
        returns, settings = self._returns, self.settings
        return self.replay.sample(
            self._sampling,
            returns.sequences(settings),
            returns.length(settings),
            returns.ENDPOINTS,
        )

    # --- checkpoints, between episodes only ---------------------------------------------------
    def _counters(self) -> dict[str, int]:
        return {**super()._counters(), "owed_steps": self._owed_steps}

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Back to a `checkpoint()`."""
        super().restore(checkpoint)
        self._owed_steps = checkpoint["counters"]["owed_steps"]
