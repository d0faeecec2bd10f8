"""What an update of a variant costs beside its base's, on the same kind of processor."""

from __future__ import annotations

import json

import pandas as pd


def relative(runs: pd.DataFrame, variant: str, base: str | None) -> pd.Series:
    """Milliseconds an update of `variant` over those of `base`, by task; NaN where none compare.

    `runs` is the frame of that name. Runs of one study may come from several machines: medians are
    divided among the runs of one kind of processor, and the middle one of those ratios is taken.
    """
    processors = [json.loads(text).get("cpu", "") for text in runs["machine"]]
    groups = runs.assign(processor=processors).groupby(["task", "processor", "variant"])
    times = groups["ms_per_update"].median().unstack()
    tasks = runs["task"].unique()
    if not {variant, base} <= set(times.columns):
        return pd.Series(float("nan"), index=tasks)
    return (times[variant] / times[base]).groupby("task").median().reindex(tasks)
