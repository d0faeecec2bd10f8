"""What only a process of its own can show: time to its first update, and its peak memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TASK = "hopper-stand"


@dataclass(frozen=True)
class ProcessCost:
    """Of a run of hopper-stand."""

    startup_cold_s: float
    """From the start of Python to the end of the first update, with no compile cache."""
    startup_s: float
    """The same with one."""
    peak_mib: float
    """Largest resident memory, with the replay of a million control steps, while it is saved."""


def process_cost(own: Mapping[str, Any], compile_: bool = True, device: str = "cpu") -> ProcessCost:
    """Start two processes, the first with an empty compile cache."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
        fields = json.dumps(own, default=list)  # a frozen sequence is a tuple or so
        command = [sys.executable, "-m", __spec__.name, fields, str(int(compile_)), device]

        def run() -> dict[str, float]:
            start = str(time.time())
            done = subprocess.run(
                [*command, start], env=environment, capture_output=True, text=True, check=True
            )
            return json.loads(done.stdout.splitlines()[-1])

        cold, warm = run(), run()
    return ProcessCost(cold["startup_s"], warm["startup_s"], warm["peak_mib"])


def first_updates(
    own: Mapping[str, Any], compile_: bool, device: str, started: float
) -> dict[str, float]:
    """In a process: train until the first update; what it took.

    Then a checkpoint as large as the run's last: the replay's memory is written when it is made,
    so it is resident although it is not full, and is saved as if it were.
    """
    from mpo.settings import settings
    from mpo.study.entries import load_tasks
    from mpo.training import checkpoints
    from mpo.training.clock import Clock
    from mpo.training.seeds import Seeds

    task = load_tasks()[TASK]
    values = {**own, **task.settings, "steps": 1_000_000}
    chosen = settings({**values, "compile": compile_, "device": device})
    training = chosen.option("protocol").Training(chosen, Seeds(0, TASK, 0), Clock())
    update, ends = training.learner.update, []

    def timed(batch: Any) -> None:
        update(batch)
        ends.append(time.time())

    training.learner.update = timed
    walk = training.walk()
    while not ends:
        next(walk)
    training.replay.written = training.replay.capacity
    with tempfile.TemporaryDirectory() as state:
        checkpoints.save(Path(state), training.checkpoint())
    training.close()
    return {"startup_s": ends[0] - started, "peak_mib": peak_resident_mib()}


def peak_resident_mib() -> float:
    """Largest resident memory of this program so far, MiB.

    Linux counts what the process that started it had resident into `ru_maxrss`, here a benchmark
    with the arrays of every variant before; `VmHWM` begins anew with the program.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        kib, *_ = status.read_text().partition("VmHWM:")[2].split()
        return int(kib) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    fields, compiled, where, begun = sys.argv[1:]
    print(json.dumps(first_updates(json.loads(fields), compiled == "1", where, float(begun))))
