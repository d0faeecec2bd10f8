"""Return, critic's loss and temperature by iteration: figures 3 to 5 of SR, side by side.

SR is Chen, Chin, Li and Chen 2021, whose code collects, learns and forgets in iterations.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.counted import iterations
from mpo.evaluation.showing.panels.axes import log_axis
from mpo.evaluation.showing.panels.layout import grid, title
from mpo.evaluation.showing.panels.legends import legend
from mpo.evaluation.showing.panels.marks import medians

ABSENT = "not all variants of this study learn by iterations of one length"
QUANTITIES = {
    "return": "return",
    "loss_critic": "critic's loss",
    "temperature": "temperature",
}
LOGARITHMIC = ("loss_critic", "temperature")


def drawn(frames: Frames) -> pd.DataFrame:
    """Task, variant, seed, quantity, iteration and value of every evaluation and logged row."""
    counted = iterations(frames)
    if counted is None:
        return pd.DataFrame()
    returns = frames.curves.rename(columns={"return_mean": "value"}).assign(quantity="return")
    logged = frames.diagnostics.melt([*RUN_KEYS, "step"], LOGARITHMIC, "quantity").dropna()
    columns = [*RUN_KEYS, "quantity", "step", "value"]
    rows = pd.concat([returns[columns], logged[columns]], ignore_index=True)
    return rows.assign(iteration=rows.pop("step") / counted.steps)


def figure(frames: Frames) -> Figure:
    """One row a task and one column a quantity; thick lines are medians over runs."""
    rows, counted = drawn(frames), iterations(frames)
    assert counted is not None
    variants, tasks = list(frames.manifest.variants), list(frames.manifest.tasks)
    labels = QUANTITIES | {"return": f"return of {counted.episode_steps} steps"}
    drawing, axes = grid(len(tasks), len(labels), sharex="row")
    for task, line in zip(tasks, axes, strict=True):
        for (quantity, label), panel in zip(labels.items(), line, strict=True):
            mine = rows[(rows["task"] == task) & (rows["quantity"] == quantity)]
            medians(panel, mine, "iteration", "value", variants)
            title(panel, task)
            panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            panel.set_xlim(left=0)
            panel.set_xlabel("iterations")
            panel.set_ylabel(label)
            if quantity in LOGARITHMIC:
                log_axis(panel)
            else:
                panel.set_ylim(bottom=0)
    legend(drawing, variants)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines are."""
    counted = iterations(frames)
    assert counted is not None
    return (
        f"By iteration of {counted.steps:,} control steps: mean return of the evaluation episodes, "
        "the critic's loss and the temperature of the E-step, the latter two on a logarithmic "
        "scale and as means over an iteration's updates. Thick lines are medians over the runs "
        f"still training, thin lines single runs. {said_n(frames)}."
    )
