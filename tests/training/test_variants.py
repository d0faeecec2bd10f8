"""Every variant of config/variants.yaml passes the same examination."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpo.settings import settings
from mpo.study.entries import load_variants
from mpo.training import run
from mpo.training.environment import Environment
from mpo.training.episodes import run_episode
from mpo.training.stopping import Interrupted
from tests.environments import OPTIMUM, PREFIX, optimal_gain
from tests.learning import VARIANTS
from tests.runs import TRIED, contents, job, seeds, signalled, tiny
from tests.whole_runs import trained

pytestmark = pytest.mark.usefixtures("unchecked")
ALL = pytest.mark.parametrize("name", VARIANTS)
EACH_FAMILY = ("paper", "stabilised", "parametric")
ALL_AT_LENGTH = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in EACH_FAMILY else pytest.mark.soak) for n in VARIANTS],
)
"""Of what takes a minute each one of every family; `make soak` has the others."""
LEARNING: dict[str, Any] = {
    "policy_hidden": (16, 16),
    "critic_hidden": (32, 32),
    "policy_learning_rate": 1e-2,
    "critic_learning_rate": 1e-2,
    "batch_size": 32,
    "action_samples": 10,
    "steps_per_update": 4,
    "evaluation_points": 1,
    "compile": False,
}
"""A learner small and fast enough for problems of one or two dimensions."""


@ALL
def test_settings_go_round(name: str) -> None:
    chosen = settings(VARIANTS[name])
    assert settings(chosen.differences()) == chosen
    assert settings(chosen.differences()).digest(1, 2) == chosen.digest(1, 2)
    assert set(chosen.differences()) <= set(VARIANTS[name])


def test_each_variant_differs_from_its_base() -> None:
    variants = {
        n: variant
        for n, variant in load_variants().items()
        if not (variant.external or variant.generated)
    }
    for variant in variants.values():
        if variant.base:
            base = settings(variants[variant.base].settings)
            assert settings(variant.settings) != base, variant.name
    digests = [settings(variant.settings).digest() for variant in variants.values()]
    assert len(set(digests)) == len(digests)


def refreshed(name: str) -> dict[str, Any]:
    """The variant with its own ratio of target periods, scaled to a tiny run.

    So is a multiplier that starts high, and would outlast the run.
    """
    own = settings(VARIANTS[name])
    ratio = own.critic_target_period / own.policy_target_period
    periods = {"policy_target_period": 10, "critic_target_period": max(1, round(10 * ratio))}
    return {**VARIANTS[name], **periods, "initial_alpha_covariance": 1.0}


@ALL_AT_LENGTH
def test_two_runs_have_equal_bytes_and_so_has_a_resumed_one(name: str, tmp_path: Path) -> None:
    chosen = tiny(refreshed(name))
    jobs = {kind: job(tmp_path / kind, chosen) for kind in ("first", "second", "resumed")}
    for kind in ("first", "second"):
        assert run.train(jobs[kind], bar=False) == "completed"
    assert contents(jobs["first"]) == contents(jobs["second"])
    assert contents(jobs["first"])["training.csv"].count(b"\n") > 2

    # 2 evaluations of one episode of 10 steps have come before: step 88, within an episode
    with signalled(Environment, "step", TRIED + 108), pytest.raises(Interrupted):
        run.train(jobs["resumed"], bar=False)
    assert run.train(jobs["resumed"], bar=False) == "completed"
    assert contents(jobs["resumed"]) == contents(jobs["first"])


@ALL_AT_LENGTH
def test_one_step_problem_is_solved(name: str) -> None:
    """r = 1 - (a - a*)ᵀ H (a - a*) / 2: the mean goes to a*, the critic's value to 1, and the
    deviation, which noise in the action costs, shrinks from where it started.
    """
    fields = {
        **refreshed(name),
        **LEARNING,
        "environment": PREFIX + "OneStepCut-v0",
        "discount": 0.0,
        "steps": 1200,
        "steps_per_update": 3,
        "minimum_replay": 100,
        "sequence_length": 1,
        "epsilon_mean": 0.1,
        "epsilon_covariance": 1e-2,
    }
    done = trained(fields, np.linspace(-1.0, 1.0, 4).tolist())
    assert np.abs(done.mean - OPTIMUM).max() < 0.15
    assert done.deviation.max() < 0.45
    found = done.evaluations[-1]
    assert found["return"] == pytest.approx(1.0, abs=0.05)
    assert found["value_estimate"] == pytest.approx(1.0, abs=0.2)


class Linear:
    """a = -k s."""

    def __init__(self, k: float) -> None:
        self.k = k

    def mean(self, observation: np.ndarray) -> np.ndarray:
        return -self.k * observation


def regret(gain: float, returns: float) -> float:
    """Return lost to the optimal linear policy, as a share of what doing nothing loses."""
    environment = Environment(PREFIX + "LinearQuadratic-v0")
    totals = [
        np.mean(
            [
                run_episode(environment, Linear(k), seeds().of_evaluation(0, i), 1.0).return_
                for i in range(25)
            ]
        )
        for k in (gain, 0.0)
    ]
    return float((totals[0] - returns) / (totals[0] - totals[1]))


@ALL_AT_LENGTH
def test_linear_quadratic_problem_is_solved(name: str) -> None:
    """The mean action approaches -k s, k from the discounted Riccati equation.

    Where the critic is its own target from update to update, or its value is soft, it takes longer.
    """
    discount, own = 0.9, refreshed(name)
    soft = own.get("backup") == "soft"
    fields = {
        **own,
        **LEARNING,
        "environment": PREFIX + "LinearQuadraticBesideOne-v0",
        "discount": discount,
        "steps": 12_000 if own["critic_target_period"] == 1 else 9000 if soft else 6000,
        "minimum_replay": 300,
        "batch_size": 64,
        "sequence_length": 4,
        "epsilon_covariance": 1e-2,
        "policy_learning_rate": 3e-3,
        "critic_learning_rate": 3e-3,
    }
    states = np.linspace(-0.6, 0.6, 7)
    done = trained(fields, states.tolist())
    gain = optimal_gain(discount)
    returns = float(np.mean([row["return"] for row in done.evaluations]))
    assert regret(gain, returns) < 0.15
    assert np.abs(done.mean[:, 0] + gain * states).mean() < 0.2
