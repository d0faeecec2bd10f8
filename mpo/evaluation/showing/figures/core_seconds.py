"""Learning curves against the processor's time instead of control steps: what a return costs.

A run's core-seconds, with environments and evaluations, are spread evenly over its steps, since
files keep when a step was taken, but no processor's time of it.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.evaluation.showing.captions import said_coverage, said_interval, said_n
from mpo.evaluation.showing.figures import learning_curves
from mpo.evaluation.showing.live.specs import Curves
from mpo.evaluation.showing.panels.axes import plain_axis
from mpo.evaluation.showing.panels.layout import label_rows, task_panels
from mpo.evaluation.showing.panels.marks import refer
from mpo.evaluation.showing.references import distinct, returns

ABSENT = "no run logged its time"
LIVE = Curves("core_s", "core-seconds", "return of an episode", "task", returns)


def drawn(frames: Frames) -> pd.DataFrame:
    """The rows of the learning curves with `core_s`; of an IQM the median over its runs."""
    steps = frames.runs["steps"].where(frames.runs["steps"] > 0)  # none taken: diverged at once
    rates = frames.runs.assign(rate=frames.runs["cpu_s"] / steps)
    each = rates.set_index(RUN_KEYS)["rate"]
    middle = rates.groupby(["task", "variant"], sort=False)["rate"].median()
    rows = learning_curves.drawn(frames).reset_index(drop=True)
    runs = rows["seed"].notna()
    rate = pd.Series(0.0, rows.index)
    rate[runs] = each.reindex(pd.MultiIndex.from_frame(rows.loc[runs, RUN_KEYS])).to_numpy()
    pairs = pd.MultiIndex.from_frame(rows.loc[~runs, ["task", "variant"]])
    rate[~runs] = middle.reindex(pairs).to_numpy()
    found = rows.assign(core_s=rate * rows["step"]).dropna(subset="core_s")
    columns = ["task", "variant", "seed", "core_s", "value", "low", "high"]
    return found[columns].reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """One panel a task and four variants, scaled as the learning curves are."""
    rows, variants = drawn(frames), list(frames.manifest.variants)
    named = distinct(returns, frames.manifest, frames.manifest.tasks)
    drawing, panels = task_panels(frames, named)
    for panel, task, group in panels:
        mine, found = rows[rows["task"] == task], returns(frames.manifest, task)
        learning_curves.draw_curves(panel, mine, "core_s", group, variants)
        refer(panel, found)
        learning_curves.scale(panel, mine, [each.value for each in found])
        plain_axis(panel, "core-seconds")
        panel.set_xlim(0, mine["core_s"].max() * 1.02)
    label_rows([panel.axes for panel in panels], "return of an episode")
    return drawing


def caption(frames: Frames) -> str:
    """What the lines and bands are."""
    return (
        "Learning curves against core-seconds, a run's processor time with environments and "
        "evaluations spread evenly over its steps, on the machines of these runs under the load "
        "that they had. Thick lines are interquartile means over runs, at the median of their "
        f"times; bands are their intervals, thin lines single runs. {said_n(frames)}; "
        f"{said_interval(frames)}.{said_coverage(frames, ['iqm'], 1, 'Such intervals')}"
    )
