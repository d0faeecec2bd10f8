"""What runs are counted in: control steps or, where all learn so, iterations of one length."""

from __future__ import annotations

import json
from typing import NamedTuple

from mpo.evaluation.reading.frames import Frames
from mpo.settings import Settings


class Iterations(NamedTuple):
    """What every variant of a study that learns by iterations does in one."""

    steps: int
    """Control steps that one collects."""
    episode_steps: int
    """Control steps after which it cuts an episode."""


def iterations(frames: Frames) -> Iterations | None:
    """The iterations that all runs have in common; None where some learn in another way."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    found = set()
    for text in frames.runs["settings"].unique():
        values = defaults | json.loads(text)
        if values["protocol"] != "iterations":
            return None
        episodes, steps = values["iteration_episodes"], values["episode_steps"]
        found.add(Iterations(episodes * steps, steps))
    return found.pop() if len(found) == 1 else None
