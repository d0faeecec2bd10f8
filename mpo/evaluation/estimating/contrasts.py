"""Contrasts of means: estimate, standard error, degrees of freedom and skew of independent samples.

A stratum, a task, is one sample of runs (a mean, or the differences of pairs of one seed), or two
independent ones, of which the second counts negatively. With H strata, m, s^2 and M3 the mean, the
variance and the third central moment of a sample of n runs, and v = s^2 / (n H^2):

    value   = sum of +-m / H
    error^2 = sum of v
    freedom = (sum of v)^2 / sum of v^2 / (n - 1)
    skew    = sum of +-sum of (x - m)^3 / (n (n - 1) (n + 2) H^3) / error^3

of which the first three are Student's t of one sample or of pairs, Welch's (1947) of two, and
Satterthwaite's (1946) approximation of several. Variances are those within strata, so that tasks
may differ in what a variant gains there. The skew is the unbiased estimate of the third cumulant
of `value`, shrunk by (n - 2) / (n + 2), since that of few runs is mostly noise: of normal runs the
squared skewness is about 6 / (n - 2), and against that stands 1.5.

Where runs are skewed t errs on one side. Hall's transformation (1992, "On the removal of skewness
by transformation") takes the skew k out of it,

    g(t) = t + k (2 t^2 + 1) / 6 + k^2 t^3 / 27,

and a bound is excluded where t and g(t) both exclude it. Where k is 0 g is t; and it rises with t,
so that what is not excluded is an interval. Johnson's (1978) lacks the last term and falls again,
so that large effects of skewed runs are lost by it: of effects of 1.5 deviations, of ten runs that
end at a cap, it finds 0.20, Hall's 0.50 and Hall's shrunk 0.70, at levels below 0.06 all of them
(t alone 0.93, at a level of 0.10).

Runs are the last axis; what lies before is computed all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

CONFIDENCE = 0.95
NO_SPREAD = 1e-9
"""A standard error below this share of the largest score is rounding: the runs are all equal."""

Stratum = tuple[np.ndarray, ...]
"""One sample (..., runs), or two, of which the second counts negatively."""


class Contrast(NamedTuple):
    """An effect: arrays of one shape. With one run, or without spread, error and freedom are NaN.

    Runs that are all equal tell nothing of how unlike the next may be.
    """

    value: np.ndarray
    error: np.ndarray
    freedom: np.ndarray
    skew: np.ndarray = np.zeros(())

    def tails(self, bound: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P-values against "effect <= bound" and against "effect >= bound"; 1 without spread."""
        t = np.asarray((self.value - bound) / self.error)
        both = np.stack([t, _without_skew(t, self.skew)])
        tails = special.stdtr(self.freedom, -both.min(0)), special.stdtr(self.freedom, both.max(0))
        return np.nan_to_num(tails[0], nan=1.0), np.nan_to_num(tails[1], nan=1.0)

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the 95 % interval, of the bounds that `tails` do not exclude; NaN without spread.

        It holds Student's interval.
        """
        reach = special.stdtrit(self.freedom, (1 + CONFIDENCE) / 2)
        low, high = (_with_skew(end, self.skew) for end in (-reach, reach))
        ends = np.maximum(reach, high), np.minimum(-reach, low)
        return self.value - self.error * ends[0], self.value - self.error * ends[1]


def contrast(strata: Sequence[Stratum]) -> Contrast:
    """The mean over `strata` of the first sample's mean, less that of the second where it is."""
    signed = [
        (sign, sample) for stratum in strata for sign, sample in zip((1, -1), stratum, strict=False)
    ]
    value = sum(sign * sample.mean(-1) for sign, sample in signed) / len(strata)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [_squared_error(sample) / len(strata) ** 2 for _, sample in signed]
        squared = np.asarray(sum(parts))
        least = sum(
            np.square(part) / (sample.shape[-1] - 1)
            for part, (_, sample) in zip(parts, signed, strict=True)
        )
        largest = np.max([np.abs(sample).max(-1) for _, sample in signed], axis=0)
        squared = np.where(squared > (NO_SPREAD * largest) ** 2, squared, np.nan)
        third = sum(sign * _third_cumulant(sample) for sign, sample in signed) / len(strata) ** 3
        error = np.sqrt(squared)
        return Contrast(np.asarray(value), error, squared**2 / least, np.asarray(third / error**3))


def stratum(first: pd.Series, second: pd.Series, paired: bool) -> Stratum:
    """Two samples with seeds as index: differences where `paired` and the seeds are the same."""
    if paired and set(first.index) == set(second.index):
        return ((first - second.reindex(first.index)).to_numpy(dtype=float),)
    return first.to_numpy(dtype=float), second.to_numpy(dtype=float)


def _squared_error(sample: np.ndarray) -> np.ndarray:
    """Of a sample's mean; NaN with one run."""
    n = sample.shape[-1]
    return sample.var(-1, ddof=1) / n if n > 1 else np.full(sample.shape[:-1], np.nan)


def _third_cumulant(sample: np.ndarray) -> np.ndarray:
    """Of a sample's mean, shrunk; 0 with two runs."""
    n = sample.shape[-1]
    cubes = (sample - sample.mean(-1, keepdims=True)) ** 3
    return cubes.sum(-1) / (n * max(1, n - 1) * (n + 2))


def _without_skew(t: np.ndarray, skew: np.ndarray) -> np.ndarray:
    """Hall's transformation g of t."""
    return t + skew * (2 * t**2 + 1) / 6 + skew**2 * t**3 / 27


def _with_skew(g: np.ndarray, skew: np.ndarray) -> np.ndarray:
    """The t of which Hall's transformation is `g`: 3 / k ((1 + k (g - k / 6))^(1/3) - 1)."""
    shift = g - skew / 6
    root = np.cbrt(1 + skew * shift)
    return 3 * shift / (root**2 + root + 1)
