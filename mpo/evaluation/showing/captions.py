"""What every caption says: how many runs, how many of them diverged, how intervals were made."""

from __future__ import annotations

from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.frames import Frames

METHOD = "95 % intervals by percentile bootstrap, runs resampled within each task"
"""What `mpo.evaluation.estimating.statistics` does, in a caption's words."""


def runs_each(frames: Frames) -> tuple[int, int]:
    """The least and the greatest number of runs of a variant on a task; equal once finished."""
    counts = frames.scores.groupby(["task", "variant"]).size()
    complete = len(counts) == len(frames.manifest.tasks) * len(frames.manifest.variants)
    return int(counts.min()) if complete else 0, int(counts.max())


def said_n(frames: Frames) -> str:
    """How many runs each variant has on each task, and how many of all diverged."""
    scores, (least, most) = frames.scores, runs_each(frames)
    runs = "run" if most == 1 else "runs"
    n = f"{most}" if least == most else f"{least} to {most}"
    text = f"n = {n} {runs} of each variant on each task"
    diverged = int((scores["status"] == "diverged").sum())
    if diverged:
        text += (
            f"; {diverged} of {len(scores)} runs diverged and count from there with the "
            "uniform policy's return"
        )
    return text


def said_interval(frames: Frames) -> str:
    """How intervals were made, or that one run gives none."""
    least, most = runs_each(frames)
    if most == 1:
        return "one run gives no interval"
    return METHOD if least > 1 else f"{METHOD}; one run gives none"


def said_tasks(frames: Frames) -> str:
    """Over how many tasks an aggregate is taken, such as "4 tasks"."""
    tasks = len(frames.manifest.tasks)
    word = "task" if tasks == 1 else "tasks"
    shared = len(shared_tasks(frames.manifest, frames.scores))
    if shared == tasks:
        return f"{tasks} {word}"
    return f"{shared} of {tasks} {word} (those with runs of every variant)"


def said_all(frames: Frames) -> str:
    """The tasks that `ALL` stands for: "all tasks", or which of them."""
    said = said_tasks(frames)
    return said if "(" in said else "all tasks"
