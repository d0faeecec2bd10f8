"""The files of a run: their names, columns and how they are written. Nothing else defines them.

A run's directory holds five files, each written whole, under its final name only when complete,
`run.json` last. docs/run-files.md describes every column.
"""

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

FORMAT = 1
EVALUATIONS, TRAINING, TIMING = "evaluations.csv", "training.csv", "timing.csv"
RUN, POLICY = "run.json", "policy.safetensors"
RUN_FILES = (EVALUATIONS, TRAINING, TIMING, POLICY, RUN)
COMPLETED, DIVERGED = "completed", "diverged"

EVALUATION_COLUMNS = (
    "step",
    "episode",
    "return",
    "length",
    "value_estimate",
    "discounted_return",
)
TRAINING_COLUMNS = (
    "step",
    "updates",
    "loss_critic",
    "loss_policy",
    "loss_likelihood",
    "loss_kl_mean",
    "loss_kl_covariance",
    "loss_temperature",
    "temperature",
    "penalty_temperature",
    "alpha_mean",
    "alpha_covariance",
    "kl_estep_relative",
    "kl_mean_relative",
    "kl_covariance_relative",
    "effective_sample_size",
    "dual_overflows",
    "dual_at_floor",
    "outside_box",
    "policy_deviation",
    "policy_entropy",
    "q_mean",
    "q_deviation",
    "value_mean",
    "bellman_residual",
    "gradient_norm_policy",
    "gradient_norm_critic",
    "behaviour_return",
)
TIMING_COLUMNS = (
    "step",
    "updates",
    "wall_s",
    "updates_per_s",
    "steps_per_s",
    "environment_s",
    "act_s",
    "update_s",
    "evaluation_s",
    "checkpoint_s",
)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that its name never shows a part of it, after a crash neither.

    Raises OSError (disk full, no permission) and then leaves nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def table(columns: Sequence[str], rows: Iterable[Mapping[str, float]]) -> bytes:
    """Rows as CSV, floats in the shortest form that reads back the same, NaN as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return text.getvalue().encode()


def _cell(value: float) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return str(value)


def json_bytes(value: Any) -> bytes:
    """Indented JSON with a final newline."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def is_complete(directory: Path, settings_digest: str, code_digest: str) -> bool:
    """Whether `directory` holds every file of a run with these digests."""
    if not all((directory / name).is_file() for name in RUN_FILES):
        return False
    try:
        run = json.loads((directory / RUN).read_text())
    except ValueError:
        return False
    digests = (run.get("settings_digest"), run.get("code_digest"))
    return digests == (settings_digest, code_digest)
