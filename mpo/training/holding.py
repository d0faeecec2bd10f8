"""Who trains a run: a lock on its state folder, and what becomes of one whose holder is gone.

The lock is the kernel's, so that a process that dies in whatever way lets go of it. On file systems
without such locks it is a file, which outlives its process, and some network file systems keep the
locks of a node that died. On the holder's own machine its process tells whether it lives. To others
it shows that by `progress.json`, which it writes every few seconds: where it falls silent for too
long, the run is taken over. A holder that was only suspended finds out before it next saves.
"""

import json
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from mpo.rundir import sweep, write_atomically
from mpo.training import progress
from mpo.training.checkpoints import CheckpointError, remove

LOCK, OWNER = "lock", "owner"
WAIT_S = 2.0
SILENT_S, UNHEARD_S = 600.0, 1800.0
"""Seconds of silence after which a holder on another machine counts as gone; where it starts or
compiles, in which it says nothing."""

log = logging.getLogger("mpo")


class Holder(NamedTuple):
    """A process that trains a run."""

    process: int
    host: str
    since: float
    """Seconds of the epoch."""

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


class Held:
    """A state folder that this process holds, as long as nobody takes it over."""

    def __init__(self, state: Path) -> None:
        """Say who holds it."""
        self._state = state
        self._own = Holder(os.getpid(), platform.node(), time.time())
        write_atomically(state / OWNER, json.dumps(self._own._asdict()).encode())

    def __bool__(self) -> bool:
        """Whether this process holds it still."""
        return _holder(self._state) == self._own

    def require(self) -> None:
        """Raises CheckpointError where another process took the run over."""
        if not self:
            raise CheckpointError(
                f"{self._state}: {_holder(self._state) or 'another process'} took this run over "
                "while this one was silent; it goes on there"
            )


@contextmanager
def locked(state: Path, wait: bool = False) -> Iterator[Held]:
    """Hold the state folder for this process alone, and remove what a killed one left half-written.

    Where another process trains this run, name it and raise CheckpointError, or `wait` for it.
    """
    lock = FileLock(state / LOCK)
    said = False
    while not lock.is_locked:
        state.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=WAIT_S if wait else 0)
        except FileNotFoundError:
            continue  # the other one finished just now, and removed the folder
        except Timeout:
            if _gone(state):
                (state / LOCK).unlink(missing_ok=True)
                continue
            held = f"{state}: {_holder(state) or 'another process'} is training this run already"
            if not wait:
                raise CheckpointError(f"{held}; wait for it or stop it") from None
            if not said:
                log.warning("%s; waiting for it", held)
            said = True
    try:
        sweep(state)
        yield Held(state)
    finally:
        lock.release()


def clear(state: Path) -> None:
    """Remove what a finished run no longer needs, but for its files; the lock goes last."""
    remove(state)
    for name in (progress.PROGRESS, OWNER, LOCK):
        (state / name).unlink(missing_ok=True)
    try:
        state.rmdir()
    except OSError:  # the finished run is kept, or the lock of a process that waited is there
        return


def _gone(state: Path) -> bool:
    """Whether the holder, on another machine, fell silent for too long; says so in one line."""
    holder = _holder(state)
    if holder is None or holder.host == platform.node():
        return False
    heard = progress.heard(state)
    starts = heard.at <= holder.since or heard.unheard
    silent = time.time() - max(holder.since, heard.at)
    if silent <= (UNHEARD_S if starts else SILENT_S):
        return False
    log.warning("%s: %s is silent for %.0f min; taken over", state, holder, silent / 60)
    return True


def _holder(state: Path) -> Holder | None:
    """Who said that it holds the folder; None where nobody did."""
    try:
        return Holder(**json.loads((state / OWNER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
