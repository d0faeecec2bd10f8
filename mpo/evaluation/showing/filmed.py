"""Which runs are filmed, and the section of the report that shows the films.

The films themselves are made by `training.films`, from policies; nothing here reads one.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.figures.panels import chunks
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.showing.tables.cells import NOTHING

COLUMNS = 4
"""Films beside each other."""


def median_runs(frames: Frames) -> dict[tuple[str, str], int]:
    """The seed whose final return is the (lower) median, by task and variant trained here.

    Runs that diverged rank with the uniform policy's return, like everywhere.
    """
    found = {}
    for (task, variant), rows in frames.scores.groupby(["task", "variant"], sort=False):
        if frames.manifest.variants[str(variant)].trained_here:
            ranked = rows.sort_values(["return_mean", "seed"], kind="stable")
            found[str(task), str(variant)] = int(ranked["seed"].iloc[(len(ranked) - 1) // 2])
    return found


def file_of(task: str, variant: str) -> str:
    """A film's file, in the study's folder."""
    return f"films/{task}/{variant}.gif"


def section(frames: Frames, made: Collection[tuple[str, str]], seconds: float) -> str:
    """The films that were made, a row a task; or, where none was, nothing but that."""
    seeds = median_runs(frames)
    parts = []
    for group in chunks(list(frames.manifest.variants), COLUMNS):
        lines = [
            {"task": task, **{name: _cell(task, name, made, seeds) for name in group}}
            for task in frames.manifest.tasks
        ]
        parts.append(markdown(pd.DataFrame(lines)))
    parts.append(
        f"*The first {seconds:g} seconds of an episode by the mean action of the final policy, of "
        "the run whose final return is the median, its seed below.*\n"
    )
    return "\n".join(parts)


def _cell(
    task: str, name: str, made: Collection[tuple[str, str]], seeds: dict[tuple[str, str], int]
) -> str:
    if (task, name) not in made:
        return NOTHING
    return f"![{name} on {task}]({file_of(task, name)}) seed {seeds[task, name]}"
