"""Going on from a checkpoint: only from one of the same settings, code, versions and mode."""

import logging
from pathlib import Path
from typing import Any, Protocol

import torch

from mpo.settings import Settings
from mpo.training import checkpoints, extending, provenance
from mpo.training.job import Job

log = logging.getLogger("mpo")


class Whose(Protocol):
    """What a checkpoint is of: a run or a cohort."""

    @property
    def settings(self) -> Settings: ...
    @property
    def settings_digest(self) -> str: ...
    @property
    def code_digest(self) -> str: ...
    @property
    def state_folder(self) -> Path: ...


class Compiles(Protocol):
    """A learner, or a cohort's."""

    compiled: bool


class Resumable(Protocol):
    """What is restored."""

    @property
    def learner(self) -> Compiles: ...
    @property
    def step(self) -> int: ...
    def restore(self, checkpoint: dict[str, Any]) -> None: ...


def resume(job: Whose, state: Path, training: Resumable) -> dict[str, Any]:
    """Restore the newest checkpoint in `state`; the record of attempts, resumptions and mode.

    Where that is a smaller budget's of another code or mode, one line says so and the run starts
    anew.
    """
    saved, said = checkpoints.load(state)
    for line in said:
        log.warning(line)
    digests = {"settings_digest": job.settings_digest, "code_digest": job.code_digest}
    mode = _mode(training)
    here = provenance.kind(job.settings)
    begun = {"processors": [{"step": 0, "processor": here}]}
    anew = {"attempts": 1, "resumed_at": [], "mode": mode, **digests, **begun}
    if saved is None:
        return anew
    record, extends = _record(saved, state), state != job.state_folder
    if extends and isinstance(job, Job) and record.get("trunk") == extending.trunk(job):
        record["settings_digest"] = job.settings_digest
    for name, value in {**digests, "mode": mode}.items():
        if record[name] != value:
            unlike = f"{state}: its checkpoint has {_unlike(name, record[name], value)}"
            if not extends:
                raise checkpoints.CheckpointError(f"{unlike}; delete the folder to start anew")
            log.warning("%s; the run starts anew", unlike)
            return anew
    try:
        training.restore(saved["training"])
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _foreign(state, error) from None
    log.warning("resumed at step %d of %d", training.step, job.settings.steps)
    if extends:
        record["extends"] = [*record.get("extends", []), training.step]
    record["attempts"] += 1
    record["resumed_at"] = [*record["resumed_at"], training.step]
    record["processors"] = _processors(record.get("processors", []), training.step, here)
    return record


def _processors(so_far: list[dict[str, Any]], step: int, here: str) -> list[dict[str, Any]]:
    """What computed the run from which step on; a warning where that changes."""
    if so_far and so_far[-1]["processor"] == here:
        return so_far
    if so_far:
        log.warning(
            "resumed on %s, after %s: the bytes may be other than those of a run that is not moved",
            *(here, so_far[-1]["processor"]),
        )
    return [*so_far, {"step": step, "processor": here}]


def _mode(training: Resumable) -> dict[str, Any]:
    """What a checkpoint's bytes depend on beside settings and code."""
    return {
        "compiled": training.learner.compiled,
        "threads": torch.get_num_threads(),
        "versions": provenance.versions(),
    }


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


def _foreign(state: Path, why: object) -> checkpoints.CheckpointError:
    return checkpoints.CheckpointError(
        f"{state}: its checkpoint is none of this program's ({type(why).__name__}: {why}); "
        "delete the folder to start anew"
    )
