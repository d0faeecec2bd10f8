"""What every caption says: how many runs, how many of them diverged, how intervals were made."""

from __future__ import annotations

from mpo.evaluation.reading.frames import Frames

METHOD = "95 % intervals by percentile bootstrap, runs resampled within each task"
"""What `mpo.evaluation.estimating.statistics` does, in a caption's words."""


def said_n(frames: Frames) -> str:
    """How many runs each variant has on each task, and how many of all diverged."""
    manifest, scores = frames.manifest, frames.scores
    runs = "run" if len(manifest.seeds) == 1 else "runs"
    text = f"n = {len(manifest.seeds)} {runs} of each variant on each task"
    diverged = int((scores["status"] == "diverged").sum())
    if diverged:
        text += (
            f"; {diverged} of {len(scores)} runs diverged and count from there with the "
            "uniform policy's return"
        )
    return text


def said_interval(frames: Frames) -> str:
    """How intervals were made, or that one run gives none."""
    return "one run gives no interval" if len(frames.manifest.seeds) == 1 else METHOD
