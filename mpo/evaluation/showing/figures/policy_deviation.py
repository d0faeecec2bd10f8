"""The policy's standard deviation while training: how soon it stops to explore."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.panels.composed import logged, tracks

ABSENT = "no run logged the policy's deviation"


def drawn(frames: Frames) -> pd.DataFrame:
    """Task, variant, seed, updates and policy_deviation of every logged row that has one."""
    return logged(frames, "policy_deviation")


def figure(frames: Frames) -> Figure:
    """One panel a task and four variants; thick lines are medians over runs."""
    rows = drawn(frames)
    drawing, panels = tracks(
        frames, rows, "updates", "policy_deviation", "updates", "standard deviation"
    )
    for panel in panels:
        panel.set_ylim(bottom=0)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines are."""
    return (
        "Standard deviation of the policy, meant over states and action dimensions, against "
        "updates; actions are clipped to [-1, 1]. Thick lines are medians "
        f"over the runs still training, thin lines single runs. {said_n(frames)}."
    )
