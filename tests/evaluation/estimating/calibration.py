"""Studies drawn from known distributions: what intervals cover, what verdicts err and find.

Everything goes through the code that judges (`contrasts`, `verdicts`), thousands of studies at
once, runs on the last axis. Deterministic: every cell has a generator of its own.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from mpo.evaluation.claims import shares
from mpo.evaluation.claims.claim import LEVEL, Claim
from mpo.evaluation.claims.verdicts import measured, sides, two_sided
from mpo.evaluation.estimating.contrasts import Stratum, contrast
from mpo.evaluation.estimating.statistics import Estimate, iqm, middles, widened

RUNS = (3, 5, 10, 20)
TASKS = (1, 4)
STUDIES = 20_000
FAMILY = 4
"""Claims of a simulated family."""
EFFECT = 1.5
"""The effect that is planted, in deviations of a run's score (root mean square of both sides)."""
GATE = 0.06
SIMULATED = 2 * math.sqrt(GATE * (1 - GATE) / STUDIES)
"""Two standard errors of a level of `GATE` in so many studies: above both, a level is marked."""
Generator = np.random.Generator


class Truth(NamedTuple):
    """Scores whose effect is nought: (generator, tasks, studies, n) to sides (.., tasks, .., n)."""

    draw: Callable[[Generator, int, int, int], list[np.ndarray]]
    deviation: float
    test: str = "two_sample"
    paired: bool = True
    margin: float = 0.0


def normals(g: Generator, shape: tuple[int, ...], deviation: float = 0.1) -> np.ndarray:
    return g.normal(0.5, deviation, shape)


def failing(rate: float, deviation: float = 0.05) -> Callable[..., list[np.ndarray]]:
    """Steady runs against runs that fail at `rate`, then ending 0.6 lower; means are equal."""

    def draw(g: Generator, *shape: int) -> list[np.ndarray]:
        failed = g.random(shape) < rate
        other = normals(g, shape, deviation) + 0.6 * (rate - failed)
        return [normals(g, shape, deviation), other]

    return draw


def sharing(correlation: float) -> Callable[..., list[np.ndarray]]:
    """Variants whose runs of one seed are alike."""

    def draw(g: Generator, *shape: int) -> list[np.ndarray]:
        common = np.sqrt(correlation) * g.normal(0, 0.1, shape)
        apart = np.sqrt(1 - correlation)
        return [0.5 + common + apart * g.normal(0, 0.1, shape) for _ in range(2)]

    return draw


def pooled(correlation: float) -> Callable[..., list[np.ndarray]]:
    """Two tasks by eight variants, whose runs of one seed are alike: means over the variants."""

    def draw(g: Generator, *shape: int) -> list[np.ndarray]:
        common = [np.sqrt(correlation) * g.normal(0, 0.1, shape) for _ in range(2)]
        apart = np.sqrt((1 - correlation) / 8)
        return [0.5 + each + apart * g.normal(0, 0.1, shape) for each in common]

    return draw


def uneven(g: Generator, *shape: int) -> list[np.ndarray]:
    """The effect is +-0.4 on single tasks, and nought over them."""
    effects = np.linspace(-0.4, 0.4, shape[0]) if shape[0] > 1 else np.zeros(1)
    return [normals(g, shape) + effects[:, None, None], normals(g, shape)]


def capped(g: Generator, *shape: int) -> np.ndarray:
    """Scores that end at 1, half of them there, less their mean."""
    return np.minimum(1, g.normal(1, 0.1, shape)) - (1 - 0.1 * stats.norm.pdf(0))


def two(draw: Callable[..., np.ndarray]) -> Callable[..., list[np.ndarray]]:
    return lambda g, *shape: [draw(g, shape), draw(g, shape)]


