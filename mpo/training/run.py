"""One run as a job: lock, resume, train, write its files; killed at any moment, it goes on.

A checkpoint is taken at the first episode's end after a minute (`checkpoint_s`), and at the end
of the episode under way on SIGTERM or SIGINT, after which the process exits.
"""

import json
import logging
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from mpo import rundir
from mpo.settings import SettingsError, option
from mpo.training import checkpoints, outcome
from mpo.training.clock import Clock
from mpo.training.environment import Diverged
from mpo.training.job import Job
from mpo.training.progress import Progress, spent
from mpo.training.resumption import resume
from mpo.training.session import Session

INTERRUPTED = 143

log = logging.getLogger("mpo")


class Interrupted(Exception):
    """The run was asked to stop, and did so with a checkpoint."""


class _StopRequest:
    """Set by SIGTERM and SIGINT; the handlers so far come back afterwards."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __enter__(self) -> "_StopRequest":
        signals = (signal.SIGTERM, signal.SIGINT)
        self._before = {number: signal.signal(number, self._handle) for number in signals}
        return self

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def train(job: Job, bar: bool, wait: bool = False) -> str:
    """Train a run to its end, from its checkpoint if there is one; its status.

    Where another process trains this run, `wait` until it is done. Raises Interrupted after a
    signal, CheckpointError where another process trains this run or the checkpoint does not fit
    this machine, ValueError for a task that cannot be made or a device that is not there, OSError
    where nothing can be written.
    """
    if status := _finished(job):
        return status
    require_device(job.settings.device)
    rundir.require_writable(job.out)
    with checkpoints.locked(job.state_folder, wait):
        # once more, since another process may have finished it while this one waited
        status = _finished(job) or _train(job, job.state_folder, bar)
        checkpoints.clear(job.state_folder)
    return status


def require_device(name: str) -> None:
    """Raises SettingsError where this machine, or this build of PyTorch, has no such device."""
    if not option("device", name).available():
        raise SettingsError("device", name, f"PyTorch {torch.__version__} finds no GPU here")


def _finished(job: Job) -> str | None:
    """The status of the run if its files are there, whole and its own, else None."""
    if not rundir.is_complete(job.out, job.settings_digest, *job.equal_codes):
        return None
    log.warning("%s holds this run already, complete; delete it to train again", job.out)
    return str(json.loads((job.out / rundir.RUN).read_text())["status"])


def _train(job: Job, state: Path, bar: bool) -> str:
    torch.set_num_threads(job.settings.threads)
    torch.use_deterministic_algorithms(True)
    clock = Clock(*spent(state))
    protocol = option("protocol", job.settings.protocol)
    training = protocol.Training(job.settings, job.study_seed, job.seed, clock)
    try:
        record = resume(job, state, training)
        divergence = _run(job, state, training, record, bar)
        outcome.write(job, training, record, divergence)
    finally:
        training.close()
    return rundir.DIVERGED if divergence else rundir.COMPLETED


def _save(state: Path, record: dict[str, Any], training: Session) -> None:
    """In a function of its own, so that no copy of the replay outlives it."""
    checkpoints.save(state, {"record": record, "training": training.checkpoint()})


def _run(
    job: Job, state: Path, training: Session, record: dict[str, Any], bar: bool
) -> dict[str, Any] | None:
    """Episodes until the budget is spent; how the run diverged, or None."""
    labels = {"task": job.task, "variant": job.variant, "seed": job.seed}
    progress = Progress(state, labels, job.settings.steps, bar)
    progress.start(training.step)
    clock, saved_at = training.clock, time.monotonic()
    with _StopRequest() as stop:
        try:
            while not training.finished:
                training.episode()
                progress.report(training.step, training.last_return, clock.wall_s, clock.cpu_s)
                due = time.monotonic() - saved_at >= job.checkpoint_s
                if (due or stop.signal) and not training.finished:
                    with clock.part("checkpoint"):
                        _save(state, record, training)
                    saved_at = time.monotonic()
                if stop.signal and not training.finished:
                    raise Interrupted(
                        f"stopped by signal {stop.signal} at step {training.step} of "
                        f"{job.settings.steps}; the same command goes on from there"
                    )
        except Diverged as divergence:
            log.warning("diverged at step %d: %s", training.step, divergence)
            return {
                "step": training.step,
                "updates": training.learner.updates,
                "what": divergence.what,
                "where": divergence.where,
            }
        finally:
            progress.close(training.step)
    return None
