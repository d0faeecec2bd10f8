"""Two variants beside each other for a reader: a table, the answer in a sentence, what power is."""

from __future__ import annotations

import pandas as pd

from mpo.evaluation.claims.comparison import LEVEL
from mpo.evaluation.claims.permutation import smallest
from mpo.evaluation.claims.sizes import POWER
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.tables.cells import interval, number


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a task, for a reader."""
    return pd.DataFrame(
        {
            "task": "all tasks" if task == ALL else task,
            "n": str(mine["n"].iloc[0]),
            "difference of scores": interval(mine, "effect"),
            "P(better)": interval(mine, "probability_of_improvement"),
            "p": number(float(mine["p"].iloc[0]), 2),
        }
        for task, mine in rows.groupby("task", sort=False)
    )


def answer(rows: pd.DataFrame, frames: Frames) -> str:
    """The answer over all tasks in a sentence, and what it rests on."""
    over = rows[(rows["task"] == ALL) & (rows["metric"] == "effect")].iloc[0]
    tasks, n = len(frames.manifest.tasks), int(over["n"])
    least = smallest("two_sample", n, tasks)
    if over["p"] <= LEVEL:
        verdict = "Yes" if over["value"] > 0 else "No, it is worse"
    else:
        verdict = "Undecided"
    text = (
        f"{verdict}: over {tasks} {'task' if tasks == 1 else 'tasks'} the scores differ by "
        f"{interval(rows[rows['task'] == ALL], 'effect')} on average, p = "
        f"{number(float(over['p']), 2)} (runs permuted within tasks, two-sided), n = {n} a task."
    )
    if least > LEVEL:
        text += f" So few runs cannot decide it: their smallest p is {number(least, 2)}."
    return text + " The rows of single tasks are not corrected for their number."


def said_power(frames: Frames) -> str:
    """What the numbers of `power` are."""
    return (
        "Seeds of each of two variants that show such a difference with a probability of "
        f"{POWER:g} at a two-sided level of {LEVEL:g}, by the spread of the final scores in study "
        f"{frames.manifest.study} ({len(frames.manifest.seeds)} seeds), which is itself uncertain."
    )
