"""Shares of runs, as "solved by every run": exact binomial tests (Clopper and Pearson 1934).

That all of n runs did it shows a share above s at the level a where s^n <= a: a share above 0.9
takes 29 runs at 0.05. A failure that hits a run with the rate 1 - 0.5^(1/n) stays unseen in n runs
as often as not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from mpo.evaluation.claims.claim import LESS, Claim, Judged
from mpo.evaluation.estimating.contrasts import CONFIDENCE, Contrast


def judged(claim: Claim, samples: Sequence[np.ndarray]) -> Judged:
    """Share of the runs of all `samples` with its exact interval and one-sided p."""
    values = np.concatenate(samples)
    n, above = len(values), int((values > claim.threshold).sum())
    greater, less = (
        float(stats.binomtest(above, n, claim.margin, alternative).pvalue)
        for alternative in ("greater", "less")
    )
    support, refute = (less, greater) if claim.direction == LESS else (greater, less)
    ends = stats.binomtest(above, n).proportion_ci(CONFIDENCE, method="exact")
    none = np.asarray(math.nan)
    return Judged(
        min(map(len, samples)),
        Contrast(np.asarray(above / n), none, none),
        *(float(ends.low), float(ends.high)),
        min(support, refute),
        support <= refute,
        abs(above / n - claim.margin),
        f"{above} of {n} runs",
        len(samples),
    )


def smallest(claim: Claim, n: int) -> float:
    """The least p that n runs can give, on either side: all of them above or none."""
    return min(claim.margin**n, (1 - claim.margin) ** n)


def runs_for_support(claim: Claim, level: float) -> int:
    """Runs that support the claim at `level` if every one of them is on its side."""
    rate = 1 - claim.margin if claim.direction == LESS else claim.margin
    return math.ceil(math.log(level) / math.log(rate) - 1e-9)


def runs_needed(claim: Claim, share: float, level: float, power: float, most: int) -> int | None:
    """The least n of which the test decides with probability `power`, were `share` the truth."""
    n = np.arange(1, most + 1)
    if share > claim.margin:
        least = stats.binom.isf(level, n, claim.margin) + 1  # P(X >= least) <= level
        enough = stats.binom.sf(least - 1, n, share) >= power
    else:
        most_few = stats.binom.ppf(level, n, claim.margin)
        most_few -= stats.binom.cdf(most_few, n, claim.margin) > level
        enough = stats.binom.cdf(most_few, n, share) >= power
    return int(n[enough][0]) if enough.any() else None


def missed_half(n: int) -> float:
    """The rate of a failure that n runs would have missed with the probability one half."""
    return 1 - 0.5 ** (1 / n)
