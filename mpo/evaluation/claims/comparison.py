"""Two variants of a study against each other, and how many seeds a difference would need.

The effect is the difference of mean normalised final scores, averaged over tasks; its p is that
of the claims (`claims.permutation`): runs permuted within each task, two-sided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mpo.evaluation.claims.permutation import two_sample
from mpo.evaluation.claims.sizes import runs_needed
from mpo.evaluation.estimating.estimates import matrix
from mpo.evaluation.estimating.statistics import estimate, improvement
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL

LEVEL = 0.05
EFFECTS = (0.02, 0.05, 0.1, 0.2, 0.3)
"""Differences of normalised scores."""


def compare(frames: Frames, first: str, second: str) -> pd.DataFrame:
    """Rows of metric, task, n, value, low, high, p: over all tasks, then on each of them.

    The metrics are `effect`, with its p, and `probability_of_improvement`. Raises ValueError for
    a variant that the study has not.
    """
    manifest = frames.manifest
    for name in (first, second):
        if name not in manifest.variants:
            known = ", ".join(manifest.variants)
            raise ValueError(f"variant: {name!r} is not in study {manifest.study}; it has {known}")
    if first == second:
        raise ValueError(f"variant: {first!r} is given twice; two are compared")
    rows = []
    for task in [ALL, *manifest.tasks]:
        tasks = list(manifest.tasks) if task == ALL else [task]
        ours, theirs = (
            matrix(manifest, frames.scores, "score", name, *tasks) for name in (first, second)
        )
        sides = two_sample(ours, theirs, 0.0, f"compare/{first}/{second}/{task}")
        p = min(1.0, 2 * min(sides))
        for metric, statistic in (
            ("effect", _difference),
            ("probability_of_improvement", improvement),
        ):
            found = estimate([ours, theirs], statistic, "compare", metric, task, first, second)
            value, low, high = (float(part[0]) for part in found[1:])
            row = {"metric": metric, "task": task, "n": found.n, "value": value}
            rows.append({**row, "low": low, "high": high, "p": p if metric == "effect" else None})
    return pd.DataFrame(rows)


def power(frames: Frames, effects: Sequence[float]) -> pd.DataFrame:
    """A row an effect: seeds that show it over all tasks, and on each task alone.

    By the runs' variance, pooled over variants. Raises ValueError with one seed.
    """
    manifest = frames.manifest
    if len(manifest.seeds) < 2:
        raise ValueError(f"study {manifest.study} has one seed; its runs have no spread")
    scales = {task: _scale(frames, task) for task in [ALL, *manifest.tasks]}
    rows = []
    for effect in effects:
        row = {"difference of scores": f"{effect:g}"}
        for task, scale in scales.items():
            strata = len(manifest.tasks) if task == ALL else 1
            needed = runs_needed("two_sample", scale, effect, strata, LEVEL)
            row["all tasks" if task == ALL else task] = "> 1,000" if needed is None else str(needed)
        rows.append(row)
    return pd.DataFrame(rows)


def _difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(runs, tasks, ...) twice to (1, ...)."""
    return (first.mean(axis=(0, 1)) - second.mean(axis=(0, 1)))[None]


def _scale(frames: Frames, task: str) -> float:
    """Standard error of the difference times sqrt(n), variances pooled over variants."""
    manifest = frames.manifest
    tasks = list(manifest.tasks) if task == ALL else [task]
    variances = [
        matrix(manifest, frames.scores, "score", variant, *tasks).var(axis=0, ddof=1)
        for variant in manifest.variants
    ]
    return math.sqrt(2 * float(np.mean(variances, axis=0).sum())) / len(tasks)
