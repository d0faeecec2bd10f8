"""What several figures share: a grid of panels, one legend, an axis in thousands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from mpo.evaluation.estimating.coverage import FEW
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.palette import Style, styles
from mpo.evaluation.showing.references import Reference

PANEL_VARIANTS = 4
"""More variants in one panel cannot be told apart; they get panels of their own."""
ROW_TASKS = 4
"""Tasks beside each other."""
COLUMN_WIDTH = 2.6
"""Inches of one panel; four of them fill a page's width."""
NAMES_WIDTH = 1.1
"""Inches beside the panels that are there for names."""
LETTER_WIDTH, LINE_HEIGHT = 0.075, 0.19
LEGEND_LINES = 3
"""Lines of a legend that there is always room for."""
TITLE_LETTERS = 26
"""Letters of a title that fit above one panel at full size."""


def grid(
    rows: int, columns: int, height: float = 2.1, names: Iterable[str] = (), **options
) -> tuple[Figure, np.ndarray]:
    """A figure of (rows, columns) panels, which keep clear of each other and of the legend.

    `names` stand beside the first column, which costs the panels no width.
    """
    beside = max((_inches(name) for name in names), default=0.0)
    width = max(columns * COLUMN_WIDTH, 4.8) + max(0.0, beside - NAMES_WIDTH)
    drawing = Figure(figsize=(width, rows * height + 0.6), layout="constrained")
    return drawing, drawing.subplots(rows, columns, squeeze=False, **options)


def _inches(text: str) -> float:
    """How wide a label is, about."""
    return LETTER_WIDTH * max(len(line) for line in text.split("\n"))


def chunks(names: Sequence[str], size: int) -> list[list[str]]:
    """`names` in lists of at most `size`."""
    return [list(names[start : start + size]) for start in range(0, len(names), size)]


