"""What a study found beside what another one found of the same variants on the same tasks."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.stats import binom

from mpo.evaluation.estimating.contrasts import CONFIDENCE, contrast, stratum
from mpo.evaluation.reading.manifest import Task
from mpo.evaluation.reading.pair import PAIR, Side, alike


def differences(mine: Side, theirs: Side) -> pd.DataFrame:
    """The mean score of each task and variant of both, and the difference of the two.

    Columns: task, variant, n, n_there, mean, there, difference, low, high, judged, outside. Scores
    are by the ranges of `mine`. The
    difference and its interval are those of `contrasts`: of the seeds that both have, seed by seed,
    where they derive from one study seed and are two at least; else of all, which are independent.
    `outside` says that it leaves out 0; without spread, as of runs that
    came out equal, there is no interval, and only equal means are inside. One run of either is not
    `judged`.
    """
    common = mine.manifest.study_seed == theirs.manifest.study_seed
    rows = []
    for task, variant in alike(mine, theirs):
        range_ = mine.manifest.tasks[task]
        ours, other = (_scores(side, range_, variant) for side in (mine, theirs))
        means = (len(ours), len(other), float(ours.mean()), float(other.mean()))
        both = ours.index.intersection(other.index)
        if paired := common and len(both) > 1:
            ours, other = ours[both], other[both]
        found = contrast([stratum(ours, other, paired=paired)])
        low, high = map(float, found.interval())
        difference = float(ours.mean() - other.mean())
        judged = min(len(ours), len(other)) > 1
        inside = np.isclose(difference, 0.0) if math.isnan(low) else low <= 0.0 <= high
        ends = (difference, low, high, judged, judged and not inside)
        rows.append((task, variant, *means, *ends))
    means = ["n", "n_there", "mean", "there", "difference", "low", "high", "judged", "outside"]
    return pd.DataFrame(rows, columns=[*PAIR, *means]).astype({"judged": bool, "outside": bool})


def by_chance(outside: int, compared: int) -> float:
    """Probability that so many or more of independent 95 % intervals miss what is the same."""
    return float(binom.sf(outside - 1, compared, 1 - CONFIDENCE))


def _scores(side: Side, task: Task, variant: str) -> pd.Series:
    """Scores by seed; of a task whose range a study's own runs gave, by that of `task`."""
    rows = side.scores
    mine = rows[(rows["task"] == task.name) & (rows["variant"] == variant)]
    mine = mine.set_index("seed").sort_index()
    if not task.relative:
        return mine["score"]
    return (mine["return_mean"] - task.low) / (task.high - task.low)
