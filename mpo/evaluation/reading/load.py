"""The logs of a study as tidy frames, after checking that they are what the manifest asks for.

Nothing is skipped in silence: a run that is missing, was trained with other settings or other
code, lies in another run's folder, or has dropped, doubled or broken rows stops the aggregation,
and one `StudyError` lists all such faults with the commands that mend them. A run that diverged
is no fault. It is an outcome, counted wherever its numbers appear; what the evaluations that it
never reached count with is said in `reading.scores`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mpo.evaluation.reading.checks import RunFiles, read_run
from mpo.evaluation.reading.faults import Fault, StudyError
from mpo.evaluation.reading.manifest import Manifest, PlannedRun, read_manifest, scaled
from mpo.evaluation.reading.scales import scales

KEYS = ["study", "task", "variant", "seed"]
"""What names a run; the first columns of every frame, and its order of rows."""


@dataclass(frozen=True)
class Study:
    """A study's logs. Rows are ordered as the manifest orders tasks, variants and seeds.

    `runs`: one row a run: status, divergence, counters, seconds, machine, versions, settings.
    `evaluations`: one row an evaluation episode; `filled` marks rows standing in for a run that
    had diverged (episode -1, no return).
    `training`, `timing`: the rows that the runs logged.
    """

    manifest: Manifest
    runs: pd.DataFrame
    evaluations: pd.DataFrame
    training: pd.DataFrame
    timing: pd.DataFrame


def load(study_dir: str | Path) -> Study:
    """The logs of the study in `study_dir`, checked and completed.

    Raises `StudyError` that lists every fault of every run, or `ManifestError`.
    """
    study_dir = Path(study_dir)
    manifest = read_manifest(study_dir)
    study, faults = load_so_far(study_dir, manifest)
    if faults or study is None:
        raise StudyError(study_dir, manifest.study, faults)
    return study


def load_so_far(study_dir: Path, manifest: Manifest) -> tuple[Study | None, list[Fault]]:
    """The logs of those of the manifest's runs that are whole, and the faults of the others.

    The manifest of what is returned asks for no more than that; None where no run is whole. Runs
    may be trained in the same folder meanwhile.
    """
    faults: list[Fault] = []
    whole: list[PlannedRun] = []
    runs: list[dict[str, Any]] = []
    frames: dict[str, list[pd.DataFrame]] = {"evaluations": [], "training": [], "timing": []}
    for planned in _ordered(manifest):
        files, found = read_run(study_dir, manifest, planned)
        faults += found
        if files is None or found:
            continue
        keys = {
            "study": manifest.study,
            "task": planned.task,
            "variant": planned.variant,
            "seed": planned.seed,
        }
        evaluations = _complete(files, manifest, planned)
        if evaluations is None:
            faults.append(_no_random_return(planned.task))
            continue
        whole.append(planned)
        runs.append({**keys, **files.run})
        frames["evaluations"].append(evaluations.assign(**keys))
        frames["training"].append(files.training.assign(**keys))
        frames["timing"].append(files.timing.assign(**keys))
    faults = list(dict.fromkeys(faults))
    if not whole:
        return None, faults
    joined = {name: _joined(parts) for name, parts in frames.items()}
    planned = manifest.only(whole)
    planned = scaled(planned, scales(planned, joined["evaluations"]))
    return Study(planned, pd.DataFrame(runs), **joined), faults


def _ordered(manifest: Manifest) -> list[PlannedRun]:
    tasks, variants = list(manifest.tasks), list(manifest.variants)
    return sorted(
        manifest.runs,
        key=lambda run: (tasks.index(run.task), variants.index(run.variant), run.seed),
    )


def _complete(files: RunFiles, manifest: Manifest, planned: PlannedRun) -> pd.DataFrame | None:
    """The run's evaluations; those it diverged before have no return. None: nor a score then."""
    task = manifest.tasks[planned.task]
    evaluations = files.evaluations.assign(filled=False)
    reached = set(evaluations["step"])
    missing = [step for step in task.evaluation_steps(manifest.points) if step not in reached]
    if not missing:
        return evaluations
    if task.random_return is None:
        return None
    fill = pd.DataFrame({"step": missing, "episode": -1, "return": math.nan, "filled": True})
    return fill if evaluations.empty else pd.concat([evaluations, fill])


def _no_random_return(task: str) -> Fault:
    """What measures the uniform policy is said by `mpo.study.config.measured` too."""
    more = "--csv config/random_scores.csv --episodes 100"
    return Fault(
        f"manifest.json: tasks.{task}.random_return",
        "missing, and a run of this task diverged, so its score needs it",
        f"python -m mpo evaluate --policy uniform --task {task} {more}",
    )


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """All rows, keys first. Tables of no rows have no types to respect, so they stay out."""
    frame = pd.concat([part for part in parts if len(part)] or parts[:1])
    others = [column for column in frame.columns if column not in KEYS]
    return frame[KEYS + others].reset_index(drop=True)
