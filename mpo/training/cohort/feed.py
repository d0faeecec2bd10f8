"""A run's side of its replay, whose rows lie elsewhere, on the learner's device.

It knows which rows hold decisions, hands on what is written, and draws which rows a batch takes:
the same that `training.replay` would draw from the same generator.
"""

from typing import Any

import numpy as np
import torch

from mpo.training.cohort.desk import Desk
from mpo.training.replay import Replay


class Feed(Replay):
    """A replay that is written to and drawn from, and is not read."""

    def __init__(self, desk: Desk, run: int, observation_size: int, action_size: int) -> None:
        """Hand rows on through the place of `run`."""
        super().__init__(0, observation_size, action_size)
        self.capacity = desk.sizes.capacity
        self.decision = np.zeros(self.capacity, np.float32)
        self._out = self._fields(desk.rows[run])
        self._places, self._fresh = desk.places[run], desk.fresh[run : run + 1]
        self._index, self._valid = desk.index[run], desk.valid[run]

    @property
    def full(self) -> bool:
        """Whether there is no room to hand on another decision."""
        return int(self._fresh[0]) + 2 > len(self._places)

    def add(
        self,
        observation: np.ndarray,
        action: np.ndarray,
        reward: float,
        behaviour_log_prob: float,
        terminated: bool,
        next_observation: np.ndarray,
    ) -> None:
        """As the replay's: a row, and after it the pending observation, which the next replaces."""
        row, pending = self.written % self.capacity, (self.written + 1) % self.capacity
        at = int(self._fresh[0])
        if at and self._places[at - 1] == row:  # the pending observation before this decision
            at -= 1
        written = observation, action, reward, behaviour_log_prob, terminated
        for field, value, after in zip(
            self._out, written, (next_observation, 0.0, 0.0, 0.0, 0.0), strict=True
        ):
            field[at], field[at + 1] = value, after
        self._places[at], self._places[at + 1] = row, pending
        self._fresh[0] = at + 2
        self.decision[row], self.decision[pending] = 1.0, 0.0
        self.written += 1
        self.decisions += 1

    def draw(self, generator: np.random.Generator) -> None:
        """Draw the rows of a batch, and which of its steps are valid, as `Replay.sample` does."""
        length = len(self._valid)
        steps = self._starts(generator, self._valid.shape[1]) + np.arange(length + 1)[:, None]
        valid = self.decision.take(steps[:-1] % self.capacity)
        np.multiply.accumulate(valid, axis=0, out=valid)
        count = valid.sum(0).astype(np.int64)
        self._index[:] = np.minimum(steps, steps[0] + count) % self.capacity
        self._valid[:] = valid

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """Counters and which rows hold decisions; the rows are the learner's side's to save."""
        used = torch.from_numpy(self.decision[: self.used])
        return {"written": self.written, "decisions": self.decisions, "decision": used}

    @property
    def used(self) -> int:
        """Rows in use."""
        return min(self.written + 1, self.capacity)

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a `state()`."""
        self.written, self.decisions = int(state["written"]), int(state["decisions"])
        self.decision[: len(state["decision"])] = state["decision"].numpy()
