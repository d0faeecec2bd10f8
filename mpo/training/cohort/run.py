"""A cohort as a job: lock, resume, train, write the files of all its runs.

As `training.run` for one run, and with the same promises: stopped or killed anywhere, the same
command goes on, and equals one that was never interrupted. Files are written at the end, of all
runs. Runs that are finished already are not trained again, and the others are a cohort of their
own, since no member depends on the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch

from mpo import rundir
from mpo.training import checkpoints, finished, outcome, progress, provenance
from mpo.training.cohort.job import CohortJob, MemberJob, ranges
from mpo.training.cohort.session import CohortSession
from mpo.training.holding import Held, clear, locked
from mpo.training.resumption import resume
from mpo.training.run import require_device, warn_of_no_update
from mpo.training.session import Doing
from mpo.training.stopping import Interrupted, StopRequest
from mpo.training.vacancy import require_vacant
from mpo.training.watching import Watch

MEMBERS_S = 30.0
"""Seconds between two words of every member's own; of the cohort there is one every few."""

log = logging.getLogger("mpo")


def train(job: CohortJob, bar: bool, wait: bool = False, fresh: bool = False) -> dict[int, str]:
    """Train the runs of a cohort to their ends, from its checkpoint if there is one; by seed.

    Raises as `training.run.train` does, and `WorkerFault` where a worker is gone.
    """
    found = {} if fresh else {each.seed: finished.in_place(each) for each in job.members}
    missing = [each for each in job.members if not found.get(each.seed)]
    for each in missing:
        require_vacant(each)
        rundir.require_writable(each.out)
    if missing:
        if fresh or any(finished.kept(each) is None for each in missing):
            require_device(job.settings)
        found |= _held(job, missing, bar, wait, fresh)
    return {each.seed: str(found[each.seed]) for each in job.members}


def _held(
    job: CohortJob, missing: Sequence[MemberJob], bar: bool, wait: bool, fresh: bool
) -> dict[int, str]:
    """Lock the cohort and its runs, and train what is not finished by then."""
    with StopRequest() as stop, ExitStack() as locks:
        # in the order of their names, so that two cohorts never wait for each other
        folders = sorted({job.state_folder, *(each.state_folder for each in missing)})
        held = {folder: locks.enter_context(locked(folder, wait)) for folder in folders}
        if fresh:
            checkpoints.remove(job.state_folder)
            for each in missing:
                finished.forget(each.state_folder)
        done = (
            {}
            if fresh
            else {each.seed: finished.in_place(each) or finished.restored(each) for each in missing}
        )
        left = tuple(each for each in missing if not done.get(each.seed))
        if left:
            trained = _attempt(_Under(job, left, list(held.values()), stop), bar)
            done |= trained
        for folder, each in held.items():
            if each:
                clear(folder)
    return {seed: str(status) for seed, status in done.items()}


class _Under:
    """A cohort under way: what it was asked to be, and which of its runs are left to train."""

    def __init__(
        self, asked: CohortJob, left: tuple[MemberJob, ...], held: list[Held], stop: StopRequest
    ) -> None:
        self.asked, self.left, self.held, self.stop = asked, left, held, stop
        self.trained = replace(asked, members=left)

    @property
    def folders(self) -> list[tuple[Any, dict[str, Any]]]:
        """State folders with their labels, the cohort's first."""
        members = [(each.state_folder, each.labels) for each in self.left]
        return [(self.asked.state_folder, self.asked.labels), *members]


def _attempt(under: _Under, bar: bool) -> dict[int, str]:
    """Train, and say in every progress.json that it began and, where it does not finish, why."""
    for folder, labels in under.folders:
        progress.begin(folder, labels, under.asked.settings.steps)
    try:
        return _train(under, bar)
    except (Exception, Interrupted) as error:
        how = progress.STOPPED if isinstance(error, Interrupted) else progress.FAILED
        if all(under.held):
            for folder, _ in under.folders:
                progress.end(folder, how, error)
        raise


