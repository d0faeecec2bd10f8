"""Estimates with 95 % intervals from few runs.

Means have intervals by Student's t (`contrasts`). The interquartile mean, the median of tasks,
P(better) and profiles are rliable's (Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge
of the Statistical Precipice"), with intervals by its percentile bootstrap, which resamples runs
within each task, made repeatable and strict. Scores are arrays (runs, tasks) or (runs, tasks,
points), tasks on an axis of their own because they are the strata.

rliable 1.2.0 draws from NumPy's global generator, whatever its `random_state`; so each call here
seeds that generator from the names of what is estimated, and puts it back. A result therefore
depends on the scores and on its own name, and not on which others were computed before it. NaN,
which rliable would hand on, is refused, and one run gives no interval (NaN) where rliable gives
one of zero width. And since its bootstrap resamples each frame of an array on its own, an array
that holds its scores a hundred times gives a hundred resamples at the price of one.

With few runs intervals of the bootstrap are too narrow; `coverage` says by how much.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from rliable import library
from scipy import stats

from mpo.evaluation.estimating.contrasts import CONFIDENCE, contrast

REPETITIONS = 2000
COPIES = 100
"""Resamples drawn at once, as the last axis of what a `Statistic` is given."""

Statistic = Callable[..., np.ndarray]
"""Maps scores (runs, tasks, ..., copies), or two such samples, to (estimates, copies)."""


class Estimate(NamedTuple):
    """Estimates, and the ends of their intervals: arrays of one shape; n runs of each task."""

    n: int
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def estimate(
    samples: np.ndarray | Sequence[np.ndarray],
    statistic: Statistic,
    *names: str,
    repetitions: int = REPETITIONS,
) -> Estimate:
    """`statistic` of `samples` with bootstrap intervals; `names` seed the resampling.

    `samples`: scores (runs, tasks, ...), or several such arrays, which are resampled apart and
    given to `statistic` as its arguments, with one more axis, the last. Raises ValueError for
    NaN or missing runs.
    """
    arrays = [samples] if isinstance(samples, np.ndarray) else list(samples)
    for array in arrays:
        if array.ndim < 2 or not array.size:
            raise ValueError(f"{'/'.join(names)}: scores are (runs, tasks), not {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{'/'.join(names)}: scores must be finite")
    n = min(len(array) for array in arrays)
    value = statistic(*(array[..., None] for array in arrays))[:, 0]
    if n == 1:
        return Estimate(n, value, np.full_like(value, np.nan), np.full_like(value, np.nan))
    drawn = resampled(arrays, statistic, *names, repetitions=repetitions)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
    return Estimate(n, value, low, high)


def resampled(
    arrays: Sequence[np.ndarray], statistic: Statistic, *names: str, repetitions: int = REPETITIONS
) -> np.ndarray:
    """`statistic` of resamples of `arrays` by rliable's bootstrap: (repetitions, estimates).

    Runs are resampled within each task, and within each further axis; `names` seed the drawing.
    """
    copies = min(COPIES, repetitions)
    tiled = [np.repeat(array[..., None], copies, axis=-1) for array in arrays]
    bootstrap = (
        library.StratifiedBootstrap if len(tiled) == 1 else library.StratifiedIndependentBootstrap
    )(*tiled)
    with _numpy_seeded(*names):
        rows = bootstrap.apply(
            lambda *samples: statistic(*samples).ravel(), reps=math.ceil(repetitions / copies)
        )
    drawn = rows.reshape(len(rows), -1, copies).swapaxes(1, 2)
    return drawn.reshape(-1, drawn.shape[-1])[:repetitions]


def means(scores: np.ndarray) -> Estimate:
    """Means over runs and tasks with t intervals: (runs, tasks, estimates) to (estimates,)."""
    found = contrast([(task.T,) for task in np.moveaxis(scores, 1, 0)])
    return Estimate(len(scores), found.value, *found.interval())


def middles(scores: np.ndarray) -> np.ndarray:
    """Interquartile mean, and median of the tasks' means: (runs, tasks, ...) to (2, ...).

    The same numbers as rliable's, of every matrix (runs, tasks) at once.
    """
    return np.stack([iqm(scores), np.median(scores.mean(axis=0), axis=0)])


def iqm(scores: np.ndarray) -> np.ndarray:
    """Interquartile mean over runs and tasks; (runs, tasks, ...) to (...).

    The same number as `rliable.metrics.aggregate_iqm` of each matrix (runs, tasks), all at once.
    """
    ordered = np.sort(scores.reshape(-1, *scores.shape[2:]), axis=0)
    return ordered[_inner(len(ordered))].mean(axis=0)


def runs_in_iqm(scores: np.ndarray) -> np.ndarray:
    """How many runs of each task are in the interquartile mean; (runs, tasks) to (tasks,)."""
    runs, tasks = scores.shape
    inner = np.argsort(scores, axis=None, kind="stable")[_inner(runs * tasks)]
    return np.bincount(inner % tasks, minlength=tasks)


def _inner(size: int) -> slice:
    cut = int(0.25 * size)
    return slice(cut, size - cut)


def improvement(candidate: np.ndarray, base: np.ndarray) -> np.ndarray:
    """P(candidate > base) of a run of each, a tie counting half, averaged over tasks.

    The same number as `rliable.metrics.probability_of_improvement`, by counting pairs: (runs,
    tasks, ...) and (runs', tasks, ...) to (1, ...).
    """
    difference = candidate[:, None] - base[None]
    return ((difference > 0) + 0.5 * (difference == 0)).mean(axis=(0, 1, 2))[None]


def widened(found: Estimate, tasks: int) -> Estimate:
    """A probability whose interval is of no width, as where every run is above: an exact one.

    Clopper and Pearson's, of as many trials as there are runs of one side.
    """
    trials = found.n * tasks
    successes = np.clip(found.value, 0, 1) * trials
    tail = (1 - CONFIDENCE) / 2
    low = np.nan_to_num(stats.beta.ppf(tail, successes, trials - successes + 1), nan=0.0)
    high = np.nan_to_num(stats.beta.isf(tail, successes + 1, trials - successes), nan=1.0)
    flat = found.low == found.high
    ends = (np.where(flat, new, old) for new, old in ((low, found.low), (high, found.high)))
    return Estimate(found.n, found.value, *ends)


@contextmanager
def _numpy_seeded(*names: str) -> Iterator[None]:
    """NumPy's global generator seeded from `names`, and afterwards as it was before."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    before = np.random.get_state()
    np.random.seed(int.from_bytes(digest[:4], "big"))
    try:
        yield
    finally:
        np.random.set_state(before)
