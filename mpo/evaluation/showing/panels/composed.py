"""Whole figures of one kind: diagnostics by task, and bands side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.panels.axes import log_axis, thousands_axis
from mpo.evaluation.showing.panels.layout import (
    COLUMN_WIDTH,
    grid,
    group_title,
    groups_of,
    label_rows,
    task_panels,
    title,
)
from mpo.evaluation.showing.panels.legends import LINE_HEIGHT, legend, shape
from mpo.evaluation.showing.panels.marks import band, medians


def tracks(
    frames: Frames, rows: pd.DataFrame, x: str, y: str, unit: str, label: str
) -> tuple[Figure, list[Axes]]:
    """`y` over `x` in a panel a task and four variants; figure and its panels.

    `unit` is what `x` counts, and `label` says what `y` is. Thick lines are medians over runs.
    """
    drawing, shown = task_panels(frames)
    for panel, task, group in shown:
        mine = rows[(rows["task"] == task) & rows["variant"].isin(group)]
        medians(panel, mine, x, y, list(frames.manifest.variants))
        thousands_axis(panel, unit)
    panels = [each.axes for each in shown]
    label_rows(panels, label)
    return drawing, panels


def rows_of_tasks(
    frames: Frames, rows: pd.DataFrame, column: str, titles: Mapping[str, str], y: str, label: str
) -> tuple[Figure, np.ndarray]:
    """`y` over updates, a row a task and a column each of `column`'s values, which have `titles`.

    The axis of `y` is logarithmic and has the `label`. Thick lines are medians over runs.
    """
    variants = list(frames.manifest.variants)
    names = [name for name in variants if name in set(rows["variant"])]
    tasks = list(frames.manifest.tasks)
    drawing, axes = grid(len(tasks), len(titles), sharey="row", sharex="row")
    for task, line in zip(tasks, axes, strict=True):
        for (value, said), panel in zip(titles.items(), line, strict=True):
            mine = rows[(rows["task"] == task) & (rows[column] == value)]
            medians(panel, mine, "updates", y, names, variants)
            title(panel, task, said)
            thousands_axis(panel, "updates")
        log_axis(line[0])
        line[0].set_ylabel(label)
    legend(drawing, names, variants)
    return drawing, axes


def logged(frames: Frames, name: str) -> pd.DataFrame:
    """Task, variant, seed, updates and the diagnostic `name` of every row that has one."""
    columns = ["task", "variant", "seed", "updates", name]
    return frames.diagnostics[columns].dropna().reset_index(drop=True)


def bands(rows: pd.DataFrame, x: str, variants: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """`value` over `x` with its interval, a line a variant; few variants in each of the panels."""
    groups, found = groups_of(variants), styles(variants)
    width = max(len(groups) * COLUMN_WIDTH, 4.8)
    deepest = max(shape(group, width / len(groups))[0] for group in groups)
    height = 2.5 + LINE_HEIGHT * (1 + deepest)
    drawing = Figure(figsize=(width, height), layout="constrained")
    axes: list[Axes] = []
    for group, part in zip(
        groups, drawing.subfigures(1, len(groups), squeeze=False)[0], strict=True
    ):
        panel = part.subplots(sharey=axes[0] if axes else None)
        axes.append(panel)
        legend(part, group, variants)
        if named := group_title(group, variants):
            title(panel, *named)
        for place, variant in enumerate(group):
            mine = rows[rows["variant"] == variant]
            band(panel, mine, x, found[variant], place, len(group))
    return drawing, axes
