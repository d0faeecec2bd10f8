"""The temperature of the E-step while training: the raw dual beside the stable one."""

from __future__ import annotations

import json

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.figures.panels import (
    grid,
    legend,
    log_axis,
    medians,
    thousands_axis,
    title,
)
from mpo.settings import Settings

ABSENT = "no run logged a temperature"


def drawn(frames: Frames) -> pd.DataFrame:
    """Task, variant, dual, seed, updates and temperature of every logged row of every run."""
    columns = ["task", "variant", "seed", "updates", "temperature"]
    rows = frames.diagnostics[columns].dropna(subset="temperature")
    return rows.assign(dual=rows["variant"].map(duals(frames))).reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """One row a task and one column a dual; thick lines are medians over runs."""
    rows = drawn(frames)
    tasks = list(frames.manifest.tasks)
    variants = [name for name in frames.manifest.variants if name in set(rows["variant"])]
    columns = sorted(set(rows["dual"])) or ["stable"]
    drawing, axes = grid(len(tasks), len(columns), sharey="row", sharex="row")
    for task, line in zip(tasks, axes, strict=True):
        for dual, panel in zip(columns, line, strict=True):
            mine = rows[(rows["task"] == task) & (rows["dual"] == dual)]
            medians(panel, mine, "updates", "temperature", variants)
            title(panel, task, f"{dual} dual")
            thousands_axis(panel, "updates")
        log_axis(line[0])
        line[0].set_ylabel("temperature")
    legend(drawing, variants)
    return drawing


def caption(frames: Frames) -> str:
    """What the lines are."""
    return (
        "Temperature of the E-step against updates, on a logarithmic scale, variants with the "
        "raw dual and with the stable dual apart. Thick lines are medians over the runs still "
        f"training, thin lines single runs. {said_n(frames)}."
    )


def duals(frames: Frames) -> dict[str, str]:
    """The setting `dual` of each variant, as its runs were trained."""
    default = Settings.model_fields["dual"].default
    first = frames.runs.drop_duplicates("variant").set_index("variant")["settings"]
    return {
        variant: json.loads(first.loc[variant]).get("dual", default)
        for variant in frames.manifest.variants
    }
