"""dm_control stepped directly: as through Shimmy, and only where nothing in between changes it."""

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import RescaleAction, TimeLimit, TransformReward
from shimmy import DmControlCompatibilityV0

from mpo.settings import settings
from mpo.training.environment import (
    Diverged,
    Environment,
    EnvironmentFault,
    require_contract,
)
from mpo.training.environment.dm_control import DmControlSimulator
from tests.training.environment.making import made, registered

DM_CONTROL = "dm_control/hopper-stand-v0"


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


def hopper() -> Any:
    """The Gymnasium environment of Shimmy's that nothing wraps."""
    return gymnasium.make(DM_CONTROL, disable_env_checker=True).unwrapped


class Doubled(DmControlCompatibilityV0):
    """A subclass may step otherwise."""

    def step(self, action: np.ndarray) -> Any:
        observation, reward, *rest = super().step(action)
        return observation, 2.0 * reward, *rest


WRAPPED: dict[str, Callable[[], gymnasium.Env]] = {
    "rescaled": lambda: RescaleAction(hopper(), np.float64(-0.5), np.float64(0.5)),
    "cut": lambda: TimeLimit(hopper(), 3),
    "rewarded": lambda: TransformReward(hopper(), lambda reward: 2.0 * float(reward)),
    "a subclass": lambda: Doubled(hopper()._env),
}


def test_what_nothing_wraps_is_stepped_directly() -> None:
    for creator in (hopper, lambda: gymnasium.wrappers.PassiveEnvChecker(hopper())):
        assert isinstance(made(creator, limit=None).simulator, DmControlSimulator)


@pytest.mark.parametrize("name", WRAPPED)
def test_what_is_wrapped_is_stepped_as_wrapped(name: str) -> None:
    wrapped, plain, theirs = made(WRAPPED[name], limit=None), Environment(DM_CONTROL), hopper()
    assert not isinstance(wrapped.simulator, DmControlSimulator)
    wrapped.reset(3)
    plain.reset(3)
    theirs.reset(seed=3)
    rng = np.random.default_rng(0)
    for step in range(1, 5):
        action = rng.uniform(-1.0, 1.0, 4).astype(np.float32)
        found, direct = wrapped.step(action), plain.step(action)
        observation = theirs.step(action.astype(np.float64))[0]
        # Gymnasium's spaces sort their parts, where dm_control keeps its own order
        flat = np.asarray(gymnasium.spaces.flatten(theirs.observation_space, observation))
        np.testing.assert_allclose(found.observation, flat, rtol=1e-5, atol=1e-6)
        doubles = name in ("rewarded", "a subclass")
        assert found.reward == pytest.approx((2.0 if doubles else 1.0) * direct.reward)
        assert found.truncated == (name == "cut" and step >= 3)


def test_parts_of_any_shape_are_flat() -> None:
    environment = Environment("dm_control/humanoid-stand-v0")  # head_height is a number
    environment.reset(0)
    timestep = environment.simulator.inner.step(np.zeros(21))  # type: ignore[attr-defined]
    expected = np.concatenate([np.ravel(part) for part in timestep.observation.values()])
    found = environment.simulator.flat(timestep.observation)
    np.testing.assert_array_equal(found, expected.astype(np.float32))


def test_physics_that_actions_drove_apart_is_an_outcome() -> None:
    environment = Environment(DM_CONTROL)
    environment.reset(5)
    environment.step(np.ones(4, np.float32))
    environment.simulator.inner.physics.data.qvel[:] = 1e30  # type: ignore[attr-defined]
    with pytest.raises(Diverged) as caught:
        environment.step(np.ones(4, np.float32))
    assert caught.value.what == "physics state"
    assert caught.value.where.startswith(
        f"environment: {DM_CONTROL!r} at control step 2 of the episode of seed 5: PhysicsError: "
    )


def broken_start() -> Any:
    environment = hopper()

    def initialise(physics: Any) -> None:
        physics.data.qvel[:] = 1e30
        with physics.check_invalid_state():
            physics.step()

    environment._env.task.initialize_episode = initialise
    return environment


def test_physics_that_breaks_before_any_action_is_a_fault() -> None:
    with pytest.raises(EnvironmentFault, match=r"at the reset of the episode of seed 0: Physics"):
        made(broken_start, limit=None).reset(0)


def test_physics_that_breaks_when_it_is_checked_is_a_fault() -> None:
    class Weak(DmControlCompatibilityV0):
        def step(self, action: np.ndarray) -> Any:
            self._env.physics.data.qvel[:] = 1e30
            return super().step(action)

    with (
        registered(lambda: Weak(hopper()._env), limit=None) as name,
        pytest.raises(EnvironmentFault, match="diverges before any policy has acted"),
    ):
        require_contract(settings({"environment": name}))


def endless() -> gymnasium.Env:
    known = gymnasium.spec("dm_control/cartpole-balance-v0").entry_point
    assert callable(known)
    return known(task_kwargs={"time_limit": float("inf")})


def test_one_that_never_ends_needs_episode_steps() -> None:
    with pytest.raises(EnvironmentFault, match="declares no time limit"):
        made(endless, limit=None)
    environment = made(endless, limit=None, episode_steps=2)
    assert isinstance(environment.simulator, DmControlSimulator)
    environment.reset(0)
    assert [environment.step(np.zeros(1)).truncated for _ in range(2)] == [False, True]


def test_lqr_has_no_bounds_either() -> None:
    with pytest.raises(EnvironmentFault, match=r"has actions in \[-1e\+10, 1e\+10\]"):
        Environment("dm_control/lqr-lqr_2_1-v0", episode_steps=100)


def test_a_size_that_changes_is_a_fault() -> None:
    environment = Environment(DM_CONTROL)
    environment.reset(0)
    inner = environment.simulator.inner  # type: ignore[attr-defined]
    observe = inner.task.get_observation
    inner.task.get_observation = lambda physics: {**observe(physics), "touch": np.zeros(1)}
    with pytest.raises(EnvironmentFault, match="the observation has 14 numbers, its space 15"):
        environment.step(np.zeros(4))
