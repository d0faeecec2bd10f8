"""The probability that a run of a variant ends above one of its base, overall and by task."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.captions import said_interval, said_n
from mpo.evaluation.showing.figures.panels import ROW_TASKS, grid, title
from mpo.evaluation.showing.palette import styles

ABSENT = "no variant has a base in this study"


def drawn(frames: Frames) -> pd.DataFrame:
    """Variant, base, task, value, low and high."""
    return frames.improvement[["variant", "base", "task", "value", "low", "high"]]


def figure(frames: Frames) -> Figure:
    """A point and its interval a variant with a base in the study, one panel a task."""
    rows = drawn(frames)
    variants = list(dict.fromkeys(rows["variant"]))
    bases = dict(zip(rows["variant"], rows["base"], strict=True))
    tasks = [ALL, *frames.manifest.tasks]
    lines = -(-len(tasks) // ROW_TASKS)
    height = 0.75 + 0.42 * max(1, len(variants))
    labels = [f"{name}\nover {bases[name]}" for name in variants]
    columns = -(-len(tasks) // lines)
    drawing, axes = grid(lines, columns, height=height, names=labels, sharey=True)
    found = styles(variants)
    for place, panel in enumerate(axes.ravel()):
        if place >= len(tasks):
            panel.set_visible(False)
            continue
        for line, variant in enumerate(variants):
            found_here = rows[(rows["variant"] == variant) & (rows["task"] == tasks[place])]
            if found_here.empty:  # of a study under way
                continue
            mine = found_here.iloc[0]
            panel.plot(
                [mine["low"], mine["high"]],
                [line, line],
                color=found[variant].colour,
                alpha=0.35,
                linewidth=6,
                solid_capstyle="butt",
            )
            panel.plot(mine["value"], line, **found[variant].of_line(linestyle="", markersize=6))
        panel.axvline(0.5, color="#555555", linewidth=0.8, zorder=0)
        panel.set_xlim(-0.04, 1.04)
        panel.set_xticks([0, 0.5, 1])
        panel.grid(axis="y", visible=False)
        panel.tick_params(axis="y", length=0)
        title(panel, "all tasks" if tasks[place] == ALL else tasks[place])
        panel.set_xlabel("P(above its base)")
    axes[0][0].set_yticks(range(len(variants)), labels)
    axes[0][0].set_ylim(max(1, len(variants)) - 0.5, -0.5)
    return drawing


def caption(frames: Frames) -> str:
    """What the points and bars are."""
    return (
        "Probability that a run of a variant ends above a run of its base, a tie counting half: "
        "points are estimates, bars their intervals; at one half neither is better. "
        f"{said_n(frames)}; {said_interval(frames)}."
    )
