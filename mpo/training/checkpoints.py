"""Checkpoints of a run under way: written whole, checked by a checksum, the previous one kept.

They live in a state folder of their own, outside every declared output of the workflow, because
Snakemake deletes outputs after a failure and before a rerun. A file is the SHA-256 of its payload
in hexadecimal, a newline, and the payload: tensors and plain values, loaded without executing
anything (`weights_only`).
"""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from mpo.rundir import replacing

if TYPE_CHECKING:
    import numpy as np

CURRENT, PREVIOUS = "checkpoint", "checkpoint.previous"


class CheckpointError(Exception):
    """A state folder that cannot be gone on from, or that another process holds."""


class _Checksummed:
    """A file as `torch.save` writes it: hashed on its way to the disk, never held in memory.

    An error is kept for `save` to raise, since PyTorch's writer goes on writing after one and
    would hide it behind one of its own.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.checksum = hashlib.sha256()
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        self.checksum.update(data)
        if self.error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def flush(self) -> None:
        """What PyTorch asks for at the end; the file is flushed when it is whole."""


def save(state: Path, content: dict[str, Any]) -> int:
    """Make `content` the current checkpoint, the one so far the previous one; its size in bytes."""
    import torch  # which who only waits, or removes, does without

    pending = state / f"{CURRENT}.new"
    with replacing(pending) as file:
        file.write(_header(hashlib.sha256()))  # of the same size as the true one
        payload = _Checksummed(file)
        torch.save(content, cast(BinaryIO, payload))
        if payload.error:
            raise payload.error
        file.seek(0)
        file.write(_header(payload.checksum))
    current = state / CURRENT
    if current.exists():
        os.replace(current, state / PREVIOUS)
    os.replace(pending, current)
    return current.stat().st_size


def _header(checksum: Any) -> bytes:
    return checksum.hexdigest().encode() + b"\n"


def there(state: Path) -> bool:
    """Whether there is a checkpoint, be it damaged."""
    return any((state / name).exists() for name in (f"{CURRENT}.new", CURRENT, PREVIOUS))


def load(state: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest intact checkpoint, or None, and a line about each damaged one passed over.

    Read from the disk twice, for the checksum and for the content, so that the content is all
    that is held in memory.
    """
    import torch

    said: list[str] = []
    for name in (f"{CURRENT}.new", CURRENT, PREVIOUS):
        path = state / name
        if not path.exists():
            continue
        with path.open("rb") as file:
            header = file.readline()
            start = file.tell()
            if _header(hashlib.file_digest(file, "sha256")) != header:
                said.append(f"{path}: checksum does not match, passed over")
                continue
            file.seek(start)
            try:
                return torch.load(file, weights_only=True), said
            except Exception as error:
                said.append(f"{path}: cannot be read ({_first_line(error)}), passed over")
    if said:
        said.append(f"{state}: no intact checkpoint is left; the run starts anew")
    return None, said


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def remove(state: Path) -> None:
    """Remove every checkpoint."""
    for name in (f"{CURRENT}.new", CURRENT, PREVIOUS):
        (state / name).unlink(missing_ok=True)


def generator_state(generator: "np.random.Generator") -> str:
    """A NumPy generator's state as JSON: its integers have 128 bits."""
    return json.dumps(generator.bit_generator.state)


def restore_generator(generator: "np.random.Generator", state: str) -> None:
    """Back to a `generator_state`."""
    generator.bit_generator.state = json.loads(state)
