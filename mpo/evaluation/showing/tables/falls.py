"""How soon a run got to its task's threshold, and how often it fell back from there."""

from __future__ import annotations

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.evaluation.showing.captions import said_n, said_thresholds
from mpo.evaluation.showing.tables.cells import NOTHING, integer, number

KEPT = 0.8
"""An evaluation whose score is less than this share of the best before it is a fall."""


def table(frames: Frames) -> pd.DataFrame:
    """One row a run: task, variant, seed, steps and core_s to the threshold, after, falls, area.

    `steps` are the control steps at the first evaluation that reached the threshold, and `core_s`
    the run's core-seconds until then, spread evenly over its steps; both are empty where none
    reached it, or the run diverged. `after` counts the later evaluations of the others, and `falls`
    those of them below `KEPT` of the run's best score before.
    """
    found = frames.scores[[*RUN_KEYS, "steps_to_threshold", "censored", "area"]].merge(
        frames.runs[[*RUN_KEYS, "cpu_s", "steps"]], on=RUN_KEYS
    )
    reached = found["steps_to_threshold"].where(~found["censored"])
    seconds = found["cpu_s"] / found["steps"] * reached
    counted = found[RUN_KEYS].assign(steps=reached, core_s=seconds)
    after = _falls(frames).merge(found.loc[~found["censored"], RUN_KEYS], on=RUN_KEYS)
    return (
        counted.merge(after, on=RUN_KEYS, how="left")
        .fillna({"after": 0, "falls": 0})
        .astype({"after": int, "falls": int})
        .assign(area=found["area"].to_numpy())
    )


def _falls(frames: Frames) -> pd.DataFrame:
    """Of the runs that reached their threshold, evaluations after it and falls among them.

    Those that diverged are among these, with what they count with after it.
    """
    rows = frames.curves.sort_values([*RUN_KEYS, "step"])
    needed = rows["task"].map(
        {task.name: task.threshold for task in frames.manifest.tasks.values()}
    )
    rows = rows.assign(best=rows.groupby(RUN_KEYS)["score"].cummax())
    rows["best"] = rows.groupby(RUN_KEYS)["best"].shift(1)
    after = rows[rows["best"] >= needed]
    after = after.assign(fell=after["score"] < KEPT * after["best"])
    return after.groupby(RUN_KEYS)["fell"].agg(after="size", falls="sum").reset_index()


def shown(frames: Frames) -> pd.DataFrame:
    """One row a task and variant; times of single runs, in the order of the study's seeds."""
    lines, order = [], {seed: place for place, seed in enumerate(frames.manifest.seeds)}
    found = table(frames)
    for task in frames.manifest.tasks:
        for variant in frames.manifest.variants:
            rows = found[(found["task"] == task) & (found["variant"] == variant)]
            if rows.empty:  # of a study under way
                continue
            rows = rows.sort_values("seed", key=lambda seeds: seeds.map(order))
            lines.append(
                {
                    "task": task,
                    "variant": variant,
                    "reached": f"{rows['steps'].notna().sum()} of {len(rows)}",
                    "steps to threshold": ", ".join(map(integer, rows["steps"])),
                    "core-seconds to threshold": ", ".join(map(integer, rows["core_s"])),
                    "falls": _share(int(rows["falls"].sum()), int(rows["after"].sum())),
                    "area": number(float(rows["area"].mean())),
                }
            )
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    thresholds = said_thresholds(frames)
    return (
        f"Speed and falls: runs whose evaluations reached the threshold score ({thresholds}), "
        "control steps and core-seconds until the first that did, run by run in the order of "
        f"seeds ({NOTHING}: never), how many of the later evaluations fell below {KEPT:g} of the "
        "run's best score before, and the mean area under the learning curve. Core-seconds are "
        f"those of the machines under the load that they had. {said_n(frames)}."
    )


def _share(falls: int, after: int) -> str:
    return f"{falls} of {after} ({100 * falls / after:.0f} %)" if after else NOTHING
