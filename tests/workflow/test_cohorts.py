"""Seeds trained as one: one job a task and variant, whose outputs are the files of all runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpo.rundir import RUN, RUN_FILES
from tests.workflow.planning import CONFIG, VARIANTS, append, begin, planned, runs, trained
from tests.workflow.project import copy_project, snakemake

TINY = """
study: trial
study_seed: 1
variants: [stabilised]
tasks: {InvertedPendulum-v5: 400}
seeds: [0, 1]
cohorts: true
settings:
  evaluation_points: 2
  evaluation_episodes: 1
  evaluation_final_episodes: 1
  minimum_replay: 200
  steps_per_update: 10
  policy_hidden: [8]
  critic_hidden: [8, 8]
  compile: false
"""


@pytest.mark.parametrize("switch", ["cohorts: true\n", "settings: {device: cuda}\n"])
def test_one_job_has_the_files_of_all_runs_of_a_task_and_variant(tmp_path: Path, switch: str):
    begin(tmp_path)
    append(tmp_path, CONFIG, switch)
    plan = planned(tmp_path)
    assert trained(plan) == dict.fromkeys(VARIANTS, 2)  # of two tasks
    found = runs(plan[1])
    assert found == sorted(
        f"{task}/{variant}/{seed}"
        for task in ("cartpole-balance", "acrobot-swingup")
        for variant in VARIANTS
        for seed in (0, 1)
    )


def test_on_a_gpu_runs_may_be_trained_one_by_one_all_the_same(tmp_path: Path):
    begin(tmp_path)
    append(tmp_path, CONFIG, "settings: {device: cuda}\ncohorts: false\n")
    assert trained(planned(tmp_path)) == dict.fromkeys(VARIANTS, 4)


def test_a_cohort_s_job_trains_all_its_runs_and_none_of_them_again(tmp_path: Path):
    copy_project(tmp_path)
    (tmp_path / CONFIG).write_text(TINY)
    folder = tmp_path / "results/trial/runs/InvertedPendulum-v5/stabilised"
    target = ("--", "results/trial/runs/InvertedPendulum-v5/stabilised/0/run.json")
    done = snakemake(tmp_path, CONFIG, *target)
    assert done.returncode == 0, done.stderr
    for seed in ("0", "1"):
        assert {path.name for path in (folder / seed).iterdir()} == set(RUN_FILES)
        assert json.loads((folder / seed / RUN).read_text())["cohort"] == [0, 1]
    again = snakemake(tmp_path, CONFIG, "--dry-run", *target)
    assert "Nothing to be done" in again.stdout + again.stderr
