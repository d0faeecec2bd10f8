"""One run as a job: lock, resume, train, write its files; stopped or killed anywhere, it goes on.

A checkpoint is taken every minute, less often where it is large (`checkpoint_s`), and at once on
SIGTERM or SIGINT, after which the process exits: within an episode, an evaluation or a phase of
learning as well as between them. Where there is nothing to save, or what was is on the disk
already, it exits as it stands: while it waits for another process, reads its checkpoint, or
compiles its first update.
"""

import logging
import time
from math import inf
from typing import Any

import torch

from mpo import rundir
from mpo.settings import Settings, SettingsError
from mpo.training import checkpoints, extending, finished, outcome, progress, provenance
from mpo.training.clock import Clock
from mpo.training.environment import Diverged
from mpo.training.holding import Held, clear, locked
from mpo.training.job import Job
from mpo.training.resumption import resume
from mpo.training.session import Doing, Session
from mpo.training.stopping import Interrupted, StopRequest
from mpo.training.vacancy import require_vacant
from mpo.training.watching import Watch

log = logging.getLogger("mpo")


def train(job: Job, bar: bool, wait: bool = False, fresh: bool = False) -> str:
    """Train a run to its end, from its checkpoint if there is one; its status.

    A run that was finished before is not trained again but put in place, unless it is to be a
    `fresh` one, which starts at step 0 whatever there is of it. Where another process trains this
    run, `wait` until it is done. Raises Interrupted after a signal, CheckpointError where another
    process trains this run or the checkpoint does not fit this machine, ValueError for a task that
    cannot be made, a device that is not there or another run in this one's place, OSError where
    nothing can be written.
    """
    if not fresh and (status := finished.in_place(job)):
        return status
    require_vacant(job)
    if fresh or finished.kept(job) is None:
        require_device(job.settings)
    rundir.require_writable(job.out)
    state = job.state_folder
    with StopRequest() as stop, locked(state, wait) as held:
        if fresh:
            finished.forget(state)
            checkpoints.remove(state)
        # in place by now, where another process finished it while this one waited
        done = None if fresh else finished.in_place(job) or finished.restored(job)
        status = done or _attempt(job, held, bar, stop, fresh)
        if held:
            clear(state)
    return status


def _attempt(job: Job, held: Held, bar: bool, stop: StopRequest, fresh: bool) -> str:
    """Train, and say in progress.json that it began and, where it does not finish, why."""
    state = job.state_folder
    progress.begin(state, job.labels, job.settings.steps)
    try:
        return _train(job, held, bar, stop, fresh)
    except (Exception, Interrupted) as error:
        if held:
            how = progress.STOPPED if isinstance(error, Interrupted) else progress.FAILED
            progress.end(state, how, error)
        raise


def warn_of_no_update(settings: Settings) -> None:
    """Off policy; a line where the replay never holds what the first update waits for."""
    decisions = settings.steps // settings.action_repeat
    if decisions < settings.minimum_replay:
        log.warning(
            "no update falls due: minimum_replay is %d, and the budget has %d decisions",
            *(settings.minimum_replay, decisions),
        )


def require_device(settings: Settings) -> None:
    """Raises SettingsError where this machine, or this build of PyTorch, has no such device."""
    if not settings.option("device").available():
        allowed = f"PyTorch {torch.__version__} finds no GPU here"
        raise SettingsError("device", settings.device, allowed)


def _train(job: Job, held: Held, bar: bool, stop: StopRequest, fresh: bool) -> str:
    origin = job.state_folder if fresh else extending.origin(job)
    torch.set_num_threads(job.settings.threads)
    torch.use_deterministic_algorithms(True)
    clock = Clock(*(progress.spent(origin) if checkpoints.there(origin) else (0.0, 0.0)))
    git = provenance.git()
    if job.settings.protocol == "off_policy":
        warn_of_no_update(job.settings)
    protocol = job.settings.option("protocol")
    training = protocol.Training(job.settings, job.seeds, clock)
    try:
        record = resume(job, origin, training) | {"git": git}
        stop.note()
        divergence = _run(_Attendant(job, held, training, record, bar, stop))
        outcome.write(job, training, record, divergence)
    finally:
        training.close()
    return rundir.DIVERGED if divergence else rundir.COMPLETED


class _Attendant:
    """What a run needs beside training, at moments: checkpoints, progress, and an end if asked."""

    def __init__(
        self,
        job: Job,
        held: Held,
        training: Session,
        record: dict[str, Any],
        bar: bool,
        stop: StopRequest,
    ) -> None:
        self.training, self.stop = training, stop
        self.due = 0.0
        """When to look next, by the monotonic clock."""
        decision = job.settings.action_repeat
        self.last_step = job.settings.steps - decision if job.extendable else inf
        """The step of the last decision, which is kept where the run shall be extendable."""
        self._job, self._held, self._record = job, held, record
        self._save_at, self._report_at = time.monotonic() + job.checkpoint_after_s(0), 0.0
        where = training.step, job.settings.steps
        self._progress = progress.Progress(job.state_folder, job.labels, *where, bar)
        self._watch = Watch(job.events)

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

    def keep_for_more(self) -> None:
        """Keep this moment, the one before the last decision, for a larger budget."""
        if self.training.doing is Doing.COLLECTING and not self.training.finished:
            with self.training.clock.part("checkpoint"):
                extending.keep(self._job, self._content(), self.training.clock)
            self.last_step = inf

    def _content(self) -> dict[str, Any]:
        return {"record": self._record, "training": self.training.checkpoint()}

    def _save(self) -> None:
        self._held.require()
        with self.training.clock.part("checkpoint"):
            size = checkpoints.save(self._job.state_folder, self._content())
        self._save_at = time.monotonic() + self._job.checkpoint_after_s(size)

    def _report(self) -> None:
        training, clock = self.training, self.training.clock
        where = training.step, training.doing, training.logs.last_return
        self._progress.report(*where, clock.wall_s, clock.cpu_s)
        self._watch.look(training)
        self._report_at = time.monotonic() + progress.INTERVAL_S

    def close(self) -> None:
        self._progress.close(self.training.step)
        self._watch.close(self.training)


def _run(attendant: _Attendant) -> dict[str, Any] | None:
    """Train until the budget is spent; how the run diverged, or None."""
    training, stop = attendant.training, attendant.stop
    now, compiling = time.monotonic, Doing.COMPILING
    try:
        for _ in training.walk():
            if stop.signal or now() >= attendant.due or training.doing is compiling:
                attendant.look()
            if training.step >= attendant.last_step:
                attendant.keep_for_more()
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
