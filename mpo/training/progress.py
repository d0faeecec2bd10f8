"""How far a run is: `progress.json` every few seconds (`rundir.progress`), and a bar."""

import time
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from mpo.rundir.progress import (
    FAILED,
    INTERVAL_S,
    PROGRESS,
    STARTING,
    STOPPED,
    begin,
    end,
    read,
    write,
)

__all__ = ["FAILED", "INTERVAL_S", "PROGRESS", "STOPPED", "begin", "end", "heard", "note_spent"]

COMPILING = "compiling"
"""What a run does, beside starting, in which nothing is heard of it."""


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
        write(self._state, content)

    def close(self, step: int) -> None:
        """Leave the bar at `step`."""
        self._bar.update(step - self._bar.n)
        self._bar.close()


class Heard(NamedTuple):
    """When something was last heard of a run, and whether it said that nothing would be."""

    at: float
    """Seconds of the epoch; 0 where there is no word of it."""
    unheard: bool


def heard(state: Path) -> Heard:
    """What the file tells of when it was written."""
    content = read(state)
    at = content.get("time", 0.0)
    return Heard(float(at), content.get("doing") in (STARTING, COMPILING))


def note_spent(state: Path, wall_s: float, cpu_s: float) -> None:
    """Write the seconds of the attempts so far, and nothing else."""
    write(state, {"wall_s": wall_s, "cpu_s": cpu_s})


def spent(state: Path) -> tuple[float, float]:
    """Wall and CPU seconds of the attempts so far, as last reported; zeros where unknown."""
    try:
        content = read(state)
        return float(content["wall_s"]), float(content["cpu_s"])
    except (ValueError, KeyError, TypeError):
        return 0.0, 0.0
