"""What a run does, counted from its settings, beside what runs did."""

from __future__ import annotations

from typing import Any

import pytest

from mpo.settings import Settings, settings
from mpo.study.entries import load_variants
from mpo.study.workload import Workload, updates, workload
from mpo.training.clock import Clock
from mpo.training.seeds import Seeds

SR = load_variants()["seed_report"].settings


def chosen(**fields: Any) -> Settings:
    return settings({"environment": "dm_control/cartpole-balance-v0", **fields})


def test_updates_are_as_many_as_decisions_and_what_is_stepped_counts_evaluations():
    fields = {"steps": 10_000, "action_repeat": 2, "steps_per_update": 4, "evaluation_points": 5}
    evaluated = (4 * 3 + 7) * 1000
    expected = Workload(2_500, 10_000 + evaluated, (10_000 + evaluated) // 2)
    more = {"evaluation_episodes": 3, "evaluation_final_episodes": 7}
    assert workload(chosen(**fields, **more)) == expected


def test_an_iteration_of_the_report_has_its_348_batches():
    """15,000 steps, less the last decision of 50 episodes, thrice, in whole batches of 128."""
    assert updates(chosen(**SR, steps=15_000)) == 348
    assert updates(chosen(**SR, steps=3_000_000)) == 200 * 348


@pytest.mark.parametrize("steps", [600, 750, 900])
def test_iterations_update_as_often_as_is_counted(steps: int):
    """Of two episodes of 150 steps, of which the budget cuts the last one short or not."""
    small = {"iteration_episodes": 2, "episode_steps": 150, "batch_size": 16, "compile": False}
    run = chosen(**SR | small, steps=steps, evaluation_points=1, evaluation_final_episodes=1)
    training = run.option("protocol").Training(run, Seeds(0, "cartpole-balance", 0), Clock())
    for _ in training.walk():
        pass
    training.close()
    assert training.learner.updates == updates(run)
