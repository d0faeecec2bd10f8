"""What the columns of a figure's CSV file are, so that it can be drawn anew in the page.

Every such file has the columns variant and value; low and high are an interval's ends, and a row
with a seed is a single run's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mpo.evaluation.reading.manifest import Manifest
from mpo.evaluation.showing.palette import Style
from mpo.evaluation.showing.references import Reference, none


class Curves(NamedTuple):
    """A line a variant: `value` over the column `x`, its interval as a band, runs as thin lines."""

    x: str
    x_label: str
    y_label: str
    panels: str | None = None
    """The column whose values have a panel each."""
    references: Callable[[Manifest, str], list[Reference]] = none
    titles: Mapping[str, str] = {}
    """What a panel is called where not by its value."""


class Points(NamedTuple):
    """A row a variant: `value` as a point, its interval as a bar, single runs as dots."""

    x_label: str
    panels: str
    references: Callable[[Manifest, str], list[Reference]] = none
    titles: Mapping[str, str] = {}


class Rungs(NamedTuple):
    """A panel each `of` and `task`, a row a `trick`: `value` and its interval, marked by `how`."""

    x_label: str
    marks: Mapping[str, Style]
    """Of each `how`."""
    below: Mapping[str, float]
    """How far below the middle of its row each `how` stands, in rows."""
    references: Callable[[Manifest, str], list[Reference]] = none
    panels: str = "task"


class Sweeps(NamedTuple):
    """A panel each `base`, `field` and `task`: `value` over `setting`, a point a variant."""

    y_label: str
    panels: None = None
    references: Callable[[Manifest, str], list[Reference]] = none


Live = Curves | Points | Rungs | Sweeps
"""Each way in which a figure can be drawn in the page."""
