"""What an update costs, and what a run costs, by variant."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.panels.layout import grid, title

MEASURES = {
    "ms_per_update": "milliseconds an update",
    "core_minutes": "core-minutes a run",
}
ABSENT = "no run logged its time"


def drawn(frames: Frames) -> pd.DataFrame:
    """Task, variant, seed, ms_per_update and core_minutes of every run that has one of them."""
    columns = ["task", "variant", "seed", *MEASURES]
    rows = frames.runs.assign(core_minutes=frames.runs["cpu_s"] / 60)
    return rows[columns].dropna(subset=list(MEASURES), how="all").reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """A row a measure that any run has, a column a task; a dot a run, a line at the median."""
    rows = drawn(frames)
    measures = {name: label for name, label in MEASURES.items() if rows[name].notna().any()}
    tasks, variants = list(frames.manifest.tasks), list(frames.manifest.variants)
    found = styles(variants)
    height = 0.7 + 0.2 * len(variants)
    drawing, axes = grid(len(measures), len(tasks), height=height, names=variants, sharey=True)
    for line, (measure, label) in zip(axes, measures.items(), strict=True):
        for panel, task in zip(line, tasks, strict=True):
            for place, variant in enumerate(variants):
                own = (rows["task"] == task) & (rows["variant"] == variant)
                mine = rows.loc[own, measure].dropna()
                style, middle = found[variant], mine.median()
                ends = [place - 0.32, place + 0.32]
                panel.plot([middle, middle], ends, color=style.colour, linewidth=2)
                dots = [place] * len(mine)
                panel.plot(mine, dots, "o", color=style.colour, markersize=3.5, alpha=0.6)
            most = rows.loc[rows["task"] == task, measure].max()
            panel.set_xlim(0, 1.08 * most if most > 0 else 1)
            panel.set_xlabel(label)
            panel.locator_params(axis="x", nbins=4)
            panel.grid(axis="y", visible=False)
            panel.tick_params(axis="y", length=0)
    for panel, task in zip(axes[0], tasks, strict=True):
        title(panel, task)
    axes[0][0].set_yticks(range(len(variants)), variants)
    axes[0][0].set_ylim(len(variants) - 0.5, -0.5)
    return drawing


def caption(frames: Frames) -> str:
    """What the dots and lines are."""
    return (
        "Cost by variant: the time of learning alone an update, the first decile over logged "
        "intervals, since other load only adds to it, and the processor's time of whole runs, with "
        "environments and evaluations. Dots are runs, lines their medians. Measured on the "
        f"machines of these runs, under the load that they had. {said_n(frames)}."
    )
