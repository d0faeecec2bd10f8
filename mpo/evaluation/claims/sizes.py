"""How large an effect n runs can show, and how many runs an effect needs.

An effect is shown with the probability `POWER` if it is t_{1 - level/2} + t_{POWER} standard errors
away from the bound. The spread is itself estimated: with f degrees of freedom the variance lies
between f s^2 / chi^2_{0.9} and f s^2 / chi^2_{0.1} in four of five studies, and runs needed have
that range. The effect is taken as it was seen.
"""

from __future__ import annotations

import bisect
import math
from typing import NamedTuple

import numpy as np
from scipy import special

from mpo.evaluation.estimating.contrasts import Contrast

POWER = 0.8
RANGE = (0.1, 0.9)
"""Quantiles of the spread between which runs needed are given."""
MOST_RUNS = 1000
UNKNOWN = "–"
"""In place of runs needed where no spread was seen: of one run, or of runs that are all equal."""


class Needed(NamedTuple):
    """Runs of each task, and their range; None above `MOST_RUNS`."""

    runs: int | None
    low: int | None
    high: int | None

    def __str__(self) -> str:
        """Such as "16 (9 to 40)"."""
        runs, *ends = (f"> {MOST_RUNS:,}" if each is None else f"{each:,}" for each in self)
        return runs if None in self[:2] else f"{runs} ({' to '.join(ends)})"

    def told(self, spread: bool) -> str:
        """The same, where runs have shown a `spread`: without one, None is no large number."""
        return str(self) if spread or self.runs is not None else UNKNOWN


def smallest_effect(found: Contrast, n: int, runs: int, level: float) -> float:
    """The least distance from the bound that `runs` show, by the spread of n; inf if none."""
    error, freedom = float(found.error), float(found.freedom) * (runs - 1) / max(1, n - 1)
    if not error > 0 or runs < 2:
        return math.inf
    quantiles = special.stdtrit(freedom, np.array([1 - level / 2, POWER])).sum()
    return float(quantiles * error * math.sqrt(n / runs))


def runs_needed(found: Contrast, n: int, distance: float, level: float) -> Needed:
    """The least numbers of runs whose smallest effect is at most `distance`, by the spread of n."""
    if not found.error > 0 or not distance > 0:
        return Needed(None, None, None)
    freedom = float(found.freedom)
    ratios = [math.sqrt(freedom / special.chdtri(freedom, q)) for q in RANGE]
    return Needed(*(_least(found, n, distance / ratio, level) for ratio in (1.0, *ratios)))


def _least(found: Contrast, n: int, distance: float, level: float) -> int | None:
    def enough(runs: int) -> bool:
        return smallest_effect(found, n, runs, level) <= distance

    if not enough(MOST_RUNS):
        return None
    return bisect.bisect_left(range(MOST_RUNS), True, lo=2, key=enough)
