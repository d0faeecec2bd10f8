"""Aggregate metrics over all tasks, and the chance to end above the base, one row a variant."""

from __future__ import annotations

import pandas as pd

from mpo.evaluation.estimating.estimates import matrix, shared_tasks
from mpo.evaluation.estimating.statistics import runs_in_iqm
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.captions import (
    AGGREGATES,
    said_all,
    said_coverage,
    said_interval,
    said_n,
    said_score,
)
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.tables.cells import NOTHING, interval

COLUMNS = {
    "score_iqm": "IQM",
    "score_median": "median",
    "score_mean": "mean",
    "score_optimality_gap": "optimality gap",
    "area_iqm": "area (IQM)",
}
BETTER = "probability_of_improvement"


def table(frames: Frames) -> pd.DataFrame:
    """Metric, task, variant, n, value, low, high; with `base`, the chance to end above it.

    Raises `Absent` where no task has a run of every variant.
    """
    if frames.aggregate.empty:
        raise Absent("no task has a run of every variant")
    above = frames.improvement[frames.improvement["task"] == ALL]
    rows = frames.aggregate if above.empty else pd.concat([frames.aggregate, above])
    return rows.reindex(columns=[*frames.aggregate.columns, "base"]).reset_index(drop=True)


def shown(frames: Frames) -> pd.DataFrame:
    """One row a variant, estimates with their intervals."""
    rows = table(frames)
    tasks, lines = shared_tasks(frames.manifest, frames.scores), []
    for variant in frames.manifest.variants:
        mine = rows[rows["variant"] == variant]
        above = mine[mine["metric"] == BETTER]
        line = {"variant": variant, "n": str(mine["n"].iloc[0])}
        line |= {
            title: interval(mine, metric, tasks=len(tasks)) for metric, title in COLUMNS.items()
        }
        line["P(better than base)"] = (
            NOTHING
            if above.empty
            else f"{interval(above, BETTER, tasks=len(tasks))} over {above['base'].iloc[0]}"
        )
        counts = runs_in_iqm(matrix(frames.manifest, frames.scores, "score", variant, *tasks))
        pairs = zip(tasks, counts, strict=True)
        line["runs in the IQM"] = ", ".join(f"{task} {count}" for task, count in pairs if count)
        lines.append(line)
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    tasks = len(shared_tasks(frames.manifest, frames.scores))
    return (
        f"Normalised scores over {said_all(frames)} ({said_score(frames)}): interquartile mean, "
        "median, mean and optimality gap (lower is better), the interquartile mean of the area "
        "under the learning curve, the probability that a run of the variant ends above one of "
        "its base, and how many runs of each task are in the IQM of the score, which leaves out "
        f"the best and the worst quarter. {said_n(frames)}; {said_interval(frames, AGGREGATES)}."
        f"{said_coverage(frames, [*COLUMNS, BETTER], tasks, drawn=frames.aggregate)}"
    )
