"""How large an effect n runs can show, and how many runs an effect needs.

By the normal approximation with Student's t for the error's estimate: an effect is shown with
the probability `POWER` if it is (t_{1 - level/2} + t_{POWER}) standard errors away from the bound.
Permuting also mixes what strata differ in: the first of the two errors grows by `unevenness`. And
however large the effect is, it is not shown with fewer runs than give a small enough permutation p.
"""

from __future__ import annotations

import bisect
import math

import numpy as np
from scipy import stats

from mpo.evaluation.claims.permutation import smallest

POWER = 0.8
MOST_RUNS = 1000


def deviation(samples: list[np.ndarray]) -> float:
    """Standard error of the effect times sqrt(n): (runs, strata) each, NaN with one run."""
    if min(len(sample) for sample in samples) < 2:
        return math.nan
    strata = samples[0].shape[1]
    variance = sum(float(sample.var(axis=0, ddof=1).sum()) for sample in samples)
    return math.sqrt(variance) / strata


def unevenness(samples: list[np.ndarray]) -> float:
    """What unequal effects of the strata add to the effect's error under permutation.

    As a deviation like that of `deviation`, added to it in squares. Two samples of a stratum whose
    effect is h off the mean of all strata vary by h^2 / 2 more when they are exchanged, one whose
    signs are flipped by h^2. What chance adds to h^2 is taken off. NaN with one run.
    """
    if min(len(sample) for sample in samples) < 2:
        return math.nan
    effects = samples[0].mean(axis=0)
    if len(samples) > 1:
        effects = effects - samples[1].mean(axis=0)
    strata = len(effects)
    chance = sum(float(sample.var(axis=0, ddof=1).sum()) / len(sample) for sample in samples)
    squares = float(np.square(effects - effects.mean()).sum()) - chance * (strata - 1) / strata
    return math.sqrt(max(0.0, squares) / len(samples)) / strata


def smallest_effect(
    test: str, scale: float, n: int, strata: int, level: float, uneven: float = 0.0
) -> float:
    """The least distance from the bound that n runs show; inf if none.

    `scale` is the `deviation`, `uneven` the `unevenness` of the samples.
    """
    if smallest(test, n, strata) > level:
        return math.inf
    freedom = max(1, (n - 1) * strata * (1 if test == "one_sample" else 2))
    critical, power = stats.t.ppf([1 - level / 2, POWER], freedom)
    return float((critical * math.hypot(scale, uneven) + power * scale) / math.sqrt(n))


def runs_needed(
    test: str, scale: float, distance: float, strata: int, level: float, uneven: float = 0.0
) -> int | None:
    """The least n whose smallest effect is at most `distance`; None above `MOST_RUNS`."""
    if not math.isfinite(scale) or not distance > 0:
        return None

    def enough(n: int) -> bool:
        return smallest_effect(test, scale, n, strata, level, uneven) <= distance

    if not enough(MOST_RUNS):
        return None
    return bisect.bisect_left(range(MOST_RUNS), True, lo=2, key=enough)
