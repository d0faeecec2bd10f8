"""Evaluations of a run: when they fall due, of how many episodes, and stopped anywhere."""

import math

import numpy as np
import pytest

from mpo.training import checkpoints
from mpo.training.environment import Environment
from mpo.training.evaluations import Evaluations
from tests.environments import PREFIX
from tests.runs import seeds, tiny


class Still:
    """The action zero."""

    def mean(self, observation: np.ndarray) -> np.ndarray:
        return np.zeros(1, np.float32)


def value(observation: np.ndarray, action: np.ndarray) -> float:
    return float(observation[0])


def made(**fields: int) -> Evaluations:
    environment = Environment(PREFIX + "LinearQuadratic-v0")
    return Evaluations(tiny(fields, evaluation_episodes=2), seeds(), environment)


def played(evaluations: Evaluations, step: int) -> Evaluations:
    for _ in evaluations.play(step, Still(), value):
        pass
    return evaluations


@pytest.mark.parametrize(
    ("step", "steps"), [(39, []), (40, [40]), (79, [40]), (121, [40, 80, 120])]
)
def test_all_that_fell_due_is_played(step: int, steps: list[int]) -> None:
    evaluations = made()
    assert (step >= evaluations.due_at) == bool(steps)
    rows = played(evaluations, step).rows
    assert [row["step"] for row in rows] == [due for due in steps for _ in range(2)]
    assert step < evaluations.due_at
    assert played(evaluations, step).rows == rows


def test_the_last_has_its_own_number_of_episodes_and_nothing_comes_after_it() -> None:
    evaluations = played(made(evaluation_final_episodes=3), 160)
    assert [row["step"] for row in evaluations.rows] == [40, 40, 80, 80, 120, 120, 160, 160, 160]
    assert evaluations.due_at == math.inf


def test_every_episode_has_its_own_start_whenever_it_is_played() -> None:
    at_once, in_turn = played(made(), 160), made()
    for step in (45, 100, 120, 160):
        played(in_turn, step)
    starts = [row["value_estimate"] for row in at_once.rows]
    assert len(set(starts)) == len(starts)
    assert in_turn.rows == at_once.rows


@pytest.mark.parametrize("moments", [1, 5, 11, 12, 30, 87, 88])
def test_stopped_anywhere_it_goes_on_with_the_same_rows(moments: int, tmp_path) -> None:
    """What is complete is kept, the episode under way is played anew."""
    walk = (stopped := made()).play(160, Still(), value)
    for _ in range(moments):
        next(walk)
    checkpoints.save(tmp_path, stopped.state())
    saved, _ = checkpoints.load(tmp_path)
    assert saved is not None
    assert 2 * saved["done"] + len(saved["finished"]) == (moments - 1) // 11  # a reset, ten steps
    other = made()
    other.restore(saved)
    left = sum(1 for _ in other.play(160, Still(), value))
    assert left == 11 * (8 - (moments - 1) // 11)
    assert other.rows == played(made(), 160).rows
