"""One run as a job: lock, resume, train, write its files; killed at any moment, it goes on.

A checkpoint is taken at the first episode's end after a minute (`checkpoint_s`), and at the end
of the episode under way on SIGTERM or SIGINT, after which the process exits.
"""

import json
import logging
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors.torch import save

from mpo import checkpoint, provenance, rundir
from mpo.digests import code_digest
from mpo.networks import unflatten
from mpo.progress import Progress, spent
from mpo.registry import option
from mpo.seeds import DERIVATION
from mpo.session import Session
from mpo.settings import Settings
from mpo.tasks import Diverged
from mpo.timing import Clock

CHECKPOINT_S = 60.0
INTERRUPTED = 143

log = logging.getLogger("mpo")


@dataclass(frozen=True)
class Job:
    """What to train and where to write it; `checkpoint_s` seconds lie between checkpoints."""

    task: str
    variant: str
    seed: int
    study_seed: int
    settings: Settings
    out: Path
    state: Path | None = None
    checkpoint_s: float = CHECKPOINT_S

    @property
    def settings_digest(self) -> str:
        """Digest of the settings with study seed and seed."""
        return self.settings.digest(self.study_seed, self.seed)

    @property
    def code_digest(self) -> str:
        """Digest of the code that the settings execute."""
        return code_digest(self.settings)

    @property
    def state_folder(self) -> Path:
        """Where checkpoints go: `state/<digests>` unless told otherwise."""
        name = f"{self.settings_digest[:16]}-{self.code_digest[:16]}"
        return self.state or Path("state") / name


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
    this machine, ValueError for a task that cannot be made, OSError where nothing can be written.
    """
    if status := _finished(job):
        return status
    rundir.require_writable(job.out)
    with checkpoint.locked(job.state_folder, wait):
        # once more, since another process may have finished it while this one waited
        status = _finished(job) or _train(job, job.state_folder, bar)
        checkpoint.clear(job.state_folder)
    return status


def _finished(job: Job) -> str | None:
    """The status of the run if its files are there, whole and its own, else None."""
    if not rundir.is_complete(job.out, job.settings_digest, job.code_digest):
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
        record = _resume(job, state, training)
        divergence = _run(job, state, training, record, bar)
        _write(job, training, record, divergence)
    finally:
        training.close()
    return rundir.DIVERGED if divergence else rundir.COMPLETED


def _mode(training: Session) -> dict[str, Any]:
    """What a checkpoint's bytes depend on beside settings and code."""
    return {
        "compiled": training.learner.compiled,
        "threads": torch.get_num_threads(),
        "versions": provenance.versions(),
    }


def _resume(job: Job, state: Path, training: Session) -> dict[str, Any]:
    """Restore the newest checkpoint; the record of attempts, resumptions and mode."""
    saved, said = checkpoint.load(state)
    for line in said:
        log.warning(line)
    digests = {"settings_digest": job.settings_digest, "code_digest": job.code_digest}
    mode = _mode(training)
    if saved is None:
        return {"attempts": 1, "resumed_at": [], "mode": mode, **digests}
    record = _record(saved, state)
    for name, value in {**digests, "mode": mode}.items():
        if record[name] != value:
            raise checkpoint.CheckpointError(
                f"{state}: its checkpoint has {_unlike(name, record[name], value)}; "
                "delete the folder to start anew"
            )
    try:
        training.restore(saved["training"])
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _foreign(state, error) from None
    log.warning("resumed at step %d of %d", training.step, job.settings.steps)
    record["attempts"] += 1
    record["resumed_at"] = [*record["resumed_at"], training.step]
    return record


def _unlike(name: str, theirs: Any, ours: Any) -> str:
    """What differs between a checkpoint and this run, innermost: mode compiled True, here False."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
        return ", ".join(_unlike(f"{name} {key}", theirs.get(key), ours.get(key)) for key in keys)
    return f"{name} {theirs!r}, here {ours!r}"


def _record(saved: Any, state: Path) -> dict[str, Any]:
    """What a checkpoint says of itself; CheckpointError for a file of another make."""
    record = saved.get("record") if isinstance(saved, dict) else None
    keys = {"settings_digest", "code_digest", "mode", "attempts", "resumed_at"}
    if not isinstance(record, dict) or not keys <= set(record):
        raise _foreign(state, "no record of its run")
    return record


def _foreign(state: Path, why: object) -> checkpoint.CheckpointError:
    return checkpoint.CheckpointError(
        f"{state}: its checkpoint is none of this program's ({type(why).__name__}: {why}); "
        "delete the folder to start anew"
    )


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
                        content = {"record": record, "training": training.checkpoint()}
                        checkpoint.save(state, content)
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


def _write(
    job: Job, training: Session, record: dict[str, Any], divergence: dict[str, Any] | None
) -> None:
    """The files of the run, `run.json` last."""
    parameters = training.learner.state.policy.parameters.cpu()
    named = unflatten(parameters, training.networks.policy_shapes())
    tensors = {name: view.contiguous().clone() for name, view in named.items()}
    settings = rundir.json_bytes(job.settings.differences()).decode()
    files = {
        rundir.EVALUATIONS: rundir.table(rundir.EVALUATION_COLUMNS, training.evaluations),
        rundir.TRAINING: rundir.table(rundir.TRAINING_COLUMNS, training.training),
        rundir.TIMING: rundir.table(rundir.TIMING_COLUMNS, training.timing),
        rundir.POLICY: save(tensors, {"settings": settings}),
    }
    description = _description(job, training, record, divergence)
    description["files"] = {name: rundir.checksum(content) for name, content in files.items()}
    rundir.sweep(job.out)
    (job.out / rundir.RUN).unlink(missing_ok=True)  # an older one must not vouch for these files
    for name, content in files.items():
        rundir.write_atomically(job.out / name, content)
    rundir.write_atomically(job.out / rundir.RUN, rundir.json_bytes(description))


def _description(
    job: Job, training: Session, record: dict[str, Any], divergence: dict[str, Any] | None
) -> dict[str, Any]:
    """The content of run.json."""
    return {
        "format": rundir.FORMAT,
        "task": job.task,
        "variant": job.variant,
        "seed": job.seed,
        "study_seed": job.study_seed,
        "status": rundir.DIVERGED if divergence else rundir.COMPLETED,
        "divergence": divergence,
        "settings": job.settings.differences(),
        "settings_digest": job.settings_digest,
        "code_digest": job.code_digest,
        "steps": training.step,
        "updates": training.learner.updates,
        "episodes": training.episode_index,
        "seed_derivation": DERIVATION,
        "git": provenance.git(),
        "versions": provenance.versions(),
        "machine": provenance.machine(job.settings.device, training.learner.compiled),
        "wall_s": round(training.clock.wall_s, 3),
        "cpu_s": round(training.clock.cpu_s, 3),
        "attempts": record["attempts"],
        "resumed_at": record["resumed_at"],
    }
