"""Tasks without a score range: scores from the uniform policy to the best run, marked so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mpo.evaluation.reading.frames import read_frames
from mpo.evaluation.reading.load import load
from mpo.evaluation.reading.manifest import SCALES
from mpo.evaluation.reading.scores import scores
from mpo.evaluation.stages import write_estimates, write_runs

TASKS = ["cartpole-balance", "acrobot-swingup"]


def without_range(folder: Path, **changed: float) -> Path:
    """The study, of which the first task has none."""
    file = folder / "manifest.json"
    content = json.loads(file.read_text())
    content["tasks"][TASKS[0]] |= {"score_range": None, "reference": "", **changed}
    file.write_text(json.dumps(content))
    return folder


def test_the_best_run_has_a_score_of_one(made: Callable[..., Path], tmp_path: Path) -> None:
    folder = made(tasks=TASKS)
    ranged = scores(load(folder))
    study = load(without_range(folder))
    found = scores(study)
    task = study.manifest.tasks[TASKS[0]]
    mine = found[found["task"] == TASKS[0]]
    assert mine["score"].max() == pytest.approx(1.0, rel=1e-5)
    best = mine.loc[mine["score"].idxmax()]
    assert (task.low, task.high) == (
        task.random_return,
        pytest.approx(best["return_mean"], rel=1e-5),
    )
    assert f"the best run, {best['variant']} with seed {best['seed']}" in task.reference
    assert task.reference.startswith("relative: ")
    others = found["task"] == TASKS[1]
    assert found[others].equals(ranged[others])
    write_runs(study, [], tmp_path)  # where the runs are not, as a report so far or a check writes
    (tmp_path / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    write_estimates(tmp_path)
    assert read_frames(tmp_path).manifest == study.manifest


def test_a_run_that_diverged_is_not_the_best_and_no_better_than_others(
    made: Callable[..., Path],
) -> None:
    study = load(without_range(made(diverged={(TASKS[0], "paper", 1): 2})))
    found = scores(study).set_index(["variant", "seed"])["score"].to_dict()
    assert "paper with seed 1" not in study.manifest.tasks[TASKS[0]].reference
    assert found["paper", 1] <= min(0.0, *found.values())


def test_where_no_run_is_better_than_the_uniform_policy_that_is_said(
    made: Callable[..., Path],
) -> None:
    study = load(without_range(made(), random_return=1e9))
    task = study.manifest.tasks[TASKS[0]]
    assert (task.low, task.high) == (1e9, 1e9 + 1)
    assert "as no run was better" in task.reference
    assert scores(study)["score"].max() < 0


def test_nothing_is_written_where_every_task_has_a_range(
    made: Callable[..., Path], tmp_path: Path
) -> None:
    write_runs(load(made()), [], tmp_path)
    assert not (tmp_path / SCALES).exists()
