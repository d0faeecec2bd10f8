"""The environment adapter: actions rescaled, observations flat, endings told apart."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from mpo.settings import settings
from mpo.training.environment import Environment, EnvironmentFault
from tests.environments import PREFIX
from tests.training.environment.making import made

DM_CONTROL = "dm_control/hopper-stand-v0"


def inner(environment: Environment) -> Any:
    return environment._gymnasium.unwrapped


@pytest.mark.parametrize(("name", "terminated"), [("Clock-v0", False), ("Terminating-v0", True)])
def test_termination_and_truncation_stay_apart(name: str, terminated: bool) -> None:
    environment = Environment(PREFIX + name)
    environment.reset(0)
    steps = [environment.step(np.zeros(2)) for _ in range(7)]
    assert not any(step.terminated or step.truncated for step in steps[:-1])
    assert (steps[-1].terminated, steps[-1].truncated) == (terminated, not terminated)
    assert [step.observation[0] for step in steps] == [1, 2, 3, 4, 5, 6, 7]


def test_actions_are_clipped_and_rescaled_to_the_box() -> None:
    environment = Environment(PREFIX + "Clock-v0")
    environment.reset(0)
    for action in ([-1.0, -1.0], [1.0, 1.0], [0.0, 0.5], [-9.0, 9.0]):
        environment.step(np.array(action, np.float32))
    expected = [[-2.0, 0.0], [4.0, 1.0], [1.0, 0.75], [-2.0, 1.0]]
    np.testing.assert_allclose(inner(environment).actions, expected)


@pytest.mark.parametrize(("repeat", "counts"), [(2, [2, 2, 2, 1]), (3, [3, 3, 1]), (9, [7])])
def test_repeats_sum_rewards_and_stop_at_the_end(repeat: int, counts: list[int]) -> None:
    environment = Environment(PREFIX + "Clock-v0", repeat)
    environment.reset(0)
    steps = [environment.step(np.zeros(2)) for _ in counts]
    assert [step.control_steps for step in steps] == counts
    assert [step.reward for step in steps] == [float(count) for count in counts]
    assert [step.truncated for step in steps] == [False] * (len(counts) - 1) + [True]


def test_reset_is_determined_by_the_seed() -> None:
    environment = Environment(PREFIX + "Clock-v0")
    first, other, again = (environment.reset(seed)[1] for seed in (2**32 - 1, 6, 2**32 - 1))
    assert first == again != other
    assert inner(environment).seeds == [2**32 - 1, 6, 2**32 - 1]


def test_observations_and_actions_are_flat() -> None:
    environment = Environment(PREFIX + "Parts-v0")
    assert (environment.observation_size, environment.action_size) == (5, 4)
    observation = environment.reset(0)
    expected = gymnasium.spaces.flatten(
        inner(environment).observation_space, inner(environment)._observation()
    )
    np.testing.assert_array_equal(observation, expected)
    assert observation.dtype == np.float32
    step = environment.step(np.array([1.0, -1.0, 0.5, 0.0]))
    np.testing.assert_array_equal(inner(environment).given, [[1.0, -1.0], [0.5, 0.0]])
    np.testing.assert_array_equal(step.observation, expected)


@pytest.mark.parametrize("what", ["reward", "observation"])
def test_what_is_not_finite_is_a_fault_of_that_step(what: str) -> None:
    name = f"{PREFIX}Broken{what.capitalize()}-v0"
    environment = Environment(name, 5)
    environment.reset(9)
    with pytest.raises(EnvironmentFault) as caught:
        environment.step(np.zeros(2))
    place = f"environment: {name!r} at control step 5 of the episode of seed 9: the {what} is"
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize("size", [1, 2, 15, 67, 768])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_wherever_it_is_not_finite_the_place_is_told(size: int, value: float) -> None:
    space = gymnasium.spaces.Box(-9.0, 9.0, (size,))
    for place in {0, size // 2, size - 1}:
        observed = np.full(size, -np.finfo(np.float32).max)
        environment = made(observations=space, observe=lambda _, observed=observed: observed)
        environment.reset(0)
        observed[place] = value
        with pytest.raises(EnvironmentFault, match=f"float32: {value} at {place} of {size}$"):
            environment.step(np.zeros(2, np.float32))


@pytest.mark.parametrize("name", ["InvertedDoublePendulum-v5", "Hopper-v5"])
def test_gymnasium_s_mujoco_terminates(name: str) -> None:
    environment = Environment(name)
    environment.reset(0)
    rng = np.random.default_rng(0)
    step = environment.step(np.zeros(environment.action_size))
    for _ in range(1000):
        if step.terminated:
            break
        step = environment.step(rng.uniform(-1.0, 1.0, environment.action_size))
    assert step.terminated
    assert not step.truncated
    environment.close()


def test_a_decision_lasts_its_repeats() -> None:
    one, two = (Environment("dm_control/cartpole-balance-v0", n) for n in (1, 2))
    assert two.decision_seconds == pytest.approx(2.0 * one.decision_seconds)
    assert one.decision_seconds > 0.0


def test_episodes_are_cut_where_they_are_told_to() -> None:
    environment = Environment(PREFIX + "Clock-v0", 2, episode_steps=4)
    for _ in range(2):
        environment.reset(0)
        steps = [environment.step(np.zeros(2)) for _ in range(2)]
        assert [step.truncated for step in steps] == [False, True]
        assert not any(step.terminated for step in steps)


def test_an_episode_that_terminates_where_it_would_be_cut_terminates() -> None:
    environment = Environment(PREFIX + "Terminating-v0", 7, episode_steps=7)
    environment.reset(0)
    step = environment.step(np.zeros(2))
    assert (step.terminated, step.truncated) == (True, False)


def test_an_environment_s_own_end_comes_first() -> None:
    environment = Environment(PREFIX + "Clock-v0", episode_steps=500)
    environment.reset(0)
    steps = [environment.step(np.zeros(2)) for _ in range(7)]
    assert [step.truncated for step in steps] == [False] * 6 + [True]


def test_without_a_time_limit_an_entry_must_give_one() -> None:
    name = PREFIX + "Endless-v0"
    with pytest.raises(EnvironmentFault, match=r"declares no time limit.*gives episode_steps$"):
        Environment(name)
    environment = Environment.of(settings({"environment": name, "episode_steps": 3}))
    environment.reset(0)
    assert [environment.step(np.zeros(2)).truncated for _ in range(3)] == [False, False, True]


def test_seed_and_actions_bring_an_episode_back() -> None:
    rng = np.random.default_rng(0)
    for name in ("dm_control/hopper-stand-v0", "Hopper-v5", PREFIX + "Parts-v0"):
        first, second = Environment(name, 2), Environment(name, 2)
        second.reset(1)  # an episode before must not matter
        second.step(np.zeros(second.action_size, np.float32))
        actions = rng.uniform(-1.5, 1.5, (5, first.action_size)).astype(np.float32)
        played = [
            [environment.reset(8).tobytes()]
            + [(step.observation.tobytes(), *step[1:]) for step in map(environment.step, actions)]
            for environment in (first, second)
        ]
        assert played[0] == played[1]
