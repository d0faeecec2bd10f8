"""`estimates/*.csv`: what the runs of a study say together, each number with its interval and n.

Every frame has the columns metric, task, variant, n, value, low, high; `n` counts the runs of
each task, and the task `all` means an aggregate over the study's tasks. Where no interval can be
had (one run, or a metric that is a plain spread) low and high are empty.

A study under way has more runs of some variants and tasks than of others. Then every run counts
in what is said of its task, with the n of its variant; over all tasks only those count on which
every variant has a run (`shared_tasks`), so that variants are compared on the same ones, and of a
variant as many runs of each as of the one where it has fewest, the first by seed: rliable needs
equal numbers, and a seed says nothing about how a run went. A variant without runs has no rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mpo.evaluation.estimating.statistics import (
    Estimate,
    estimate,
    improvement,
    iqm,
    means,
    middles,
    widened,
)
from mpo.evaluation.reading.manifest import ALL, RUN_KEYS, Manifest, Task

PROFILE_POINTS = 51
COLUMNS = ["metric", "task", "variant", "n", "value", "low", "high"]


def aggregate(manifest: Manifest, scores: pd.DataFrame) -> pd.DataFrame:
    """IQM, median, mean and optimality gap over all tasks, of score and of area."""
    tasks, rows = shared_tasks(manifest, scores), []
    for variant in manifest.variants if tasks else ():
        for quantity in ("score", "area"):
            sample = matrix(manifest, scores, quantity, variant, *tasks)
            found = estimate(sample, middles, "aggregate", variant)
            rows += _rows([f"{quantity}_iqm", f"{quantity}_median"], ALL, variant, found)
            found = means(np.stack([sample, 1 - np.minimum(sample, 1)], axis=-1))
            found = _within(found, [-np.inf, 0], np.inf)
            rows += _rows([f"{quantity}_mean", f"{quantity}_optimality_gap"], ALL, variant, found)
    return pd.DataFrame(rows, columns=COLUMNS)


def by_task(manifest: Manifest, scores: pd.DataFrame) -> pd.DataFrame:
    """Of each task: return, score and area, steps to the threshold, spread across runs.

    `steps_to_threshold` is the mean over runs, those that never reach it counting with the
    budget; `reached` is the share that does; `final_mean` and `worst_mean` are of the last
    evaluation's score and of the worst in a run's score.
    """
    middle = ["return_mean", "score", "area"]
    mean = {
        "return_mean": "return_mean",
        "score": "score_mean",
        "final": "final_mean",
        "worst": "worst_mean",
        "steps_to_threshold": "steps_to_threshold",
    }
    had, rows = _had(scores), []
    for task in manifest.tasks:
        for variant in manifest.variants:
            if (task, variant) not in had:
                continue
            columns = [matrix(manifest, scores, name, variant, task) for name in (*middle, *mean)]
            sample = np.stack(columns, axis=-1)
            found = estimate(sample[..., : len(middle)], iqm, "by_task", task, variant)
            rows += _rows(["return_iqm", "score_iqm", "area_iqm"], task, variant, found)
            found = means(sample[..., len(middle) :])
            found = _within(found, *_bounds([*mean.values()], manifest, task))
            rows += _rows([*mean.values()], task, variant, found)
            spread_names, spread = _spread(sample[:, 0, 0])
            rows += _rows(spread_names, task, variant, spread)
            reached = 1 - matrix(manifest, scores, "censored", variant, task).mean(axis=0)
            none = np.full(1, np.nan)
            rows += _rows(["reached"], task, variant, Estimate(found.n, reached, none, none))
    return pd.DataFrame(rows)


def curve_estimates(manifest: Manifest, curves: pd.DataFrame) -> pd.DataFrame:
    """Sample efficiency: IQM of return and score after each share of the budget.

    Two more columns: `fraction` of the budget, and `step`, which an aggregate over tasks with
    budgets of their own does not have. Every point's interval is its own.
    """
    fractions = np.arange(1, manifest.points + 1) / manifest.points
    numbered = curves.assign(point=curves.groupby(RUN_KEYS)["step"].rank().astype(int))
    had, shared, rows = _had(curves), shared_tasks(manifest, curves), []
    for variant in manifest.variants:
        for task in [*manifest.tasks, ALL]:
            tasks = shared if task == ALL else [task]
            if not tasks or (tasks[0], variant) not in had:
                continue
            sample = _points(manifest, numbered, variant, tasks)
            found = {"score_iqm": estimate(sample, iqm, "curves", task, variant)}
            if task != ALL:
                found["return_iqm"] = _returns(found["score_iqm"], manifest.tasks[task])
            for metric, each in found.items():
                points = _rows([metric] * manifest.points, task, variant, each)
                rows += [
                    {**row, "step": step, "fraction": fraction}
                    for row, step, fraction in zip(
                        points, _steps(manifest, task), fractions, strict=True
                    )
                ]
    columns = [*COLUMNS, "step", "fraction"]
    return pd.DataFrame(rows, columns=columns).astype({"step": "Int64"})


def improvements(manifest: Manifest, scores: pd.DataFrame) -> pd.DataFrame:
    """P(a run of the variant ends above a run of its base), by task and over all of them.

    One more column, `base`. A variant without a base in the study has no rows.
    """
    had, shared, rows = _had(scores), shared_tasks(manifest, scores), []
    for variant in manifest.variants:
        base = manifest.base_of(variant)
        if base is None:
            continue
        for task in [ALL, *manifest.tasks]:
            tasks = shared if task == ALL else [task]
            if not tasks or not {(tasks[0], variant), (tasks[0], base)} <= had:
                continue
            samples = [matrix(manifest, scores, "score", name, *tasks) for name in (variant, base)]
            found = estimate(samples, improvement, "improvement", task, variant, base)
            found = widened(found, len(tasks))
            rows += [
                {**row, "base": base}
                for row in _rows(["probability_of_improvement"], task, variant, found)
            ]
    return pd.DataFrame(rows, columns=[*COLUMNS, "base"])


def profiles(manifest: Manifest, scores: pd.DataFrame) -> pd.DataFrame:
    """Performance profiles: the share of runs, over all tasks, whose score is above tau.

    One more column, `tau`, from 0 to 1, or to the largest score where that is above.
    """
    levels = np.linspace(0, max(1, scores["score"].max()), PROFILE_POINTS)

    def shares(sample: np.ndarray) -> np.ndarray:
        return np.stack([(sample > level).mean(axis=(0, 1)) for level in levels])

    tasks, rows = shared_tasks(manifest, scores), []
    for variant in manifest.variants if tasks else ():
        sample = matrix(manifest, scores, "score", variant, *tasks)
        found = estimate(sample, shares, "profiles", variant)
        points = _rows(["share_above"] * len(levels), ALL, variant, found)
        rows += [{**row, "tau": tau} for row, tau in zip(points, levels, strict=True)]
    return pd.DataFrame(rows, columns=[*COLUMNS, "tau"])


def shared_tasks(manifest: Manifest, rows: pd.DataFrame) -> list[str]:
    """The tasks on which every variant has a run in `rows`: all of them, in a finished study."""
    had = _had(rows)
    return [task for task in manifest.tasks if {(task, name) for name in manifest.variants} <= had]


def _had(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Tasks and variants that there are runs of."""
    return set(zip(rows["task"], rows["variant"], strict=True))


