"""A gate that a run cannot pass while a test keeps it shut, so that what must overlap does.

The run's environment is `gymnasium.make("tests.gate:Held-v0")`; the gate is a file of the folder
that its process works in. The lock on it is the kernel's, so that it opens when its test dies.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import gymnasium
import numpy as np
import psutil

from tests.environments import LinearQuadratic

HELD = "tests.gate:Held-v0"
FREE = 25
"""Steps that each instance takes whether the gate is shut or not: two episodes and a half."""
GATE = "gate"

T = TypeVar("T")


class Held(LinearQuadratic):
    """Beyond its first steps, whose number is FREE, each waits at the gate, where there is one."""

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.taken = 0

    def step(self, action: np.ndarray):
        self.taken += 1
        if self.taken > FREE and Path(GATE).exists():
            _pass()
        return super().step(action)


gymnasium.register("Held-v0", "tests.gate:Held", order_enforce=False, max_episode_steps=1000)


def _pass() -> None:
    with Path(GATE).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            Path(f"{GATE}.{os.getpid()}").touch()
            fcntl.flock(file, fcntl.LOCK_SH)


class Gate:
    """Of the folder; shut until `open`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = (folder / GATE).open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        for said in folder.glob(f"{GATE}.*"):  # by those who came to it when it was shut before
            said.unlink()

    def open(self) -> None:
        """Let everybody pass, from now on."""
        self._file.close()

    def waiting(self) -> list[int]:
        """Processes that have come to it, and live."""
        pids = (int(said.suffix[1:]) for said in self._folder.glob(f"{GATE}.*"))
        return [pid for pid in pids if psutil.pid_exists(pid)]


@contextmanager
def shut(folder: Path) -> Iterator[Gate]:
    """The gate of the folder, which is open afterwards."""
    gate = Gate(folder)
    try:
        yield gate
    finally:
        gate.open()


def awaited(condition: Callable[[], T], process: subprocess.Popen, log: Path | None = None) -> T:
    """What `condition` gives once that is true of it, however long it takes; `process` must live.

    A test that waits in vain ends by pytest's own limit.
    """
    while not (found := condition()):
        ended = process.poll() is not None
        if ended and not (found := condition()):
            said = log.read_text() if log else ""
            raise AssertionError(f"the process ended with {process.returncode}: {said}")
        time.sleep(0.02)
    return found
