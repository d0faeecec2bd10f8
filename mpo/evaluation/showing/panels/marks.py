"""What is drawn on a panel: lines of runs and their median, estimates, values to compare with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from mpo.evaluation.estimating.coverage import FEW
from mpo.evaluation.showing.palette import Style, styles
from mpo.evaluation.showing.panels.legends import REFERENCE_LINE
from mpo.evaluation.showing.references import Reference


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
