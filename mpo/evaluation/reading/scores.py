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

import numpy as np
import pandas as pd

from mpo.evaluation.reading.load import KEYS, Study

LAST = 5
"""Evaluation points that make a score."""


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
    low, width = _range(means["task"], study)
    score = (means["return_mean"] - low) / width
    value_bias, missed = means.pop("bias"), score.isna()
    if missed.any():
        known = means.assign(score=score)
        ended = known[~_lost(means, study)].groupby(KEYS, sort=False).tail(LAST)
        floor = _floor(ended.groupby(["task", "seed", "variant"])["score"].mean(), study)
        last = known.groupby(KEYS)["score"].transform("last")  # that it reached
        score = score.where(~missed, last.combine(means["task"].map(floor), np.fmin))
        means["return_mean"] = means["return_mean"].where(~missed, low + width * score)
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
    lost = _lost(found, study)
    if not lost.any():
        return found
    finished, (low, width) = found[~lost], _range(found["task"], study)
    floor = _floor(finished.set_index("task")["score"], study)
    least = np.fmin(found["final"], found["task"].map(floor))
    area_least = found["task"].map(finished.groupby("task")["area"].min())
    worst = {
        "return_mean": low + width * least,
        **dict.fromkeys(("score", "final", "worst"), least),
        "area": np.fmin(found["area"], area_least),
        "steps_to_threshold": found["task"].map({n: t.steps for n, t in _tasks(study)}),
        "censored": True,
    }
    return found.assign(**{name: found[name].where(~lost, value) for name, value in worst.items()})


def _floor(finished: pd.Series, study: Study) -> dict[str, float]:
    """By task the lesser of the uniform policy's score and of those `finished`, indexed by task."""
    least = finished.groupby("task").min()
    uniform = {
        name: np.nan if task.random_return is None else task.random_return
        for name, task in _tasks(study)
    }
    return {
        name: float(
            np.fmin((uniform[name] - task.low) / (task.high - task.low), least.get(name, np.nan))
        )
        for name, task in _tasks(study)
    }


def _lost(rows: pd.DataFrame, study: Study) -> np.ndarray:
    """Whether the run of each of `rows` diverged."""
    runs = study.runs.set_index(KEYS)["status"]
    return runs.reindex(pd.MultiIndex.from_frame(rows[KEYS])).eq("diverged").to_numpy()


def _range(tasks: pd.Series, study: Study) -> tuple[pd.Series, pd.Series]:
    """The return that scores 0, and by how much that of 1 is more, for each of `tasks`."""
    low = tasks.map({name: task.low for name, task in _tasks(study)}).astype(float)
    return low, tasks.map({name: task.high - task.low for name, task in _tasks(study)})


def _tasks(study: Study):
    return study.manifest.tasks.items()


def _ordered(frame: pd.DataFrame, study: Study, last: list[str]) -> pd.DataFrame:
    """Rows as the manifest orders tasks and variants, then by seed and `last`."""
    tasks = {name: place for place, name in enumerate(study.manifest.tasks)}
    variants = {name: place for place, name in enumerate(study.manifest.variants)}
    places = frame.assign(_task=frame["task"].map(tasks), _variant=frame["variant"].map(variants))
    ordered = places.sort_values(["_task", "_variant", "seed", *last], kind="stable")
    return frame.loc[ordered.index].reset_index(drop=True)
