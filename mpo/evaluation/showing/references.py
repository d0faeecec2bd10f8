"""Values that a figure's numbers are compared with, drawn as thin lines with their names."""

from __future__ import annotations

from typing import NamedTuple

from mpo.evaluation.reading.manifest import Manifest


class Reference(NamedTuple):
    """A value to compare with, and what it is."""

    label: str
    value: float


def none(_manifest: Manifest, _panel: str) -> list[Reference]:
    """No reference."""
    return []


def returns(manifest: Manifest, task: str) -> list[Reference]:
    """What returns on `task` compare with: the uniform policy, and the threshold of its score."""
    found = manifest.tasks[task]
    solved = Reference("threshold", found.low + found.threshold * (found.high - found.low))
    if found.random_return is None:
        return [solved]
    return [Reference("uniform policy", found.random_return), solved]


def even(_manifest: Manifest, _panel: str) -> list[Reference]:
    """Where neither of two is the better one."""
    return [Reference("neither", 0.5)]
