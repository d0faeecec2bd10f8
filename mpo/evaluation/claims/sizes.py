"""How large an effect n runs can show, and how many runs an effect needs.

By the normal approximation with Student's t for the error's estimate: an effect is shown with
the probability `POWER` if it is (t_{1 - level/2} + t_{POWER}) standard errors away from the bound.
And however large it is, not with fewer runs than give a small enough permutation p.
"""

from __future__ import annotations

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


def smallest_effect(test: str, scale: float, n: int, strata: int, level: float) -> float:
    """The least distance from the bound that n runs of `deviation` `scale` show; inf if none."""
    if smallest(test, n, strata) > level:
        return math.inf
    freedom = max(1, (n - 1) * strata * (1 if test == "one_sample" else 2))
    quantiles = stats.t.ppf([1 - level / 2, POWER], freedom)
    return float(scale / math.sqrt(n) * quantiles.sum())


def runs_needed(test: str, scale: float, distance: float, strata: int, level: float) -> int | None:
    """The least n whose smallest effect is at most `distance`; None above `MOST_RUNS`."""
    if not math.isfinite(scale) or not distance > 0:
        return None
    fits = [2, MOST_RUNS]
    if smallest_effect(test, scale, MOST_RUNS, strata, level) > distance:
        return None
    while fits[1] - fits[0] > 1:  # the smallest effect only falls with n
        middle = sum(fits) // 2
        enough = smallest_effect(test, scale, middle, strata, level) <= distance
        fits[enough] = middle
    return fits[0] if smallest_effect(test, scale, 2, strata, level) <= distance else fits[1]
