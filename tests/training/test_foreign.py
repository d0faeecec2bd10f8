"""A run's task for other code: its environment, its budget, and our evaluation of it."""

from __future__ import annotations

import csv
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from mpo import rundir
from mpo.rundir import Divergence, ForeignRun, foreign_run
from mpo.training.environment import Environment
from mpo.training.episodes import run_episode
from mpo.training.foreign import ForeignTask
from mpo.training.seeds import Seeds, Stream
from tests.test_foreign_run import asked

CENTRE = np.zeros(1, np.float32)


def train(task: ForeignTask) -> None:
    """Whole episodes of one action, to the end of the budget."""
    over = True
    while not task.finished:
        if over:
            task.reset(seed=99)
        _, _, terminated, truncated, _ = task.step(CENTRE)
        over = terminated or truncated
        task.evaluate(lambda observation: CENTRE)


def test_it_is_evaluated_as_mpo_is(tmp_path: Path) -> None:
    with foreign_run(asked(tmp_path)) as run:
        task = ForeignTask(run)
        assert isinstance(task, gymnasium.Env)
        train(task)
        task.close()
    rows = list(csv.DictReader((tmp_path / "out" / rundir.EVALUATIONS).open()))
    assert [row["step"] for row in rows] == ["50", "100", "100"]

    class Still:
        def mean(self, observation: np.ndarray) -> np.ndarray:
            return CENTRE

    environment, seeds = Environment("Pendulum-v1"), Seeds(1, "toy", 3)
    for row, point in zip(rows, (0, 1, 1), strict=True):
        seed = seeds.of_evaluation(point, int(row["episode"]))
        episode = run_episode(environment, Still(), seed, 0.99)
        assert float(row["return"]) == episode.return_
        assert float(row["discounted_return"]) == episode.discounted_return
    environment.close()


def test_training_episodes_start_as_those_of_mpo_do(tmp_path: Path) -> None:
    task = ForeignTask(ForeignRun(asked(tmp_path)))
    environment = Environment("Pendulum-v1")
    for index in range(2):
        start = environment.reset(Seeds(1, "toy", 3).of(Stream.EPISODE, index))
        np.testing.assert_array_equal(task.reset(seed=5)[0], start)
    assert task.observation_space.shape == (3,)
    assert task.observation_space.dtype == np.float32
    assert task.initial_seed == Seeds(1, "toy", 3).of(Stream.INITIALISATION)
    task.close()
    environment.close()


def test_an_action_that_is_not_finite_is_a_divergence(tmp_path: Path) -> None:
    task = ForeignTask(ForeignRun(asked(tmp_path)))
    task.reset()
    with pytest.raises(Divergence, match="action"):
        task.step(np.full(1, np.nan, np.float32))
    task.steps = 60
    with pytest.raises(Divergence, match="action"):
        task.evaluate(lambda observation: np.full(1, np.nan))
    task.close()
