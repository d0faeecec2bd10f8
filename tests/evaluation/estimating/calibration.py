"""Studies drawn from known distributions: what intervals cover, what verdicts err and find.

Deterministic: every study is drawn from a generator of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mpo.evaluation.claims.claim import LEVEL, Claim
from mpo.evaluation.claims.sizes import smallest_effect
from mpo.evaluation.claims.verdicts import _sides, holm
from mpo.evaluation.estimating.statistics import estimate, iqm

RUNS = (3, 5, 10)
TASKS = (1, 4)
COVERAGE_STUDIES, COVERAGE_RESAMPLES = 400, 200
FAMILY = 4
"""Claims of a simulated family."""
FAMILIES = 1000
EFFECT = 1.5
"""The effect that is planted, in deviations of a run's score."""
DEVIATION = 0.1
SPLIT = (0.8, 0.2)
"""Score of a run that learnt, and of one in four, which did not."""


def normal(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.normal(0.5, DEVIATION, shape)


def split(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """As scores in reinforcement learning often are: most runs learn the task, some do not."""
    learnt = generator.random(shape) < 0.75
    return np.where(learnt, *SPLIT) + generator.normal(0, DEVIATION / 2, shape)


DISTRIBUTIONS = {
    "normal": (normal, 0.5),
    "one run in four fails": (split, 0.75 * SPLIT[0] + 0.25 * SPLIT[1]),
}
"""How scores are drawn, and the mean of the distribution."""


def mean(scores: np.ndarray) -> np.ndarray:
    return scores.mean(axis=(0, 1))[None]


def middle(scores: np.ndarray) -> np.ndarray:
    return iqm(scores)[None]


def covered(distribution: str, statistic: str, n: int, tasks: int) -> float:
    """The share of nominal 95 % intervals that hold the truth. A split has no simple IQM."""
    draw, truth = DISTRIBUTIONS[distribution]
    function = {"mean": mean, "IQM": middle}[statistic]
    generator, held = np.random.default_rng([n, tasks]), 0
    for study in range(COVERAGE_STUDIES):
        sample = draw(generator, (n, tasks))
        name = f"{distribution}/{statistic}/{n}/{tasks}/{study}"
        found = estimate(sample, function, name, repetitions=COVERAGE_RESAMPLES)
        held += bool(found.low[0] <= truth <= found.high[0])
    return held / COVERAGE_STUDIES


def coverage() -> pd.DataFrame:
    """One row a distribution, statistic and number of tasks; one column a number of runs."""
    rows = []
    for distribution, statistic in (
        ("normal", "mean"),
        ("normal", "IQM"),
        ("one run in four fails", "mean"),
    ):
        for tasks in TASKS:
            row: dict[str, Any] = {"scores": distribution, "estimate": statistic, "tasks": tasks}
            found = {f"n = {n}": covered(distribution, statistic, n, tasks) for n in RUNS}
            rows.append({**row, **found})
    return pd.DataFrame(rows)


def claim(number: int, test: str) -> Claim:
    margin = DEVIATION if test == "equivalence" else 0.0
    return Claim(f"c{number}", "", "", test, direction="greater", margin=margin)


def families(
    test: str, n: int, tasks: int, effects: list[float], count: int
) -> Iterator[list[str]]:
    """The verdicts of `count` families; `effects` are from the claims' bounds, in deviations."""
    generator = np.random.default_rng([n, tasks, len(test)])
    for _ in range(count):
        p, holds = [], []
        for number, effect in enumerate(effects):
            made = claim(number, test)
            samples = [
                generator.normal(0, DEVIATION, (n, tasks))
                for _ in range(1 if test == "one_sample" else 2)
            ]
            samples[0] += made.margin + effect * DEVIATION
            support, refute = _sides(made, samples)
            p.append(min(1.0, 2 * min(support, refute)))
            holds.append(support <= refute)
        yield [
            "undecided" if adjusted > LEVEL else "supported" if held else "refuted"
            for adjusted, held in zip(holm(p), holds, strict=True)
        ]


def erring(test: str, n: int, tasks: int, count: int = FAMILIES) -> float:
    """The share of families with any verdict where all claims are exactly at their bounds."""
    found = families(test, n, tasks, [0.0] * FAMILY, count)
    return float(np.mean([any(verdict != "undecided" for verdict in each) for each in found]))


def errors() -> pd.DataFrame:
    """`erring`: one row a test and number of tasks, one column a number of runs."""
    rows = []
    for test in ("two_sample", "one_sample", "spread", "equivalence"):
        for tasks in TASKS:
            row: dict[str, Any] = {"test": test, "tasks": tasks}
            rows.append({**row, **{f"n = {n}": erring(test, n, tasks) for n in RUNS}})
    return pd.DataFrame(rows)


def found(n: int, tasks: int, count: int = FAMILIES) -> tuple[float, float]:
    """How often a planted effect is supported and refuted, in a family whose others are null."""
    effects = [EFFECT] + [0.0] * (FAMILY - 1)
    verdicts = [each[0] for each in families("two_sample", n, tasks, effects, count)]
    return verdicts.count("supported") / count, verdicts.count("refuted") / count


def powers() -> pd.DataFrame:
    """`found`, beside the effect that the claims' table calls the smallest that n runs show."""
    rows = []
    for tasks in TASKS:
        for n in RUNS:
            supported, refuted = found(n, tasks)
            scale = DEVIATION * np.sqrt(2 / tasks)
            least = smallest_effect("two_sample", scale, n, tasks, LEVEL / FAMILY) / DEVIATION
            row = {"tasks": tasks, "n": n, "supported": supported, "refuted": refuted}
            rows.append({**row, "smallest effect": least})
    return pd.DataFrame(rows)
