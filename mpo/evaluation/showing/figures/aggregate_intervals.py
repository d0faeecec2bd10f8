"""Aggregate metrics over all tasks, one row a variant, with intervals."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_interval, said_n, said_tasks
from mpo.evaluation.showing.figures.panels import grid
from mpo.evaluation.showing.palette import styles

TITLES = {
    "score_iqm": "interquartile mean",
    "score_median": "median",
    "score_mean": "mean",
    "score_optimality_gap": "optimality gap",
}
BETTER = {"score_optimality_gap": "lower is better"}
ABSENT = "no task has a run of every variant"


def drawn(frames: Frames) -> pd.DataFrame:
    """The rows of `estimates/aggregate.csv` that are shown."""
    rows = frames.aggregate
    return rows[rows["metric"].isin(TITLES)].reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """A point and its interval a variant, in one panel a metric."""
    rows = drawn(frames)
    variants = list(frames.manifest.variants)
    found = styles(variants)
    height = 0.35 + 0.27 * len(variants)
    drawing, axes = grid(1, len(TITLES), height=height, names=variants, sharey="row")
    for panel, (metric, title) in zip(axes[0], TITLES.items(), strict=True):
        for place, variant in enumerate(variants):
            row = rows[(rows["metric"] == metric) & (rows["variant"] == variant)].iloc[0]
            style = found[variant]
            panel.plot(
                [row["low"], row["high"]],
                [place, place],
                color=style.colour,
                alpha=0.35,
                linewidth=6,
                solid_capstyle="butt",
            )
            panel.plot(row["value"], place, **style.of_line(linestyle="", markersize=6))
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
    return (
        "Aggregate metrics of the normalised final score over "
        f"{said_tasks(frames)}: points are estimates, bars their "
        f"intervals. {said_n(frames)}; {said_interval(frames)}."
    )
