"""From samples to verdicts: effect, p, Holm's correction.

A claim holds on one side of its bound. Two one-sided tests, one against either side, give a
two-sided p; the claim is `supported` or `refuted`, by the side that the runs are on, where p
adjusted by Holm (1979) within the claim's family is at most `LEVEL`; else it is `undecided`. A
share has exact tests of its own (`claims.shares`), each at the level: only one can err at a time.
"""

from __future__ import annotations

import numpy as np

from mpo.evaluation.claims import shares
from mpo.evaluation.claims.claim import DIFFERENT, LESS, Claim, Judged
from mpo.evaluation.estimating.contrasts import Contrast, Stratum, contrast

STEADY_RUNS = 5
"""Runs below which a spread on fewer than `MANY` tasks is not judged: simulated levels are 0.14."""
MANY = 4


def judged(claim: Claim, strata: list[Stratum]) -> Judged:
    """Judges `strata`, of one sample or two each, runs last, without NaN."""
    n = min(len(sample) for stratum in strata for sample in stratum)
    if claim.test == "share":
        return shares.judged(claim, [sample for (sample,) in strata])
    found, note = measured(claim, strata), ""
    support, refute = sides(claim, found)
    p = float(two_sided(support, refute))
    if n > 1 and np.isnan(found.error):
        note = "not judged: runs that are all equal do not tell their spread"
    if claim.test == "spread" and n < STEADY_RUNS and len(strata) < MANY:
        p, note = 1.0, f"not judged: a spread on so few tasks takes {STEADY_RUNS} runs"
    low, high = (float(end) for end in found.interval())
    distance = min(abs(float(found.value) - bound) for bound in claim.bounds)
    return Judged(n, found, low, high, p, bool(support <= refute), distance, note)


def measured(claim: Claim, strata: list[Stratum]) -> Contrast:
    """The claim's effect in `strata`, whose runs are the last axis."""
    if claim.test == "spread":
        strata = [tuple(distances(sample) for sample in stratum) for stratum in strata]
    return contrast(strata)


def distances(sample: np.ndarray) -> np.ndarray:
    """Distances of n runs (last axis) from their median, n - 1 of them (Hines and Hines 2000).

    Of odd n one is 0 whatever the spread, of even n the two in the middle are equal: the former
    is left out, the latter count as one of sqrt(2) times their size.
    """
    ordered = np.sort(sample, axis=-1)
    found = np.abs(ordered - np.median(ordered, axis=-1, keepdims=True))
    middle = found.shape[-1] // 2
    if found.shape[-1] % 2 == 0:
        found[..., middle] *= np.sqrt(2)
        middle -= 1
    return np.delete(found, middle, axis=-1)


def sides(claim: Claim, found: Contrast) -> tuple[np.ndarray, np.ndarray]:
    """One-sided p-values for what is claimed and for its opposite."""
    (above_low, below_low), (above_high, below_high) = map(found.tails, claim.bounds)
    within, outside = np.maximum(above_low, below_high), np.minimum(below_low, above_high)
    if claim.test == "equivalence":
        return within, outside
    if claim.direction == DIFFERENT:
        return outside, within
    return (below_low, above_low) if claim.direction == LESS else (above_low, below_low)


def two_sided(support: np.ndarray, refute: np.ndarray) -> np.ndarray:
    """The p-value that holds on either side."""
    return np.minimum(1.0, 2 * np.minimum(support, refute))


def holm(p: list[float]) -> list[float]:
    """P-values of one family adjusted by Holm's step-down procedure, in the order given."""
    adjusted, greatest = [1.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda place: p[place])):
        greatest = max(greatest, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = greatest
    return adjusted
