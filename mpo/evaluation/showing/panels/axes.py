"""Axes in thousands, in plain numbers, and logarithmic."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter


def thousands_axis(axes: Axes, label: str) -> None:
    """The horizontal axis in thousands of what `label` says, from zero."""
    _from_zero(axes, f"{label} (thousands)", lambda value: f"{value / 1000:g}")


def plain_axis(axes: Axes, label: str) -> None:
    """The horizontal axis in what `label` says, from zero."""
    _from_zero(axes, label, lambda value: f"{value:,.10g}")


def _from_zero(axes: Axes, label: str, written: Callable[[float], str]) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value)))
    axes.set_xlim(left=0)
    axes.set_xlabel(label)


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
