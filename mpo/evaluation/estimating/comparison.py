"""Two variants of a study against each other, and how many seeds a difference would need.

The effect is the difference of mean normalised final scores, averaged over tasks; its p is that
of the claims (mpo.evaluation.claims.permutation): runs permuted within each task, two-sided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mpo.evaluation.claims.permutation import smallest, two_sample
from mpo.evaluation.claims.sizes import POWER, runs_needed
from mpo.evaluation.estimates import matrix
from mpo.evaluation.frames import Frames
from mpo.evaluation.manifest import ALL
from mpo.evaluation.statistics import estimate, improvement
from mpo.evaluation.tables.cells import interval, number

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


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a task, for a reader."""
    return pd.DataFrame(
        {
            "task": "all tasks" if task == ALL else task,
            "n": str(mine["n"].iloc[0]),
            "difference of scores": interval(mine, "effect"),
            "P(better)": interval(mine, "probability_of_improvement"),
            "p": number(float(mine["p"].iloc[0]), 2),
        }
        for task, mine in rows.groupby("task", sort=False)
    )


def answer(rows: pd.DataFrame, frames: Frames) -> str:
    """The answer over all tasks in a sentence, and what it rests on."""
    over = rows[(rows["task"] == ALL) & (rows["metric"] == "effect")].iloc[0]
    tasks, n = len(frames.manifest.tasks), int(over["n"])
    least = smallest("two_sample", n, tasks)
    if over["p"] <= LEVEL:
        verdict = "Yes" if over["value"] > 0 else "No, it is worse"
    else:
        verdict = "Undecided"
    text = (
        f"{verdict}: over {tasks} {'task' if tasks == 1 else 'tasks'} the scores differ by "
        f"{interval(rows[rows['task'] == ALL], 'effect')} on average, p = "
        f"{number(float(over['p']), 2)} (runs permuted within tasks, two-sided), n = {n} a task."
    )
    if least > LEVEL:
        text += f" So few runs cannot decide it: their smallest p is {number(least, 2)}."
    return text + " The rows of single tasks are not corrected for their number."


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


def said_power(frames: Frames) -> str:
    """What the numbers of `power` are."""
    return (
        "Seeds of each of two variants that show such a difference with a probability of "
        f"{POWER:g} at a two-sided level of {LEVEL:g}, by the spread of the final scores in study "
        f"{frames.manifest.study} ({len(frames.manifest.seeds)} seeds), which is itself uncertain."
    )


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
