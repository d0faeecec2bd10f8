"""Scores of tasks to whose returns nobody gave a range: from the uniform policy to the best run.

Such a score says how runs of one study stand to each other, and nothing across studies; its
reference, which the report shows, says so.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mpo.evaluation.reading.frames import DIGITS
from mpo.evaluation.reading.manifest import RUN_KEYS, Manifest, Scale

LAST = 5
"""Evaluation points that make a score."""
REFERENCE = "relative: uniformly random actions to {best}, so comparable within this study alone"
NOTHING = "the return above by one, as no run was better"


def scales(manifest: Manifest, evaluations: pd.DataFrame) -> dict[str, Scale]:
    """The range of each task without one, by the best mean of a run's last `LAST` evaluations."""
    points = evaluations.groupby(["task", "variant", "seed", "step"], sort=False)["return"].mean()
    runs = points.groupby(RUN_KEYS, sort=False)
    ends = runs.apply(lambda each: each.tail(LAST).mean(skipna=False))
    return {
        name: _scale(task.low, ends[ends.index.get_level_values("task") == name].dropna())
        for name, task in manifest.tasks.items()
        if task.relative
    }


def table(found: Mapping[str, Scale]) -> pd.DataFrame:
    """What `scales.csv` holds."""
    return pd.DataFrame([{"task": name, **scale._asdict()} for name, scale in found.items()])


def _scale(low: float, ends: pd.Series) -> Scale:
    if ends.empty or not ends.max() > low:
        return Scale(low, low + 1.0, REFERENCE.format(best=NOTHING))
    _, variant, seed = ends.idxmax()  # type: ignore[misc]
    best = f"the best run, {variant} with seed {seed}"
    return Scale(low, float(f"{ends.max():.{DIGITS}g}"), REFERENCE.format(best=best))
