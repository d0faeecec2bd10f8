"""Learning curves: return against control steps, one panel a task, at most four variants each."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mpo.evaluation.captions import said_interval, said_n
from mpo.evaluation.figures.panels import (
    PANEL_VARIANTS,
    ROW_TASKS,
    chunks,
    grid,
    legend,
    thousands_axis,
    title,
)
from mpo.evaluation.frames import Frames
from mpo.evaluation.palette import styles


def drawn(frames: Frames) -> pd.DataFrame:
    """The IQM with its interval (seed empty) and every run: task, variant, seed, step, return."""
    estimates = frames.curve_estimates
    middle = estimates[estimates["metric"] == "return_iqm"]
    middle = middle[["task", "variant", "step", "value", "low", "high"]].assign(seed=None)
    runs = frames.curves[["task", "variant", "seed", "step", "return_mean"]]
    runs = runs.rename(columns={"return_mean": "value"})
    joined = pd.concat([middle.astype({"seed": "Int64"}), runs.astype({"seed": "Int64"})])
    return joined[["task", "variant", "seed", "step", "value", "low", "high"]]


def figure(frames: Frames) -> Figure:
    """The interquartile mean of the runs with its interval, and thin lines for the runs."""
    rows = drawn(frames)
    tasks, variants = list(frames.manifest.tasks), list(frames.manifest.variants)
    panels = [
        (block, group)
        for block in chunks(tasks, ROW_TASKS)
        for group in chunks(variants, PANEL_VARIANTS)
    ]
    drawing, axes = grid(len(panels), min(len(tasks), ROW_TASKS))
    for line, (block, group) in zip(axes, panels, strict=True):
        for place, panel in enumerate(line):
            if place >= len(block):
                panel.set_visible(False)
                continue
            _panel(panel, rows[rows["task"] == block[place]], group, variants)
            title(panel, block[place])
        line[0].set_ylabel("return of an episode")
    _shared_scales(frames, rows, axes, panels)
    legend(drawing, variants)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines and bands are."""
    several = len(frames.manifest.seeds) > 1
    return (
        "Learning curves: mean return of the evaluation episodes against control steps. Thick "
        "lines are interquartile means over runs, bands their intervals, thin lines single runs. "
        f"{said_n(frames)}; {said_interval(frames)}{', each point on its own' if several else ''}."
    )


def _panel(panel: Axes, rows: pd.DataFrame, group: list[str], variants: list[str]) -> None:
    for variant in group:
        style = styles(variants)[variant]
        mine = rows[rows["variant"] == variant]
        for _, run in mine[mine["seed"].notna()].groupby("seed"):
            panel.plot(run["step"], run["value"], color=style.colour, alpha=0.35, linewidth=0.5)
        middle = mine[mine["seed"].isna()]
        step = middle["step"].to_numpy(dtype=float)
        panel.fill_between(
            step, middle["low"], middle["high"], color=style.colour, alpha=0.16, linewidth=0
        )
        every = max(1, len(step) // 5)
        start = group.index(variant) * every // max(1, len(group))
        panel.plot(step, middle["value"], **style.of_line(markevery=(start, every)))


def _shared_scales(frames: Frames, rows: pd.DataFrame, axes, panels) -> None:
    """Panels of one task have the same scales, so that they compare."""
    for line, (block, _) in zip(axes, panels, strict=True):
        for panel, task in zip(line, block, strict=False):
            values = rows.loc[rows["task"] == task, ["value", "low", "high"]]
            least, most = min(values.min().min(), 0), values.max().max()
            margin = 0.04 * (most - least or 1)
            panel.set_ylim(least - margin, most + margin)
            thousands_axis(panel, "control steps")
            panel.set_xlim(0, frames.manifest.tasks[task].steps * 1.02)
