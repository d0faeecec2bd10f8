"""A run's side of training: its simulators, its actor, its episodes and evaluations.

Plays the run to the next update and draws that update's batch, in the order of
`training.session` and `protocols.off_policy`. What others must know of is told at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from mpo.algorithm.networks import Networks
from mpo.settings import Settings
from mpo.training.actor import Actor
from mpo.training.checkpoints import generator_state, restore_generator
from mpo.training.clock import Clock
from mpo.training.cohort.desk import TIMED, Desk, Phase
from mpo.training.cohort.feed import Feed
from mpo.training.collecting import Collector
from mpo.training.environment import Diverged, Environment
from mpo.training.evaluations import Evaluations
from mpo.training.rollout import Unrepeatable
from mpo.training.seeds import Seeds, Stream

Pair = tuple[np.ndarray, np.ndarray]
"""An observation [O] and an action [A]."""


@dataclass
class Told:
    """What happened to a run since it was last told."""

    returns: list[float] = field(default_factory=list)
    """Of training episodes that ended."""
    evaluations: list[dict[str, float]] = field(default_factory=list)
    """Rows of evaluations.csv, in whose `value_estimate` is the place in `pairs` of the pair that
    the critic, which is elsewhere, is to value."""
    pairs: list[Pair] = field(default_factory=list)
    divergence: tuple[str, str] | None = None
    """What is not finite, and where."""
    cut: list[tuple[int, str]] = field(default_factory=list)
    """Steps at which an episode was cut, and why its simulator did not come back."""

    def __bool__(self) -> bool:
        return bool(self.returns or self.evaluations or self.divergence or self.cut)


class Player:
    """One run of a cohort, but for its learner."""

    def __init__(self, settings: Settings, seeds: Seeds, desk: Desk, run: int) -> None:
        """Make the simulators. Raises `EnvironmentFault`."""
        self.settings = settings
        self._desk, self._run = desk, run
        self._clock = Clock()
        self._collector = Collector(Environment.of(settings), seeds, self._clock)
        self._evaluations = Evaluations(settings, seeds, Environment.of(settings))
        environment = self._collector.environment
        sizes = environment.observation_size, environment.action_size
        networks = Networks(settings, *sizes)
        self._actor = Actor(networks, desk.acting[run])
        self._evaluated = Actor(networks, desk.evaluated[run])
        self._feed = Feed(desk, run, *sizes)
        self._sampling = np.random.default_rng(seeds.of(Stream.REPLAY))
        self._owed_steps = 0
        self._behind = False
        """Whether the simulator is still to be brought to the episode under way."""
        self._pairs: list[Pair] = []
        """First pairs of evaluation episodes that are not told yet."""
        self._told = Told()

    def play(self) -> None:
        """Go on until a batch is drawn, the run is over, no row fits in any more, or a pause.

        Raises `EnvironmentFault`.
        """
        if self._phase is not Phase.PLAYING:
            return
        try:
            if not self._behind or self._catch_up():
                self._phase = self._advance()
        except Diverged as divergence:
            self._tell_evaluations()
            self._told.divergence = divergence.what, divergence.where
            self._phase = Phase.DIVERGED
        desk, run = self._desk, self._run
        desk.step[run], desk.episodes[run] = self._collector.step, self._collector.episodes
        desk.seconds[run] = [self._clock.seconds[part] for part in TIMED]

    def take_told(self) -> Told:
        """What happened since the last call."""
        told, self._told = self._told, Told()
        return told

    @property
    def _phase(self) -> Phase:
        return Phase(int(self._desk.phase[self._run]))

    @_phase.setter
    def _phase(self, phase: Phase) -> None:
        self._desk.phase[self._run] = phase

    def _advance(self) -> Phase:
        settings, collector = self.settings, self._collector
        while True:
            if self._owed_steps >= settings.steps_per_update:
                self._owed_steps -= settings.steps_per_update
                self._feed.draw(self._sampling)
                return Phase.DRAWN
            self._end_episode()
            if not self._evaluate():
                return Phase.PLAYING
            if collector.step >= settings.steps:
                return Phase.FINISHED
            if self._feed.full:
                return Phase.PLAYING
            control_steps = collector.decide(self._actor, self._feed)
            if self._feed.decisions >= settings.minimum_replay:
                self._owed_steps += control_steps
            if self._desk.paused:
                return Phase.PLAYING

    def _end_episode(self) -> None:
        rollout = self._collector.rollout
        if rollout is not None and (rollout.over or self._collector.step >= self.settings.steps):
            self._collector.end_episode(self._feed)
            if rollout.over:
                self._told.returns.append(rollout.total)

    def _evaluate(self) -> bool:
        """Every evaluation that is due; False where a pause came first."""
        evaluations = self._evaluations
        if self._collector.step < evaluations.due_at:
            return True
        with self._clock.part("evaluation"):
            for _ in evaluations.play(self._collector.step, self._evaluated, self._noted):
                if self._desk.paused:
                    return False
        self._tell_evaluations()
        return True

    def _tell_evaluations(self) -> None:
        """Those that are complete."""
        told = self._told
        for row in self._evaluations.rows:
            place = row["value_estimate"] + len(told.pairs)
            told.evaluations.append({**row, "value_estimate": place})
        told.pairs += self._pairs
        self._evaluations.rows, self._pairs = [], []

    def _noted(self, observation: np.ndarray, action: np.ndarray) -> float:
        """The place of a pair that is to be valued."""
        self._pairs.append((observation, np.asarray(action, np.float32)))
        return float(len(self._pairs) - 1)

    def _catch_up(self) -> bool:
        """Bring the simulator back, or cut the episode; False where a pause came first."""
        try:
            for _ in self._collector.catch_up():
                if self._desk.paused:
                    return False
        except Unrepeatable as fault:
            self._told.cut.append((self._collector.step, str(fault)))
            self._collector.end_episode(self._feed)
        self._behind = False
        return True

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """What the rest of the run depends on, but for the learner's side; tensors and values."""
        drawn = {}
        if self._phase is Phase.DRAWN:
            index, valid = self._desk.index[self._run], self._desk.valid[self._run]
            drawn = {"index": torch.from_numpy(index), "valid": torch.from_numpy(valid)}
        tensors = [tuple(torch.from_numpy(each) for each in pair) for pair in self._pairs]
        return {
            "phase": int(self._phase),
            "drawn": drawn,
            "collector": self._collector.state(),
            "evaluations": self._evaluations.state(),
            "pairs": tensors,
            "feed": self._feed.state(),
            "sampling": generator_state(self._sampling),
            "owed_steps": self._owed_steps,
            "seconds": dict(self._clock.seconds),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a `state()`; the simulator follows when the run is played on."""
        self._phase = Phase(state["phase"])
        for name, array in (("index", self._desk.index), ("valid", self._desk.valid)):
            if state["drawn"]:
                array[self._run] = state["drawn"][name].numpy()
        self._collector.restore(state["collector"])
        self._evaluations.restore(state["evaluations"])
        self._pairs = [(first.numpy(), second.numpy()) for first, second in state["pairs"]]
        self._feed.restore(state["feed"])
        restore_generator(self._sampling, state["sampling"])
        self._owed_steps = state["owed_steps"]
        self._behind = True
        self._clock.seconds.update(state["seconds"])
        run, collector = self._run, self._collector
        self._desk.step[run], self._desk.episodes[run] = collector.step, collector.episodes
        self._desk.seconds[run] = [self._clock.seconds[part] for part in TIMED]

    def close(self) -> None:
        """Free the simulators."""
        self._collector.environment.close()
        self._evaluations.environment.close()
