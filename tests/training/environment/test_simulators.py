"""What a simulator returns: numbers for rewards, true or false for ends, all the parts."""

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest

from mpo.training.environment import Diverged, EnvironmentFault
from tests.training.environment.making import Made, check, made

ZERO = np.zeros(2, np.float32)


@pytest.mark.parametrize(
    "reward",
    [
        *(1.5, np.float64(1.5), np.float32(1.5), np.float16(1.5), [1.5]),
        *(np.array(1.5), np.array([1.5]), np.array([[1.5]], np.float16)),
    ],
    ids=repr,
)
def test_a_reward_is_one_number(reward: Any) -> None:
    environment = made(reward=reward)
    environment.reset(0)
    found = environment.step(ZERO).reward
    assert type(found) is float
    assert found == 1.5
    check(reward=reward)


@pytest.mark.parametrize("reward", [True, 2, np.int64(2), np.uint8(2)], ids=repr)
def test_a_whole_reward_is_a_number_too(reward: Any) -> None:
    environment = made(reward=reward)
    environment.reset(0)
    assert environment.step(ZERO).reward == float(reward)


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        (None, "the reward is None, where a number is due"),
        ("1", "the reward is '1', where"),
        (np.array([1.0, 2.0]), r"the reward is array\(\[1., 2.\]\), where"),
        (np.array([]), "the reward is array"),
        ({"a": 1.0}, "the reward is {'a': 1.0}"),
        (1j, "the reward is 1j"),
        (float("nan"), "the reward is nan"),
        (np.array([np.inf]), "the reward is inf"),
        (-1e39, r"the reward is -1e\+39, which is not finite in float32"),
    ],
)
def test_another_reward_is_a_fault(reward: Any, said: str) -> None:
    with pytest.raises(EnvironmentFault, match=f"at control step 1 of the episode.*{said}"):
        check(reward=reward)


def changed(**parts: Any) -> Callable[..., gymnasium.Env]:
    """An environment whose step returns these parts in place of its own."""

    class Changed(Made):
        def step(self, action: Any) -> Any:
            names = ("observation", "reward", "terminated", "truncated", "info")
            own = dict(zip(names, super().step(action), strict=True))
            return tuple({**own, **parts}.values())

    return Changed


@pytest.mark.parametrize("value", [True, np.True_, 1, np.array([True]), np.array(1)], ids=repr)
@pytest.mark.parametrize("part", ["terminated", "truncated"])
def test_an_end_is_true_or_false(value: Any, part: str) -> None:
    environment = made(changed(**{part: value}))
    environment.reset(0)
    step = environment.step(ZERO)
    assert getattr(step, part) is True
    assert step.terminated + step.truncated == 1


@pytest.mark.parametrize("value", [None, "yes", 0.5, float("nan"), np.array([])], ids=repr)
def test_another_end_is_a_fault(value: Any) -> None:
    with pytest.raises(EnvironmentFault, match=r"terminated or truncated is .*, where true or"):
        check(changed(terminated=value))


class OldReset(Made):
    def reset(self, **kwargs: Any) -> Any:
        return super().reset(**kwargs)[0]


class OldStep(Made):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, info


class Unseedable(Made):
    def reset(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().reset()


class Failing(Made):
    def step(self, action: Any) -> Any:
        if len(self.given) == 2:
            raise RuntimeError("the arm\nfell off")
        return super().step(action)


@pytest.mark.parametrize(
    ("creator", "said"),
    [
        (OldReset, r"at the reset .*: reset returned something other than \(observation, info\)"),
        (OldStep, r"at control step 1 .*: step returned something other than \(observation, rew"),
        (Unseedable, "at the reset .*: TypeError: .*unexpected keyword argument 'seed'"),
    ],
)
def test_another_interface_is_a_fault(creator: Callable[..., Any], said: str) -> None:
    with pytest.raises(EnvironmentFault, match=said):  # in an episode, whatever wraps it
        environment = made(creator, limit=None, episode_steps=100)
        environment.reset(0)
        environment.step(ZERO)


def test_a_simulator_s_exception_is_a_fault_that_can_be_repeated() -> None:
    environment = made(Failing)
    environment.action_repeat = 2
    environment.reset(123)
    environment.step(ZERO)
    with pytest.raises(EnvironmentFault) as caught:
        environment.step(ZERO)
    assert str(caught.value).startswith(
        "environment: 'Made-v0' at control step 3 of the episode of seed 123: "
        "RuntimeError: the arm fell off (test_simulators.py, line "
    )
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize("creator", [Failing, changed(reward=float("nan"))])
def test_an_action_that_is_not_finite_is_the_policy_s_divergence(creator: Any) -> None:
    environment = made(creator)
    environment.reset(0)
    with pytest.raises(Diverged, match=r"^action is not finite"):
        environment.step(np.array([0.0, np.nan], np.float32))
