"""Checkpoints of a run under way: written whole, checked by a checksum, the previous one kept.

They live in a state folder of their own, outside every declared output of the workflow, because
Snakemake deletes outputs after a failure and before a rerun. A file is the SHA-256 of its payload
in hexadecimal, a newline, and the payload: tensors and plain values, loaded without executing
anything (`weights_only`).
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from mpo.rundir import write_atomically

CURRENT, PREVIOUS, PROGRESS, LOCK = "checkpoint", "checkpoint.previous", "progress.json", "lock"


class CheckpointError(Exception):
    """A state folder that cannot be gone on from, or that another process holds."""


def save(state: Path, content: dict[str, Any]) -> None:
    """Make `content` the current checkpoint; the one so far becomes the previous one."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    payload = buffer.getvalue()
    header = hashlib.sha256(payload).hexdigest().encode() + b"\n"
    pending = state / f"{CURRENT}.new"
    write_atomically(pending, header + payload)
    current = state / CURRENT
    if current.exists():
        os.replace(current, state / PREVIOUS)
    os.replace(pending, current)


def load(state: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest intact checkpoint, or None, and a line about each damaged one passed over."""
    said: list[str] = []
    for name in (f"{CURRENT}.new", CURRENT, PREVIOUS):
        path = state / name
        if not path.exists():
            continue
        header, _, payload = path.read_bytes().partition(b"\n")
        if hashlib.sha256(payload).hexdigest().encode() != header:
            said.append(f"{path}: checksum does not match, passed over")
            continue
        try:
            return torch.load(io.BytesIO(payload), weights_only=True), said
        except Exception as error:
            said.append(f"{path}: cannot be read ({error}), passed over")
    return None, said


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the state folder for this process alone.

    Raises CheckpointError, naming the process that holds it, where another one trains this run.
    """
    state.mkdir(parents=True, exist_ok=True)
    owner = state / "owner"
    lock = FileLock(state / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        who = owner.read_text().strip() if owner.exists() else "unknown"
        raise CheckpointError(
            f"{state}: process {who} is training this run already; wait for it or stop it"
        ) from None
    try:
        owner.write_text(f"{os.getpid()}\n")
        yield
    finally:
        lock.release()


def clear(state: Path) -> None:
    """Remove what a finished run no longer needs; the lock goes last."""
    for name in (f"{CURRENT}.new", CURRENT, PREVIOUS, PROGRESS, "owner", LOCK):
        (state / name).unlink(missing_ok=True)
    if not any(state.iterdir()):
        state.rmdir()


def generator_state(generator: np.random.Generator) -> str:
    """A NumPy generator's state as JSON: its integers have 128 bits."""
    return json.dumps(generator.bit_generator.state)


def restore_generator(generator: np.random.Generator, state: str) -> None:
    """Back to a `generator_state`."""
    generator.bit_generator.state = json.loads(state)
