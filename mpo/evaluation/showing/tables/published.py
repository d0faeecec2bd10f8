"""Scores that others have published, beside this study's at the same number of steps."""

from __future__ import annotations

import math

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_coverage, said_interval, said_n
from mpo.evaluation.showing.tables.cells import integer, number, with_interval

OURS = "this study"
NEAR = 0.05
"""Steps count as matched where they differ by at most this share."""
COLUMNS = ["task", "algorithm", "source", "steps", "n", "return", "low", "high", "deviation"]


def table(frames: Frames) -> pd.DataFrame:
    """Published rows of each task, then this study's of every variant.

    `matched`: whether the row's steps are also those of a row from the other side. A variant is
    shown at its budget's end and at every evaluation whose steps match a published score's.
    """
    parts = []
    for task in frames.manifest.tasks:
        theirs = frames.published[frames.published["task"] == task]
        if theirs.empty:
            continue
        steps = sorted(set(theirs["steps"]))
        ours = _ours(frames, task, steps)
        for rows, others in ((theirs, ours["steps"]), (ours, steps)):
            parts.append(rows.assign(matched=[_near(step, others) for step in rows["steps"]]))
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "matched"])
    return pd.concat(parts, ignore_index=True)


def shown(frames: Frames) -> pd.DataFrame:
    """One row a score."""
    return pd.DataFrame(
        [
            {
                "task": row["task"],
                "algorithm": row["algorithm"],
                "from": row["source"],
                "control steps": integer(row["steps"]),
                "same steps": "yes" if row["matched"] else "no",
                "n": str(row["n"]),
                "return": _return(row),
            }
            for row in table(frames).to_dict("records")
        ],
        columns=["task", "algorithm", "from", "control steps", "same steps", "n", "return"],
    )


def caption(frames: Frames) -> str:
    """What the cells are, and why they prove little."""
    text = (
        "Scores that others published, beside this study's: mean returns there, interquartile "
        "means over runs here, at the evaluation that comes nearest to the published steps where "
        f"the budget reaches them (same steps, within {100 * NEAR:g} %) and at its end. "
    )
    if _theirs(frames).empty:
        text += "No scores of this study's tasks are in the list. "
    else:
        text += f"They are of other algorithms, and weak evidence{_said_apart(frames)}. "
    coverage = said_coverage(frames, ["iqm"], which="Such intervals")
    return f"{text}{said_n(frames)}; {said_interval(frames)}.{coverage}"


def _ours(frames: Frames, task: str, wanted: list[int]) -> pd.DataFrame:
    rows = frames.curve_estimates
    rows = rows[(rows["metric"] == "return_iqm") & (rows["task"] == task)]
    steps = sorted(set(rows["step"]))
    nearest = {min(steps, key=lambda step, want=want: abs(step - want)) for want in wanted}
    chosen = {step for step in nearest if _near(step, wanted)} | {steps[-1]}
    rows = rows[rows["step"].isin(chosen)]
    known = frames.manifest.variants
    names = [("MPO, " if known[name].trained_here else "") + name for name in rows["variant"]]
    found = rows.assign(
        algorithm=names, source=OURS, steps=rows["step"], deviation=math.nan
    ).rename(columns={"value": "return"})
    return found[COLUMNS].astype({"steps": "int64"})


def _near(step: float, others) -> bool:
    return any(abs(step - other) <= NEAR * other for other in others)


def _theirs(frames: Frames) -> pd.DataFrame:
    """The published scores of the study's tasks."""
    return frames.published[frames.published["task"].isin(list(frames.manifest.tasks))]


def _said_apart(frames: Frames) -> str:
    """How far apart one algorithm's returns lie at most, after as many steps on a task.

    Empty where no two differ.
    """
    groups = _theirs(frames).groupby(["task", "algorithm", "steps"])["return"]
    spread = (groups.max() - groups.min()).dropna()
    if spread.empty or not spread.max() > 0:
        return ""
    widest = spread.sort_values(kind="stable").index[-1]
    task, algorithm, _ = widest
    mine = groups.get_group(widest)
    return (
        f": one algorithm, {algorithm}, is at {number(float(mine.min()))} in one codebase and at "
        f"{number(float(mine.max()))} in another on {task}"
    )


def _return(row: dict) -> str:
    text = with_interval(row["return"], row["low"], row["high"])
    if math.isnan(row["low"]) and not math.isnan(row["deviation"]):
        return f"{text} ± {number(row['deviation'])}"
    return text
