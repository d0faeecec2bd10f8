"""The environment adapter: actions rescaled, observations flat, endings told apart."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from mpo.training.environment import Diverged, Environment
from tests.environments import PREFIX

DM_CONTROL = "dm_control/hopper-stand-v0"


def inner(environment: Environment) -> Any:
    return environment._wrapped.unwrapped


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
def test_what_is_not_finite_diverges(what: str) -> None:
    environment = Environment(f"{PREFIX}Broken{what.capitalize()}-v0")
    environment.reset(0)
    for _ in range(4):
        environment.step(np.zeros(2))
    with pytest.raises(Diverged) as caught:
        environment.step(np.zeros(2))
    assert (caught.value.what, caught.value.where) == (what, "environment step")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NoSuchTask-v0", "NoSuchTask-v0' cannot be made"),
        (PREFIX + "Choices-v0", "no bounded Box of actions"),
        (PREFIX + "Unbounded-v0", "no bounded Box of actions"),
        (PREFIX + "Names-v0", "no Box or Dict of Box observations"),
    ],
)
def test_an_environment_that_does_not_fit_is_named(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Environment(name)


def test_dm_control_is_as_shimmy_has_it() -> None:
    """The adapter steps the inner environment; Shimmy's own steps give the same, in its order."""
    ours = Environment(DM_CONTROL)
    theirs = gymnasium.make(DM_CONTROL, disable_env_checker=True)
    space, box = theirs.observation_space, theirs.action_space
    assert isinstance(box, gymnasium.spaces.Box)
    start, _ = theirs.reset(seed=3)
    flat = np.concatenate([np.ravel(start[key]) for key in start])
    np.testing.assert_allclose(ours.reset(3), flat.astype(np.float32))
    assert ours.observation_size == gymnasium.spaces.flatdim(space)
    rng = np.random.default_rng(0)
    for _ in range(20):
        action = rng.uniform(-1.0, 1.0, ours.action_size)
        native = box.low + (action + 1.0) * (box.high - box.low) / 2.0
        found = ours.step(action)
        observation, reward, terminated, truncated, _ = theirs.step(native)
        flat = np.concatenate([np.ravel(observation[key]) for key in observation])
        np.testing.assert_allclose(found.observation, flat.astype(np.float32))
        assert found.reward == pytest.approx(float(reward))
        assert (found.terminated, found.truncated) == (terminated, truncated)


def test_dm_control_is_truncated_after_a_thousand_steps() -> None:
    environment = Environment("dm_control/cartpole-balance-v0", 4)
    environment.reset(0)
    steps = [environment.step(np.zeros(1)) for _ in range(250)]
    assert not any(step.truncated for step in steps[:-1])
    assert (steps[-1].terminated, steps[-1].truncated) == (False, True)
    assert sum(step.control_steps for step in steps) == 1000


def test_physics_that_breaks_diverges(monkeypatch: pytest.MonkeyPatch) -> None:
    from dm_control.rl.control import PhysicsError

    environment = Environment(DM_CONTROL)
    environment.reset(0)

    def broken(action: np.ndarray) -> None:
        raise PhysicsError("bad qacc")

    monkeypatch.setattr(environment._dm_control, "step", broken)
    with pytest.raises(Diverged, match="physics state"):
        environment.step(np.zeros(environment.action_size))


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
