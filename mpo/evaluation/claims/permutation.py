"""Stratified permutation tests: how often chance alone gives an effect as large as the observed.

A sample is an array (runs, strata). Under the hypothesis that the effect is `bound`, runs of the
two samples of one stratum are exchangeable once the bound is taken off the first; nothing is
exchanged between strata. All permutations are counted where they are at most `ENUMERATED`,
otherwise `DRAWN` of them, and then the observed one counts too (Phipson and Smyth 2010).
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from mpo.evaluation.estimating.statistics import smallest_p

ENUMERATED = 20_000
DRAWN = 19_999


class OneSided(NamedTuple):
    """P-values against "effect <= bound" (`above`) and against "effect >= bound" (`below`)."""

    above: float
    below: float


def two_sample(first: np.ndarray, second: np.ndarray, bound: float, name: str) -> OneSided:
    """Of the difference of means, averaged over strata. (runs, strata), (runs', strata)."""
    pooled = np.concatenate([first - bound, second])
    return _compared([_subset_means(column, len(first), name) for column in pooled.T], name)


def spread(first: np.ndarray, second: np.ndarray, bound: float, name: str) -> OneSided:
    """Of the difference of mean distances from the sample's own median (Brown and Forsythe)."""
    return two_sample(distances(first), distances(second), bound, name)


def one_sample(sample: np.ndarray, bound: float, name: str) -> OneSided:
    """Of the mean, by flipping the signs of distances from `bound`, taken to be symmetric."""
    signed = (sample - bound).ravel()
    if 2 ** len(signed) <= ENUMERATED:
        flips = _flips(len(signed))
    else:
        flips = _generator(name).choice([1, -1], (DRAWN + 1, len(signed)))
        flips[0] = 1
    return _shares(flips @ signed)


def distances(sample: np.ndarray) -> np.ndarray:
    """Each run's distance from the median of its stratum."""
    return np.abs(sample - np.median(sample, axis=0))


def smallest(test: str, n: int, strata: int) -> float:
    """Smallest two-sided p that n runs (of each sample) in each of `strata` can give."""
    exact = 2 / 2 ** (n * strata) if test == "one_sample" else smallest_p(n, strata)
    return min(1.0, max(exact, 2 / (DRAWN + 1)))


def _subset_means(pooled: np.ndarray, n: int, name: str) -> np.ndarray:
    """Difference of means for every choice of n of `pooled` as the first sample.

    The observed choice, the first n, comes first. Drawn choices where there are too many.
    """
    if math.comb(len(pooled), n) <= ENUMERATED:
        chosen = _choices(len(pooled), n)
    else:
        keys = _generator(name, "subset").random((DRAWN + 1, len(pooled)))
        keys[0] = np.arange(len(pooled))
        chosen = np.argsort(keys, axis=1)[:, :n]
    mean = pooled[chosen].mean(axis=1)
    others = (pooled.sum() - n * mean) / (len(pooled) - n)
    return mean - others


@cache
def _choices(size: int, n: int) -> np.ndarray:
    """Every choice of n of `size` places, the first n first."""
    return np.array(list(itertools.combinations(range(size), n)))


@cache
def _flips(size: int) -> np.ndarray:
    """Every choice of `size` signs, all of them positive first."""
    return np.array(list(itertools.product([1, -1], repeat=size)))


def _compared(strata: Sequence[np.ndarray], name: str) -> OneSided:
    """P-values of the sum over strata, whose first entries were observed."""
    if math.prod(len(differences) for differences in strata) <= ENUMERATED:
        total = np.zeros(1)
        for differences in strata:
            total = (total[:, None] + differences[None]).ravel()
        return _shares(total)
    generator = _generator(name)
    total = np.zeros(DRAWN + 1)
    for differences in strata:
        places = generator.integers(len(differences), size=DRAWN + 1)
        places[0] = 0
        total += differences[places]
    return _shares(total)


def _shares(statistics: np.ndarray) -> OneSided:
    """Shares of `statistics` at least and at most the first, which was observed; ties count."""
    tolerance = 1e-9 * max(1e-12, float(np.abs(statistics).max()))
    observed = statistics[0]
    return OneSided(
        float(np.mean(statistics >= observed - tolerance)),
        float(np.mean(statistics <= observed + tolerance)),
    )


def _generator(*names: str) -> np.random.Generator:
    """Seeded by names, so that a verdict does not depend on which others were judged before."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
