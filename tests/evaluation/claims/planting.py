"""Claims made up for a test, and studies whose runs have planted effects."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from mpo.evaluation.claims import Claim, judge
from mpo.evaluation.reading.frames import Frames

ERRATA = pd.DataFrame({"erratum": [1, 1, 2], "verdict": ["confirmed", "confirmed", "refuted"]})
PAIR = ["stabilised", "paper"]


def claim(name: str = "a-claim", **fields) -> Claim:
    given = {"test": "two_sample", "metric": "score", "variants": PAIR, "family": "one"}
    return Claim(name, "it is so", "someone", **{**given, "direction": "greater", **fields})


def planted(frames: Frames, effect: float, seeds: int = 6, spread: float = 0.02) -> Frames:
    """`frames` with scores of their own: `stabilised` above the others by `effect`."""
    generator = np.random.default_rng(5)
    rows = [
        {
            "task": task,
            "variant": variant,
            "seed": seed,
            "status": "completed",
            "score": 0.4 + effect * (variant == "stabilised") + generator.normal(0, spread),
        }
        for task in frames.manifest.tasks
        for variant in frames.manifest.variants
        for seed in range(seeds)
    ]
    manifest = dataclasses.replace(frames.manifest, seeds=list(range(seeds)))
    return dataclasses.replace(frames, scores=pd.DataFrame(rows), manifest=manifest)


def verdict(frames: Frames, **fields) -> pd.Series:
    return judge([claim(**fields)], frames, None).iloc[0]


def lost(frames: Frames, task: str = "cartpole-balance") -> Frames:
    """`frames` in which a run of `stabilised` diverged."""
    rows = frames.scores
    mine = (rows["variant"] == "stabilised") & (rows["task"] == task) & (rows["seed"] == 0)
    return dataclasses.replace(
        frames, scores=rows.assign(status=rows["status"].where(~mine, "diverged"))
    )
