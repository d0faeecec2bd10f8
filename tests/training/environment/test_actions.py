"""Actions: -1 and 1 are the bounds of the space that is stepped, to the bit and in its type."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space
from gymnasium.wrappers import ClipAction, RescaleAction, TransformAction, TransformObservation
from hypothesis import given
from hypothesis import strategies as st

from mpo.training.environment import EnvironmentFault
from mpo.training.environment.actions import LARGEST_BOUND, Actions
from tests.training.environment.making import Made, made, simulator

BOXES: dict[str, Box] = {
    "symmetric": Box(-1.0, 1.0, (3,)),
    "of their own": Box(np.array([-2.0, 0.1]), np.array([4.0, 0.7]), dtype=np.float64),
    "far apart": Box(np.array([-1e8]), np.array([0.1]), dtype=np.float64),
    "both positive": Box(0.1, 0.3, (2,)),
    "one point": Box(0.1, 0.1, (1,)),
    "a scalar": Box(-3.0, 2.0, ()),
    "a matrix": Box(-2.0, 1.0, (2, 2)),
    "half precision": Box(-0.1, 0.3, (2,), dtype=np.float16),
    "bytes": Box(0, 255, (2,), dtype=np.uint8),
    "integers": Box(-3, 4, (2,), dtype=np.int64),
}


def extremes(environment: Any) -> tuple[np.ndarray, np.ndarray]:
    """What -1 and 1 become, as the simulator is given them."""
    environment.reset(0)
    for bound in (-1.0, 1.0):
        environment.step(np.full(environment.action_size, bound, np.float32))
    low, high = simulator(environment).given
    return low, high


@pytest.mark.parametrize("name", BOXES)
def test_the_extremes_are_the_space_s_own_bounds(name: str) -> None:
    space = BOXES[name]
    low, high = extremes(made(actions=space))
    assert (low.dtype, low.shape) == (space.dtype, space.shape)
    np.testing.assert_array_equal(low, space.low)
    np.testing.assert_array_equal(high, space.high)


@given(
    st.lists(
        st.tuples(
            st.floats(-LARGEST_BOUND, LARGEST_BOUND), st.floats(-LARGEST_BOUND, LARGEST_BOUND)
        ).map(sorted),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.floats(-3.0, 3.0, width=32), min_size=3, max_size=3),
    st.sampled_from([np.float32, np.float64]),
)
def test_all_actions_lie_within_any_bounds(
    bounds: list[list[float]], action: list[float], dtype: Any
) -> None:
    low, high = np.array(bounds).T.astype(dtype)
    actions = Actions(Made(actions=Box(low, high, dtype=dtype)))
    native = actions.native(np.array(action[: len(bounds)], np.float32))
    assert native.dtype == dtype
    assert np.all(low <= native)
    assert np.all(native <= high)
    for bound, expected in ((-1.0, low), (1.0, high)):
        ends = actions.native(np.full(len(bounds), bound, np.float32))
        np.testing.assert_array_equal(ends, expected)


@pytest.mark.parametrize("bound", [1.0, 3.0, float(np.float32(0.4)), 1e-30, 1e9])
def test_between_symmetric_bounds_the_short_way_gives_the_same_bits(bound: float) -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(0.0, 1.0, 50_000) * 10.0 ** rng.uniform(-12.0, 1.0, 50_000)
    ends = np.array([-1.0, 0.0, 1.0], np.float32)
    near = [np.nextafter(ends, np.float32(beyond)) for beyond in (-9.0, 9.0)]
    action = np.concatenate([draws.astype(np.float32), ends, *near])
    actions = Actions(Made(actions=Box(-bound, bound, action.shape, dtype=np.float64)))
    assert actions._is_symmetric == (bound == float(np.float32(bound)))
    short = actions.native(action)
    actions._is_symmetric = False
    assert short.tobytes() == actions.native(action).tobytes()


def test_what_lies_between_is_linear_and_integers_are_rounded_to() -> None:
    action = np.array([-0.5, 0.25], np.float32)
    found = Actions(Made(actions=Box(-2.0, 4.0, (2,)))).native(action)
    np.testing.assert_allclose(found, [-0.5, 1.75])
    found = Actions(Made(actions=Box(-3, 4, (2,), dtype=np.int32))).native(action)
    np.testing.assert_array_equal(found, [-1, 1])  # -1.25 and 1.375


def unchanged(action: np.ndarray) -> np.ndarray:
    return action


OWN = Box(-2.0, 2.0, (2,))
WRAPPED: dict[str, Any] = {
    "rescaled": lambda env: RescaleAction(env, np.float32(-1.0), np.float32(1.0)),
    "clipped": ClipAction,
    "clipped below others": lambda env: TransformObservation(
        ClipAction(env), unchanged, env.observation_space
    ),
    "rescaled and clipped": lambda env: ClipAction(
        RescaleAction(env, np.float32(-0.5), np.float32(0.5))
    ),
    "declared anew": lambda env: TransformAction(
        env, lambda action: 2.0 * action, Box(-1.0, 1.0, (2,))
    ),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapper_s_bounds_count_and_reach_the_simulator_s(name: str) -> None:
    low, high = extremes(made(lambda: WRAPPED[name](Made(actions=OWN))))
    np.testing.assert_allclose(low, OWN.low)
    np.testing.assert_allclose(high, OWN.high)


def test_a_simulator_may_keep_and_change_its_action() -> None:
    class Grasping(Made):
        def step(self, action: np.ndarray):
            step = super().step(action)
            action[:] = np.nan
            return step

    with_repeat = made(Grasping)
    with_repeat.action_repeat = 3
    with_repeat.reset(0)
    action = np.array([0.5, -0.5], np.float32)
    with_repeat.step(action)
    np.testing.assert_array_equal(simulator(with_repeat).given, [[0.5, -0.5]] * 3)
    np.testing.assert_array_equal(action, [0.5, -0.5])


ENDS = "accepted are finite bounds up to 1e+09"
REFUSED: list[tuple[Space | None, str]] = [
    (Discrete(3), r"action space Discrete\(3\).*DQN, PPO and MPO with a categorical policy"),
    (MultiDiscrete([2, 3]), r"MultiDiscrete.*accepted is a Box with finite bounds; PPO"),
    (MultiBinary(4), r"MultiBinary.*; PPO"),
    (Dict({"a": OWN}), r"action space Dict.*accepted is a Box with finite bounds$"),
    (None, "action space None; accepted is a Box"),
    (Box(-np.inf, np.inf, (2,)), r"actions in \[-inf, inf\] at \[0\] of its Box; " + ENDS[:8]),
    (Box(np.array([-1.0, -1.0]), np.array([1.0, np.inf])), r"\[-1, inf\] at \[1\]"),
    (Box(np.array([[-np.inf]]), np.array([[0.0]])), r"\[-inf, 0\] at \[0, 0\]"),
    (Box(-3.4e38, 3.4e38, (1,)), r"\[-3.4e\+38, 3.4e\+38\] at \[0\]"),
    (Box(-1.0, 1e10, (1,), dtype=np.float64), r"\[-1, 1e\+10\]"),
    (Box(-(2**63), 2**63 - 1, (1,), dtype=np.int64), r"9\.22337e\+18\]"),
    (Box(-1.0, 1.0, (0,)), "accepted is a Box of at least one number"),
]


@pytest.mark.parametrize(("space", "said"), REFUSED)
def test_other_actions_are_refused_by_name(space: Space | None, said: str) -> None:
    with pytest.raises(EnvironmentFault, match=f"^environment: 'Made-v0' has .*{said}") as caught:
        made(actions=space)
    assert "\n" not in str(caught.value)


def test_an_action_wrapper_over_a_clipping_one_declares_what_it_declares() -> None:
    class Doubling(gymnasium.ActionWrapper):
        def action(self, action: np.ndarray) -> np.ndarray:
            return 2.0 * action

    with pytest.raises(EnvironmentFault, match=r"\[-inf, inf\]"):
        made(lambda: Doubling(ClipAction(Made(actions=OWN))))
