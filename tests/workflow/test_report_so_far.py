"""The report of a study while Snakemake trains it in the same folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.workflow.project import SNAKEMAKE, copy_project

STUDY = """
study: long
study_seed: 1
variants: [paper]
tasks: {InvertedDoublePendulum-v5: 200, cartpole-balance: 10000000}
seeds: [0]
settings:
  evaluation_points: 1
  evaluation_episodes: 1
  evaluation_final_episodes: 1
  compile: false
"""
CONFIG = "long.yaml"
FOLDER = Path("results/long")
PATIENCE_S = 240.0
pytestmark = pytest.mark.timeout(600)


def test_it_is_drawn_while_the_study_is_trained(tmp_path: Path):
    copy_project(tmp_path)
    (tmp_path / CONFIG).write_text(STUDY)
    results, environment = tmp_path / FOLDER, os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [SNAKEMAKE, f"{FOLDER}/scores.csv", "--cores", "2", "--configfile", CONFIG]
    log = tmp_path / "snakemake.log"
    with log.open("w") as file:
        training = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        first = results / "runs/InvertedDoublePendulum-v5/paper/0/run.json"
        deadline = time.monotonic() + PATIENCE_S
        while not first.exists():
            assert training.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        before = {path for path in results.rglob("*") if "logs" not in path.parts}
        report = [sys.executable, "-m", "mpo", "report", "--study", CONFIG]
        done = subprocess.run(report, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{FOLDER}/so-far/report.html: 1 of 2 runs\n"
        assert training.poll() is None, log.read_text()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(training.pid, signal.SIGKILL)
        training.wait()
    text = (results / "so-far/report.md").read_text()
    assert "1 of 2 runs are missing" in text
    assert "| paper | 1 of 1 | 0 of 1 |" in text
    made = {path for path in results.rglob("*") if "logs" not in path.parts} - before
    under_way = {"manifest.json", "runs"}  # which Snakemake may have written meanwhile
    assert {path.relative_to(results).parts[0] for path in made} - under_way == {"so-far"}
