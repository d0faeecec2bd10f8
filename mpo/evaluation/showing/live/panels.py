"""One panel of a figure as a Bokeh plot: variants by name, so that the page can hide them.

Each renderer has the name of its variant, in a ladder's that of its marks. A tooltip says variant,
place and value, and the interval of an estimate or the seed of a run. `variants` are all of the
study, whose styles are those of every figure, where `rows` have some.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from bokeh.models import (
    ColumnDataSource,
    ContinuousTicker,
    GlyphRenderer,
    HoverTool,
    Line,
    NumeralTickFormatter,
    Scatter,
    Segment,
    Span,
    VArea,
)
from bokeh.plotting import figure
from bokeh.transform import dodge

from mpo.evaluation.showing.live.specs import Curves, Points, Rungs, Sweeps
from mpo.evaluation.showing.palette import Style, styles
from mpo.evaluation.showing.references import Reference
from mpo.evaluation.showing.values import logarithmic, numbers, placed, ticks

HEIGHT, LONE_HEIGHT = 250, 340
"""Of a panel, and of one that is the only one."""
X_TICKS = 4
ROW = 24
"""Pixels of a variant's row among points."""
TOOLS = "box_zoom,xwheel_zoom,pan,reset"
ESTIMATE, RUN = ["value", "low", "high"], ["value", "seed"]
"""The columns of rows without a seed, and of those with one."""
LARGE = 10_000
"""From which on an axis counts in thousands."""
FINE = "{%.4g}"
"""How a tooltip gives a value."""
NAME = ("variant", "$name")
"""How a tooltip gives the variant."""
MARKERS = {"o": "circle", "s": "square", "D": "diamond"}
"""Markers of Bokeh by those of Matplotlib."""


def dash(style: Style) -> list[int]:
    """The style's dash pattern in pixels; empty where its line is solid."""
    return [] if isinstance(style.line, str) else pixels(style.line[1])


def pixels(pattern: Iterable[float]) -> list[int]:
    """Strokes and gaps of a line."""
    return [round(2 * part) or 1 for part in pattern]


def curves(
    spec: Curves, rows: pd.DataFrame, refs: Iterable[Reference], variants: Sequence[str] = ()
) -> Any:
    """`rows` of one panel as lines: columns variant, `spec.x`, value, low, high and seed."""
    plot, large = _plot(spec.x_label, spec.y_label, HEIGHT), rows[spec.x].max() >= LARGE
    if large:
        plot.xaxis.formatter = NumeralTickFormatter(format="0.[0]a")
    estimates, runs = [], []
    for variant, style, middle, alone in _by_variant(rows, variants):
        for _, run in alone.groupby("seed", sort=False):
            thin = Line(x=spec.x, y="value", line_alpha=0.3, line_width=1)
            runs.append(_add(plot, variant, style, thin, _source(run, spec.x, *RUN)))
        source = _source(middle, spec.x, *ESTIMATE)
        _add(plot, variant, style, VArea(x=spec.x, y1="low", y2="high", fill_alpha=0.1), source)
        thick = Line(x=spec.x, y="value", line_width=2.5, line_dash=dash(style))
        estimates.append(_add(plot, variant, style, thick, source))
    _refer(plot, refs, "width")
    across = (spec.x_label, f"@{{{spec.x}}}" + ("{0,0}" if large else "{0.[000]}"))
    _hover(plot, runs, estimates, rows, [NAME, across], spec.y_label)
    return plot


def points(
    spec: Points, rows: pd.DataFrame, refs: Iterable[Reference], variants: Sequence[str] = ()
) -> Any:
    """`rows` of one panel as points: columns variant, value, low, high and seed."""
    names = list(dict.fromkeys(rows["variant"]))
    plot = _plot(spec.x_label, None, 70 + ROW * len(names), y_range=names[::-1])
    plot.ygrid.visible = False
    estimates, runs = [], []
    for variant, style, middle, alone in _by_variant(rows, variants):
        source = _source(middle, "variant", *ESTIMATE)
        _bar(plot, variant, style, source, "x", "variant")
        dot = Scatter(x="value", y="variant", size=6, fill_alpha=0.45, line_alpha=0)
        runs.append(_add(plot, variant, style, dot, _source(alone, "variant", *RUN)))
        point = Scatter(x="value", y="variant", size=9, line_alpha=0)
        estimates.append(_add(plot, variant, style, point, source))
    _refer(plot, refs, "height")
    _hover(plot, runs, estimates, rows, [NAME], spec.x_label)
    return plot


def rungs(spec: Rungs, rows: pd.DataFrame, refs: Iterable[Reference]) -> Any:
    """`rows` of one ladder and panel: columns trick, how, variant, value, low and high."""
    tricks = list(dict.fromkeys(rows["trick"]))
    plot = _plot(spec.x_label, None, 70 + ROW * len(tricks), y_range=tricks[::-1])
    plot.ygrid.visible = False
    estimates = []
    for how, style in spec.marks.items():
        source = _source(rows[rows["how"] == how], "trick", "variant", *ESTIMATE)
        place = dodge("trick", -spec.below[how], range=plot.y_range)
        _bar(plot, how, style, source, "x", place, width=5)
        marker = MARKERS[style.marker]
        size = 12 if marker == "diamond" else 8  # it is slimmer
        mark = Scatter(x="value", y=place, size=size, line_alpha=0, marker=marker)
        estimates.append(_add(plot, how, style, mark, source))
    _refer(plot, refs, "height")
    told = [("trick", "@trick"), ("how", "$name"), ("variant", "@variant")]
    _hover(plot, [], estimates, rows, told, spec.x_label)
    return plot