def _train(under: _Under, bar: bool) -> dict[int, str]:
    asked, settings, state = under.asked, under.asked.settings, under.asked.state_folder
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True)
    seeds = [each.seeds for each in under.left]
    git = provenance.git()
    warn_of_no_update(settings)
    spent = progress.spent(state) if checkpoints.there(state) else (0.0, 0.0)
    training = CohortSession(settings, seeds, asked.workers, spent)
    try:
        record = resume(asked, state, training) | {"git": git}
        under.stop.also = training.pause
        under.stop.note()
        _run(_Attendant(under, training, record, bar))
        record["cohort"] = list(under.trained.seeds)
        for job, member in zip(under.left, training.members, strict=True):
            outcome.write(job, member, record, member.divergence)
    finally:
        under.stop.also = None
        training.close()
    pairs = zip(under.left, training.members, strict=True)
    return {
        job.seed: rundir.DIVERGED if member.divergence else rundir.COMPLETED
        for job, member in pairs
    }


class _Attendant:
    """What a cohort needs beside training, at moments: checkpoints, progress, an end if asked."""

    def __init__(
        self, under: _Under, training: CohortSession, record: dict[str, Any], bar: bool
    ) -> None:
        self.training, self.stop = training, under.stop
        self.due = 0.0
        """When to look next, by the monotonic clock."""
        self._under, self._job, self._record = under, under.asked, record
        now = time.monotonic()
        self._save_at, self._report_at = now + self._job.checkpoint_after_s(0), 0.0
        self._members_at = 0.0
        steps, folder = self._job.settings.steps, self._job.state_folder
        self._progress = progress.Progress(folder, self._job.labels, training.step, steps, bar)
        self._of_members = [
            progress.Progress(job.state_folder, job.labels, member.step, steps, False)
            for job, member in zip(under.left, training.members, strict=True)
        ]
        self._watches = [Watch(job.events) for job in under.left]

    def look(self) -> None:
        """Save and report where that is due; raises Interrupted where the cohort is to stop."""
        asked, compiling = self.stop.signal is not None, self.training.doing is Doing.COMPILING
        self.stop.note()
        now = time.monotonic()
        if asked or compiling or now >= self._save_at:
            self._save()
        if asked or compiling or now >= self._report_at:
            self._report(asked or compiling or now >= self._members_at)
        if asked:
            raise Interrupted(
                f"stopped by signal {self.stop.signal} at step {self.training.step} of "
                f"{self._job.settings.steps} of seeds {ranges(self._under.trained.seeds)}; the "
                "same command goes on from there"
            )
        self.due = 0.0 if compiling else min(self._save_at, self._report_at)
        if compiling:
            self.stop.obey()

    def _save(self) -> None:
        for held in self._under.held:
            held.require()
        with self.training.clock.part("checkpoint"):
            content = {"record": self._record, "training": self.training.checkpoint()}
            size = checkpoints.save(self._job.state_folder, content)
        self._save_at = time.monotonic() + self._job.checkpoint_after_s(size)

    def _report(self, of_members: bool) -> None:
        training, clock = self.training, self.training.clock
        spent, doing = (clock.wall_s, clock.cpu_s), training.doing
        returns = [each.logs.last_return for each in training.members]
        self._progress.report(training.step, doing, sum(returns) / len(returns), *spent)
        if of_members:
            for shown, member, last in zip(
                self._of_members, training.members, returns, strict=True
            ):
                own = member.clock.wall_s, member.clock.cpu_s
                shown.report(member.step, doing, last, *own)
            self._members_at = time.monotonic() + MEMBERS_S
        for watch, member in zip(self._watches, training.members, strict=True):
            watch.look(member)
        self._report_at = time.monotonic() + progress.INTERVAL_S

    def close(self) -> None:
        self._progress.close(self.training.step)
        for watch, member in zip(self._watches, self.training.members, strict=True):
            watch.close(member)


def _run(attendant: _Attendant) -> None:
    """Train until every member's budget is spent, or it diverged."""
    training, stop = attendant.training, attendant.stop
    now, compiling = time.monotonic, Doing.COMPILING
    try:
        for _ in training.walk():
            if stop.signal or now() >= attendant.due or training.doing is compiling:
                attendant.look()
    finally:
        stop.note()
        attendant.close()
