"""What every caption says: how many runs, how many of them diverged, how intervals were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import pandas as pd

from mpo.evaluation.estimating import coverage
from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.reading.scores import LAST
from mpo.evaluation.showing.tables.cells import MARK
from mpo.evaluation.showing.wording import count, named
from mpo.rundir import DIVERGED

T = "95 % t intervals"
METHOD = "95 % intervals by percentile bootstrap, runs resampled within each task"
"""What `mpo.evaluation.estimating.statistics` does, in a caption's words."""
AGGREGATES = (
    f"{T} of mean and optimality gap, {METHOD.removeprefix('95 % intervals ')} of the others"
)
"""The same of the aggregate metrics."""
WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


def said_score(frames: Frames) -> str:
    """What a run's score is the mean of."""
    points = frames.manifest.points
    if points >= LAST:
        return f"a score is the mean over the last {WORDS[LAST]} evaluations"
    if points == 1:
        return "a score is the one evaluation's"
    return f"a score is the mean over {WORDS[points]} evaluations, all that a run has"


def runs_each(frames: Frames) -> tuple[int, int]:
    """The least and the greatest number of runs of a variant on a task; equal once finished."""
    counts = _runs(frames)
    complete = len(counts) == len(frames.manifest.tasks) * len(frames.manifest.variants)
    return int(counts.min()) if complete else 0, int(counts.max())


def said_n(frames: Frames) -> str:
    """How many runs each variant has on each task, and which of all diverged."""
    least, most = runs_each(frames)
    least_of_all = "" if least == most else f"{least} to "
    text = f"n = {least_of_all}{count(most, 'run')} of each variant on each task"
    lost = said_diverged(frames)
    return f"{text}; {lost}" if lost else text


def said_diverged(frames: Frames) -> str:
    """Which runs diverged, and what they count with; empty where none did."""
    scores = frames.scores
    lost = scores[scores["status"] == DIVERGED]
    if lost.empty:
        return ""
    counts = Counter(zip(lost["variant"], lost["task"], strict=True))
    each = ", ".join(f"{n} of {name} on {task}" for (name, task), n in counts.items())
    return (
        f"{len(lost)} of {count(len(scores), 'run')} diverged ({each}) and count with the least of "
        "their last evaluation, the uniform policy and the task's worst finished run"
    )


def said_interval(frames: Frames, how: str = METHOD) -> str:
    """How intervals were made, or that one run gives none."""
    counts = _runs(frames)
    if counts.max() == 1:
        return "one run gives no interval"
    return f"{how}; one run gives none" if counts.min() == 1 else how


def said_coverage(
    frames: Frames,
    metrics: Iterable[str],
    tasks: int | Collection[int] = 1,
    which: str = f"{MARK}: such intervals",
    drawn: pd.DataFrame | None = None,
) -> str:
    """How rarely intervals of `metrics` hold the truth, a sentence; empty where as often as said.

    `tasks` is how many they are taken over, or each number that some are, `which` the sentence's
    subject. Told of the fewest runs with an interval among the rows `drawn`: unless given, those
    of each task for one, the aggregates for several.
    """
    sizes = {tasks} if isinstance(tasks, int) else set(tasks)
    usual = {size: frames.by_task if size == 1 else frames.aggregate for size in sizes}
    fewest = {size: _fewest(rows if drawn is None else drawn) for size, rows in usual.items()}
    cases = [(each, n, size) for each in metrics for size, n in fewest.items()]
    poor = [coverage.of(*case) for case in cases if coverage.poor(*case)]
    if not poor:
        return ""
    known = sorted({found for found in poor if found is not None})
    unknown = "of fewer than three runs, how often they hold the truth is not known"
    if not known:
        return f" {which} may hold the truth in far fewer than 0.95 of studies: {unknown}."
    ends = dict.fromkeys([f"{known[0]:.2f}", f"{known[-1]:.2f}"])
    rest = f"; {unknown}" if None in poor else ""
    return f" {which} held the truth in {' to '.join(ends)} of simulated studies, not 0.95{rest}."


def said_bars(
    frames: Frames,
    drawn: pd.DataFrame,
    metrics: Iterable[str],
    tasks: int = 1,
    how: str = METHOD,
) -> str:
    """What stands beside the estimates `drawn`: bars, the seeds of few runs or both; and n.

    `drawn` has a row an estimate, with the n of its runs.
    """
    several = drawn[drawn["n"] > 1]
    barred = several[several["n"] >= coverage.FEW]
    dots = (
        "are single seeds: an interval of fewer than "
        f"{WORDS[coverage.FEW]} is no more than their range. "
    )
    if barred.empty and len(several):
        return f"Small ones {dots}{said_n(frames)}."
    bars = "" if barred.empty else "Bars are intervals. "
    if len(barred) < len(several):
        bars = f"Bars are intervals; small points, in their place, {dots}"
    poor = said_coverage(frames, metrics, tasks, "Such intervals", barred)
    return f"{bars}{said_n(frames)}; {said_interval(frames, how)}.{poor}"


def said_tasks(frames: Frames) -> str:
    """Over how many tasks an aggregate is taken, such as "4 tasks"."""
    tasks = len(frames.manifest.tasks)
    shared = len(shared_tasks(frames.manifest, frames.scores))
    if shared == tasks:
        return count(tasks, "task")
    return f"{shared} of {count(tasks, 'task')} (those with runs of every variant)"


def said_all(frames: Frames) -> str:
    """The tasks that `ALL` stands for: "all tasks", or which of them."""
    said = said_tasks(frames)
    return said if "(" in said else named(ALL)


def said_thresholds(frames: Frames) -> str:
    """The threshold score of each task, such as "0.9 on cartpole-balance"."""
    tasks = frames.manifest.tasks.values()
    return ", ".join(f"{task.threshold:g} on {task.name}" for task in tasks)


def _runs(frames: Frames) -> pd.Series:
    """How many runs each variant has on each task that it has any on."""
    return frames.scores.groupby(["task", "variant"]).size()


def _fewest(rows: pd.DataFrame) -> int:
    """The least n that an interval of `rows` is of; 0 where none has an interval."""
    several = rows.loc[rows["n"] > 1, "n"]
    return int(several.min()) if len(several) else 0
