"""marl-eval's raw data: environment, task, algorithm, run, step, then a list of returns.

The layout is that of its README (https://github.com/instadeepai/marl-eval, Gorsane et al. 2022),
which wants as many returns at every step. `absolute_metrics` are the last evaluation's episodes, of
the final policy; Gorsane et al. have the best one's.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from mpo.evaluation.reading.load import Study
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.evaluation.reading.scores import curves
from mpo.rundir import json_bytes, write_atomically

FILE = "marl_eval.json"
METRIC = "return"


def write(study: Study, folder: Path) -> None:
    """Write the file into `folder`."""
    write_atomically(folder / FILE, json_bytes(content(study)))


def content(study: Study) -> dict[str, Any]:
    """What the file holds. A task's environment is the namespace of its id, or gymnasium."""
    manifest, found = study.manifest, dict[str, Any]()
    episodes = {
        tuple(key): rows["return"].tolist()
        for key, rows in study.evaluations.groupby(["task", "variant", "seed", "step"], sort=False)
    }
    for (task, variant, seed), curve in curves(study).groupby(RUN_KEYS, sort=False):
        rows: list[list[float]] = []
        for step, mean in zip(curve["step"], curve["return_mean"], strict=True):
            returns = episodes[task, variant, seed, step]
            rows.append([mean] if any(map(math.isnan, returns)) else returns)
        run: dict[str, Any] = {
            f"step_{place}": {"step_count": int(step), METRIC: _many(returns, manifest.episodes)}
            for place, (step, returns) in enumerate(zip(curve["step"], rows, strict=True))
        }
        run["absolute_metrics"] = {METRIC: _many(rows[-1], manifest.final_episodes)}
        environment = manifest.tasks[str(task)].environment.rpartition("/")[0] or "gymnasium"
        place = found.setdefault(environment, {}).setdefault(str(task), {})
        place.setdefault(str(variant), {})[f"seed_{seed}"] = run
    return found


def _many(returns: list[float], count: int) -> list[float]:
    """The first `count`; of an evaluation that a run did not reach, its one number as often."""
    return (returns * count)[:count] if len(returns) == 1 else returns[:count]
