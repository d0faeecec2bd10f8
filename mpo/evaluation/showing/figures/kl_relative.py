"""The KL divergences of the E-step and the M-step, over their bounds, while training."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.panels.composed import rows_of_tasks

KLS = {
    "kl_estep_relative": "E-step",
    "kl_mean_relative": "M-step, mean",
    "kl_covariance_relative": "M-step, covariance",
}
ABSENT = "no run logged a KL divergence"


def drawn(frames: Frames) -> pd.DataFrame:
    """Task, variant, seed, updates, kl and value; a KL of 0 cannot be drawn and has no row."""
    rows = frames.diagnostics.melt(
        ["task", "variant", "seed", "updates"], list(KLS), var_name="kl", value_name="value"
    )
    return rows[rows["value"] > 0].reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """One row a task and one column a KL; thick lines are medians over runs."""
    rows = drawn(frames)
    drawing, axes = rows_of_tasks(frames, rows, "kl", KLS, "value", "KL over its bound")
    for panel in axes.ravel():
        panel.axhline(1, color="#555555", linewidth=0.8, zorder=0)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines are."""
    return (
        "KL divergences over their bounds against updates, on a logarithmic scale: of the E-step's "
        "weights from the target policy, and of the policy's mean and covariance from the target "
        "policy's; 1 is at the bound. Thick lines are medians over the runs still training, thin "
        f"lines single runs. {said_n(frames)}."
    )
