"""A study's runs in the formats of other tools; each module is one, and `write` writes it.

Called by `mpo export --to`. A run that diverged has, where it lacks evaluations, what it counts
with everywhere (`reading.scores`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mpo.evaluation.exporting import marl_eval, openrlbenchmark, rliable, tensorboard
from mpo.evaluation.reading.load import Study

FORMATS: dict[str, Callable[[Study, Path], None]] = {
    "marl-eval": marl_eval.write,
    "rliable": rliable.write,
    "openrlbenchmark": openrlbenchmark.write,
    "tensorboard": tensorboard.write,
}
"""By name, what writes a study into a folder."""
