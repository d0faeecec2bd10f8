"""Value bias: the critic's estimate at an episode's start minus the discounted return it got."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.panels.composed import tracks

ABSENT = "no run logged what its critic expects"


def drawn(frames: Frames) -> pd.DataFrame:
    """Task, variant, seed, step and value_bias of every evaluation that has one."""
    columns = ["task", "variant", "seed", "step", "value_bias"]
    return frames.curves[columns].dropna().reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """One panel a task and four variants; thick lines are medians over runs."""
    label = "estimate - discounted return"
    drawing, panels = tracks(frames, drawn(frames), "step", "value_bias", "control steps", label)
    for panel in panels:
        panel.axhline(0, color="#555555", linewidth=0.8, zorder=0)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines are."""
    return (
        "Value bias: what the critic expects at the first observation of an evaluation episode "
        "minus the discounted return that followed, meant over episodes, against control steps; "
        "above 0 it expects too much. Thick lines are medians over the runs still training, thin "
        f"lines single runs. {said_n(frames)}."
    )
