"""The mean rank of each variant: 1 is the best of all on a task with a seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from mpo.evaluation.estimating.contrasts import contrast
from mpo.evaluation.estimating.estimates import COLUMNS, by_seed, shared_tasks
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.captions import T, said_all, said_coverage, said_interval, said_n
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.tables.cells import interval, number
from mpo.evaluation.showing.wording import count

METRIC = "rank_mean"


def table(frames: Frames) -> pd.DataFrame:
    """Metric, task, variant, n, value, low, high: the mean rank on each task, and over all.

    Variants are ranked by score within each task and seed, ties sharing the mean of their ranks;
    intervals are those of a mean over seeds, within tasks. Seeds count that all variants have on
    all these tasks. Raises `Absent` where there is none.
    """
    tasks, variants = shared_tasks(frames.manifest, frames.scores), list(frames.manifest.variants)
    if not tasks:
        raise Absent("no task has a run of every variant")
    scores = [by_seed(frames.scores, name, tasks) for name in variants]
    seeds = [seed for seed in scores[0] if all(seed in each for each in scores)]
    if not seeds:
        raise Absent("no seed has a run of every variant on these tasks")
    runs = len(seeds)
    stacked = np.array([[each[seed] for seed in seeds] for each in scores])
    ranks = rankdata(-stacked, axis=0)  # (variants, runs, tasks)
    rows = []
    for name, mine in zip(variants, ranks, strict=True):
        for task, columns in ((ALL, mine.T), *zip(tasks, mine.T[:, None], strict=True)):
            found = contrast([(column,) for column in columns])
            low, high = np.clip(found.interval(), 1, len(variants))
            values = (METRIC, task, name, runs, float(found.value), float(low), float(high))
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return pd.DataFrame(rows, columns=COLUMNS)


def shown(frames: Frames) -> pd.DataFrame:
    """One row a variant, the best first."""
    rows = table(frames)
    tasks = shared_tasks(frames.manifest, frames.scores)
    over = rows[rows["task"] == ALL].sort_values("value", kind="stable")
    lines = []
    for name in over["variant"]:
        mine = rows[rows["variant"] == name].set_index("task")
        line = {"variant": name, "n": str(mine["n"].iloc[0])}
        line["mean rank"] = interval(mine.loc[[ALL]], METRIC, tasks=len(tasks))
        lines.append(line | {task: number(mine.loc[task, "value"]) for task in tasks})
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    tasks = len(shared_tasks(frames.manifest, frames.scores))
    return (
        f"Mean rank by score among the {count(len(frames.manifest.variants), 'variant')}, 1 being "
        f"the best, over {said_all(frames)} and by task: variants are ranked within each task and "
        "seed, ties in the middle; a rank that is the same with every seed has no interval. "
        f"{said_n(frames)}; {said_interval(frames, T)}."
        f"{said_coverage(frames, ['mean'], tasks, drawn=frames.aggregate)}"
    )
