"""The temperature of the E-step while training: the raw dual beside the stable one."""

from __future__ import annotations

import json

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_n
from mpo.evaluation.showing.panels.composed import rows_of_tasks
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
    titles = {dual: f"{dual} dual" for dual in sorted(set(rows["dual"])) or ["stable"]}
    return rows_of_tasks(frames, rows, "dual", titles, "temperature", "temperature")[0]


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
