"""Rows of training.csv and timing.csv, and the watch over what is not finite."""

from typing import Any, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.metrics import averages, first_non_finite
from mpo.training.clock import Clock
from mpo.training.environment import Diverged


class Logged(Protocol):
    """What a learner offers to be logged."""

    updates: int
    sums: Float[Tensor, " M"]
    """Sums of the metrics over the updates since `take_sums`."""
    state: Any
    """Holds `state.policy.parameters` and `state.critic.parameters`, flat."""

    def take_sums(self) -> Float[Tensor, " M"]: ...


def require_finite(learner: Logged, sums: Float[Tensor, " M"], count: int) -> None:
    """Raise `Diverged` where a metric of the last `count` updates or a parameter broke."""
    culprit = first_non_finite(sums)
    if culprit is None:
        state = learner.state
        parts = {"policy": state.policy.parameters, "critic": state.critic.parameters}
        broken = (name for name, part in parts.items() if not torch.isfinite(part).all())
        culprit = next((f"{name} parameter" for name in broken), None)
    if culprit:
        raise Diverged(culprit, f"update {learner.updates} or up to {count} before")


class Logs:
    """The rows so far, and what the next one will hold of the training episodes."""

    def __init__(self, clock: Clock) -> None:
        """No row yet; `clock` times the rows."""
        self.training: list[dict[str, float]] = []
        self.timing: list[dict[str, float]] = []
        self.updates = 0
        """Updates that the rows are made of."""
        self.last_return = float("nan")
        """Of the training episode that ended last."""
        self._returns: list[float] = []
        self._clock = clock

    def ended(self, return_: float) -> None:
        """A training episode ended with this return."""
        self._returns.append(return_)
        self.last_return = return_

    def row(self, step: int, learner: Logged) -> None:
        """One row of each file over the updates since the last one, and raise as `check` does."""
        updates, sums = learner.updates, learner.take_sums()
        count = updates - self.updates
        row = averages(sums, count)
        returns = self._returns
        row["behaviour_return"] = sum(returns) / len(returns) if returns else float("nan")
        self.training.append({"step": step, "updates": updates, **row})
        previous = self.timing[-1] if self.timing else None
        self.timing.append(self._clock.row(step, updates, previous))
        self._returns, self.updates = [], updates
        require_finite(learner, sums, count)

    def check(self, learner: Logged) -> None:
        """Raise `Diverged` where the updates since the last row broke a metric or a parameter."""
        require_finite(learner, learner.sums, learner.updates - self.updates)

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """Everything that later rows depend on, and the rows."""
        return {
            "training": list(self.training),
            "timing": list(self.timing),
            "updates": self.updates,
            "last_return": self.last_return,
            "returns": list(self._returns),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a `state()`."""
        self.training, self.timing = state["training"], state["timing"]
        self.updates, self.last_return = state["updates"], state["last_return"]
        self._returns = state["returns"]
