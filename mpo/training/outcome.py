"""What a run leaves behind: its logs, its policy, and `run.json`, which describes it."""

from typing import Any

import torch
from safetensors.torch import save

from mpo import rundir
from mpo.algorithm.networks import unflatten
from mpo.training import finished, provenance
from mpo.training.job import Job
from mpo.training.seeds import DERIVATION
from mpo.training.trained import Trained
from mpo.training.vacancy import require_vacant


def write(
    job: Job, training: Trained, record: dict[str, Any], divergence: dict[str, Any] | None
) -> None:
    """Keep the files of the run in its state folder, and put them in place.

    Raises ValueError where another run lies there by now.
    """
    parameters = torch.from_numpy(training.learner.evaluated_parameters())
    named = unflatten(parameters, training.networks.policy_shapes())
    tensors = {name: view.contiguous().clone() for name, view in named.items()}
    settings = rundir.json_bytes(job.settings.differences()).decode()
    files = {
        rundir.EVALUATIONS: rundir.table(rundir.EVALUATION_COLUMNS, training.evaluations),
        rundir.TRAINING: rundir.table(rundir.TRAINING_COLUMNS, training.logs.training),
        rundir.TIMING: rundir.table(rundir.TIMING_COLUMNS, training.logs.timing),
        rundir.POLICY: save(tensors, {"settings": settings}),
    }
    description = _description(job, training, record, divergence)
    description["files"] = {name: rundir.checksum(content) for name, content in files.items()}
    finished.keep(job.state_folder, files, description)
    require_vacant(job)  # another may have ended there meanwhile; this one is kept
    finished.put_in_place(job.state_folder / rundir.FINISHED, job)


def _description(
    job: Job, training: Trained, record: dict[str, Any], divergence: dict[str, Any] | None
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
        "episodes": training.episodes,
        "seed_derivation": DERIVATION,
        "git": record["git"],
        "versions": provenance.versions(),
        "machine": provenance.machine(job.settings, training.learner.compiled),
        "wall_s": round(training.clock.wall_s, 3),
        "cpu_s": round(training.clock.cpu_s, 3),
        "attempts": record["attempts"],
        "resumed_at": record["resumed_at"],
        "processors": record["processors"],
        "extends": record.get("extends", []),
        **({"cohort": record["cohort"]} if "cohort" in record else {}),
        "cut_at": training.cut_at,
    }
