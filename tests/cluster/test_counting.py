"""Updates are counted whatever becomes of the process, and not without being asked."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from mpo.study.yaml_files import PROJECT
from tests.cluster.counting import counted, prepare
from tests.cluster.slurm import lacking

PROGRAM = """
import os, signal
from mpo.training.clock import Clock
from mpo.training.protocols.off_policy import Training
from tests.runs import seeds, tiny
training = Training(tiny(), seeds(), Clock())
for _ in training.walk():
    if training.learner.updates == 11:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_updates_of_a_process_that_is_killed_are_counted(tmp_path: Path) -> None:
    customised = prepare(tmp_path / "counts", PROJECT)
    path = os.pathsep.join([str(PROJECT), str(customised)])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, env=os.environ | {"PYTHONPATH": path}
    )
    assert done.returncode == -signal.SIGKILL
    assert counted(tmp_path / "counts") == 11


def test_what_a_cluster_lacks_is_said_before_anything_starts(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "slurmctld is missing" in lacking(accounting=False)
    assert "slurmdbd is missing" not in lacking(accounting=False)
    assert "slurmdbd is missing" in lacking(accounting=True)
