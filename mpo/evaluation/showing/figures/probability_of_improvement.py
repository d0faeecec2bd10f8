"""The probability that a run of a variant ends above one of its base, overall and by task."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.estimating.estimates import by_seed, matrix, shared_tasks
from mpo.evaluation.estimating.statistics import improvement
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.captions import METHOD, said_bars
from mpo.evaluation.showing.live.specs import Points
from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.panels.layout import ROW_TASKS, grid, title
from mpo.evaluation.showing.panels.marks import estimated, with_seeds
from mpo.evaluation.showing.references import even
from mpo.evaluation.showing.wording import named

ABSENT = "no variant's own base is in this study"
LIVE = Points("P(above its base)", "task", even)


def drawn(frames: Frames) -> pd.DataFrame:
    """Variant, base, task, value, low and high; of few runs also the share that each is above."""
    shared = shared_tasks(frames.manifest, frames.scores)

    def of_seeds(row: dict) -> dict[int, float]:
        tasks = shared if row["task"] == ALL else [row["task"]]
        base = matrix(frames.manifest, frames.scores, "score", row["base"], *tasks)
        found = by_seed(frames.scores, row["variant"], tasks)
        return {seed: float(improvement(own[None], base)[0]) for seed, own in found.items()}

    rows = with_seeds(frames.improvement, of_seeds)
    return rows[["variant", "base", "task", "seed", "value", "low", "high"]]


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
    found = styles(list(frames.manifest.variants))
    for place, panel in enumerate(axes.ravel()):
        if place >= len(tasks):
            panel.set_visible(False)
            continue
        for line, variant in enumerate(variants):
            here = rows[(rows["variant"] == variant) & (rows["task"] == tasks[place])]
            estimated(panel, line, here, found[variant])
        panel.axvline(0.5, color="#555555", linewidth=0.8, zorder=0)
        panel.set_xlim(-0.04, 1.04)
        panel.set_xticks([0, 0.5, 1])
        panel.grid(axis="y", visible=False)
        panel.tick_params(axis="y", length=0)
        title(panel, named(tasks[place]))
        panel.set_xlabel("P(above its base)")
    axes[0][0].set_yticks(range(len(variants)), labels)
    axes[0][0].set_ylim(max(1, len(variants)) - 0.5, -0.5)
    return drawing


def caption(frames: Frames) -> str:
    """What the points and bars are."""
    how = f"{METHOD}, exact where all runs of one are above"
    return (
        "Probability that a run of a variant ends above a run of its base, a tie counting half: "
        "large points are estimates; at one half neither is better. "
        f"{said_bars(frames, frames.improvement, ['probability_of_improvement'], how=how)}"
    )
