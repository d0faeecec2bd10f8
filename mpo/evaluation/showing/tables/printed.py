"""What SR's report printed of its own runs, beside this study's by the same protocol.

SR is Chen, Chin, Li and Chen 2021. Its numbers are read off its text and figures 3 to 5: returns of
episodes of 300 control steps at iteration 200.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from mpo.evaluation.estimating.contrasts import contrast
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.evaluation.showing.captions import T, said_n
from mpo.evaluation.showing.counted import iterations
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.tables.cells import number, with_interval


class Printed(NamedTuple):
    """The range that SR gives for a task's return."""

    low: float
    high: float

    def __str__(self) -> str:
        return " to ".join(f"{end:g}" for end in sorted({self.low, self.high}))


PRINTED = {
    "cartpole-balance": Printed(299, 299),
    "hopper-stand": Printed(190, 190),
    "hopper-hop": Printed(6, 6),
    "acrobot-swingup": Printed(3, 6.5),
}
EPISODE_STEPS = 300
"""Control steps at which SR's code cuts an episode, which bound the returns that it printed."""


def held(frames: Frames) -> bool:
    """Whether the study learns as SR's code does: iterations of one length, episodes of SR's."""
    counted = iterations(frames)
    return counted is not None and counted.episode_steps == EPISODE_STEPS


def table(frames: Frames) -> pd.DataFrame:
    """Task, variant, n, iteration, return, low, high, printed_low, printed_high and agrees.

    `return` is the mean over runs of the last evaluation's mean return; it `agrees` where its t
    interval reaches into what SR printed, or it itself does where runs are equal. Raises `Absent`
    where nothing can be held against that.
    """
    counted = iterations(frames)
    tasks = [name for name in frames.manifest.tasks if name in PRINTED]
    if counted is None or not tasks:
        raise Absent("this study has no task that SR printed numbers of, learnt by iterations")
    if counted.episode_steps != EPISODE_STEPS:
        raise Absent(
            f"SR printed returns of {EPISODE_STEPS} control steps, and this study's episodes have "
            f"{counted.episode_steps:,}"
        )
    last = frames.curves.loc[frames.curves.groupby(RUN_KEYS)["step"].idxmax()]
    rows = []
    for task in tasks:
        printed, steps = PRINTED[task], frames.manifest.tasks[task].steps
        for variant in frames.manifest.variants:
            mine = last[(last["task"] == task) & (last["variant"] == variant)]["return_mean"]
            if mine.empty:
                continue
            low, high = contrast([(mine.to_numpy(),)]).interval()
            least, most = (mine.mean(), mine.mean()) if math.isnan(low) else (low, high)
            agrees = bool(least <= printed.high and most >= printed.low)
            values = (len(mine), steps / counted.steps, mine.mean(), low, high, *printed, agrees)
            rows.append((task, variant, *values))
    columns = ["task", "variant", "n", "iteration", "return", "low", "high"]
    return pd.DataFrame(rows, columns=[*columns, "printed_low", "printed_high", "agrees"])


def shown(frames: Frames) -> pd.DataFrame:
    """One row a task and variant."""
    return pd.DataFrame(
        {
            "task": row["task"],
            "SR": str(PRINTED[row["task"]]),
            "variant": row["variant"],
            "n": str(row["n"]),
            "iterations": number(row["iteration"]),
            "return": with_interval(row["return"], row["low"], row["high"]),
            "agrees": ("yes" if row["agrees"] else "no") if row["n"] > 1 else "one run",
        }
        for row in table(frames).to_dict("records")
    )


def caption(frames: Frames) -> str:
    """What the cells are."""
    return (
        "Returns that SR printed or drew for its iteration 200, beside the mean over this study's "
        f"runs of the last evaluation's, of episodes of as many control steps; {T}. They agree "
        f"where that interval reaches into what SR gives, read off figures. {said_n(frames)}."
    )
