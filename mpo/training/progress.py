"""How far a run is: `progress.json` every few seconds, and a bar for a person."""

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mpo.rundir import write_atomically
from mpo.training.checkpoints import PROGRESS

INTERVAL_S = 5.0
"""Between two reports."""

log = logging.getLogger("mpo")


class Progress:
    """Writes progress.json in the state folder; draws a progress bar where asked to."""

    def __init__(
        self, state: Path, labels: dict[str, Any], step: int, steps: int, bar: bool
    ) -> None:
        """`labels` (task, variant, seed) go into the file; from `step` to the budget `steps`.

        Rates are over all of that, evaluations included, so that the time left is.
        """
        self._path = state / PROGRESS
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
            "pid": os.getpid(),
            "time": now,
            "wall_s": wall_s,
            "cpu_s": cpu_s,
        }
        try:
            write_atomically(self._path, json.dumps(content).encode())
        except OSError as error:  # no reason to lose what was trained since the checkpoint
            log.warning("%s: %s; training goes on", error.filename, error.strerror)

    def close(self, step: int) -> None:
        """Leave the bar at `step`."""
        self._bar.update(step - self._bar.n)
        self._bar.close()


def spent(state: Path) -> tuple[float, float]:
    """Wall and CPU seconds of the attempts so far, as last reported; zeros where unknown."""
    try:
        content = json.loads((state / PROGRESS).read_text())
        return float(content["wall_s"]), float(content["cpu_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0, 0.0
