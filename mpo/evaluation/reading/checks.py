"""The files of one run, read and held against what the manifest asks of that run.

Each check yields faults and never raises, so that one pass over a study names all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mpo.evaluation.reading.faults import OTHER_CODE, RETRAIN, Fault
from mpo.evaluation.reading.manifest import Manifest, PlannedRun
from mpo.rundir import (
    COMPLETED,
    DIVERGED,
    EVALUATION_COLUMNS,
    EVALUATIONS,
    FORMAT,
    RUN,
    TIMING,
    TIMING_COLUMNS,
    TRAINING,
    TRAINING_COLUMNS,
    altered,
)
from mpo.settings.equality import equal_codes

TABLES = {
    EVALUATIONS: EVALUATION_COLUMNS,
    TRAINING: TRAINING_COLUMNS,
    TIMING: TIMING_COLUMNS,
}
STATUSES = (COMPLETED, DIVERGED)
KEYS = {
    "format": f"{FORMAT}",
    "task": "an alias of config/tasks.yaml",
    "variant": "a name of config/variants.yaml",
    "seed": "the run's seed, an integer",
    "study_seed": "the study's seed, an integer",
    "status": "completed or diverged",
    "settings": "the settings that were handed over, an object",
    "settings_digest": "the digest that was handed over",
    "code_digest": "the digest that was handed over",
    "steps": "control steps trained, an integer",
    "updates": "updates taken, an integer",
}
"""What run.json must say, and what that is."""
OURS = ("settings", "steps", "updates")
"""Those of `KEYS` that only a run that MPO trained must have: other code need not tell them."""


class RunFiles(NamedTuple):
    """What one run wrote: `run.json` and its three tables, rows in order of time."""

    run: dict[str, Any]
    evaluations: pd.DataFrame
    training: pd.DataFrame
    timing: pd.DataFrame


def read_run(
    study_dir: Path, manifest: Manifest, planned: PlannedRun
) -> tuple[RunFiles | None, list[Fault]]:
    """The files of `planned`, or None where they cannot be read, and everything wrong in them."""
    folder, fault = study_dir / planned.path, partial(Fault, planned.path)
    if not folder.is_dir():
        return None, [fault("the run is missing")]
    faults: list[Fault] = []
    read: dict[str, Any] = {}
    for name in (RUN, *TABLES):
        try:
            read[name] = _read_json(folder / name) if name == RUN else _read_table(folder / name)
        except FileNotFoundError:
            faults.append(fault(f"{name} is missing"))
        except ValueError as error:
            faults.append(fault(f"{name} {error}"))
    if faults:
        return None, faults
    run, evaluations, training, timing = read.values()
    ours = manifest.variants[planned.variant].trained_here
    lacking = [name for name in KEYS if ours and name not in run]
    if lacking:
        return None, [fault(f"{RUN} lacks {', '.join(lacking)}")]
    faults += _identity(run, manifest, planned)
    try:
        changed = altered(folder, run)
    except FileNotFoundError:
        return None, [fault("the run is being replaced by another")]
    faults += [
        fault(f"{name} is not the file that the run wrote: its checksum is another")
        for name in changed
    ]
    if not faults:
        faults += map(fault, _evaluations(evaluations, run["status"], manifest, planned.task))
        even = ours and run["settings"].get("protocol") in (None, "off_policy")
        faults += map(fault, _training(training, run, even))
    evaluations = evaluations.sort_values(["step", "episode"], ignore_index=True)
    return RunFiles(run, evaluations, training, timing), faults


def _read_json(path: Path) -> dict[str, Any]:
    """The run's record. Raises ValueError with what is wrong with the file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"is not JSON ({error})") from None
    if not isinstance(values, dict):
        raise ValueError("is no JSON object")
    if values.get("format") != FORMAT:
        raise ValueError(f"has format {values.get('format')!r}, this code reads {FORMAT}")
    return values


def _read_table(path: Path) -> pd.DataFrame:
    """A table of a run. Raises ValueError with what is wrong with the file."""
    columns = list(TABLES[path.name])
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(columns, "float64"))
    except ValueError as error:
        raise ValueError(f"is broken ({error})") from None
    if path.name == TRAINING:  # what a run's code did not know, it did not log
        table = table.reindex(columns=columns) if _logged(table, columns) else table
    if list(table.columns) != columns:
        odd = sorted(set(table.columns) ^ set(columns)) or ["their order"]
        raise ValueError(f"has other columns than asked: {', '.join(odd)}")
    counters = [name for name in ("step", "episode", "updates", "length") if name in columns]
    if not np.isfinite(table[counters].to_numpy()).all():
        raise ValueError(f"has rows without {' or '.join(counters)}")
    return table.astype(dict.fromkeys(counters, "int64"))


