"""Keyword arguments and wrappers of a task's entry: applied in order, or refused in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mpo.settings import settings
from mpo.training import run
from mpo.training.environment import Environment, EnvironmentFault, require_contract
from mpo.training.replaying import random_returns, returns
from mpo.training.stopping import Interrupted
from tests.environments import PREFIX
from tests.runs import TRIED, contents, job, signalled, tiny

OWN = """
import gymnasium

class Plus(gymnasium.ObservationWrapper):
    def __init__(self, env, plus):
        super().__init__(env)
        self.plus = plus

    def observation(self, observation):
        return observation + observation.dtype.type(self.plus)

class Twice(gymnasium.ObservationWrapper):
    def observation(self, observation):
        return observation * 2

class Ten(gymnasium.RewardWrapper):
    def reward(self, reward):
        return reward + 10.0

number = 3
"""
CLOCK = PREFIX + "Clock-v0"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's own, `own_wrappers`."""
    (tmp_path / "own_wrappers.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)


def opened(**fields: Any) -> Environment:
    return Environment.of(settings({"environment": CLOCK, **fields}))


def layer(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"wrapper": name, "kwargs": kwargs}


@pytest.mark.usefixtures("own")
def test_wrappers_are_applied_from_the_inside_out() -> None:
    plus, twice = layer("own_wrappers:Plus", plus=3), layer("own_wrappers:Twice")
    start = opened().reset(0)
    np.testing.assert_array_equal(opened(wrappers=[plus, twice]).reset(0), (start + 3) * 2)
    np.testing.assert_array_equal(opened(wrappers=[twice, plus]).reset(0), start * 2 + 3)


def test_keyword_arguments_reach_the_environment() -> None:
    def end(environment: Environment) -> int:
        environment.reset(0)
        steps = 1
        while not environment.step(np.zeros(environment.action_size, np.float32)).truncated:
            steps += 1
        return steps

    pendulum = {"environment": "Pendulum-v1"}
    assert (end(opened(**pendulum)), end(opened(**pendulum, kwargs={"max_episode_steps": 7}))) == (
        200,
        7,
    )
    push = np.zeros(1, np.float32)
    light, heavy = (opened(**pendulum, kwargs={"g": g}) for g in (1.0, 20.0))
    assert np.array_equal(light.reset(0), heavy.reset(0))
    assert not np.array_equal(light.step(push).observation, heavy.step(push).observation)


def test_dm_control_may_be_wrapped() -> None:
    fields = {"environment": "dm_control/cartpole-balance-v0"}
    stack = layer("gymnasium.wrappers:FrameStackObservation", stack_size=3)
    wrappers = [layer("gymnasium.wrappers:FlattenObservation"), stack]
    plain, stacked = opened(**fields), opened(**fields, wrappers=wrappers)
    assert stacked.observation_size == 3 * plain.observation_size


FAULTS = [
    ({"kwargs": {"nope": 1}}, "got an unexpected keyword argument 'nope'"),
    ({"kwargs": {"render_mode": "human"}}, "kwargs: 'render_mode' is not a task's to set$"),
    ({"wrappers": [layer("own_wrappers:Plus")]}, "in own_wrappers:Plus: .* argument: 'plus'"),
    ({"wrappers": [layer("own_wrappers:Twice", nope=1)]}, "unexpected keyword argument 'nope'"),
    (
        {"wrappers": [layer("own_wrappers:Thrice")]},
        "module 'own_wrappers' has no attribute 'Thrice'",
    ),
    ({"wrappers": [layer("own_wrappers:number")]}, "no class derived from gymnasium.Wrapper$"),
    ({"wrappers": [layer("nowhere.inner:Plus")]}, "No module named 'nowhere'.* in PYTHONPATH"),
]


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(("fields", "said"), FAULTS)
def test_what_cannot_be_made_or_wrapped_is_one_line(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(EnvironmentFault, match=said) as caught:
        opened(**fields)
    assert str(caught.value).startswith(f"environment: {CLOCK!r} cannot be ")
    assert "\n" not in str(caught.value)


def test_a_wrapper_that_remembers_beyond_an_episode_is_refused() -> None:
    """Its statistics would be in no checkpoint, and another's in the evaluations."""
    chosen = tiny(wrappers=[layer("gymnasium.wrappers:NormalizeObservation")])
    with pytest.raises(EnvironmentFault, match="is not determined by its seed"):
        require_contract(chosen)


@pytest.mark.usefixtures("own")
def test_the_uniform_policy_plays_the_wrapped_task() -> None:
    chosen = tiny(), tiny(wrappers=[layer("own_wrappers:Ten")])
    table = random_returns(dict(zip(("plain", "more"), chosen, strict=True)), 2, 0)
    plain, more = table["return_mean"]
    assert more > plain + 50.0


@pytest.mark.usefixtures("own", "unchecked")
def test_a_run_trains_resumes_and_is_played_in_the_wrapped_task(tmp_path: Path) -> None:
    """An episode of ten steps at most -1.4 each, and 10 more a step."""
    chosen = tiny(wrappers=[layer("own_wrappers:Ten")])
    done, again = (job(tmp_path / name, chosen) for name in ("straight", "resumed"))
    run.train(done, bar=False)
    with signalled(Environment, "step", TRIED + 37), pytest.raises(Interrupted):
        run.train(again, bar=False)
    run.train(again, bar=False)
    assert contents(again) == contents(done)
    assert returns(done.out, 2, 0)["return"].min() > 80.0
    logged = pd.read_csv(done.out / "evaluations.csv")
    assert logged["return"].min() > 80.0