def sweep(spec: Sweeps, rows: pd.DataFrame, variants: Sequence[str] = ()) -> Any:
    """`rows` of one base, field and task as points on a line, the base's own value ringed.

    Columns setting, variant, value, low and high; values of a setting that are no numbers keep
    their order.
    """
    rows, places = placed(rows)
    field, base = rows["field"].iloc[0], rows["base"].iloc[0]
    named = numbers(rows["setting"]) is None
    if named:
        across = {"x_range": list(dict.fromkeys(rows["setting"]))}
    else:
        rows = rows.assign(setting=places)
        across = {"x_axis_type": "log" if logarithmic(places) else "linear"}
    plot = _plot(field, spec.y_label, HEIGHT, **across)
    if not named and logarithmic(places):
        shown = ticks(places)
        plot.xaxis.ticker = list(shown)
        plot.xaxis.major_label_overrides = shown
    line = Line(x="setting", y="value", line_width=1.5)
    plot.add_glyph(_source(rows, "setting", "value"), line)
    estimates = []
    for variant, style, middle, _ in _by_variant(rows.assign(seed=math.nan), variants):
        source = _source(middle, "setting", *ESTIMATE)
        _bar(plot, variant, style, source, "y", "setting")
        if variant == base:
            ring = Scatter(x="setting", y="value", size=17, fill_alpha=0, line_width=2)
            _add(plot, variant, style, ring, source)
        point = Scatter(x="setting", y="value", size=9, line_alpha=0)
        estimates.append(_add(plot, variant, style, point, source))
    _hover(
        plot,
        [],
        estimates,
        rows,
        [NAME, (field, "@setting" if named else f"@setting{FINE}")],
        spec.y_label,
    )
    return plot


def _by_variant(
    rows: pd.DataFrame, variants: Sequence[str]
) -> Iterable[tuple[str, Style, pd.DataFrame, pd.DataFrame]]:
    """Of each variant its style, the rows of estimates, and those of single runs.

    Styles go by `variants`, all of the study.
    """
    names, alone = list(dict.fromkeys(rows["variant"])), rows["seed"].notna()
    found = styles(list(dict.fromkeys([*variants, *names])))
    for variant in names:
        mine = rows["variant"] == variant
        yield variant, found[variant], rows[mine & ~alone], rows[mine & alone]


def _source(rows: pd.DataFrame, *columns: str) -> ColumnDataSource:
    """The numbers of `rows` as they stand in the file."""
    return ColumnDataSource({name: rows[name].tolist() for name in columns})


def _add(
    plot: Any, variant: str, style: Style, glyph: Any, source: ColumnDataSource
) -> GlyphRenderer:
    for part in ("line_color", "fill_color"):
        if hasattr(glyph, part):
            setattr(glyph, part, style.colour)
    return plot.add_glyph(source, glyph, name=variant)


def _bar(
    plot: Any,
    name: str,
    style: Style,
    source: ColumnDataSource,
    along: str,
    place: Any,
    width: int = 7,
) -> None:
    """An interval as a bar `along` an axis, at `place` of the other; its ends are seen in any."""
    across = "y" if along == "x" else "x"
    ends = {f"{along}0": "low", f"{along}1": "high", f"{across}0": place, f"{across}1": place}
    _add(plot, name, style, Segment(**ends, line_width=width, line_alpha=0.35), source)
    for end in ("low", "high"):
        tick = Scatter(**{along: end, across: place}, size=2 * width, marker="dash", line_width=2)
        tick.angle = math.pi / 2 if along == "x" else 0
        _add(plot, name, style, tick, source)


def _plot(x_label: str, y_label: str | None, height: int, **more: Any) -> Any:
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        tools=TOOLS,
        active_drag=None,  # so that a finger scrolls the page; a mouse zooms, as the page says
        active_scroll=None,
        x_axis_label=x_label,
        y_axis_label=y_label,
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border_right=14,
        **more,
    )
    for axis in plot.axis:
        axis.axis_label_text_font_style = "normal"
        axis.minor_tick_line_color = None
    for axis in plot.xaxis:
        if isinstance(axis.ticker, ContinuousTicker):  # so many numbers have room in a line
            axis.ticker.desired_num_ticks = X_TICKS
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    return plot


def _refer(plot: Any, refs: Iterable[Reference], dimension: Any) -> None:
    """A thin line at each value; its name is the legend's."""
    for each in refs:
        line = Span(location=each.value, dimension=dimension, line_dash=pixels(each.dash))
        plot.add_layout(line.clone(line_width=1))


def _hover(
    plot: Any,
    runs: Sequence[GlyphRenderer],
    estimates: Sequence[GlyphRenderer],
    rows: pd.DataFrame,
    places: list[tuple[str, str]],
    label: str,
) -> None:
    """Tooltips of runs, with their seeds, and of estimates, with the intervals that they have."""
    told = [*places, (label, f"@value{FINE}")]
    between = [("interval", f"@low{FINE} to @high{FINE}")] if rows["low"].notna().any() else []
    for found, last in ((runs, [("seed", "@seed")]), (estimates, between)):
        if not found:
            continue
        tool = HoverTool(
            renderers=[*found],
            tooltips=[*told, *last],
            formatters=dict.fromkeys(("@value", "@low", "@high", "@setting"), "printf"),
            line_policy="nearest",
            limit=3,
        )
        plot.add_tools(tool)
