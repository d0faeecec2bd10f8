"""Studies to test on: `made` writes one, `frames` are those of one, computed once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mpo.evaluation.estimates import aggregate, by_task, curve_estimates, improvements, profiles
from mpo.evaluation.frames import FRAMES, Frames, read_frames, write_csv
from mpo.evaluation.inventory import inventory
from mpo.evaluation.load import Study, load
from mpo.evaluation.scores import curves, diagnostics, scores
from mpo.published import COLUMNS, load_published

sys.path.insert(0, str(Path(__file__).parent))
from synthetic import write_study

DIVERGED = ("acrobot-swingup", "paper", 1)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small study and returns its folder; takes the arguments of `write_study`."""

    def make(**arguments) -> Path:
        small = {"tasks": ["cartpole-balance"], "variants": ["paper", "stable_dual"], "points": 3}
        return write_study(tmp_path / "made", **{**small, "seeds": [0, 1], **arguments})

    return make


def compute(folder: Path, study: Study) -> Frames:
    """Writes all frames of `study` to `folder` and reads them back, as the scripts do."""
    manifest = study.manifest
    write_csv(scores(study), folder / FRAMES["scores"])
    write_csv(curves(study), folder / FRAMES["curves"])
    write_csv(diagnostics(study), folder / FRAMES["diagnostics"])
    write_csv(inventory(study), folder / FRAMES["runs"])
    theirs = [row for row in load_published() if row["task"] in manifest.tasks]
    write_csv(pd.DataFrame(theirs, columns=list(COLUMNS)), folder / FRAMES["published"])
    write_csv(aggregate(manifest, scores(study)), folder / FRAMES["aggregate"])
    write_csv(by_task(manifest, scores(study)), folder / FRAMES["by_task"])
    write_csv(curve_estimates(manifest, curves(study)), folder / FRAMES["curve_estimates"])
    write_csv(improvements(manifest, scores(study)), folder / FRAMES["improvement"])
    write_csv(profiles(manifest, scores(study)), folder / FRAMES["profiles"])
    return read_frames(folder)


@pytest.fixture(scope="session")
def study_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the study behind `frames`: two tasks, three variants, a diverged run."""
    folder = tmp_path_factory.mktemp("studies") / "tested"
    return write_study(folder, diverged={DIVERGED: 2})


@pytest.fixture(scope="session")
def frames(study_dir: Path) -> Frames:
    """All frames of that study."""
    return compute(study_dir, load(study_dir))
