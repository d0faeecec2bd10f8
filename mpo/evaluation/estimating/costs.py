"""What runs cost, and an update of a variant beside its base's on the same kind of processor."""

from __future__ import annotations

import pandas as pd

from mpo.evaluation.reading.inventory import processor


def core_hours(runs: pd.DataFrame) -> float:
    """Processor time of all runs that say theirs; NaN where none does. `runs` is that frame."""
    return float(runs["cpu_s"].astype(float).sum(min_count=1)) / 3600


def relative(runs: pd.DataFrame, variant: str, base: str | None) -> pd.Series:
    """Milliseconds an update of `variant` over those of `base`, by task; NaN where none compare.

    `runs` is the frame of that name. Runs of one study may come from several machines: medians are
    divided among the runs of one kind of processor, and the middle one of those ratios is taken.
    """
    kinds = runs.assign(processor=runs["machine"].map(processor))
    groups = kinds.groupby(["task", "processor", "variant"])
    times = groups["ms_per_update"].median().unstack()
    tasks = runs["task"].unique()
    if not {variant, base} <= set(times.columns):
        return pd.Series(float("nan"), index=tasks)
    return (times[variant] / times[base]).groupby("task").median().reindex(tasks)
