"""The task of a run for code that is not ours: to train in, and to be evaluated as MPO is.

Called by programs of `workflow/rules/extra/`, within `rundir.foreign_run`. Training code sees a
Gymnasium environment, whichever the task is; evaluation is ours, at its steps and seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from jaxtyping import Float

from mpo.rundir import Divergence, ForeignRun
from mpo.settings import settings
from mpo.training.environment import Diverged, Environment, require_contract
from mpo.training.evaluations import Evaluations
from mpo.training.seeds import Seeds, Stream

Policy = Callable[[Float[np.ndarray, " O"]], Float[np.ndarray, " A"]]
"""A deterministic action in [-1, 1] for an observation."""


class ForeignTask(gymnasium.Env):
    """The environment in which a run trains, its action repeat in it.

    Observations are flat, of float32, actions in [-1, 1]. Episodes start from the seeds from which
    MPO's do, in their order, whatever seed a reset is given.
    """

    def __init__(self, run: ForeignRun) -> None:
        """Open it twice, to train and to evaluate. Raises `EnvironmentFault`, a ValueError."""
        self.settings = settings(run.asked.settings)
        self.seeds = Seeds(run.asked.study_seed, run.asked.task, run.asked.seed)
        require_contract(self.settings)
        self._run, self._environment = run, Environment.of(self.settings)
        evaluated = Environment.of(self.settings)
        self._evaluations = Evaluations(self.settings, self.seeds, evaluated)
        self.observation_space = Box(-np.inf, np.inf, (evaluated.observation_size,), np.float32)
        self.action_space = Box(-1.0, 1.0, (evaluated.action_size,), np.float32)
        self.steps = self.episodes = 0
        """Control steps taken, and episodes begun, in training."""

    @property
    def initial_seed(self) -> int:
        """A seed below 2^32 for all that the program draws itself."""
        return self.seeds.of(Stream.INITIALISATION)

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self.steps >= self.settings.steps

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float[np.ndarray, " O"], dict[str, Any]]:
        """Start the next training episode."""
        self.episodes += 1
        with _outcome():
            start = self.seeds.of(Stream.EPISODE, self.episodes - 1)
            return self._environment.reset(start), {}

    def step(
        self, action: Float[np.ndarray, " A"]
    ) -> tuple[Float[np.ndarray, " O"], float, bool, bool, dict[str, Any]]:
        """One decision. Raises `Divergence` where the action or the physics is not finite."""
        with _outcome():
            taken = self._environment.step(np.asarray(action, np.float32))
        self.steps += taken.control_steps
        self._run.report(self.steps)
        return taken.observation, taken.reward, taken.terminated, taken.truncated, {}

    def evaluate(self, policy: Policy) -> bool:
        """Every evaluation that is due by now, and whether there was one: call it at each step.

        Raises `Divergence` where an action or the physics is not finite.
        """
        before = len(self._evaluations.rows)
        try:
            with _outcome():
                for _ in self._evaluations.play(self.steps, _Mean(policy), None):  # type: ignore[arg-type]
                    self._run.report(self.steps)
        finally:  # those that were played stand, where a later one diverges
            rows = self._evaluations.rows[before:]
            for step, episodes in groupby(rows, key=lambda row: row["step"]):
                self._run.evaluated(int(step), list(episodes))
        return bool(rows)

    def close(self) -> None:
        """Free both simulators."""
        self._environment.close()
        self._evaluations.environment.close()


class _Mean:
    """A function as what evaluation plays."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def mean(self, observation: Float[np.ndarray, " O"]) -> Float[np.ndarray, " A"]:
        return np.asarray(self._policy(observation), np.float32)


@contextmanager
def _outcome() -> Iterator[None]:
    try:
        yield
    except Diverged as error:
        raise Divergence(error.what, error.where) from error