def _logged(table: pd.DataFrame, columns: list[str]) -> bool:
    """Whether a table holds step and updates, then some of the other columns in their order."""
    found = list(table.columns)
    return found[:2] == columns[:2] and found == [name for name in columns if name in found]


def _identity(run: dict[str, Any], manifest: Manifest, planned: PlannedRun) -> Iterator[Fault]:
    """Whether `run.json` is that of this very run, of these settings and this code."""
    asked = {
        "task": planned.task,
        "variant": planned.variant,
        "seed": planned.seed,
        "study_seed": manifest.study_seed,
    }
    wrong = [key for key, value in asked.items() if run.get(key) != value]
    if wrong:
        theirs = ", ".join(f"{key} {run.get(key)!r}" for key in wrong)
        yield Fault(planned.path, f"holds another run's files ({theirs})")
        return
    key = (planned.task, planned.variant, planned.code_digest)
    accepted = {
        "settings_digest": ("other settings", {planned.settings_digest}, RETRAIN),
        "code_digest": ("other code", equal_codes(manifest.equalities, *key), OTHER_CODE),
    }
    for digest, (what, allowed, mend) in accepted.items():
        given, expected = str(run.get(digest)), str(getattr(planned, digest))
        if given not in allowed:
            yield Fault(
                planned.path,
                f"was trained with {what}: {digest} is {given[:12]}, "
                f"the study asks for {expected[:12]}",
                mend,
            )
    if run.get("status") not in STATUSES:
        yield Fault(
            planned.path,
            f"status {run.get('status')!r} is not allowed; {' or '.join(STATUSES)}",
        )


def _evaluations(table: pd.DataFrame, status: str, manifest: Manifest, task: str) -> Iterator[str]:
    """Every evaluation up to the end, each with its number of episodes, each episode once."""
    steps = manifest.tasks[task].evaluation_steps(manifest.points)
    expected = dict.fromkeys(steps, manifest.episodes) | {steps[-1]: manifest.final_episodes}
    doubled = table.duplicated(["step", "episode"])
    if doubled.any():
        first = table[doubled].iloc[0]
        yield (
            f"{EVALUATIONS} has {doubled.sum()} doubled rows, the first of episode "
            f"{int(first['episode'])} at step {int(first['step'])}"
        )
        return
    steps_found, episodes_found = np.unique(table["step"].to_numpy(), return_counts=True)
    counts = dict(zip(steps_found.tolist(), episodes_found.tolist(), strict=True))
    strange = sorted(set(counts) - set(expected))
    if strange:
        yield f"{EVALUATIONS} has an evaluation at step {strange[0]}, which is none of {steps}"
        return
    reached = steps if status == COMPLETED else steps[: len(counts)]
    for step in reached:
        if counts.get(step, 0) != expected[step]:
            yield (
                f"{EVALUATIONS} has {counts.get(step, 0)} episodes at step {step}, "
                f"the study asks for {expected[step]}"
            )
    if not np.isfinite(table["return"].to_numpy()).all():
        yield f"{EVALUATIONS} has returns that are not finite"


def _training(table: pd.DataFrame, run: dict[str, Any], even: bool) -> Iterator[str]:
    """Rows in order of their updates, each once and, where `even`, none left out.

    Off policy MPO logs every so many updates, so equal gaps from the first row to the run's end
    mean that no row is missing. Iterations have as many as they collected whole batches.
    """
    updates = table["updates"].to_numpy()
    gaps = np.diff(updates, prepend=0)
    if (gaps <= 0).any():
        yield f"{TRAINING} has rows out of order or doubled"
    elif even and len(updates):
        rest = run["updates"] - updates[-1]
        left_out = gaps[:-1] != gaps[0]
        if left_out.any() or gaps[-1] > gaps[0] or not 0 <= rest < gaps[0]:
            place = updates[:-1][left_out][0] if left_out.any() else updates[-1]
            yield f"{TRAINING} lacks rows about update {place}"
