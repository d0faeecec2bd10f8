"""From samples to verdicts: effect, p, Holm's correction, and what n runs could have shown.

A claim holds on one side of its bound. Two one-sided tests, one against either side, give a
two-sided p; the claim is `supported` or `refuted`, by the side that the runs are on, where p
adjusted by Holm (1979) within the claim's family is at most `LEVEL`; else it is `undecided`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mpo.evaluation.claims import permutation
from mpo.evaluation.claims.claim import DIFFERENT, LESS, Claim
from mpo.evaluation.claims.permutation import OneSided, distances
from mpo.evaluation.claims.sizes import deviation, unevenness
from mpo.evaluation.estimating.statistics import Estimate, estimate


class Judged(NamedTuple):
    """What the runs say of one claim, before the correction for its family."""

    n: int
    strata: int
    effect: float
    low: float
    high: float
    p: float
    holds: bool
    """Whether the runs are on the claim's side of its bound."""
    distance: float
    """Of the effect from the nearer bound."""
    deviation: float
    unevenness: float


def judged(claim: Claim, samples: list[np.ndarray]) -> Judged:
    """Judges `samples`, one or two arrays (runs, strata) without NaN."""
    found = _effect(claim, samples)
    effect = float(found.value[0])
    support, refute = _sides(claim, samples)
    scaled = [distances(sample) for sample in samples] if claim.test == "spread" else samples
    return Judged(
        n=found.n,
        strata=samples[0].shape[1],
        effect=effect,
        low=float(found.low[0]),
        high=float(found.high[0]),
        p=min(1.0, 2 * min(support, refute)) if found.n > 1 else 1.0,
        holds=support <= refute,
        distance=min(abs(effect - bound) for bound in claim.bounds),
        deviation=deviation(scaled),
        unevenness=unevenness(scaled),
    )


def holm(p: list[float]) -> list[float]:
    """P-values of one family adjusted by Holm's step-down procedure, in the order given."""
    adjusted, greatest = [1.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda place: p[place])):
        greatest = max(greatest, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = greatest
    return adjusted


def _effect(claim: Claim, samples: list[np.ndarray]) -> Estimate:
    statistic = {"one_sample": _mean, "spread": _spread}.get(claim.test, _difference)
    return estimate(samples, statistic, "claim", claim.id)


def _mean(sample: np.ndarray) -> np.ndarray:
    return sample.mean(axis=(0, 1))[None]


def _difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _mean(first) - _mean(second)


def _spread(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _difference(distances(first), distances(second))


def _sides(claim: Claim, samples: list[np.ndarray]) -> tuple[float, float]:
    """One-sided p-values for what is claimed and for its opposite."""
    found = {bound: _tested(claim, samples, bound) for bound in claim.bounds}
    lower, upper = (found[bound] for bound in claim.bounds)
    if claim.test == "equivalence":
        return _within(lower, upper), _outside(lower, upper)
    if claim.direction == DIFFERENT:
        return _outside(lower, upper), _within(lower, upper)
    return (lower.below, lower.above) if claim.direction == LESS else (lower.above, lower.below)


def _within(lower: OneSided, upper: OneSided) -> float:
    return max(lower.above, upper.below)


def _outside(lower: OneSided, upper: OneSided) -> float:
    return min(lower.below, upper.above)


def _tested(claim: Claim, samples: list[np.ndarray], bound: float) -> OneSided:
    if not math.isfinite(bound):
        raise ValueError(f"{claim.id}: a bound must be finite, not {bound}")
    if claim.test == "one_sample":
        return permutation.one_sample(samples[0], bound, claim.id)
    test = permutation.spread if claim.test == "spread" else permutation.two_sample
    return test(samples[0], samples[1], bound, claim.id)
