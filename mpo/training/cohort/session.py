"""A cohort under way: rounds of playing and updating, saved anywhere between decisions."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from typing import Any

import torch

from mpo.algorithm.cohort.learner import CohortLearner
from mpo.algorithm.networks import Networks
from mpo.algorithm.trial.attempt import attempt
from mpo.settings import Settings, SettingsError
from mpo.training.cohort.crew import crew
from mpo.training.cohort.desk import Phase, Sizes
from mpo.training.cohort.member import CohortClock, MemberRun, SharedClock
from mpo.training.cohort.storage import Storage
from mpo.training.environment import Diverged, Environment, require_contract
from mpo.training.seeds import Seeds, Stream
from mpo.training.session import Doing

log = logging.getLogger("mpo")


class CohortSession:
    """Runs of the same settings, one for each of `seeds`. `walk` trains them."""

    def __init__(
        self,
        settings: Settings,
        seeds: Sequence[Seeds],
        workers: int = 1,
        spent: tuple[float, float] = (0.0, 0.0),
        as_one: bool | None = None,
    ) -> None:
        """Make players and learner; with one worker the players are here.

        `spent` are wall and processor seconds of earlier attempts; `as_one` as `CohortLearner`
        has it. Raises ValueError for a bad task, or a protocol that has no cohorts.
        """
        if settings.protocol != "off_policy":
            raise SettingsError("protocol", settings.protocol, "cohorts are off_policy")
        self.settings, self.seeds = settings, list(seeds)
        self.doing = Doing.COLLECTING
        networks = _networks(settings)
        sizes = Sizes.of(networks, len(seeds), max(1, min(workers, len(seeds))))
        self._crew = crew(settings, seeds, sizes)
        try:
            self._make(networks, spent, as_one)
        except BaseException:  # workers would be waited for at exit, and wait themselves
            self._crew.close()
            raise

    def _make(self, networks: Networks, spent: tuple[float, float], as_one: bool | None) -> None:
        settings, seeds = self.settings, self.seeds
        self.desk = desk = self._crew.desk
        self.clock = CohortClock(*spent, desk)
        device = torch.device(settings.device)
        self._pinned = device.type == "cuda" and desk.pin()
        pairs = [(each.of(Stream.INITIALISATION), each.of(Stream.NOISE)) for each in seeds]
        self.learner = CohortLearner(
            networks, pairs, desk.acting_tensor, desk.evaluated_tensor, as_one
        )
        self._storage = Storage(networks, desk, device)
        self.members = [
            MemberRun(networks, member, SharedClock(self.clock, desk, run), desk, run)
            for run, member in enumerate(self.learner.members)
        ]
        self._compiles_next = self.learner.compiled

    @property
    def step(self) -> int:
        """Control steps of the member that has fewest of those under way, or of all."""
        under_way = [each.step for each in self.members if not each.ended]
        return min(under_way or [each.step for each in self.members])

    def pause(self) -> None:
        """Have the players stop at their next decision; from a signal's handler too."""
        self.desk.pause[0] = 1

    def walk(self) -> Generator[None, None, None]:
        """Train all to their ends. It stops at moments at which a `checkpoint` may be taken.

        A member that diverges is frozen, and the others go on. Raises `EnvironmentFault`.
        """
        while not all(member.ended for member in self.members):
            self._play()
            if self.desk.paused:
                yield
                continue
            phases = self.desk.phase.tolist()
            drawn = [run for run, phase in enumerate(phases) if phase == Phase.DRAWN]
            if drawn and Phase.PLAYING not in phases:
                if self._compiles_next:
                    self.doing = Doing.COMPILING
                    yield
                self._update(drawn)
                self._compiles_next, self.doing = False, Doing.COLLECTING
            yield

    def _play(self) -> None:
        for run, told in sorted(self._crew.play().items()):
            member = self.members[run]
            member.note(told)
            for step, why in told.cut:
                log.warning(
                    "%s does not repeat itself here: %s. The episode of seed %d is cut at step "
                    "%d, and its run goes on with the next one; it will not equal one that was "
                    "never interrupted",
                    *(self.settings.environment, why, self.seeds[run].seed, step),
                )
            if told.divergence is not None:
                self._end(run, Diverged(*told.divergence))
        self._storage.store()
        for run in (self.desk.phase == Phase.FINISHED).nonzero()[0].tolist():
            if not self.members[run].ended:
                self._end(run, None)

    def _update(self, drawn: Sequence[int]) -> None:
        with self.clock.part("update"):
            self.learner.update(self._storage.batch(), drawn)
        self.desk.phase[drawn] = Phase.PLAYING
        if self.members[drawn[0]].learner.updates % self.settings.logging_updates == 0:
            for run in drawn:
                try:
                    self.members[run].log()
                except Diverged as divergence:
                    self._end(run, divergence)

    def _end(self, run: int, divergence: Diverged | None) -> None:
        member = self.members[run]
        member.end(divergence)
        if member.divergence is not None:
            self.desk.phase[run] = Phase.DIVERGED
            told = "the run of seed %d diverged at step %d: %s in %s; the others go on"
            where = member.divergence["what"], member.divergence["where"]
            log.warning(told, self.seeds[run].seed, member.step, *where)

    # --- checkpoints, at any moment of the walk -------------------------------------------------
    def checkpoint(self) -> dict[str, Any]:
        """What the rest of all runs depends on, by seed; arrays as they lie, to save at once."""
        players = self._crew.states()
        members = {}
        for run, (seeds, member) in enumerate(zip(self.seeds, self.members, strict=True)):
            player = players[run]
            rows = self._storage.rows(run, len(player["feed"]["decision"]))
            members[seeds.seed] = {"player": player, "rows": rows, **member.state()}
        return {"members": members, "seconds": dict(self.clock.seconds)}

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Back to a `checkpoint()` of these runs, or of more. Raises KeyError for a lacking one."""
        states = {run: checkpoint["members"][each.seed] for run, each in enumerate(self.seeds)}
        for run, state in states.items():
            self.members[run].restore(state)
            self._storage.restore(run, state["rows"])
        self._crew.restore({run: state["player"] for run, state in states.items()})
        self.clock.seconds.update(checkpoint["seconds"])

    def close(self) -> None:
        """End workers, and free the simulators."""
        if self._pinned:
            self.desk.unpin()
        self._crew.close()


def _networks(settings: Settings) -> Networks:
    """Of the task's sizes, after the task and the update were tried as a single run's are."""
    require_contract(settings)
    environment = Environment.of(settings)
    sizes = environment.observation_size, environment.action_size
    environment.close()
    attempt(settings, *sizes)
    return Networks(settings, *sizes)
