"""One number a run and one a point of its curve: `scores.csv`, `curves.csv`, `diagnostics.csv`.

`score` is (mean return - low) / (high - low) of the last evaluation; `area` the mean score by
step, by the trapezoid rule; `steps_to_threshold` the control steps at the first evaluation whose
score reaches the task's threshold; `censored` says that none did, and then the steps are the
budget.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mpo.evaluation.reading.load import KEYS, Study


def curves(study: Study) -> pd.DataFrame:
    """The mean return and score of every evaluation of every run.

    Columns: study, task, variant, seed, step, return_mean, score, value_bias: the critic's
    estimate at the first observation minus the discounted return, meant over episodes.
    """
    episodes = study.evaluations
    episodes = episodes.assign(bias=episodes["value_estimate"] - episodes["discounted_return"])
    means = episodes.groupby([*KEYS, "step"], sort=False)[["return", "bias"]].mean().reset_index()
    means = means.rename(columns={"return": "return_mean"})
    means = _ordered(means, study, ["step"])
    tasks = means["task"].map(study.manifest.tasks)
    low = np.array([task.low for task in tasks])
    high = np.array([task.high for task in tasks])
    value_bias = means.pop("bias")
    return means.assign(score=(means["return_mean"] - low) / (high - low), value_bias=value_bias)


def scores(study: Study) -> pd.DataFrame:
    """One row a run: final return and score, area under the curve, steps to the threshold.

    Columns: study, task, variant, seed, status, return_mean, score, area, steps_to_threshold,
    censored.
    """
    rows = []
    for keys, curve in curves(study).groupby(KEYS, sort=False):
        task = study.manifest.tasks[curve["task"].iloc[0]]
        step, score = curve["step"].to_numpy(), curve["score"].to_numpy()
        reached = step[score >= task.threshold]
        rows.append(
            {
                **dict(zip(KEYS, keys, strict=True)),
                "return_mean": curve["return_mean"].iloc[-1],
                "score": score[-1],
                "area": area(step, score),
                "steps_to_threshold": int(reached[0]) if len(reached) else task.steps,
                "censored": not len(reached),
            }
        )
    found = pd.DataFrame(rows).merge(study.runs[[*KEYS, "status"]], on=KEYS, how="left")
    return found[[*KEYS, "status", *found.columns[len(KEYS) : -1]]]


def diagnostics(study: Study) -> pd.DataFrame:
    """What the runs logged while training: the keys, then the columns of `training.csv`."""
    return _ordered(study.training, study, ["updates"])


def area(step: np.ndarray, score: np.ndarray) -> float:
    """The mean score by step over [first, last evaluation], by the trapezoid rule.

    With a single evaluation there is no span, and its score is returned.
    """
    if len(step) == 1:
        return float(score[0])
    return float(np.trapezoid(score, step) / (step[-1] - step[0]))


def _ordered(frame: pd.DataFrame, study: Study, last: list[str]) -> pd.DataFrame:
    """Rows as the manifest orders tasks and variants, then by seed and `last`."""
    tasks = {name: place for place, name in enumerate(study.manifest.tasks)}
    variants = {name: place for place, name in enumerate(study.manifest.variants)}
    places = frame.assign(_task=frame["task"].map(tasks), _variant=frame["variant"].map(variants))
    ordered = places.sort_values(["_task", "_variant", "seed", *last], kind="stable")
    return frame.loc[ordered.index].reset_index(drop=True)
