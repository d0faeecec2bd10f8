"""What is said of a run while it is trained: `progress.json` in its state folder.

It says as well that a process begins, and how one ended that did not finish the run. Written every
few seconds at most; a file that cannot be written is no reason to stop.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from pathlib import Path
from typing import Any

from mpo.rundir.files import write_atomically

PROGRESS = "progress.json"
INTERVAL_S = 5.0
"""Between two reports."""
STARTING = "starting"
STOPPED, FAILED = "stopped", "failed"

log = logging.getLogger("mpo")


def begin(state: Path, labels: dict[str, Any], steps: int) -> None:
    """Say that a process begins to train the run, or goes on with it."""
    before = {"step": 0, "return": None, "wall_s": 0.0, "cpu_s": 0.0, **read(state)}
    before.pop("ended", None)
    write(state, {**before, **labels, "steps": steps, "doing": STARTING, "steps_per_s": 0.0})


def end(state: Path, how: str, why: object) -> None:
    """Say that the process ends, `STOPPED` or `FAILED`, without having finished the run."""
    line = (str(why).splitlines() or [type(why).__name__])[0]
    write(state, {**read(state), "ended": {"how": how, "why": line}})


def still(state: Path, silent_s: float) -> None:
    """Say again what was said last, where that is `silent_s` seconds ago."""
    content = read(state)
    if content and time.time() - content.get("time", 0.0) >= silent_s:
        write(state, content)


def write(state: Path, content: dict[str, Any]) -> None:
    """Write the file, with the process that writes it, and when."""
    whose = {"pid": os.getpid(), "host": platform.node(), "time": time.time()}
    try:
        write_atomically(state / PROGRESS, json.dumps(content | whose).encode())
    except OSError as error:  # no reason to lose what was trained since the checkpoint
        log.warning("%s: %s; training goes on", error.filename, error.strerror)


def read(state: Path) -> dict[str, Any]:
    """What the file says; nothing where there is none, or none that is whole."""
    try:
        content = json.loads((state / PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
