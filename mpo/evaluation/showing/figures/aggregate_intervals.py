"""Aggregate metrics over all tasks, one row a variant, with intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.estimating.estimates import by_seed, shared_tasks
from mpo.evaluation.estimating.statistics import middles
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import AGGREGATES, said_bars, said_score, said_tasks
from mpo.evaluation.showing.live.specs import Points
from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.panels.layout import grid
from mpo.evaluation.showing.panels.marks import estimated, with_seeds

TITLES = {
    "score_iqm": "interquartile mean",
    "score_median": "median",
    "score_mean": "mean",
    "score_optimality_gap": "optimality gap",
}
STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "score_iqm": lambda scores: float(middles(scores)[0]),
    "score_median": lambda scores: float(middles(scores)[1]),
    "score_mean": lambda scores: float(scores.mean()),
    "score_optimality_gap": lambda scores: float(1 - np.minimum(scores, 1).mean()),
}
"""Of scores (runs, tasks)."""
BETTER = {"score_optimality_gap": "lower is better"}
ABSENT = "no task has a run of every variant"
LIVE = Points("score", "metric", titles=TITLES)


def drawn(frames: Frames) -> pd.DataFrame:
    """The rows of `estimates/aggregate.csv` that are shown; of few runs also each seed's own."""
    rows = frames.aggregate
    rows = rows[rows["metric"].isin(TITLES)].reset_index(drop=True)
    tasks = shared_tasks(frames.manifest, frames.scores)

    def of_seeds(row: dict) -> dict[int, float]:
        found = by_seed(frames.scores, row["variant"], tasks)
        return {seed: STATISTICS[row["metric"]](scores[None]) for seed, scores in found.items()}

    return with_seeds(rows, of_seeds)


def figure(frames: Frames) -> Figure:
    """A point and its interval a variant, in one panel a metric."""
    rows = drawn(frames)
    variants = list(frames.manifest.variants)
    found = styles(variants)
    height = 0.35 + 0.27 * len(variants)
    drawing, axes = grid(1, len(TITLES), height=height, names=variants, sharey="row")
    for panel, (metric, title) in zip(axes[0], TITLES.items(), strict=True):
        for place, variant in enumerate(variants):
            mine = rows[(rows["metric"] == metric) & (rows["variant"] == variant)]
            estimated(panel, place, mine, found[variant])
        panel.set_title(title)
        panel.set_xlabel(f"score ({BETTER.get(metric, 'higher is better')})")
        panel.grid(axis="y", visible=False)
        panel.margins(x=0.08)
        panel.locator_params(axis="x", nbins=4)
    axes[0][0].set_yticks(range(len(variants)), variants)
    axes[0][0].set_ylim(len(variants) - 0.5, -0.5)
    for panel in axes[0]:
        panel.tick_params(axis="y", length=0)
    return drawing


def caption(frames: Frames) -> str:
    """What the points and bars are."""
    tasks = len(shared_tasks(frames.manifest, frames.scores))
    return (
        "Aggregate metrics of the normalised score over "
        f"{said_tasks(frames)} ({said_score(frames)}): large points are estimates. "
        f"{said_bars(frames, frames.aggregate, TITLES, tasks, AGGREGATES)}"
    )
