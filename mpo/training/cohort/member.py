"""A run of a cohort as those see it who write its files (`training.trained`)."""

from __future__ import annotations

from typing import Any

from mpo.algorithm.cohort.member import Member
from mpo.algorithm.networks import Networks
from mpo.training.clock import Clock
from mpo.training.cohort.desk import TIMED, Desk
from mpo.training.cohort.player import Told
from mpo.training.environment import Diverged
from mpo.training.episodes import critic_value
from mpo.training.logs import Logs


class SharedClock(Clock):
    """A member's share of the cohort's clock.

    Wall seconds are the cohort's; processor seconds, and those of updates and checkpoints, are
    the cohort's divided by its members; those of simulators, acting and evaluations its own.
    """

    def __init__(self, cohort: Clock, desk: Desk, run: int) -> None:
        """Of the member at the place `run`."""
        super().__init__()
        self._cohort, self._desk, self._run = cohort, desk, run

    @property
    def wall_s(self) -> float:
        """Wall seconds of all attempts of the cohort."""
        return self._cohort.wall_s

    @property
    def cpu_s(self) -> float:
        """The share of the processor seconds of all attempts, workers' included."""
        return self._cohort.cpu_s / self._desk.sizes.runs

    def row(self, step: int, updates: int, previous: dict[str, float] | None) -> dict[str, float]:
        """A row of timing.csv, as a single run's."""
        own = zip(TIMED, self._desk.seconds[self._run].tolist(), strict=True)
        self.seconds.update(own)
        for part in ("update", "checkpoint"):
            self.seconds[part] = self._cohort.seconds[part] / self._desk.sizes.runs
        return super().row(step, updates, previous)


class CohortClock(Clock):
    """The cohort's clock, which counts the processors of its workers too."""

    def __init__(self, wall_s: float, cpu_s: float, desk: Desk) -> None:
        """Go on from the seconds of earlier attempts."""
        super().__init__(wall_s, cpu_s)
        self._desk = desk

    @property
    def cpu_s(self) -> float:
        """Processor seconds of all attempts."""
        return super().cpu_s + float(self._desk.cpu_s.sum())


class MemberRun:
    """Its rows, its learner, and how it ended."""

    def __init__(
        self, networks: Networks, learner: Member, clock: Clock, desk: Desk, run: int
    ) -> None:
        """Of the member at the place `run`."""
        self.networks, self.learner, self.clock = networks, learner, clock
        self.logs = Logs(clock)
        self.evaluations: list[dict[str, float]] = []
        """The rows of evaluations.csv."""
        self.cut_at: list[int] = []
        self.divergence: dict[str, Any] | None = None
        self.ended = False
        """Whether it is finished or diverged."""
        self._desk, self._run = desk, run

    @property
    def step(self) -> int:
        """Control steps so far."""
        return int(self._desk.step[self._run])

    @property
    def episodes(self) -> int:
        """Training episodes that ended so far."""
        return int(self._desk.episodes[self._run])

    def note(self, told: Told) -> None:
        """Take down what its player tells, and value the pairs that it asks about."""
        for return_ in told.returns:
            self.logs.ended(return_)
        for row in told.evaluations:
            pair = told.pairs[int(row["value_estimate"])]
            value = critic_value(self.learner, *pair)
            self.evaluations.append({**row, "value_estimate": value})
        self.cut_at += [step for step, _ in told.cut]

    def log(self) -> None:
        """A row of training.csv and timing.csv. Raises `Diverged`."""
        self.logs.row(self.step, self.learner)

    def end(self, divergence: Diverged | None) -> None:
        """Be done, diverged or not; what broke first is what updates since the last row show."""
        try:
            if divergence is None:
                self.logs.check(self.learner)
        except Diverged as found:
            divergence = found
        if divergence is not None:
            try:
                if self.learner.updates > self.logs.updates:
                    self.log()
            except Diverged as cause:
                divergence = cause
            self.divergence = {
                "step": self.step,
                "updates": self.learner.updates,
                "what": divergence.what,
                "where": divergence.where,
            }
        self.ended = True

    # --- checkpoints ------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """The learner's side of the run, but for its replay."""
        return {
            "learner": self.learner.checkpoint(),
            "logs": self.logs.state(),
            "evaluations": list(self.evaluations),
            "cut_at": list(self.cut_at),
            "divergence": self.divergence,
            "ended": self.ended,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a `state()`."""
        self.learner.restore(state["learner"])
        self.logs.restore(state["logs"])
        self.evaluations, self.cut_at = state["evaluations"], state["cut_at"]
        self.divergence, self.ended = state["divergence"], state["ended"]
