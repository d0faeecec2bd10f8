"""Studies to test on: `made` writes one, `frames` are those of one, computed once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mpo.evaluation.reading.frames import Frames, read_frames
from mpo.evaluation.reading.load import Study, load
from mpo.evaluation.stages import write_estimates, write_runs
from mpo.study.published import load_published
from tests.evaluation.synthetic import write_study

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
    write_runs(study, load_published(), folder)
    write_estimates(folder)
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
