"""Final return and learning speed by task and variant, with the spread across runs."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import (
    METHOD,
    T,
    said_coverage,
    said_interval,
    said_n,
    said_score,
    said_thresholds,
)
from mpo.evaluation.showing.tables.cells import integer, interval, number, value
from mpo.rundir import DIVERGED

METRICS = ("return_iqm", "score_iqm", "area_iqm", "steps_to_threshold")
"""Those with intervals."""


def table(frames: Frames) -> pd.DataFrame:
    """The rows of `estimates/by_task.csv`, and how many runs diverged (metric `diverged`)."""
    diverged = _diverged(frames)
    lost = frames.by_task.drop_duplicates(["task", "variant"])[["task", "variant", "n"]]
    counts = [diverged[pair] for pair in zip(lost["task"], lost["variant"], strict=True)]
    lost = lost.assign(metric="diverged", value=counts)
    return pd.concat([frames.by_task, lost])[frames.by_task.columns].reset_index(drop=True)


def shown(frames: Frames) -> pd.DataFrame:
    """One row a task and variant."""
    diverged = _diverged(frames)
    lines = []
    for task in frames.manifest.tasks:
        for variant in frames.manifest.variants:
            rows = frames.by_task
            mine = rows[(rows["task"] == task) & (rows["variant"] == variant)]
            if mine.empty:  # of a study under way
                continue
            n = int(mine["n"].iloc[0])
            least = number(value(mine, "return_least"))
            greatest = number(value(mine, "return_greatest"))
            lines.append(
                {
                    "task": task,
                    "variant": variant,
                    "n": str(n),
                    "return (IQM)": interval(mine, "return_iqm"),
                    "range": f"{least} to {greatest}",
                    "deviation": number(value(mine, "return_deviation")),
                    "score (IQM)": interval(mine, "score_iqm"),
                    "final": number(value(mine, "final_mean")),
                    "worst": number(value(mine, "worst_mean")),
                    "area (IQM)": interval(mine, "area_iqm"),
                    "reached": f"{round(n * value(mine, 'reached'))} of {n}",
                    "steps to threshold": _steps(mine),
                    "diverged": str(diverged[task, variant]),
                }
            )
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    how, thresholds = f"{METHOD}, of steps {T}", said_thresholds(frames)
    return (
        "By task: interquartile mean over runs of the return, the runs' least and greatest "
        f"return and their standard deviation, normalised score ({said_score(frames)}), the mean "
        "over runs of the last evaluation's score (final) and of the least of those (worst), area "
        f"under the learning curve, runs that reached the threshold score ({thresholds}), and the "
        "mean control steps until then (>= where a run never did, which counts with its budget). "
        f"{said_n(frames)}; {said_interval(frames, how)}.{said_coverage(frames, METRICS)}"
    )


def _steps(rows: pd.DataFrame) -> str:
    if value(rows, "reached") < 1:
        return f">= {integer(value(rows, 'steps_to_threshold'))}"
    return interval(rows, "steps_to_threshold")


def _diverged(frames: Frames) -> Counter[tuple[str, str]]:
    lost = frames.scores[frames.scores["status"] == DIVERGED]
    return Counter(zip(lost["task"], lost["variant"], strict=True))
