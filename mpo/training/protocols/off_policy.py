"""Every decision is kept, and updates draw from all of them (P1; Acme, Tonic).

An update falls due after every `steps_per_update` control steps, once the replay holds
`minimum_replay` decisions. What is common to all protocols is in `mpo.training.session`.
"""

from typing import Any

import numpy as np

from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import Networks
from mpo.settings import Settings
from mpo.training import episodes
from mpo.training.actor import Actor
from mpo.training.clock import Clock
from mpo.training.replay import Replay
from mpo.training.seeds import Seeds, Stream
from mpo.training.session import Doing, Session, Walk

__all__ = ["Actor", "Networks", "Training"]


class Training(Session[Learner]):
    """One run under way."""

    def __init__(self, settings: Settings, seeds: Seeds, clock: Clock) -> None:
        """Make environments, networks, learner and replay; raises ValueError for a bad task."""
        super().__init__(settings, seeds, clock)
        self._returns = settings.option("returns")
        self._owed_steps = 0
        self._compiles_next = self.learner.compiled

    def _build(self, observation_size: int, action_size: int) -> None:
        settings, sizes = self.settings, (observation_size, action_size)
        self.networks = Networks(settings, *sizes)
        initialisation = self._seeds.of(Stream.INITIALISATION)
        self.learner = Learner(self.networks, initialisation, self._seeds.of(Stream.NOISE))
        self.actor = Actor(self.networks, self.learner.policy_parameters())
        self.evaluated = Actor(self.networks, self.learner.evaluated_parameters())
        decisions = settings.steps // settings.action_repeat + 1
        self.replay = Replay(min(settings.replay_capacity, 2 * decisions), *sizes)

    def _value(self, observation: np.ndarray, action: np.ndarray) -> float:
        return episodes.critic_value(self.learner, observation, action)

    def _decided(self, control_steps: int) -> None:
        """Updates are owed once the replay is filled."""
        if self.replay.decisions >= self.settings.minimum_replay:
            self._owed_steps += control_steps

    def _settle(self) -> Walk:
        """One update for every `steps_per_update` steps that are owed; then what fell due."""
        while self._owed_steps >= self.settings.steps_per_update:
            if self._compiles_next:
                self.doing = Doing.COMPILING
                yield
            self._update()
            if self._compiles_next:
                self._compiles_next, self.doing = False, Doing.COLLECTING
                yield
        self._end_episode()
        if self._evaluation_due:
            yield from self._evaluate()

    def _update(self) -> None:
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

    # --- checkpoints ------------------------------------------------------------------------
    def checkpoint(self) -> dict[str, Any]:
        """What the rest of the run depends on; arrays as they lie, to be saved at once."""
        return {**super().checkpoint(), "owed_steps": self._owed_steps}

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Back to a `checkpoint()`; the simulator follows at the beginning of the `walk`."""
        super().restore(checkpoint)
        self._owed_steps = checkpoint["owed_steps"]