def matrix(
    manifest: Manifest, scores: pd.DataFrame, column: str, variant: str, *tasks: str
) -> np.ndarray:
    """`column` of the runs of `variant` as (runs, tasks), by seed and as the study orders tasks.

    As many runs of each task as there are of the one with fewest. Raises ValueError for a run that
    stands twice.
    """
    rows = scores[scores["variant"] == variant].sort_values("seed", kind="stable")
    if rows.duplicated(["task", "seed"]).any():
        raise ValueError(f"{variant}: a run stands twice")
    each = [rows.loc[rows["task"] == task, column] for task in tasks or manifest.tasks]
    runs = min(map(len, each))
    return np.stack([values.to_numpy(dtype=float)[:runs] for values in each], axis=-1)


def by_seed(scores: pd.DataFrame, variant: str, tasks: Sequence[str]) -> dict[int, np.ndarray]:
    """Scores (tasks,) of each seed of which `variant` has a run on all `tasks`, in their order."""
    rows = scores[(scores["variant"] == variant) & scores["task"].isin(tasks)]
    wide = rows.pivot(index="seed", columns="task", values="score")[[*tasks]].dropna()
    return dict(zip(map(int, wide.index), wide.to_numpy(dtype=float), strict=True))


def _returns(scores: Estimate, task: Task) -> Estimate:
    """Estimates of a task's score as returns: the IQM goes along with scale and shift."""
    ends = (task.low + (task.high - task.low) * array for array in scores[1:])
    return Estimate(scores.n, *ends)


def _points(
    manifest: Manifest, numbered: pd.DataFrame, variant: str, tasks: list[str]
) -> np.ndarray:
    """Scores (runs, tasks, points)."""
    each = [
        matrix(manifest, numbered[numbered["point"] == point], "score", variant, *tasks)
        for point in range(1, manifest.points + 1)
    ]
    return np.stack(each, axis=-1)


def _steps(manifest: Manifest, task: str) -> list[int] | list[None]:
    if task == ALL:
        return [None] * manifest.points
    return manifest.tasks[task].evaluation_steps(manifest.points)


def _bounds(names: list[str], manifest: Manifest, task: str) -> tuple[list[float], list[float]]:
    """The least and the greatest that each of these means can be; only steps have any."""
    budget = manifest.tasks[task].steps
    each = [(0, budget) if name == "steps_to_threshold" else (-np.inf, np.inf) for name in names]
    return [low for low, _ in each], [high for _, high in each]


def _within(found: Estimate, least: ArrayLike, greatest: ArrayLike) -> Estimate:
    """The estimates with intervals that end where what is estimated does."""
    ends = (np.clip(end, least, greatest) for end in (found.low, found.high))
    return Estimate(found.n, found.value, *ends)


def _spread(returns: np.ndarray) -> tuple[list[str], Estimate]:
    """Deviation (n - 1), least and greatest of the runs' returns; these have no interval."""
    deviation = returns.std(ddof=1) if len(returns) > 1 else np.nan
    values = np.array([deviation, returns.min(), returns.max()])
    none = np.full(3, np.nan)
    names = ["return_deviation", "return_least", "return_greatest"]
    return names, Estimate(len(returns), values, none, none)


def _rows(names: list[str], task: str, variant: str, found: Estimate) -> Iterator[dict]:
    for place, name in enumerate(names):
        yield {
            "metric": name,
            "task": task,
            "variant": variant,
            "n": found.n,
            "value": found.value[place],
            "low": found.low[place],
            "high": found.high[place],
        }
