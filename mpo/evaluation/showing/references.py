"""Values that a figure's numbers are compared with: thin lines, named in the legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mpo.evaluation.reading.manifest import Manifest

DOTTED = (1, 1.5)


class Reference(NamedTuple):
    """A value to compare with, and what it is."""

    label: str
    value: float
    dash: tuple[float, ...] = (4, 2)
    """Lengths of its line's strokes and gaps."""


def none(_manifest: Manifest, _panel: str) -> list[Reference]:
    """No reference."""
    return []


def returns(manifest: Manifest, task: str) -> list[Reference]:
    """What returns on `task` compare with: the uniform policy, and the threshold of its score."""
    found = manifest.tasks[task]
    solved = Reference("threshold", found.low + found.threshold * (found.high - found.low), DOTTED)
    if found.random_return is None:
        return [solved]
    return [Reference("uniform policy", found.random_return), solved]


def even(_manifest: Manifest, _panel: str) -> list[Reference]:
    """Where neither of two is the better one."""
    return [Reference("neither is better", 0.5)]


def no_gain(_manifest: Manifest, _panel: str) -> list[Reference]:
    """Where nothing is gained or lost."""
    return [Reference("no gain", 0.0)]


def distinct(
    found: Callable[[Manifest, str], list[Reference]], manifest: Manifest, panels: Iterable[str]
) -> list[Reference]:
    """One reference of each name in any of the `panels`, for a legend."""
    return list({each.label: each for panel in panels for each in found(manifest, panel)}.values())
