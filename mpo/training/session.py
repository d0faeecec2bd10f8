"""A run under way, whatever its protocol: a walk from decision to decision, saved anywhere on it.

A protocol (a module of `mpo.training.protocols`) fills in when and how is learnt from what was
collected. Whatever a walk depends on is in attributes, not in the walk, so that a new walk over a
restored session goes on where the old one was.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Generator
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from mpo.algorithm.networks import Networks
from mpo.algorithm.trial.attempt import attempt
from mpo.settings import Settings
from mpo.training.actor import Actor
from mpo.training.checkpoints import generator_state, restore_generator
from mpo.training.clock import Clock
from mpo.training.collecting import Collector
from mpo.training.environment import Diverged, Environment, require_contract
from mpo.training.evaluations import Evaluations
from mpo.training.logs import Logged, Logs
from mpo.training.replay import Replay
from mpo.training.rollout import Unrepeatable
from mpo.training.seeds import Seeds, Stream

Walk = Generator[None, None, None]

log = logging.getLogger("mpo")


class Doing(StrEnum):
    """What a session is about to do when its walk has stopped at a moment."""

    CATCHING_UP = "catching up"
    """Giving the simulator the actions of the episode that a checkpoint was taken in."""
    COLLECTING = "collecting"
    COMPILING = "compiling"
    """The first update of a compiled learner, many seconds in which the walk does not stop."""
    LEARNING = "learning"
    EVALUATING = "evaluating"


class Learns(Logged, Protocol):
    """What every protocol's learner offers."""

    compiled: bool

    def checkpoint(self) -> dict: ...
    def restore(self, checkpoint: dict) -> None: ...
    def evaluated_parameters(self) -> Float[np.ndarray, " P"]: ...


L = TypeVar("L", bound=Learns)


class Session(ABC, Generic[L]):
    """One run. `walk` trains it; the rest is read from outside."""

    networks: Networks
    learner: L
    actor: Actor
    """Plays training episodes, by sampling."""
    evaluated: Actor
    """Plays evaluation episodes, by the mean action."""
    replay: Replay

    def __init__(self, settings: Settings, seeds: Seeds, clock: Clock) -> None:
        """Make environments and what learns; raises ValueError for a bad task."""
        self.settings = settings
        self.clock = clock
        self.doing = Doing.COLLECTING
        self._seeds = seeds
        require_contract(settings)
        self._collector = Collector(Environment.of(settings), self._seeds, clock)
        self._evaluations = Evaluations(settings, self._seeds, Environment.of(settings))
        sizes = self._collector.environment
        attempt(settings, sizes.observation_size, sizes.action_size)
        self._build(sizes.observation_size, sizes.action_size)
        self._sampling = np.random.default_rng(seeds.of(Stream.REPLAY))
        self.logs = Logs(clock)
        self.cut_at: list[int] = []
        """Steps at which an episode was cut, since its simulator could not be brought back."""

    # --- what a protocol defines ------------------------------------------------------------
    @abstractmethod
    def _build(self, observation_size: int, action_size: int) -> None:
        """Set `networks`, `learner`, `actor`, `evaluated` and `replay`."""

    def _decided(self, control_steps: int) -> None:
        """Take note of a decision that lasted so long."""

    @abstractmethod
    def _settle(self) -> Walk:
        """All that is due before the next decision; gone through again, it finds nothing due."""

    @abstractmethod
    def _value(self, observation: np.ndarray, action: np.ndarray) -> float:
        """The critic's estimate for one pair."""

    # --- the walk -----------------------------------------------------------------------------
    def walk(self) -> Walk:
        """Train from where the run stands to its end, learning and evaluating as steps fall due.

        It stops after every decision, in training as in evaluation, and after every batch of a
        phase of learning: moments at which a `checkpoint` may be taken. Raises `Diverged` at the
        first quantity that is not finite: an update's, if the updates since the last row show
        one, since it is the cause of an action that is not.
        """
        learner, collector, steps = self.learner, self._collector, self.settings.steps
        try:
            yield from self._catch_up()
            yield from self._settle()
            while collector.step < steps:
                self._decided(collector.decide(self.actor, self.replay))
                yield from self._settle()
                yield
            self.logs.check(learner)  # updates that no row will show
        except Diverged:
            if learner.updates > self.logs.updates:
                self._log()
            raise

    def _catch_up(self) -> Walk:
        """Bring the simulator back to the episode under way; where it does not come, cut that."""
        self.doing = Doing.CATCHING_UP
        try:
            yield from self._collector.catch_up()
        except Unrepeatable as fault:
            log.warning(
                "%s does not repeat itself here: %s. Its episode is cut at step %d, and the run "
                "goes on with the next one; it will not equal one that was never interrupted",
                *(self.settings.environment, fault, self.step),
            )
            self.cut_at.append(self.step)
            self._collector.end_episode(self.replay)
        self.doing = Doing.COLLECTING

    def _end_episode(self) -> None:
        """If there is one, and it is over or the budget is spent."""
        rollout = self._collector.rollout
        if rollout is not None and (rollout.over or self.finished):
            self._collector.end_episode(self.replay)
            if rollout.over:
                self.logs.ended(rollout.total)

    @property
    def _evaluation_due(self) -> bool:
        return self._collector.step >= self._evaluations.due_at

    def _evaluate(self) -> Walk:
        """Every evaluation that has fallen due, at k / points of the steps."""
        self.doing = Doing.EVALUATING
        with self.clock.part("evaluation"):
            yield from self._evaluations.play(self.step, self.evaluated, self._value)
        self.doing = Doing.COLLECTING

    # --- what others read -----------------------------------------------------------------------
    @property
    def step(self) -> int:
        """Control steps so far."""
        return self._collector.step

    @property
    def episodes(self) -> int:
        """Training episodes that ended so far."""
        return self._collector.episodes

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self.step >= self.settings.steps

    @property
    def evaluations(self) -> list[dict[str, float]]:
        """The rows of evaluations.csv."""
        return self._evaluations.rows

    def _log(self) -> None:
        self.logs.row(self.step, self.learner)

    # --- checkpoints, at any moment of the walk -------------------------------------------------
    def checkpoint(self) -> dict[str, Any]:
        """What the rest of the run depends on; arrays as they lie, to be saved at once."""
        return {
            "learner": self.learner.checkpoint(),
            "replay": self.replay.state(),
            "collector": self._collector.state(),
            "evaluations": self._evaluations.state(),
            "logs": self.logs.state(),
            "sampling": generator_state(self._sampling),
            "cut_at": list(self.cut_at),
            "seconds": dict(self.clock.seconds),
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Back to a `checkpoint()`; the simulator follows at the beginning of the `walk`."""
        self.learner.restore(checkpoint["learner"])
        self.replay.restore(checkpoint["replay"])
        self._collector.restore(checkpoint["collector"])
        self._evaluations.restore(checkpoint["evaluations"])
        self.logs.restore(checkpoint["logs"])
        restore_generator(self._sampling, checkpoint["sampling"])
        self.cut_at = checkpoint["cut_at"]
        self.clock.seconds.update(checkpoint["seconds"])

    def close(self) -> None:
        """Free the simulators."""
        self._collector.environment.close()
        self._evaluations.environment.close()
