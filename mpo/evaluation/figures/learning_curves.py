"""Learning curves: return against control steps, one panel a task, at most four variants each."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mpo.evaluation.captions import said_interval, said_n
from mpo.evaluation.figures.panels import label_rows, task_panels, thousands_axis
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
    rows, variants = drawn(frames), list(frames.manifest.variants)
    drawing, panels = task_panels(frames)
    for panel, task, group in panels:
        mine = rows[rows["task"] == task]
        _panel(panel, mine, group, variants)
        _scale(panel, mine, frames.manifest.tasks[task].steps)
    label_rows([panel.axes for panel in panels], "return of an episode")
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


def _scale(panel: Axes, rows: pd.DataFrame, steps: int) -> None:
    """The scale that all of a task's `rows` ask for, so that its panels compare."""
    values = rows[["value", "low", "high"]]
    least, most = min(values.min().min(), 0), values.max().max()
    margin = 0.04 * (most - least or 1)
    panel.set_ylim(least - margin, most + margin)
    thousands_axis(panel, "control steps")
    panel.set_xlim(0, steps * 1.02)
