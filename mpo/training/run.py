"""One run as a job: lock, resume, train, write its files; stopped or killed anywhere, it goes on.

A checkpoint is taken every minute (`checkpoint_s`), and at once on SIGTERM or SIGINT, after which
the process exits: within an episode, an evaluation or a phase of learning as well as between
them. Where there is nothing to save, or what was is on the disk already, it exits as it stands:
while it waits for another process, reads its checkpoint, or compiles its first update.
"""

import json
import logging
import time
from pathlib import Path
from typing import Any

import torch

from mpo import rundir
from mpo.settings import Settings, SettingsError
from mpo.training import checkpoints, outcome
from mpo.training.clock import Clock
from mpo.training.environment import Diverged
from mpo.training.job import Job
from mpo.training.progress import INTERVAL_S, Progress, spent
from mpo.training.resumption import resume
from mpo.training.session import Doing, Session
from mpo.training.stopping import Interrupted, StopRequest

log = logging.getLogger("mpo")


def train(job: Job, bar: bool, wait: bool = False) -> str:
    """Train a run to its end, from its checkpoint if there is one; its status.

    Where another process trains this run, `wait` until it is done. Raises Interrupted after a
    signal, CheckpointError where another process trains this run or the checkpoint does not fit
    this machine, ValueError for a task that cannot be made, a device that is not there or another
    run in this one's place, OSError where nothing can be written.
    """
    if status := _finished(job):
        return status
    require_vacant(job)
    require_device(job.settings)
    rundir.require_writable(job.out)
    with StopRequest() as stop, checkpoints.locked(job.state_folder, wait):
        # once more, since another process may have finished it while this one waited
        status = _finished(job) or _train(job, job.state_folder, bar, stop)
        checkpoints.clear(job.state_folder)
    return status


def require_device(settings: Settings) -> None:
    """Raises SettingsError where this machine, or this build of PyTorch, has no such device."""
    if not settings.option("device").available():
        allowed = f"PyTorch {torch.__version__} finds no GPU here"
        raise SettingsError("device", settings.device, allowed)


def require_vacant(job: Job) -> None:
    """Raises ValueError where another run lies in this one's place; warns of an older code's.

    Another run is one with other settings or seeds; a file that describes no run is none.
    """
    try:
        there = json.loads((job.out / rundir.RUN).read_text(encoding="utf-8"))
        digest, asked = there["settings_digest"], dict(there["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if digest == job.settings_digest:
        if there.get("code_digest") not in job.equal_codes:
            log.warning("%s holds this run by other code; it is replaced at the end", job.out)
        return
    names = ("task", "seed", "study_seed")
    default = job.settings.defaults()
    old = default | asked | {name: there.get(name) for name in names}
    new = default | job.settings.differences() | {name: getattr(job, name) for name in names}
    told = ", ".join(
        f"{name} {json.dumps(old[name])}, not {json.dumps(new.get(name))}"
        for name in old
        if old[name] != new.get(name)
    )
    raise ValueError(
        f"{job.out} holds another run, with {told}; give this one a place of its own by --out, or "
        "remove that one"
    )


def _finished(job: Job) -> str | None:
    """The status of the run if its files are there, whole and its own, else None."""
    if not rundir.is_complete(job.out, job.settings_digest, *job.equal_codes):
        return None
    log.warning("%s holds this run already, complete; delete it to train again", job.out)
    return str(json.loads((job.out / rundir.RUN).read_text())["status"])


def _train(job: Job, state: Path, bar: bool, stop: StopRequest) -> str:
    torch.set_num_threads(job.settings.threads)
    torch.use_deterministic_algorithms(True)
    clock = Clock(*spent(state))
    protocol = job.settings.option("protocol")
    training = protocol.Training(job.settings, job.seeds, clock)
    try:
        record = resume(job, state, training)
        stop.note()
        divergence = _run(_Attendant(job, state, training, record, bar, stop))
        outcome.write(job, training, record, divergence)
    finally:
        training.close()
    return rundir.DIVERGED if divergence else rundir.COMPLETED


class _Attendant:
    """What a run needs beside training, at moments: checkpoints, progress, and an end if asked."""

    def __init__(
        self,
        job: Job,
        state: Path,
        training: Session,
        record: dict[str, Any],
        bar: bool,
        stop: StopRequest,
    ) -> None:
        self.training, self.stop = training, stop
        self.due = 0.0
        """When to look next, by the monotonic clock."""
        self._job, self._state, self._record = job, state, record
        self._save_at, self._report_at = time.monotonic() + job.checkpoint_s, 0.0
        labels = {"task": job.task, "variant": job.variant, "seed": job.seed}
        self._progress = Progress(state, labels, training.step, job.settings.steps, bar)

    def look(self) -> None:
        """Save and report where that is due; raises Interrupted where the run is to stop."""
        doing, asked = self.training.doing, self.stop.signal is not None
        compiling = doing is Doing.COMPILING
        self.stop.note()
        now = time.monotonic()
        # a simulator that is still catching up is where the checkpoint on the disk says
        if (asked or compiling or now >= self._save_at) and doing is not Doing.CATCHING_UP:
            self._save()
        if asked or compiling or now >= self._report_at:
            self._report()
        if asked:
            raise Interrupted(
                f"stopped by signal {self.stop.signal} at step {self.training.step} of "
                f"{self._job.settings.steps}; the same command goes on from there"
            )
        self.due = 0.0 if compiling else min(self._save_at, self._report_at)
        if compiling:
            self.stop.obey()

    def _save(self) -> None:
        with self.training.clock.part("checkpoint"):
            content = {"record": self._record, "training": self.training.checkpoint()}
            checkpoints.save(self._state, content)
        self._save_at = time.monotonic() + self._job.checkpoint_s

    def _report(self) -> None:
        training, clock = self.training, self.training.clock
        where = training.step, training.doing, training.logs.last_return
        self._progress.report(*where, clock.wall_s, clock.cpu_s)
        self._report_at = time.monotonic() + INTERVAL_S

    def close(self) -> None:
        self._progress.close(self.training.step)


def _run(attendant: _Attendant) -> dict[str, Any] | None:
    """Train until the budget is spent; how the run diverged, or None."""
    training, stop = attendant.training, attendant.stop
    now, compiling = time.monotonic, Doing.COMPILING
    try:
        for _ in training.walk():
            if stop.signal or now() >= attendant.due or training.doing is compiling:
                attendant.look()
    except Diverged as divergence:
        log.warning("diverged at step %d: %s", training.step, divergence)
        return {
            "step": training.step,
            "updates": training.learner.updates,
            "what": divergence.what,
            "where": divergence.where,
        }
    finally:
        stop.note()
        attendant.close()
    return None