def medians(panel: Axes, rows: pd.DataFrame, x: str, y: str, variants: Sequence[str]) -> None:
    """A thin line of `y` over `x` for each run in `rows`, and a thick one for their median."""
    for variant, each in rows.groupby("variant", sort=False):
        style = styles(variants)[str(variant)]
        for _, run in each.groupby("seed"):
            panel.plot(run[x], run[y], color=style.colour, alpha=0.35, linewidth=0.5)
        middle = each.groupby(x)[y].median()
        every = max(1, len(middle) // 5)
        start = list(variants).index(str(variant)) * every // len(variants)
        panel.plot(middle.index, middle, **style.of_line(markevery=(start, every)))


class TaskPanel(NamedTuple):
    """A panel with the task that it shows and the variants that it draws."""

    axes: Axes
    task: str
    variants: list[str]


def task_panels(frames: Frames) -> tuple[Figure, list[TaskPanel]]:
    """A panel a task and four variants, titled by both; below each row its variants' legend."""
    tasks, variants = list(frames.manifest.tasks), list(frames.manifest.variants)
    lines = [
        (block, group)
        for block in chunks(tasks, ROW_TASKS)
        for group in chunks(variants, PANEL_VARIANTS)
    ]
    columns, shown = min(len(tasks), ROW_TASKS), []
    drawing, parts = parted([group for _, group in lines], columns)
    for part, (block, group) in zip(parts, lines, strict=True):
        for place, panel in enumerate(part.subplots(1, columns, squeeze=False)[0]):
            if place >= len(block):
                panel.set_visible(False)
                continue
            title(panel, block[place], *group_title(group, variants))
            shown.append(TaskPanel(panel, block[place], group))
        legend(part, group, variants)
    return drawing, shown


def parted(groups: Sequence[Sequence[str]], columns: int) -> tuple[Figure, list[SubFigure]]:
    """A figure of a row a group, each with room for `columns` panels and a legend of its own."""
    width = max(columns * COLUMN_WIDTH, 4.8)
    heights = [2.25 + LINE_HEIGHT * (1 + _legend_shape(group, width)[0]) for group in groups]
    drawing = Figure(figsize=(width, sum(heights)), layout="constrained")
    parts = drawing.subfigures(len(groups), 1, squeeze=False, height_ratios=heights)
    return drawing, list(parts[:, 0])


def group_title(group: Sequence[str], variants: Sequence[str]) -> list[str]:
    """What a panel of some of the `variants` is called, by the first and the last of them."""
    if len(group) == len(variants):
        return []
    return [f"{group[0]} to {group[-1]}" if len(group) > 1 else group[0]]


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
    variants = [name for name in frames.manifest.variants if name in set(rows["variant"])]
    tasks = list(frames.manifest.tasks)
    drawing, axes = grid(len(tasks), len(titles), sharey="row", sharex="row")
    for task, line in zip(tasks, axes, strict=True):
        for (value, name), panel in zip(titles.items(), line, strict=True):
            mine = rows[(rows["task"] == task) & (rows[column] == value)]
            medians(panel, mine, "updates", y, variants)
            title(panel, task, name)
            thousands_axis(panel, "updates")
        log_axis(line[0])
        line[0].set_ylabel(label)
    legend(drawing, variants)
    return drawing, axes


def logged(frames: Frames, name: str) -> pd.DataFrame:
    """Task, variant, seed, updates and the diagnostic `name` of every row that has one."""
    columns = ["task", "variant", "seed", "updates", name]
    return frames.diagnostics[columns].dropna().reset_index(drop=True)


def label_rows(panels: Sequence[Axes], label: str) -> None:
    """The vertical axis' label, at the first panel of each row."""
    for panel in panels:
        place = panel.get_subplotspec()
        if place is not None and place.is_first_col():
            panel.set_ylabel(label)


def bands(rows: pd.DataFrame, x: str, variants: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """`value` over `x` with its interval, a line a variant; few variants in each of the panels."""
    groups, found = chunks(variants, PANEL_VARIANTS), styles(variants)
    width = max(len(groups) * COLUMN_WIDTH, 4.8)
    deepest = max(_legend_shape(group, width / len(groups))[0] for group in groups)
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
            style = found[variant]
            across = mine[x].to_numpy(dtype=float)
            panel.fill_between(
                across, mine["low"], mine["high"], color=style.colour, alpha=0.16, linewidth=0
            )
            every = max(1, len(across) // 5)
            start = place * every // len(group)
            panel.plot(across, mine["value"], **style.of_line(markevery=(start, every)))
    return drawing, axes


def estimated(panel: Axes, place: float, rows: pd.DataFrame, style: Style) -> None:
    """An estimate at the height `place`: the row without a seed, its interval as a bar with ends.

    Rows with a seed are single ones and become dots. Nothing where there are no rows.
    """
    for row in rows.to_dict("records"):
        if pd.notna(row["seed"]):
            panel.plot(row["value"], place, "o", color=style.colour, markersize=3.5, alpha=0.45)
            continue
        ends = [row["low"], row["high"]]
        panel.plot(
            ends, [place] * 2, color=style.colour, alpha=0.35, linewidth=6, solid_capstyle="butt"
        )
        panel.plot(ends, [place] * 2, "|", color=style.colour, markersize=9, markeredgewidth=1.2)
        panel.plot(row["value"], place, **style.of_line(linestyle="", markersize=6))


def refer(panel: Axes, references: Iterable[Reference]) -> None:
    """A thin line at each value, with its name at the left."""
    for each in references:
        panel.axhline(each.value, color="#777777", linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
        name = panel.annotate(
            each.label,
            (0, each.value),
            xycoords=("axes fraction", "data"),
            xytext=(2, 1.5),
            textcoords="offset points",
            fontsize=6.5,
            color="#555555",
            annotation_clip=True,
        )
        name.set_in_layout(False)  # far off, where the scale leaves it out


def with_seeds(rows: pd.DataFrame, of_seeds: Callable[[dict], Iterable[float]]) -> pd.DataFrame:
    """`rows` with a column `seed`; those of few runs lose their interval and gain a row a seed.

    `of_seeds` gives the same number of each seed alone, for a row. Intervals of so few runs are no
    more than their range.
    """
    few = rows["n"] < FEW
    singles = [
        {**row, "seed": place, "value": value, "low": math.nan, "high": math.nan}
        for row in rows[few & (rows["n"] > 1)].to_dict("records")
        for place, value in enumerate(of_seeds(row))
    ]
    shown = rows.assign(seed=math.nan, low=rows["low"].where(~few), high=rows["high"].where(~few))
    return pd.concat([shown, pd.DataFrame(singles)]) if singles else shown


def legend(drawing: Figure | SubFigure, names: Sequence[str], variants: Sequence[str] = ()) -> None:
    """The legend of `names`, under the panels; it reads along its lines, which match in length.

    `variants` are all of the study, where `names` are some.
    """
    found = styles(variants or names)
    handles = [Line2D([], [], label=name, **found[name].of_line()) for name in names]
    if not handles:
        return
    lines, columns = _legend_shape(names, drawing.bbox.width / drawing.dpi)
    if isinstance(drawing, Figure):  # not from the panels
        more = max(0, lines - LEGEND_LINES)
        drawing.set_figheight(drawing.get_figheight() + LINE_HEIGHT * more)
    by_column = [
        handles[place] for start in range(columns) for place in range(start, len(handles), columns)
    ]
    drawing.legend(
        handles=by_column,
        loc="outside lower center",
        ncols=columns,
        handlelength=2.8,
    )


def _legend_shape(names: Sequence[str], width: float) -> tuple[int, int]:
    """Lines and columns of a legend of `names` in so many inches."""
    widest = max(1.6, 0.55 + max(map(_inches, names), default=0))  # with its line
    lines = math.ceil(len(names) / max(1, int(width / widest)))
    return lines, math.ceil(len(names) / max(1, lines))


def title(panel: Axes, *lines: str) -> None:
    """The panel's title, in smaller letters where its longest line would leave the panel."""
    longest = max(len(line) for line in lines)
    size = matplotlib.rcParams["axes.titlesize"]
    panel.set_title("\n".join(lines), fontsize=size * min(1, TITLE_LETTERS / longest))


def thousands_axis(axes: Axes, label: str) -> None:
    """The horizontal axis in thousands of what `label` says, from zero."""
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:g}"))
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{label} (thousands)")


def log_axis(axes: Axes) -> None:
    """The vertical axis, of all that share it, on a logarithmic scale; after all is drawn.

    Where it spans less than two decades, their numbers are too few, and 2 and 5 are named too.
    """
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < 100 * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