CAPPED_DEVIATION = 0.1 * math.sqrt(0.5 - stats.norm.pdf(0) ** 2)
TRUTHS = {
    "normal": Truth(two(normals), 0.1),
    "unequal spread, 0.01 and 0.2": Truth(
        lambda g, *s: [normals(g, s, 0.01), normals(g, s, 0.2)], math.sqrt(0.02)
    ),
    "one in four fails, on one side": Truth(failing(0.25), math.sqrt(0.0025 + 0.03375)),
    "one in ten collapses": Truth(failing(0.1), math.sqrt(0.0025 + 0.0162)),
    "unequal effects of tasks": Truth(uneven, 0.1),
    "seeds shared, correlation 0.3": Truth(sharing(0.3), 0.1),
    "seeds shared, correlation 0.6": Truth(sharing(0.6), 0.1),
    "eight variants pooled, correlation 0.6": Truth(pooled(0.6), 0.08, paired=False),
    "unpaired": Truth(two(normals), 0.1, paired=False),
    "heavy tails (t with 3 degrees)": Truth(
        two(lambda g, s: 0.1 * g.standard_t(3, s)), 0.1 * math.sqrt(3)
    ),
    "ties at a cap": Truth(lambda g, *s: [capped(g, *s), capped(g, *s)], CAPPED_DEVIATION),
    "one sample, normal": Truth(lambda g, *s: [g.normal(0, 0.1, s)], 0.1, "one_sample"),
    "one sample, capped": Truth(lambda g, *s: [capped(g, *s)], CAPPED_DEVIATION, "one_sample"),
    "equivalence, at the margin": Truth(
        lambda g, *s: [normals(g, s) + 0.1, normals(g, s)], 0.1, "equivalence", margin=0.1
    ),
}
SPREADS = {
    "spread, normal": Truth(two(normals), 0.1, "spread"),
    "spread, exponential": Truth(two(lambda g, s: g.exponential(0.1, s)), 0.1, "spread"),
    "spread, one in four fails": Truth(
        lambda g, *s: [failing(0.25)(g, *s)[1] for _ in range(2)], 0.19, "spread"
    ),
}
EXEMPT = {
    *(("one in ten collapses", tasks, n) for tasks in TASKS for n in RUNS),
    *(("one in four fails, on one side", 1, n) for n in (3, 5)),
    *(("one sample, capped", 1, n) for n in (3, 5)),
}
"""Cells of rare collapse, which no test cures, and of skew with five runs or fewer of one task."""


def strata(truth: Truth, drawn: list[np.ndarray]) -> list[Stratum]:
    if truth.test != "spread" and truth.paired and len(drawn) == 2:
        return [(first - second,) for first, second in zip(*drawn, strict=True)]
    return list(zip(*drawn, strict=True))


def p_values(name: str, n: int, tasks: int, effect: float, studies: int) -> np.ndarray:
    """Two-sided p against the effect's bound, (studies,), and on which side the runs are."""
    truth = {**TRUTHS, **SPREADS}[name]
    generator = np.random.default_rng([n, tasks, zlib.crc32(name.encode())])
    drawn = truth.draw(generator, tasks, studies, n)
    drawn[0] = drawn[0] + effect * truth.deviation
    claim = Claim("", "", "", truth.test, direction="greater", margin=truth.margin)
    return two_sided(*sides(claim, measured(claim, strata(truth, drawn))))


def rates(name: str, n: int, tasks: int, studies: int = STUDIES) -> tuple[float, float, float]:
    """Level of one claim, share of families of four with a verdict, power of one at `EFFECT`."""
    p = p_values(name, n, tasks, 0.0, studies)
    family = p.reshape(-1, FAMILY).min(axis=1) <= LEVEL / FAMILY
    effect = -1.0 if TRUTHS[name].test == "equivalence" else EFFECT  # there a difference of nought
    found = p_values(name, n, tasks, effect, studies) <= LEVEL
    return float(np.mean(p <= LEVEL)), float(np.mean(family)), float(np.mean(found))


def marked(level: float) -> str:
    return f"{level:.3f}{' †' if level > GATE + SIMULATED else ''}"


def levels(studies: int = STUDIES) -> pd.DataFrame:
    """`rates`, one row a truth and number of tasks; marked where a level is above the gate."""
    rows = []
    for name in TRUTHS:
        for tasks in TASKS:
            row: dict[str, object] = {"truth": name, "tasks": tasks}
            for n in RUNS:
                level, family, power = rates(name, n, tasks, studies)
                row[f"n = {n}"] = f"{marked(level)} / {family:.3f} / {power:.2f}"
            rows.append(row)
    return pd.DataFrame(rows)


def spreads(studies: int = STUDIES) -> pd.DataFrame:
    """Levels of the test of spread, with n runs as few as 3."""
    rows = []
    for name in SPREADS:
        for tasks in TASKS:
            row: dict[str, object] = {"truth": name, "tasks": tasks}
            for n in (3, 4, *RUNS[1:]):
                level = float(np.mean(p_values(name, n, tasks, 0.0, studies) <= LEVEL))
                row[f"n = {n}"] = marked(level)
            rows.append(row)
    return pd.DataFrame(rows)


