"""Shapes of the runs under which the t test errs more often than it says, and how often.

Runs that split into two clumps, as when some fail, are the ones that simulation finds: few runs
may all fall into one clump and look certain. `ERRING` is what docs/statistics.md tabulates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NAMED = 3
"""More groups than these are counted."""
GAP, WIDTH = 1.8, 5.0
"""n runs are in clumps where the largest gap between neighbours takes 0.3 + `GAP` / n of their
range (0.9 for three, 0.48 for ten), and the range is `WIDTH` times the deviation within the (lower)
median group of the same claim. Of two groups of normal runs one of either is in twenty times, of
runs of which one in four fails nine in ten times with ten seeds, and four in ten with three."""
ERRING = {1: {3: 0.20, 5: 0.21, 10: 0.21, 20: 0.12}, 4: {3: 0.17, 5: 0.12, 10: 0.04, 20: 0.04}}
"""Tasks and n to the greater of the simulated levels of one failure in four and one in ten."""
ALLOWED = 0.06
"""Above this the level is said."""


def clumped(groups: Sequence[np.ndarray]) -> list[int]:
    """Places of the `groups` of a claim whose runs, three or more, lie in two clumps.

    Five or more where there is no other group to compare with.
    """
    deviations = sorted(float(np.std(group)) for group in groups)
    usual = deviations[(len(groups) - 1) // 2] if len(groups) > 1 else 0.0
    return [
        place
        for place, group in enumerate(groups)
        if len(group) > (2 if usual else 4)
        and np.ptp(group) > WIDTH * usual
        and np.diff(np.sort(group)).max() >= (0.3 + GAP / len(group)) * np.ptp(group)
    ]


def erring(n: int, tasks: int) -> float:
    """The simulated level of clumped runs, at the next smaller n and number of tasks."""
    row = ERRING[max((size for size in ERRING if size <= tasks), default=1)]
    return row[max((size for size in row if size <= n), default=3)]


def clumps_said(clumps: Sequence[str], n: int, tasks: int) -> str:
    """That runs of `clumps` lie in two clumps, and how often a verdict on such runs errs."""
    which = f"{len(clumps)} groups of runs" if len(clumps) > NAMED else ", ".join(clumps)
    return f"in two clumps: {which}; such runs err at up to {erring(n, tasks):.2f}, not 0.05"
