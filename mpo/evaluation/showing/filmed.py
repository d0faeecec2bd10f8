"""Which runs are filmed, and the section of the report that shows the films.

The films themselves are made by `training.films`, from policies; nothing here reads one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.marking import captioned
from mpo.evaluation.showing.panels.layout import chunks
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.showing.tables.cells import NOTHING

COLUMNS = 4
"""Films beside each other."""


def median_runs(frames: Frames) -> dict[tuple[str, str], int]:
    """The seed whose return is the (lower) median, by task and variant trained here.

    Runs that diverged rank with what they count with everywhere.
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


def section(frames: Frames, why: Mapping[tuple[str, str], str], seconds: float) -> str:
    """The films, a row a task, then `why` there is none of a task and variant.

    Raises `Absent` where no variant is one that can be filmed.
    """
    seeds = median_runs(frames)
    if not seeds:
        raise Absent("the policies of other code are not played here")
    made = {pair: seed for pair, seed in seeds.items() if pair not in why}
    parts = []
    for group in chunks(list(frames.manifest.variants), COLUMNS) if made else ():
        lines = [
            {"task": task, **{name: _cell(task, name, made) for name in group}}
            for task in frames.manifest.tasks
        ]
        parts.append(markdown(pd.DataFrame(lines)))
    if made:
        text = (
            f"The first {seconds:g} seconds of an episode by the mean action of the final policy, "
            "of the run whose return is the median, its seed below."
        )
        parts.append(f"{captioned(text)}\n")
    for reason in dict.fromkeys(why.values()):
        lacking = [pair for pair in why if why[pair] == reason]
        parts.append(f"No film of {_named(lacking, seeds)}: {reason}.\n")
    return "\n".join(parts)


def _cell(task: str, name: str, made: Mapping[tuple[str, str], int]) -> str:
    if (task, name) not in made:
        return NOTHING
    return f"![{name} on {task}]({file_of(task, name)}) seed {made[task, name]}"


def _named(pairs: Sequence[tuple[str, str]], seeds: Mapping[tuple[str, str], int]) -> str:
    """The runs that lack a film, as few as there may be; all of them as "any run"."""
    if len(pairs) == len(seeds) > 1:
        return "any run"
    return ", ".join(f"`{name}` on {task} (seed {seeds[task, name]})" for task, name in pairs)
