"""rliable's matrices (Agarwal et al. 2021): by variant, normalised scores of runs and tasks.

`dict(numpy.load("scores.npz"))` is what `rliable.library.get_interval_estimates` takes, arrays
[runs, tasks]; `curves.npz` holds [runs, tasks, evaluations], for sample efficiency.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from mpo.evaluation.reading.load import Study
from mpo.evaluation.reading.scores import curves, scores
from mpo.rundir import json_bytes, replacing, write_atomically

SCORES, CURVES, AXES = "scores.npz", "curves.npz", "axes.json"


def write(study: Study, folder: Path) -> None:
    """Write both arrays, and what their axes are, into `folder`."""
    manifest = study.manifest
    axes = list(manifest.seeds), list(manifest.tasks)
    points = [k / manifest.points for k in range(1, manifest.points + 1)]
    ends = _arrays(scores(study), axes)
    _save(folder / SCORES, {name: array[..., 0] for name, array in ends.items()})
    _save(folder / CURVES, _arrays(curves(study), axes))
    named = {"runs": axes[0], "tasks": axes[1], "share_of_steps": points}
    write_atomically(folder / AXES, json_bytes(named))


def _arrays(
    rows: pd.DataFrame, axes: tuple[list[int], list[str]]
) -> dict[str, Float[np.ndarray, "runs tasks points"]]:
    """Scores by variant, in the order of the rows of each run."""
    found = {}
    for variant, mine in rows.groupby("variant", sort=False):
        runs = dict(iter(mine.groupby(["seed", "task"])["score"]))
        cells = [[runs[seed, task].to_numpy() for task in axes[1]] for seed in axes[0]]
        found[str(variant)] = np.array(cells, dtype=float)
    return found


def _save(file: Path, arrays: dict[str, np.ndarray]) -> None:
    with replacing(file) as content:
        np.savez(content, **arrays)  # type: ignore[arg-type]