def share_rates(n: int, truth: float, margin: float) -> tuple[float, float]:
    """How often n runs support and refute that more than `margin` succeed; exact, no simulation."""
    claim = Claim("", "", "", "share", direction="greater", margin=margin, threshold=0.5)
    supported = refuted = 0.0
    for above in range(n + 1):
        chance = float(stats.binom.pmf(above, n, truth))
        found = shares.judged(claim, [np.arange(n) < above])
        supported += chance * (found.p <= LEVEL and found.holds)
        refuted += chance * (found.p <= LEVEL and not found.holds)
    return supported, refuted


def share_table() -> pd.DataFrame:
    """Claims that more than 0.9 of runs succeed."""
    rows = []
    for truth in (0.5, 0.75, 0.9, 0.99, 1.0):
        row: dict[str, object] = {"share that succeeds": f"{truth:g}"}
        for n in (*RUNS, 29, 40):
            supported, refuted = share_rates(n, truth, 0.9)
            row[f"n = {n}"] = f"{supported:.3f} / {refuted:.3f}"
        rows.append(row)
    return pd.DataFrame(rows)


# --- what intervals cover ---------------------------------------------------------------------
COVERAGE_STUDIES, RESAMPLES = 1000, 400
BETTER = 0.1
"""By how much runs of one side are better where P(better) is estimated, a deviation."""
ESTIMATES = ("iqm", "median", "probability", "mean")
SCORES = ("normal", "one in four fails")


def drawn_scores(g: Generator, scores: str, shape: tuple[int, ...]) -> np.ndarray:
    if scores == "normal":
        return normals(g, shape)
    return normals(g, shape, 0.05) + 0.6 * (0.25 - (g.random(shape) < 0.25))


@cache
def truth_of(statistic: str, scores: str) -> float:
    """By a million runs where there is no formula; P(better) is of runs shifted by `BETTER`."""
    if statistic in ("mean", "median"):
        return 0.5
    sample = drawn_scores(np.random.default_rng(0), scores, (2, 1_000_000))
    if statistic == "iqm":
        return float(iqm(sample[0][:, None]))
    return float(np.mean(sample[0] + BETTER > sample[1]))


def covered(statistic: str, scores: str, n: int, tasks: int) -> float:
    """The share of nominal 95 % intervals that hold the truth."""
    generator = np.random.default_rng([n, tasks, len(statistic), len(scores)])
    shape = (COVERAGE_STUDIES, n, tasks)
    sample, truth = drawn_scores(generator, scores, shape), truth_of(statistic, scores)
    if statistic == "mean":
        low, high = contrast([(task,) for task in np.moveaxis(sample, 2, 0)]).interval()
    else:
        better = sample
        if statistic == "probability":
            better = drawn_scores(generator, scores, shape) + BETTER
            pairs = zip(better, sample, strict=True)
            drawn = [_improvements(generator, first, second) for first, second in pairs]
        else:
            drawn = [_resampled(generator, study, statistic) for study in sample]
        low, high = np.percentile(np.stack(drawn), [2.5, 97.5], axis=1)
        if statistic == "probability":
            wins = better[:, :, None] > sample[:, None]
            found = Estimate(n, wins.mean(axis=(1, 2, 3)), low, high)
            _, _, low, high = widened(found, tasks)
    return float(np.mean((low <= truth) & (high >= truth)))


def _resampled(g: Generator, study: np.ndarray, statistic: str) -> np.ndarray:
    """`statistic` of resamples of (runs, tasks) within tasks, as rliable makes them."""
    n, tasks = study.shape
    drawn = study[g.integers(n, size=(RESAMPLES, n, tasks)), np.arange(tasks)].transpose(1, 2, 0)
    return middles(drawn)[0 if statistic == "iqm" else 1]


def _improvements(g: Generator, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """P(first > second) of resamples of either within tasks."""
    n, tasks = first.shape
    above = np.zeros(RESAMPLES)
    for task in range(tasks):
        wins = first[:, task, None] > second[None, :, task]
        chosen = [np.eye(n)[g.integers(n, size=(RESAMPLES, n))].sum(axis=1) for _ in range(2)]
        above += ((chosen[0] @ wins) * chosen[1]).sum(axis=1) / n**2
    return above / tasks


def coverage() -> pd.DataFrame:
    """One row an estimate and number of tasks; one column a number of runs."""
    return pd.DataFrame(
        {
            "scores": scores,
            "estimate": statistic,
            "tasks": tasks,
            **{f"n = {n}": f"{covered(statistic, scores, n, tasks):.2f}" for n in RUNS},
        }
        for scores in SCORES
        for statistic in ESTIMATES
        for tasks in TASKS
    )
