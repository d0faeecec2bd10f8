"""A run under way, whatever its protocol: environments, seeds, evaluations, rows, checkpoints.

A protocol (a module of `mpo.training.protocols`) fills in how data is collected and learnt from. An
episode's reset seed is derived from its index, and checkpoints are taken between episodes, so
that no simulator state is ever saved and a resumed run equals one that was never interrupted.
"""

from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.metrics import averages, first_non_finite
from mpo.algorithm.networks import Networks
from mpo.algorithm.trial.attempt import attempt
from mpo.settings import Settings
from mpo.training import episodes
from mpo.training.actor import Actor
from mpo.training.checkpoints import generator_state, restore_generator
from mpo.training.clock import Clock
from mpo.training.environment import Diverged, Environment, require_contract
from mpo.training.replay import Replay
from mpo.training.seeds import Stream, evaluation_seed, seed_of


class Learns(Protocol):
    """What every protocol's learner offers."""

    updates: int
    compiled: bool
    sums: Float[Tensor, " M"]
    """Sums of the metrics over the updates since `take_sums`."""
    state: Any
    """Holds `state.policy.parameters` and `state.critic.parameters`, flat."""

    def take_sums(self) -> Float[Tensor, " M"]: ...
    def checkpoint(self) -> dict: ...
    def restore(self, checkpoint: dict) -> None: ...


L = TypeVar("L", bound=Learns)


