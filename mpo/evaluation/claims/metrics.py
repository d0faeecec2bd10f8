"""The numbers that claims are about: one a run, each a function of a study's frames.

A metric gives a frame task, variant, seed, value. A run that does not have the number (a user's
own code need not log a temperature) has no row, or NaN. A run that diverged has the worst that the
number can be, as in `reading.scores`; where nothing is worst it has none, and then the claim is not
judged: what is left would be a choice of the runs that went well.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.rundir import DIVERGED

MILLION = 1_000_000


def score(frames: Frames) -> pd.DataFrame:
    """Normalised score, the mean over the last evaluation points."""
    return _of(frames.scores, "score")


def area(frames: Frames) -> pd.DataFrame:
    """Mean score by step, the area under the learning curve: higher where learning is faster."""
    return _of(frames.scores, "area")


def reached(frames: Frames) -> pd.DataFrame:
    """1 where the run reached the task's threshold, else 0."""
    return _of(frames.scores.assign(reached=1.0 - frames.scores["censored"]), "reached")


def drawdown(frames: Frames) -> pd.DataFrame:
    """The greatest fall of a run's score below the best it had had before: 0 where it only rose.

    A diverged run's is at least the greatest of a finished run of its task.
    """
    rows = frames.curves.sort_values([*RUN_KEYS, "step"])
    fall = rows.groupby(RUN_KEYS)["score"].cummax() - rows["score"]
    found = rows.assign(fall=fall).groupby(RUN_KEYS)["fall"].max().reset_index()
    lost = _diverged(frames, found)
    most = found["fall"].where(~lost).groupby(found["task"]).transform("max")
    worst = found["fall"].combine(most, np.fmax)
    return _of(found.assign(fall=found["fall"].where(~lost, worst)), "fall")


def gain_after_million(frames: Frames) -> pd.DataFrame:
    """Final score minus the score at 10^6 steps, of tasks with a larger budget."""
    rows = frames.curves.sort_values([*RUN_KEYS, "step"])
    at_million = rows[rows["step"] <= MILLION].groupby(RUN_KEYS)["score"].last()
    beyond = rows[rows["step"] > MILLION].groupby(RUN_KEYS)["score"].last()
    found = (beyond - at_million).dropna().rename("gain").reset_index()
    return _of(found[~_diverged(frames, found)], "gain")


def log2_ms_per_update(frames: Frames) -> pd.DataFrame:
    """Binary logarithm of the milliseconds an update: a difference of 1 is twice the time."""
    rows = frames.runs
    return _of(rows.assign(cost=np.log2(rows["ms_per_update"].astype(float))), "cost")


def temperature_decades(frames: Frames) -> pd.DataFrame:
    """Decades between the highest and lowest temperature of the second half of training."""
    rows = _half(frames, "temperature", first=False)
    rows = rows.assign(log=np.log10(rows["temperature"].to_numpy(dtype=float)))
    ends = rows.groupby(RUN_KEYS)["log"].agg(["max", "min"]).reset_index()
    return _of(ends.assign(range=ends["max"] - ends["min"]), "range")


def log2_policy_deviation(frames: Frames) -> pd.DataFrame:
    """Mean binary logarithm of the policy's deviation over the first half of training."""
    rows = _half(frames, "policy_deviation", first=True)
    rows = rows.assign(log=np.log2(rows["policy_deviation"].to_numpy(dtype=float)))
    return _of(rows.groupby(RUN_KEYS)["log"].mean().reset_index(), "log")


def look_ahead(frames: Frames) -> pd.DataFrame:
    """Steps whose rewards a target of the critic counts, mean over a run that did not diverge."""
    rows = frames.diagnostics[["task", "variant", "seed", "look_ahead"]].dropna()
    found = rows.groupby(RUN_KEYS)["look_ahead"].mean().reset_index()
    return _of(found[~_diverged(frames, found)], "look_ahead")


METRICS: dict[str, Callable[[Frames], pd.DataFrame]] = {
    function.__name__: function
    for function in (
        score,
        area,
        reached,
        drawdown,
        gain_after_million,
        log2_ms_per_update,
        temperature_decades,
        log2_policy_deviation,
        look_ahead,
    )
}
"""By the name that a claim gives."""


def _of(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows[[*RUN_KEYS, column]].rename(columns={column: "value"})


def _diverged(frames: Frames, rows: pd.DataFrame) -> np.ndarray:
    """Whether the run of each of `rows` diverged."""
    lost = frames.scores.loc[frames.scores["status"] == DIVERGED, RUN_KEYS]
    keys = set(lost.itertuples(index=False, name=None))
    return np.array([key in keys for key in rows[RUN_KEYS].itertuples(index=False)], dtype=bool)


def _half(frames: Frames, column: str, first: bool) -> pd.DataFrame:
    """The positive rows of `column` in the first or the second half of each task's budget.

    Those of runs that did not diverge: part of a training is not comparable with a whole one.
    """
    rows = frames.diagnostics[frames.diagnostics[column] > 0]
    rows = rows[~_diverged(frames, rows)]
    budget = rows["task"].map({name: task.steps for name, task in frames.manifest.tasks.items()})
    early = rows["step"] <= budget / 2
    return rows[early if first else ~early]
