"""How many of the N action samples the weights of the E-step spread over, while training."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.panels.composed import logged, tracks

ABSENT = "no run logged an effective sample size"


def drawn(frames: Frames) -> pd.DataFrame:
    """Task, variant, seed, updates and effective_sample_size of every logged row that has one."""
    return logged(frames, "effective_sample_size")


def figure(frames: Frames) -> Figure:
    """One panel a task and four variants; thick lines are medians over runs."""
    rows = drawn(frames)
    drawing, panels = tracks(
        frames, rows, "updates", "effective_sample_size", "updates", "effective samples"
    )
    for panel in panels:
        panel.set_ylim(bottom=0)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines are."""
    return (
        "Effective sample size of the E-step's weights, 1 / Σ w², of the N actions sampled in a "
        "state, against updates: N where all weigh the same, 1 where the best takes all. Thick "
        "lines are medians over the runs still training, thin lines single runs. "
        f"{said_n(frames)}."
    )
