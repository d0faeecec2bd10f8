"""Contrasts of means: estimate, standard error and degrees of freedom from independent samples.

A stratum, a task, is one sample of runs (a mean, or the differences of pairs of one seed), or two
independent ones, of which the second counts negatively. With H strata, m and s^2 the mean and the
variance of a sample of n runs, and v = s^2 / (n H^2):

    value   = sum of +-m / H
    error^2 = sum of v
    freedom = (sum of v)^2 / sum of v^2 / (n - 1)

which is Student's t of one sample or of pairs, Welch's (1947) of two, and Satterthwaite's (1946)
approximation of several. Variances are those within strata, so that tasks may differ in what a
variant gains there. Runs are the last axis; what lies before is computed all at once.
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

    def tails(self, bound: float) -> tuple[np.ndarray, np.ndarray]:
        """P-values against "effect <= bound" and against "effect >= bound"; 1 without spread."""
        below = special.stdtr(self.freedom, (self.value - bound) / self.error)
        return np.nan_to_num(1 - below, nan=1.0), np.nan_to_num(below, nan=1.0)

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the 95 % interval by Student's t; NaN without spread."""
        reach = self.error * special.stdtrit(self.freedom, (1 + CONFIDENCE) / 2)
        return self.value - reach, self.value + reach


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
        return Contrast(np.asarray(value), np.sqrt(squared), squared**2 / least)


def stratum(first: pd.Series, second: pd.Series, paired: bool) -> Stratum:
    """Two samples with seeds as index: differences where `paired` and the seeds are the same."""
    if paired and set(first.index) == set(second.index):
        return ((first - second.reindex(first.index)).to_numpy(dtype=float),)
    return first.to_numpy(dtype=float), second.to_numpy(dtype=float)


def _squared_error(sample: np.ndarray) -> np.ndarray:
    """Of a sample's mean; NaN with one run."""
    n = sample.shape[-1]
    return sample.var(-1, ddof=1) / n if n > 1 else np.full(sample.shape[:-1], np.nan)
