"""Sample efficiency: the IQM of the score over all tasks against the share of the budget."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.captions import said_coverage, said_interval, said_n, said_tasks
from mpo.evaluation.showing.live.specs import Curves
from mpo.evaluation.showing.panels.composed import bands

ABSENT = "no task has a run of every variant"
LIVE = Curves("fraction", "share of the task's budget", "score (IQM)")


def drawn(frames: Frames) -> pd.DataFrame:
    """Variant, fraction of the budget, value, low and high of the IQM over all tasks."""
    rows = frames.curve_estimates
    rows = rows[(rows["task"] == ALL) & (rows["metric"] == "score_iqm")]
    return rows[["variant", "fraction", "value", "low", "high"]].reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """A line and its interval a variant, at most four in a panel, panels side by side."""
    drawing, axes = bands(drawn(frames), "fraction", list(frames.manifest.variants))
    for panel in axes:
        panel.set_xlim(0, 1.02)
        panel.set_xlabel("share of the task's budget")
    axes[0].set_ylabel("score (IQM)")
    return drawing


def caption(frames: Frames) -> str:
    """What the lines and bands are."""
    tasks = len(shared_tasks(frames.manifest, frames.scores))
    return (
        "Sample efficiency: interquartile mean of the normalised score over "
        f"{said_tasks(frames)} after each share of a task's budget; bands "
        f"are intervals, each point on its own. {said_n(frames)}; {said_interval(frames)}."
        f"{said_coverage(frames, ['iqm'], tasks, 'Such intervals', frames.aggregate)}"
    )
