"""What every caption says: how many runs, how many of them diverged, how intervals were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from mpo.evaluation.estimating import coverage
from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.reading.scores import LAST
from mpo.evaluation.showing.tables.cells import MARK
from mpo.evaluation.showing.wording import count, named

T = "95 % t intervals"
METHOD = "95 % intervals by percentile bootstrap, runs resampled within each task"
"""What `mpo.evaluation.estimating.statistics` does, in a caption's words."""
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
    counts = frames.scores.groupby(["task", "variant"]).size()
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
    lost = scores[scores["status"] == "diverged"]
    if lost.empty:
        return ""
    counts = Counter(zip(lost["variant"], lost["task"], strict=True))
    each = ", ".join(f"{n} of {name} on {task}" for (name, task), n in counts.items())
    return (
        f"{len(lost)} of {len(scores)} runs diverged ({each}) and count with the least of their "
        "last evaluation, the uniform policy and the task's worst finished run"
    )


def said_interval(frames: Frames, how: str = METHOD) -> str:
    """How intervals were made, or that one run gives none."""
    least, most = runs_each(frames)
    if most == 1:
        return "one run gives no interval"
    return how if least > 1 else f"{how}; one run gives none"


def said_coverage(
    frames: Frames,
    metrics: Iterable[str],
    tasks: int | Collection[int] = 1,
    which: str = f"{MARK}: such intervals",
) -> str:
    """How rarely intervals of `metrics` hold the truth, a sentence; empty where as often as said.

    `tasks` is how many they are taken over, or each number that some are, `which` the sentence's
    subject.
    """
    least, most = runs_each(frames)
    n = max(least, 2)
    sizes = {tasks} if isinstance(tasks, int) else set(tasks)
    pairs = [(each, size) for each in metrics for size in sizes]
    poor = [coverage.of(each, n, size) for each, size in pairs if coverage.poor(each, n, size)]
    if not poor or most < 2:
        return ""
    known = sorted({found for found in poor if found is not None})
    ends = dict.fromkeys([f"{known[0]:.2f}", f"{known[-1]:.2f}"]) if known else ["far fewer"]
    return f" {which} held the truth in {' to '.join(ends)} of simulated studies, not 0.95."


def said_bars(frames: Frames, metrics: Iterable[str], tasks: int = 1, how: str = METHOD) -> str:
    """What stands beside an estimate in a figure, bars or the seeds of few runs, and n."""
    most = runs_each(frames)[1]
    if 1 < most < coverage.FEW:
        return (
            "Small ones are single seeds: an interval of fewer than "
            f"{WORDS[coverage.FEW]} is no more than their range. {said_n(frames)}."
        )
    bars = "" if most == 1 else "Bars are intervals. "
    poor = said_coverage(frames, metrics, tasks, "Such intervals")
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
