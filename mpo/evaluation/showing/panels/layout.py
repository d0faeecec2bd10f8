"""Grids of panels: a panel a task and four variants, with titles and a legend a row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.panels.legends import LINE_HEIGHT, inches, legend, shape
from mpo.evaluation.showing.references import Reference

PANEL_VARIANTS = 4
"""More variants in one panel cannot be told apart; they get panels of their own."""
ROW_TASKS = 4
"""Tasks beside each other."""
COLUMN_WIDTH = 2.6
"""Inches of one panel; four of them fill a page's width."""
NAMES_WIDTH = 1.1
"""Inches beside the panels that are there for names."""
TITLE_LETTERS = 26
"""Letters of a title that fit above one panel at full size."""


def grid(
    rows: int, columns: int, height: float = 2.1, names: Iterable[str] = (), **options
) -> tuple[Figure, np.ndarray]:
    """A figure of (rows, columns) panels, which keep clear of each other and of the legend.

    `names` stand beside the first column, which costs the panels no width.
    """
    beside = max((inches(name) for name in names), default=0.0)
    width = max(columns * COLUMN_WIDTH, 4.8) + max(0.0, beside - NAMES_WIDTH)
    drawing = Figure(figsize=(width, rows * height + 0.6), layout="constrained")
    return drawing, drawing.subplots(rows, columns, squeeze=False, **options)


def chunks(names: Sequence[str], size: int) -> list[list[str]]:
    """`names` in lists of at most `size`."""
    return [list(names[start : start + size]) for start in range(0, len(names), size)]


def groups_of(variants: Sequence[str]) -> list[list[str]]:
    """`variants` in as few groups as panels hold, of much the same size."""
    groups = math.ceil(len(variants) / PANEL_VARIANTS)
    return chunks(variants, math.ceil(len(variants) / groups))


class TaskPanel(NamedTuple):
    """A panel with the task that it shows and the variants that it draws."""

    axes: Axes
    task: str
    variants: list[str]


def task_panels(
    frames: Frames, references: Sequence[Reference] = ()
) -> tuple[Figure, list[TaskPanel]]:
    """A panel a task and four variants, titled by both; below each row its variants' legend.

    That has the names of `references` too.
    """
    tasks, variants = list(frames.manifest.tasks), list(frames.manifest.variants)
    lines = [(block, group) for block in chunks(tasks, ROW_TASKS) for group in groups_of(variants)]
    named = [each.label for each in references]
    columns, shown = min(len(tasks), ROW_TASKS), []
    drawing, parts = parted([[*group, *named] for _, group in lines], columns)
    for part, (block, group) in zip(parts, lines, strict=True):
        for place, panel in enumerate(part.subplots(1, columns, squeeze=False)[0]):
            if place >= len(block):
                panel.set_visible(False)
                continue
            title(panel, block[place], *group_title(group, variants))
            shown.append(TaskPanel(panel, block[place], group))
        legend(part, group, variants, references)
    return drawing, shown


def parted(groups: Sequence[Sequence[str]], columns: int) -> tuple[Figure, list[SubFigure]]:
    """A figure of a row a group, each with room for `columns` panels and a legend of its names."""
    width = max(columns * COLUMN_WIDTH, 4.8)
    heights = [2.25 + LINE_HEIGHT * (1 + shape(group, width)[0]) for group in groups]
    drawing = Figure(figsize=(width, sum(heights)), layout="constrained")
    parts = drawing.subfigures(len(groups), 1, squeeze=False, height_ratios=heights)
    return drawing, list(parts[:, 0])


def group_title(group: Sequence[str], variants: Sequence[str]) -> list[str]:
    """What a panel of some of the `variants` is called, by the first and the last of them."""
    if len(group) == len(variants):
        return []
    return [f"{group[0]} to {group[-1]}" if len(group) > 1 else group[0]]


def label_rows(panels: Sequence[Axes], label: str) -> None:
    """The vertical axis' label, at the first panel of each row."""
    for panel in panels:
        place = panel.get_subplotspec()
        if place is not None and place.is_first_col():
            panel.set_ylabel(label)


def title(panel: Axes, *lines: str) -> None:
    """The panel's title, in smaller letters where its longest line would leave the panel."""
    longest = max(len(line) for line in lines)
    size = matplotlib.rcParams["axes.titlesize"]
    panel.set_title("\n".join(lines), fontsize=size * min(1, TITLE_LETTERS / longest))
