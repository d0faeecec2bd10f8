"""Replay buffer, from which sequences are drawn that never cross an episode's end.

An episode takes one row a decision and one more for its last observation, so that a truncated
episode keeps what was observed after its last step. Rows lie in a ring. A sequence starts at any
decision, the episode under way included, and is padded beyond its episode's end (`valid` = 0).
"""

import numpy as np
import torch
from torch import Tensor

from mpo.algorithm.batch import Batch


class Replay:
    """Ring buffer of rows, written a decision at a time. Memory starts as NaN."""

    def __init__(self, capacity: int, observation_size: int, action_size: int) -> None:
        """Room for `capacity` decisions in float32, each episode's last observation included."""
        self.capacity = capacity + 1
        self._sizes = observation_size, action_size
        width = observation_size + action_size + 3
        self._rows = np.full((self.capacity, width), np.nan, np.float32)
        """All fields of a row side by side, so that drawing one touches memory in one place."""
        fields = self._fields(self._rows)
        self.observation, self.action, self.reward, self.behaviour_log_prob, self.terminated = (
            fields
        )
        self.decision = np.zeros(self.capacity, np.float32)
        """1 in rows that hold a decision, 0 in rows that hold a last observation."""
        self.written = 0
        """Rows ever written; row r lies at r % capacity. One more holds the pending observation."""
        self.decisions = 0
        """Decisions ever added."""

    def add(
        self,
        observation: np.ndarray,
        action: np.ndarray,
        reward: float,
        behaviour_log_prob: float,
        terminated: bool,
        next_observation: np.ndarray,
    ) -> None:
        """Append s_t, unclipped a_t, r_t, log b(a_t|s_t), whether it terminated, and s_{t+1}."""
        row = self.written % self.capacity
        self.observation[row] = observation
        self.action[row] = action
        self.reward[row] = reward
        self.behaviour_log_prob[row] = behaviour_log_prob
        self.terminated[row] = terminated
        self.decision[row] = 1.0
        self.written += 1
        self.decisions += 1
        pending = self.written % self.capacity
        self.observation[pending] = next_observation
        self.action[pending] = 0.0
        self.reward[pending] = 0.0
        self.behaviour_log_prob[pending] = 0.0
        self.terminated[pending] = 0.0
        self.decision[pending] = 0.0

    def end_episode(self) -> None:
        """Keep the pending observation as the episode's last; the next decision starts anew."""
        self.written += 1

    def sample(
        self, generator: np.random.Generator, sequences: int, length: int, endpoints: bool
    ) -> Batch:
        """Sequences of up to `length` steps from starts drawn uniformly over all decisions.

        With `endpoints`, observations and actions are those of the first step and the observation
        after the last valid one (U = 1). Raises ValueError if there is no decision to start at.
        """
        if self.decisions == 0:
            raise ValueError("replay: nothing to sample from, no decision was added yet")
        steps = self._starts(generator, sequences) + np.arange(length + 1)[:, None]
        valid = self.decision.take(steps[:-1] % self.capacity)
        np.multiply.accumulate(valid, axis=0, out=valid)
        count = valid.sum(0).astype(np.int64)
        drawn = self._rows.take(np.minimum(steps, steps[0] + count) % self.capacity, 0)
        observation, action, reward, behaviour_log_prob, terminated = self._fields(drawn)
        stride, used = (length, 1) if endpoints else (1, length)
        fields = (
            observation[::stride],
            action[:used],
            reward[:-1],
            behaviour_log_prob[:used],
            terminated[:-1],
            valid,
        )
        return Batch(*map(torch.from_numpy, fields))

    def _fields(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Views of rows [..., O + A + 3]: observation, action, reward, log-density, terminated."""
        observation, action = self._sizes
        return (
            rows[..., :observation],
            rows[..., observation : observation + action],
            rows[..., -3],
            rows[..., -2],
            rows[..., -1],
        )

    def _starts(self, generator: np.random.Generator, sequences: int) -> np.ndarray:
        oldest = max(0, self.written + 1 - self.capacity)
        starts = generator.integers(oldest, self.written, size=sequences)
        while True:
            wrong = (self.decision.take(starts % self.capacity) == 0.0).nonzero()[0]
            if wrong.size == 0:
                return starts
            starts[wrong] = generator.integers(oldest, self.written, size=wrong.size)

    def clear(self) -> None:
        """Forget every decision."""
        self.decision[:] = 0.0
        self.written = 0
        self.decisions = 0

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Tensor | int]:
        """Counters and the rows in use, as they lie here: a copy would double a run's memory."""
        used = min(self.written + 1, self.capacity)
        rows, decision = (torch.from_numpy(array[:used]) for array in (self._rows, self.decision))
        counters = {"written": self.written, "decisions": self.decisions}
        return {**counters, "rows": rows, "decision": decision}

    def restore(self, state: dict[str, Tensor | int]) -> None:
        """Back to a state given by `state()`, which is copied."""
        self.written, self.decisions = int(state["written"]), int(state["decisions"])
        for name, own in (("rows", self._rows), ("decision", self.decision)):
            rows = state[name]
            assert isinstance(rows, Tensor)
            own[: len(rows)] = rows.numpy()