class Session(Generic[L]):
    """One run. `episode` plays one training episode; the rest is read from outside."""

    networks: Networks
    learner: L
    actor: Actor
    """Plays training episodes by sampling, evaluation episodes by the mean action."""
    replay: Replay

    def __init__(self, settings: Settings, study_seed: int, seed: int, clock: Clock) -> None:
        """Make environments and what learns; raises ValueError for a bad task."""
        self.settings = settings
        self.clock = clock
        self._seeds = (study_seed, seed)
        require_contract(settings)
        self._environment = Environment.of(settings)
        self._evaluation = Environment.of(settings)
        attempt(settings, self._environment.observation_size, self._environment.action_size)
        self._build(self._environment.observation_size, self._environment.action_size)
        self._behaviour = np.random.default_rng(self._seed_of(Stream.BEHAVIOUR))
        self._sampling = np.random.default_rng(self._seed_of(Stream.REPLAY))
        self.step = 0
        self.episode_index = 0
        self._logged_updates = 0
        self._points = 0
        self.behaviour_returns: list[float] = []
        self.last_return = float("nan")
        self.evaluations: list[dict[str, float]] = []
        self.training: list[dict[str, float]] = []
        self.timing: list[dict[str, float]] = []

    # --- what a protocol defines ------------------------------------------------------------
    def _build(self, observation_size: int, action_size: int) -> None:
        """Set `networks`, `learner`, `actor` and `replay`."""
        raise NotImplementedError

    def _after_step(self, control_steps: int) -> None:
        """What follows each decision of a training episode."""

    def _after_episode(self) -> None:
        """What follows each training episode."""

    def _value(self, observation: np.ndarray, action: np.ndarray) -> float:
        """The critic's estimate for one pair."""
        raise NotImplementedError

    # --- one episode --------------------------------------------------------------------------
    def episode(self) -> None:
        """Play one training episode, learning and evaluating as steps fall due.

        Raises `Diverged` at the first quantity that is not finite: an update's, if the updates
        since the last row show one, since it is the cause of an action that is not.
        """
        try:
            self._play()
            if self.finished:  # updates after the last row, which no row will show
                self._check(self.learner.sums, self.learner.updates - self._logged_updates)
        except Diverged:
            if self.learner.updates > self._logged_updates:
                self._log()
            raise

    def _play(self) -> None:
        seed = self._seed_of(Stream.EPISODE, self.episode_index)
        with self.clock.part("environment"):
            observation = self._environment.reset(seed)
        total, over = 0.0, False
        while not over and not self.finished:
            with self.clock.part("act"):
                chosen = self.actor.sample(observation, self._behaviour)
            with self.clock.part("environment"):
                step = self._environment.step(chosen.action)
            self.replay.add(
                observation,
                chosen.action,
                step.reward,
                chosen.log_prob,
                step.terminated,
                step.observation,
            )
            observation, over = step.observation, step.terminated or step.truncated
            total += step.reward
            self.step += step.control_steps
            self._after_step(step.control_steps)
        self.replay.end_episode()
        self.episode_index += 1
        if over:
            self.behaviour_returns.append(total)
            self.last_return = total
        self._after_episode()

    # --- seeds, rows and evaluations ----------------------------------------------------------
    def _seed_of(self, stream: Stream, index: int = 0) -> int:
        return seed_of(*self._seeds, stream, index)

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self.step >= self.settings.steps

    def _log(self) -> None:
        """One row of training.csv and of timing.csv over the updates since the last one."""
        updates = self.learner.updates
        sums = self.learner.take_sums()
        count = updates - self._logged_updates
        row = averages(sums, count)
        self._logged_updates = updates
        returns = self.behaviour_returns
        row["behaviour_return"] = sum(returns) / len(returns) if returns else float("nan")
        self.behaviour_returns = []
        self.training.append({"step": self.step, "updates": updates, **row})
        previous = self.timing[-1] if self.timing else None
        self.timing.append(self.clock.row(self.step, updates, previous))
        self._check(sums, count)

    def _check(self, sums: Float[Tensor, " M"], count: int) -> None:
        """Raise `Diverged` where a metric of the last `count` updates or a parameter broke."""
        culprit = first_non_finite(sums)
        if culprit is None:
            state = self.learner.state
            parts = {"policy": state.policy.parameters, "critic": state.critic.parameters}
            broken = (name for name, part in parts.items() if not torch.isfinite(part).all())
            culprit = next((f"{name} parameter" for name in broken), None)
        if culprit:
            raise Diverged(culprit, f"update {self.learner.updates} or up to {count} before")

    def _evaluate(self) -> None:
        """Every evaluation that has fallen due, at k / points of the steps."""
        points = self.settings.evaluation_points
        while self._points < points:
            due = (self._points + 1) * self.settings.steps // points
            if self.step < due:
                return
            with self.clock.part("evaluation"):
                self.evaluations += episodes.rows(due, self._evaluation_episodes())
            self._points += 1

    def _evaluation_episodes(self) -> list[episodes.Episode]:
        last = self._points + 1 == self.settings.evaluation_points
        count = (
            self.settings.evaluation_final_episodes if last else self.settings.evaluation_episodes
        )
        return [
            episodes.run_episode(
                self._evaluation,
                self.actor,
                evaluation_seed(*self._seeds, self._points, index),
                self.settings.discount,
                self._value,
            )
            for index in range(count)
        ]

    # --- checkpoints, between episodes only ---------------------------------------------------
    def checkpoint(self) -> dict[str, Any]:
        """Everything that the rest of the run depends on."""
        return {
            "learner": self.learner.checkpoint(),
            "replay": self.replay.state(),
            "behaviour": generator_state(self._behaviour),
            "sampling": generator_state(self._sampling),
            "counters": self._counters(),
            "behaviour_returns": list(self.behaviour_returns),
            "last_return": self.last_return,
            "evaluations": self.evaluations,
            "training": self.training,
            "timing": self.timing,
            "seconds": dict(self.clock.seconds),
        }

    def _counters(self) -> dict[str, int]:
        return {
            "step": self.step,
            "episode_index": self.episode_index,
            "logged_updates": self._logged_updates,
            "points": self._points,
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Back to a `checkpoint()`."""
        self.learner.restore(checkpoint["learner"])
        self.replay.restore(checkpoint["replay"])
        restore_generator(self._behaviour, checkpoint["behaviour"])
        restore_generator(self._sampling, checkpoint["sampling"])
        counters = checkpoint["counters"]
        self.step, self.episode_index = counters["step"], counters["episode_index"]
        self._logged_updates, self._points = counters["logged_updates"], counters["points"]
        self.behaviour_returns = checkpoint["behaviour_returns"]
        self.last_return = checkpoint["last_return"]
        self.evaluations, self.training = checkpoint["evaluations"], checkpoint["training"]
        self.timing = checkpoint["timing"]
        self.clock.seconds.update(checkpoint["seconds"])

    def close(self) -> None:
        """Free the simulators."""
        self._environment.close()
        self._evaluation.close()
