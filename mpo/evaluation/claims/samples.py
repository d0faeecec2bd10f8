"""The runs that a claim is judged by: one number a seed and stratum, and what must be said of them.

The seed is the unit. Runs of one seed share random numbers across variants, so that variants of a
side are averaged within a seed, and two variants trained here are compared seed by seed.
"""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

import pandas as pd

from mpo.evaluation.claims.claim import Claim, Key
from mpo.evaluation.claims.metrics import METRICS, log2_ms_per_update
from mpo.evaluation.claims.shapes import ALLOWED, clumped, clumps_said, erring
from mpo.evaluation.estimating.contrasts import Stratum, stratum
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.inventory import processor
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.rundir import DIVERGED


class Samples(NamedTuple):
    """`strata` are empty where there are no runs; `fault` says why those there cannot be judged."""

    strata: list[Stratum]
    notes: list[str]
    fault: str = ""


def samples(claim: Claim, frames: Frames) -> Samples:
    """What the claim compares, by seed, stratum by stratum."""
    lacking = claim.lacking(frames.manifest)
    if lacking:
        return Samples([], [lacking])
    by_key = _runs(claim, frames)
    asked = claim.strata(frames.manifest)
    kept = [part for part in (_kept(sides, by_key) for sides in asked) if part[0]]
    if not kept:
        return Samples([], [f"no run has the metric {claim.metric}"])
    keys = list(dict.fromkeys(key for part in kept for side in part for key in side))
    notes, counts = [], [sum(len(part[0]) for part in parts) for parts in (kept, asked)]
    if counts[0] < counts[1]:
        notes.append(f"only {counts[0]} of {counts[1]} tasks and variants have the metric")
    used = pd.concat([by_key[key] for key in keys])
    if used["diverged"].any():
        notes.append(diverged(used))
    without = int(used["value"].isna().sum())
    if without:
        fault = f"not judged: {without} of {len(used)} runs have no {claim.metric}"
        return Samples([], notes, fault)
    sides = [[_side([by_key[key] for key in side]) for side in part] for part in kept]
    strata = [_stratum(claim, part, frames, keys) for part in sides]
    if claim.metric == log2_ms_per_update.__name__:
        notes += crossed(used, frames.runs)
    n = min(len(sample) for part in strata for sample in part)
    if not n:
        return Samples([], [*notes, "no seed has runs of all of the variants"])
    clumps = clumped([side.to_numpy() for part in sides for side in part])
    if clumps and claim.test != "share" and erring(n, len(strata)) > ALLOWED:
        named = [_named(side) for part in kept for side in part]
        notes.append(clumps_said([named[place] for place in clumps], n, len(strata)))
    return Samples(strata, notes)


def _runs(claim: Claim, frames: Frames) -> dict[Key, pd.DataFrame]:
    """`value` and `diverged` of each run by task and variant; nothing of those without the metric.

    Those that diverged lack it only by that, where other runs of their task have it.
    """
    runs = frames.scores.set_index(RUN_KEYS)[["status"]]
    runs["value"] = METRICS[claim.metric](frames).set_index(RUN_KEYS)["value"].reindex(runs.index)
    runs["diverged"] = runs["status"] == DIVERGED
    told = {str(task) for task, rows in runs.groupby("task") if rows["value"].notna().any()}
    return {
        (str(task), str(name)): rows
        for (task, name), rows in runs.groupby(["task", "variant"])
        if rows["value"].notna().any() or (task in told and rows["diverged"].any())
    }


def diverged(runs: pd.DataFrame) -> str:
    """Which of `runs`, with task, variant and seed as index, diverged."""
    lost = runs.index[runs["diverged"]]
    named = ", ".join(f"{name} on {task} (seed {seed})" for task, name, seed in lost)
    return f"{len(lost)} of {len(runs)} runs diverged: {named}"


def crossed(used: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """A note on seeds of a task whose `used` runs several kinds of processor trained; else none.

    Their times tell the processors apart as much as the variants.
    """
    kinds = runs.set_index(RUN_KEYS)["machine"].map(processor).reindex(used.index)
    several = kinds.groupby(["task", "seed"]).nunique() > 1
    if not several.any():
        return []
    named = ", ".join(f"{task} (seed {seed})" for task, seed in several.index[several])
    return [f"times of several kinds of processor are compared: {named}"]


def _kept(sides: tuple[list[Key], ...], had: Container[Key]) -> list[list[Key]]:
    """`sides` without what lacks the metric on either."""
    pairs = [pair for pair in zip(*sides, strict=True) if all(key in had for key in pair)]
    return [list(side) for side in zip(*pairs, strict=True)] or [[]]


def _side(each: list[pd.DataFrame]) -> pd.Series:
    """One number a seed: the mean over variants."""
    wide = pd.concat([rows["value"].droplevel(["task", "variant"]) for rows in each], axis=1)
    return wide.mean(axis=1)[wide.notna().all(axis=1)].sort_index()


def _stratum(claim: Claim, sides: list[pd.Series], frames: Frames, keys: list[Key]) -> Stratum:
    """Means of two variants trained here are compared in pairs, all else is independent."""
    if len(sides) == 1:
        return (sides[0].to_numpy(),)
    here = all(frames.manifest.variants[name].trained_here for _, name in keys)
    alike = claim.compare == "variants" and claim.test != "spread"
    return stratum(*sides, paired=here and alike)


def _named(side: list[Key]) -> str:
    task, name = side[0]
    return f"{name if len(side) == 1 else f'{len(side)} variants'} on {task}"
