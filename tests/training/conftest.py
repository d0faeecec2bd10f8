"""What tests of runs share."""

from pathlib import Path

import pytest

from mpo import rundir
from mpo.training import run
from mpo.training.job import Job
from tests.runs import job, tiny


@pytest.fixture
def straight(tmp_path: Path) -> Job:
    """A run never interrupted."""
    done = job(tmp_path / "straight", tiny())
    assert run.train(done, bar=False) == rundir.COMPLETED
    return done
