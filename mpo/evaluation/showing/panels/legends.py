"""The legend of variants and references below the panels, and the room that it takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.references import Reference

LETTER_WIDTH, LINE_HEIGHT = 0.075, 0.19
"""Inches."""
LEGEND_LINES = 3
"""Lines of a legend that there is always room for."""
REFERENCE_LINE = {"color": "#555555", "linewidth": 0.9}


def legend(
    drawing: Figure | SubFigure,
    names: Sequence[str],
    variants: Sequence[str] = (),
    references: Iterable[Reference] = (),
) -> None:
    """The legend of `names`, under the panels; it reads along its lines, which match in length.

    `variants` are all of the study, where `names` are some; `references` come last.
    """
    found = styles(variants or names)
    handles = [Line2D([], [], label=name, **found[name].of_line()) for name in names]
    handles += [
        Line2D([], [], label=each.label, linestyle=(0, each.dash), **REFERENCE_LINE)
        for each in references
    ]
    if not handles:
        return
    lines, columns = shape(
        [str(each.get_label()) for each in handles], drawing.bbox.width / drawing.dpi
    )
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


def shape(names: Sequence[str], width: float) -> tuple[int, int]:
    """Lines and columns of a legend of `names` in so many inches."""
    widest = max(1.6, 0.55 + max(map(inches, names), default=0))  # with its line
    lines = math.ceil(len(names) / max(1, int(width / widest)))
    return lines, math.ceil(len(names) / max(1, lines))


def inches(text: str) -> float:
    """How wide a label is, about."""
    return LETTER_WIDTH * max(len(line) for line in text.split("\n"))
