"""How far a run is: `progress.json` every few seconds, and a bar for a person.

The file says as well that a process begins, and how one ended that did not finish the run.
"""

import json
import logging
import os
import platform
import time
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from mpo.rundir import PROGRESS, write_atomically

INTERVAL_S = 5.0
"""Between two reports."""
STARTING, COMPILING = "starting", "compiling"
"""What a run does in which nothing is heard of it."""
STOPPED, FAILED = "stopped", "failed"

log = logging.getLogger("mpo")


class Progress:
    """Writes progress.json in the state folder; draws a progress bar where asked to."""

    def __init__(
        self, state: Path, labels: dict[str, Any], step: int, steps: int, bar: bool
    ) -> None:
        """`labels` (task, variant, seed) go into the file; from `step` to the budget `steps`.

        Rates are over all of that, evaluations included, so that the time left is.
        """
        self._state = state
        self._labels, self._steps = labels, steps
        self._started_at, self._started_step = time.time(), step
        self._bar = tqdm(
            total=steps, initial=step, unit=" steps", disable=not bar, smoothing=0.0, mininterval=0
        )

    def report(self, step: int, doing: str, return_: float, wall_s: float, cpu_s: float) -> None:
        """Show and write where the run is, what it is about to do, and the last return."""
        now = time.time()
        self._bar.set_postfix_str(f"{doing}, return {return_:.1f}", refresh=False)
        self._bar.update(step - self._bar.n)
        rate = (step - self._started_step) / max(now - self._started_at, 1e-9)
        content = {
            **self._labels,
            "step": step,
            "steps": self._steps,
            "doing": doing,
            "steps_per_s": round(rate, 3),
            "return": None if return_ != return_ else return_,
            "wall_s": wall_s,
            "cpu_s": cpu_s,
        }
        _write(self._state, content)

    def close(self, step: int) -> None:
        """Leave the bar at `step`."""
        self._bar.update(step - self._bar.n)
        self._bar.close()


class Heard(NamedTuple):
    """When something was last heard of a run, and whether it said that nothing would be."""

    at: float
    """Seconds of the epoch; 0 where there is no word of it."""
    unheard: bool


def begin(state: Path, labels: dict[str, Any], steps: int) -> None:
    """Say that a process begins to train the run, or goes on with it."""
    before = {"step": 0, "return": None, "wall_s": 0.0, "cpu_s": 0.0, **_read(state)}
    before.pop("ended", None)
    _write(state, {**before, **labels, "steps": steps, "doing": STARTING, "steps_per_s": 0.0})


def end(state: Path, how: str, why: object) -> None:
    """Say that the process ends, `STOPPED` or `FAILED`, without having finished the run."""
    line = (str(why).splitlines() or [type(why).__name__])[0]
    _write(state, {**_read(state), "ended": {"how": how, "why": line}})


def heard(state: Path) -> Heard:
    """What the file tells of when it was written."""
    content = _read(state)
    at = content.get("time", 0.0)
    return Heard(float(at), content.get("doing") in (STARTING, COMPILING))


def note_spent(state: Path, wall_s: float, cpu_s: float) -> None:
    """Write the seconds of the attempts so far, and nothing else."""
    _write(state, {"wall_s": wall_s, "cpu_s": cpu_s})


def spent(state: Path) -> tuple[float, float]:
    """Wall and CPU seconds of the attempts so far, as last reported; zeros where unknown."""
    try:
        content = _read(state)
        return float(content["wall_s"]), float(content["cpu_s"])
    except (ValueError, KeyError, TypeError):
        return 0.0, 0.0


def _write(state: Path, content: dict[str, Any]) -> None:
    whose = {"pid": os.getpid(), "host": platform.node(), "time": time.time()}
    try:
        write_atomically(state / PROGRESS, json.dumps(content | whose).encode())
    except OSError as error:  # no reason to lose what was trained since the checkpoint
        log.warning("%s: %s; training goes on", error.filename, error.strerror)


def _read(state: Path) -> dict[str, Any]:
    try:
        content = json.loads((state / PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
