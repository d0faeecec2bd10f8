"""Aggregate metrics over all tasks, and the chance to end above the base, one row a variant."""

from __future__ import annotations

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.captions import said_all, said_interval, said_n
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.tables.cells import NOTHING, interval

COLUMNS = {
    "score_iqm": "IQM",
    "score_median": "median",
    "score_mean": "mean",
    "score_optimality_gap": "optimality gap",
    "area_iqm": "area (IQM)",
}


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
    lines = []
    for variant in frames.manifest.variants:
        mine = rows[rows["variant"] == variant]
        above = mine[mine["metric"] == "probability_of_improvement"]
        line = {"variant": variant, "n": str(mine["n"].iloc[0])}
        line |= {title: interval(mine, metric) for metric, title in COLUMNS.items()}
        line["P(better than base)"] = (
            NOTHING
            if above.empty
            else f"{interval(above, 'probability_of_improvement')} over {above['base'].iloc[0]}"
        )
        lines.append(line)
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    return (
        f"Normalised final scores over {said_all(frames)}: interquartile mean, median, mean and "
        "optimality gap (lower is better), the interquartile mean of the area under the learning "
        "curve, and the probability that a run of the variant ends above one of its base. "
        f"{said_n(frames)}; {said_interval(frames)}."
    )
