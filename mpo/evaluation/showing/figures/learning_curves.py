"""Learning curves: return against control steps, one panel a task, at most four variants each.

Where all variants collect, learn and forget in iterations of one length (`protocol: iterations`),
the axis counts those instead, as figures 3 to 5 of SR do (Chen, Chin, Li and Chen 2021).
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import runs_each, said_coverage, said_interval, said_n
from mpo.evaluation.showing.counted import iterations
from mpo.evaluation.showing.live.specs import Curves
from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.panels.axes import thousands_axis
from mpo.evaluation.showing.panels.layout import label_rows, task_panels
from mpo.evaluation.showing.panels.marks import band, refer
from mpo.evaluation.showing.references import distinct, returns

ABSENT = "no run was evaluated"
LIVE = Curves("step", "control steps", "return of an episode", "task", returns)


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
    counted = iterations(frames)
    unit = counted.steps if counted else 1
    rows["step"] /= unit
    named = distinct(returns, frames.manifest, frames.manifest.tasks)
    drawing, panels = task_panels(frames, named)
    for panel, task, group in panels:
        mine = rows[rows["task"] == task]
        draw_curves(panel, mine, "step", group, variants)
        found = returns(frames.manifest, task)
        refer(panel, found)
        scale(panel, mine, [each.value for each in found])
        if counted:
            panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            panel.set_xlabel("iterations")
        else:
            thousands_axis(panel, "control steps")
        panel.set_xlim(0, frames.manifest.tasks[task].steps / unit * 1.02)
    label = f"return of {counted.episode_steps} steps" if counted else "return of an episode"
    label_rows([panel.axes for panel in panels], label)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines and bands are."""
    several, counted = runs_each(frames)[1] > 1, iterations(frames)
    axis = f"control steps, {counted.steps:,} an iteration" if counted else "control steps"
    return (
        f"Learning curves: mean return of the evaluation episodes against {axis}. Thick "
        "lines are interquartile means over runs, bands their intervals, thin lines single runs, "
        "grey ones the uniform policy and, where curves come near it, the threshold. "
        f"{said_n(frames)}; {said_interval(frames)}{', each point on its own' if several else ''}."
        f"{said_coverage(frames, ['iqm'], 1, 'Such intervals')}"
    )


def draw_curves(
    panel: Axes, rows: pd.DataFrame, x: str, group: list[str], variants: list[str]
) -> None:
    """`rows` of one task against their column `x`, of the variants in `group`."""
    found = styles(variants)
    for place, variant in enumerate(group):
        style = found[variant]
        mine = rows[rows["variant"] == variant]
        for _, run in mine[mine["seed"].notna()].groupby("seed"):
            panel.plot(run[x], run["value"], color=style.colour, alpha=0.35, linewidth=0.5)
        band(panel, mine[mine["seed"].isna()], x, style, place, len(group))


def scale(panel: Axes, rows: pd.DataFrame, references: Iterable[float] = ()) -> None:
    """The scale that all of a task's `rows` ask for, so that its panels compare.

    A reference is seen where it is not far from the curves: within one and a half times the best.
    """
    values = rows[["value", "low", "high"]]
    least, most = min(values.min().min(), 0), values.max().max()
    most = max([most, *(each for each in references if each <= 1.5 * most)])
    margin = 0.04 * (most - least or 1)
    panel.set_ylim(least - margin, most + margin)
