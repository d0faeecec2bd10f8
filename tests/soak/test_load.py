"""Load: many runs at once finish, and a long run's memory does not grow."""

from __future__ import annotations

import json
import multiprocessing
import time
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import psutil
import pytest
from scipy import stats

from mpo.training.collecting import Collector
from mpo.training.job import Job
from mpo.training.replay import Replay
from tests.runs import job
from tests.soak.killing import in_moments, in_silence, small
from tests.workflow.project import copy_project, snakemake

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]
SEEDS = 20
VARIANTS = ["paper", "stable_dual", "stabilised", "soft_estep", "exact_dual"]
TASKS = {"cartpole-balance": 3000, "InvertedDoublePendulum-v5": 1000}
CROWD = f"""
study: crowd
study_seed: 1
variants: [{", ".join(VARIANTS)}]
tasks: {json.dumps(TASKS)}
seeds: {list(range(SEEDS))}
settings:
  policy_hidden: [16, 16]
  critic_hidden: [16, 16]
  batch_size: 16
  action_samples: 5
  evaluation_points: 2
  evaluation_episodes: 1
  evaluation_final_episodes: 1
  logging_updates: 50
  compile: false
"""
LONG = 360_000
"""Control steps of the long run."""
FULL = 60_000
"""Steps after which its replay, of 50,000, is full and its memory has no reason to grow."""


def test_two_hundred_short_runs_at_once_finish(tmp_path: Path, capsys) -> None:
    copy_project(tmp_path)
    (tmp_path / "crowd.yaml").write_text(CROWD)
    target = "results/crowd/tables/by_task.csv"
    begun = time.monotonic()
    done = snakemake(tmp_path, "crowd.yaml", "--", target)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    runs = [
        json.loads(path.read_text()) for path in tmp_path.glob("results/crowd/runs/*/*/*/run.json")
    ]
    assert len(runs) == len(VARIANTS) * len(TASKS) * SEEDS == 200
    assert {run["status"] for run in runs} == {"completed"}
    rows = pd.read_csv(tmp_path / target).groupby(["task", "variant"])
    assert len(rows) == len(VARIANTS) * len(TASKS)
    assert (rows["n"].min() == SEEDS).all()
    assert {path.name for path in tmp_path.glob("state/*/*")} == {"finished"}
    with capsys.disabled():
        print(f"\n200 runs of {sum(run['steps'] for run in runs):,} steps in {seconds:.0f} s")


def test_a_long_run_s_memory_stays_flat(tmp_path: Path, capsys) -> None:
    """The slope over 300,000 steps is below half a mebibyte per 100,000 steps.

    With the replay full, a checkpoint of all of it every 1,000 moments, and a sample at every
    episode's end. By Theil and Sen, the median over pairs of samples: the allocator takes memory
    in steps, and a straight line would take one step for growth. The rows of the logs must grow,
    by 0.06.
    """
    chosen = small(
        "stabilised",
        "cartpole-balance",
        LONG,
        replay_capacity=50_000,
        evaluation_points=20,
        logging_updates=400,
    )
    measured, rows = replace(job(tmp_path, chosen), checkpoint_s=1000.0), tmp_path / "samples.npy"
    process = multiprocessing.get_context("spawn").Process(target=_sampled, args=(measured, rows))
    process.start()
    process.join()
    assert process.exitcode == 0
    steps, mebibytes = np.load(rows).T
    late = steps >= FULL
    assert (steps[late][0], steps[-1]) == (FULL, LONG)
    per_step, *_ = np.asarray(stats.theilslopes(mebibytes[late], steps[late]), dtype=float)
    slope = 100_000 * per_step
    with capsys.disabled():
        print(
            f"\n{late.sum()} samples from step {FULL:,} to {LONG:,}: "
            f"{mebibytes[late][0]:.1f} to {mebibytes[-1]:.1f} MiB, "
            f"{slope:+.2f} MiB per 100,000 steps"
        )
    assert abs(slope) < 0.5


def _sampled(measured: Job, rows: Path) -> None:
    """What the process does: train, and keep steps done and resident mebibytes of each episode."""
    found: list[tuple[float, float]] = []
    end, itself = Collector.end_episode, psutil.Process()

    def sampled(collector: Collector, replay: Replay) -> None:
        end(collector, replay)
        found.append((collector.step, itself.memory_info().rss / 2**20))

    mock.patch.object(Collector, "end_episode", sampled).start()
    in_moments()
    in_silence(measured)
    np.save(rows, np.array(found))
