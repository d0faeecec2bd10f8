"""One number a run and one a point of its curve: `scores.csv`, `curves.csv`, `diagnostics.csv`.

`score` is (return - low) / (high - low) with the mean return of the last `LAST` evaluation points,
or of all where there are fewer; `final` that of the last one, and `worst` of the least of those.
`area` is the mean score by step, by the trapezoid rule; `steps_to_threshold` the control steps at
the first evaluation whose score reaches the task's threshold; `censored` says that none did, and
then the steps are the budget.

A run that diverged never wins by it. Its score, `final` and `worst` are the least of its last
evaluation, the uniform policy's score and the worst finished run's of the task; so are the
evaluations that it did not reach; its area is at most the worst finished run's, and it is censored.
"""

from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd

from mpo.evaluation.reading.load import KEYS, Study
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.evaluation.reading.scales import LAST
from mpo.rundir import DIVERGED


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
    tasks = _tasks(means, study)
    score = (means["return_mean"] - tasks["low"]) / tasks["width"]
    value_bias, missed = means.pop("bias"), score.isna()
    if missed.any():
        known = means.assign(score=score)
        last = known.groupby(KEYS)["score"].transform("last")  # that it reached
        ends = known[~_lost(means, study)].groupby(KEYS, sort=False).tail(LAST)
        finished = ends.groupby(RUN_KEYS)["score"].mean()
        score = score.where(~missed, _least(last, tasks["uniform"], means["task"], finished))
        returns = tasks["low"] + tasks["width"] * score
        means["return_mean"] = means["return_mean"].where(~missed, returns)
    return means.assign(score=score, value_bias=value_bias)


def scores(study: Study) -> pd.DataFrame:
    """One row a run: return and score, area under the curve, steps to the threshold.

    Columns: study, task, variant, seed, status, return_mean (of the last `LAST` points), score,
    final, worst, area, steps_to_threshold, censored.
    """
    rows = []
    for keys, curve in curves(study).groupby(KEYS, sort=False):
        task = study.manifest.tasks[curve["task"].iloc[0]]
        step, score = curve["step"].to_numpy(), curve["score"].to_numpy()
        reached = step[score >= task.threshold]
        rows.append(
            {
                **dict(zip(KEYS, keys, strict=True)),
                "return_mean": curve["return_mean"].iloc[-LAST:].mean(),
                "score": score[-LAST:].mean(),
                "final": score[-1],
                "worst": score[-LAST:].min(),
                "area": area(step, score),
                "steps_to_threshold": int(reached[0]) if len(reached) else task.steps,
                "censored": not len(reached),
            }
        )
    found = pd.DataFrame(rows).merge(study.runs[[*KEYS, "status"]], on=KEYS, how="left")
    found = _at_worst(found, study)
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


def _at_worst(found: pd.DataFrame, study: Study) -> pd.DataFrame:
    """`found` with runs that diverged at their worst, whatever they had reached before."""
    lost, tasks = _lost(found, study), _tasks(found, study)
    if not lost.any():
        return found
    finished = found[~lost].set_index("task")
    least = _least(found["final"], tasks["uniform"], found["task"], finished["score"])
    area_least = found["task"].map(finished["area"].groupby("task").min())
    worst = {
        "return_mean": tasks["low"] + tasks["width"] * least,
        **dict.fromkeys(("score", "final", "worst"), least),
        "area": np.fmin(found["area"], area_least),
        "steps_to_threshold": tasks["steps"].astype("int64"),
        "censored": True,
    }
    return found.assign(**{name: found[name].where(~lost, value) for name, value in worst.items()})


def _least(last: pd.Series, uniform: pd.Series, tasks: pd.Series, finished: pd.Series) -> pd.Series:
    """Row by row the least of three scores; those of `finished` runs are indexed by task."""
    worst = tasks.map(finished.groupby("task").min()).astype(float)
    return pd.concat([last, uniform, worst], axis=1).min(axis=1)


def _lost(rows: pd.DataFrame, study: Study) -> np.ndarray:
    """Whether the run of each of `rows` diverged."""
    runs = study.runs.set_index(KEYS)["status"]
    return runs.reindex(pd.MultiIndex.from_frame(rows[KEYS])).eq(DIVERGED).to_numpy()


def _tasks(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Of each row's task: low and width of its range, steps, the uniform policy's score."""
    of_task = {
        name: {
            "low": task.low,
            "width": task.high - task.low,
            "steps": task.steps,
            "uniform": (nan if (r := task.random_return) is None else r - task.low)
            / (task.high - task.low),
        }
        for name, task in study.manifest.tasks.items()
    }
    return pd.DataFrame.from_dict(of_task, orient="index").loc[rows["task"]].set_index(rows.index)


def _ordered(frame: pd.DataFrame, study: Study, last: list[str]) -> pd.DataFrame:
    """Rows as the manifest orders tasks and variants, then by seed and `last`."""
    tasks = {name: place for place, name in enumerate(study.manifest.tasks)}
    variants = {name: place for place, name in enumerate(study.manifest.variants)}
    places = frame.assign(_task=frame["task"].map(tasks), _variant=frame["variant"].map(variants))
    ordered = places.sort_values(["_task", "_variant", "seed", *last], kind="stable")
    return frame.loc[ordered.index].reset_index(drop=True)
