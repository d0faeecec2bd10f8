"""The evaluations of a run, at k / points of its steps, one episode after another.

Every episode starts from a seed of its own, and the policy stands still meanwhile: so finished
episodes are kept by a checkpoint, and the one under way is played anew from its seed, which takes
no longer than to bring its simulator back.
"""

from collections.abc import Iterator
from math import inf
from typing import Any

from mpo.settings import Settings
from mpo.training import episodes
from mpo.training.environment import Environment
from mpo.training.episodes import Episode, Evaluated, Value
from mpo.training.seeds import Seeds


class Evaluations:
    """What was evaluated so far, and what falls due."""

    def __init__(self, settings: Settings, seeds: Seeds, environment: Environment) -> None:
        """Nothing else may use the simulator."""
        self.rows: list[dict[str, float]] = []
        """Of evaluations.csv, of the evaluations that are complete."""
        self.environment = environment
        self._settings, self._seeds = settings, seeds
        self._done = 0
        self._finished: list[Episode] = []
        """Of the evaluation under way."""
        self.due_at = self._due_at()
        """The step at which the next one falls due; infinite once all are complete."""

    def _due_at(self) -> float:
        points = self._settings.evaluation_points
        return (self._done + 1) * self._settings.steps // points if self._done < points else inf

    @property
    def _count(self) -> int:
        """Episodes of the next evaluation."""
        settings = self._settings
        last = self._done + 1 == settings.evaluation_points
        return settings.evaluation_final_episodes if last else settings.evaluation_episodes

    def play(self, step: int, policy: Evaluated, value: Value) -> Iterator[None]:
        """Every evaluation that is due at `step`, a decision from item to item.

        Raises `Diverged` where policy or simulator stop being finite.
        """
        while step >= self.due_at:
            while len(self._finished) < self._count:
                seed = self._seeds.of_evaluation(self._done, len(self._finished))
                episode = yield from episodes.play(
                    self.environment, policy, seed, self._settings.discount, value
                )
                self._finished.append(episode)
            self.rows += episodes.rows(int(self.due_at), self._finished)
            self._finished, self._done = [], self._done + 1
            self.due_at = self._due_at()

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """What is complete; of the evaluation under way, the finished episodes."""
        finished = [tuple(episode) for episode in self._finished]
        return {"rows": list(self.rows), "done": self._done, "finished": finished}

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a `state()`."""
        self.rows, self._done = state["rows"], state["done"]
        self.due_at = self._due_at()
        self._finished = [Episode(*episode) for episode in state["finished"]]
