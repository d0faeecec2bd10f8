"""What is drawn on a panel: lines of runs and their median, estimates, values to compare with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from mpo.evaluation.estimating.coverage import FEW
from mpo.evaluation.showing.palette import Style, styles
from mpo.evaluation.showing.panels.legends import REFERENCE_LINE
from mpo.evaluation.showing.references import Reference


def medians(
    panel: Axes,
    rows: pd.DataFrame,
    x: str,
    y: str,
    names: Sequence[str],
    variants: Sequence[str] = (),
) -> None:
    """A thin line of `y` over `x` for each run in `rows`, and a thick one for their median.

    `names` are the variants of the figure; `variants` all of the study, where those are some.
    """
    found = styles(variants or names)
    for variant, each in rows.groupby("variant", sort=False):
        style = found[str(variant)]
        for _, run in each.groupby("seed"):
            panel.plot(run[x], run[y], color=style.colour, alpha=0.35, linewidth=0.5)
        middle = each.groupby(x)[y].median()
        _line(panel, middle.index, middle, style, list(names).index(str(variant)), len(names))


def band(
    panel: Axes, rows: pd.DataFrame, x: str, style: Style, place: int = 0, lines: int = 1
) -> None:
    """A thick line of `value` over `x` and its interval as a band.

    `place` is its own among the `lines` of the panel, whose markers keep clear of each other.
    """
    across = rows[x].to_numpy(dtype=float)
    panel.fill_between(
        across, rows["low"], rows["high"], color=style.colour, alpha=0.16, linewidth=0
    )
    _line(panel, across, rows["value"], style, place, lines)


def estimated(panel: Axes, place: float, rows: pd.DataFrame, style: Style) -> None:
    """An estimate at the height `place`: the row without a seed, its interval as a bar with ends.

    Rows with a seed are single ones and become dots. Nothing where there are no rows.
    """
    for row in rows.to_dict("records"):
        if pd.notna(row["seed"]):
            panel.plot(row["value"], place, "o", color=style.colour, markersize=3.5, alpha=0.45)
            continue
        bar(panel, place, row["low"], row["high"], style.colour)
        panel.plot(row["value"], place, **style.of_line(linestyle="", markersize=6))


def bar(
    panel: Axes,
    place: float,
    low: float,
    high: float,
    colour: str,
    upright: bool = False,
    width: float = 6,
) -> None:
    """An interval at the height `place`, or `upright` beside it; its ends are seen in any case."""
    ends, places = [low, high], [place, place]
    across, mark = ((places, ends), "_") if upright else ((ends, places), "|")
    panel.plot(*across, color=colour, alpha=0.35, linewidth=width, solid_capstyle="butt")
    panel.plot(*across, mark, color=colour, markersize=1.5 * width, markeredgewidth=1.2)


def refer(panel: Axes, references: Iterable[Reference]) -> None:
    """A thin line at each value, above the grid; its name is the legend's."""
    for each in references:
        panel.axhline(each.value, linestyle=(0, each.dash), zorder=1, **REFERENCE_LINE)


def with_seeds(rows: pd.DataFrame, of_seeds: Callable[[dict], Mapping[int, float]]) -> pd.DataFrame:
    """`rows` with a column `seed`; those of few runs lose their interval and gain a row a seed.

    `of_seeds` gives for a row the same number of each seed alone. Intervals of so few runs are no
    more than their range.
    """
    few = rows["n"] < FEW
    singles = [
        {**row, "seed": seed, "value": value, "low": math.nan, "high": math.nan}
        for row in rows[few & (rows["n"] > 1)].to_dict("records")
        for seed, value in of_seeds(row).items()
    ]
    shown = rows.assign(seed=math.nan, low=rows["low"].where(~few), high=rows["high"].where(~few))
    return pd.concat([shown, pd.DataFrame(singles)]) if singles else shown


def _line(
    panel: Axes, across: Any, values: pd.Series, style: Style, place: int, lines: int
) -> None:
    """A thick line with five or so markers, which stand elsewhere on each of the `lines`."""
    every = max(1, len(values) // 5)
    panel.plot(across, values, **style.of_line(markevery=(place * every // lines, every)))
