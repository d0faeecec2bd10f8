"""The files of a run: their names, columns and how they are written. Nothing else defines them.

A run's directory holds five files, each written whole, under its final name only when complete,
`run.json` last. docs/run-files.md describes every column.
"""

import csv
import errno
import hashlib
import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = 1
EVALUATIONS, TRAINING, TIMING = "evaluations.csv", "training.csv", "timing.csv"
RUN, POLICY = "run.json", "policy.safetensors"
RUN_FILES = (EVALUATIONS, TRAINING, TIMING, POLICY, RUN)
FINISHED = "finished"
"""Folder of a run's state in which its files are kept once it is finished."""
COMPLETED, DIVERGED = "completed", "diverged"
TEMPORARY = ".tmp"
"""Ending of files under way; their names begin with a dot."""

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
    "mean_outside_box",
    "policy_deviation",
    "policy_entropy",
    "q_mean",
    "q_deviation",
    "value_mean",
    "bellman_residual",
    "look_ahead",
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


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, seekable, that takes the name `path` once whole and on the disk.

    So that the name never shows a part of it, after a crash neither. Raises OSError (disk full, no
    permission) and then leaves nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:  # a full disk does not say where it is
            raise type(error)(error.errno, os.strerror(error.errno), str(path)) from None
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, by `replacing`."""
    with replacing(path) as file:
        file.write(content)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, in place of what has that name; a copy where there are no links.

    The name never shows a part of it. Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}{TEMPORARY}")
    try:
        os.link(source, temporary)
    except OSError:  # another file system, or one without links
        write_atomically(target, source.read_bytes())
        return
    os.replace(temporary, target)
    temporary.unlink(missing_ok=True)  # where both were the same file already, it is still there


def sweep(directory: Path) -> None:
    """Remove what writers that were killed left behind; nobody else may be writing there."""
    for path in directory.glob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def require_writable(directory: Path) -> None:
    """Raise OSError, naming it, where `directory` cannot be written or made: before, not after."""
    above = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not above.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(above))
    if not os.access(
        above, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids
    ):
        raise PermissionError(errno.EACCES, "it cannot be written", str(above))


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


def checksum(content: bytes) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def altered(directory: Path, run: Mapping[str, Any]) -> list[str]:
    """The files whose bytes are not those that `run.json` recorded, where it recorded any.

    A file that is not there is no concern of this function.
    """
    recorded = run.get("files")
    if not isinstance(recorded, Mapping):
        return []
    present = [name for name in RUN_FILES if name in recorded and (directory / name).is_file()]
    return [name for name in present if checksum((directory / name).read_bytes()) != recorded[name]]


def is_complete(directory: Path, settings_digest: str, *code_digests: str) -> bool:
    """Whether `directory` holds every file of a run as it was written, by one of these codes."""
    if not all((directory / name).is_file() for name in RUN_FILES):
        return False
    try:
        run = json.loads((directory / RUN).read_text())
    except ValueError:
        return False
    if not isinstance(run, dict) or altered(directory, run):
        return False
    return run.get("settings_digest") == settings_digest and run.get("code_digest") in code_digests


def trained_by(run: Mapping[str, Any]) -> str:
    """The code that a run.json names, a commit or, of an installed package, its version."""
    git = run.get("git") or {}
    if git.get("commit"):
        return f"commit {git['commit']}" + " with changes" * bool(git.get("dirty"))
    if git.get("package_digest"):
        return f"mpo {git['version'] or 'of no version'} (digest {git['package_digest'][:12]})"
    return "code that it does not name"
