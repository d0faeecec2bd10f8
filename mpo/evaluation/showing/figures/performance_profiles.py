"""Performance profiles: the share of runs whose score is above tau, against tau."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_interval, said_n, said_tasks
from mpo.evaluation.showing.live.specs import Curves
from mpo.evaluation.showing.panels.composed import bands

ABSENT = "no task has a run of every variant"
LIVE = Curves("tau", "score \u03c4", "share of runs above \u03c4")


def drawn(frames: Frames) -> pd.DataFrame:
    """Variant, tau, value, low and high of the share of runs above tau."""
    return frames.profiles[["variant", "tau", "value", "low", "high"]]


def figure(frames: Frames) -> Figure:
    """A line and its interval a variant, at most four in a panel, panels side by side."""
    rows = drawn(frames)
    drawing, axes = bands(rows, "tau", list(frames.manifest.variants))
    for panel in axes:
        panel.set_xlim(0, 1.02 * rows["tau"].max())
        panel.set_ylim(-0.03, 1.03)
        panel.set_xlabel("score \u03c4")
    axes[0].set_ylabel("share of runs above \u03c4")
    return drawing


def caption(frames: Frames) -> str:
    """What the lines and bands are."""
    return (
        "Performance profiles: the share of runs, over "
        f"{said_tasks(frames)}, whose normalised score is above "
        "\u03c4; higher is better, and bands are intervals, each point on its own, of few runs too "
        f"narrow where nearly all or none are above. {said_n(frames)}; {said_interval(frames)}."
    )
