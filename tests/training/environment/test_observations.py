"""Observations: flattened as Gymnasium does, or refused where they are none of the space's."""

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    MultiBinary,
    MultiDiscrete,
    Sequence,
    Space,
    Text,
    Tuple,
)
from gymnasium.wrappers import (
    FlattenObservation,
    FrameStackObservation,
    TimeAwareObservation,
    TimeLimit,
    TransformObservation,
)

from mpo.training.environment import Environment, EnvironmentFault
from tests.training.environment.making import Made, check, made, simulator

MIXED = Dict(
    {
        "speed": Box(-1.0, 1.0, (2,)),
        "gear": Discrete(4, start=-1),
        "inner": Dict({"b": MultiDiscrete([2, 3]), "a": Tuple((Box(0, 9, (2, 2)), Discrete(2)))}),
        "lamps": MultiBinary(3),
    }
)
SPACES: dict[str, Space] = {
    "a vector": Box(-9.0, 9.0, (3,), dtype=np.float64),
    "a scalar": Box(-9.0, 9.0, ()),
    "a matrix of integers": Box(-9, 9, (2, 3), dtype=np.int32),
    "an image": Box(0, 255, (4, 5, 3), dtype=np.uint8),
    "a choice": Discrete(5, start=3),
    "choices": MultiDiscrete(np.array([[2, 3], [4, 2]])),
    "a tuple": Tuple((Discrete(3), Box(-9.0, 9.0, (2,)), Dict({"b": Discrete(2)}))),
    "letters": Text(max_length=4, charset="abc"),
    "mixed": MIXED,
}


@pytest.mark.parametrize("name", SPACES)
def test_they_are_flattened_by_their_space(name: str) -> None:
    space = SPACES[name]
    environment = made(observations=space)
    space.seed(7)
    expected = [gymnasium.spaces.flatten(space, space.sample()) for _ in range(2)]
    found = [environment.reset(7), environment.step(np.zeros(2, np.float32)).observation]
    for flat, known in zip(found, expected, strict=True):
        np.testing.assert_array_equal(flat, np.asarray(known, np.float32))
        assert (flat.dtype, flat.shape) == (np.float32, (environment.observation_size,))


@pytest.mark.parametrize("declared", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("observed", [np.float16, np.float32, np.float64])
def test_a_vector_of_any_precision_is_as_gymnasium_flattens_it(
    declared: Any, observed: Any
) -> None:
    space = Box(-9.0, 9.0, (3,), dtype=declared)
    numbers = np.array([1 / 3, -1e-7, 8.1], observed)
    found = made(observations=space, observe=lambda _: numbers).reset(0)
    expected = np.asarray(gymnasium.spaces.flatten(space, numbers)).astype(np.float32)
    assert found.tobytes() == expected.tobytes()
    assert not np.shares_memory(found, numbers)


WRAPPERS: dict[str, tuple[Space, Callable[[gymnasium.Env], gymnasium.Env]]] = {
    "the time": (Box(-9.0, 9.0, (3,)), lambda env: TimeAwareObservation(TimeLimit(env, 100))),
    "a flattened choice": (Discrete(5), FlattenObservation),
    "flattened parts": (MIXED, FlattenObservation),
    "stacked frames": (Box(-9.0, 9.0, (3,)), lambda env: FrameStackObservation(env, 4)),
    "stacked choices": (Discrete(3), lambda env: FrameStackObservation(env, 2)),
    "another shape": (
        Box(-9.0, 9.0, (3,)),
        lambda env: TransformObservation(env, lambda o: np.append(o, 1.0), Box(-9, 9, (4,))),
    ),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_s_space_counts(name: str) -> None:
    space, wrap = WRAPPERS[name]

    def creator() -> gymnasium.Env:
        return wrap(Made(observations=space))

    environment, theirs = made(creator), creator()
    assert environment.observation_size == gymnasium.spaces.flatdim(theirs.observation_space)
    known, _ = theirs.reset(seed=3)
    action = np.zeros(2, np.float32)
    for flat in (environment.reset(3), environment.step(action).observation):
        expected = gymnasium.spaces.flatten(theirs.observation_space, known)
        np.testing.assert_array_equal(flat, np.asarray(expected, np.float32))
        known = theirs.step(action)[0]
    check(creator)


def reversed_keys(value: dict) -> dict:
    return {key: value[key] for key in reversed(value)}


LENIENT: dict[str, tuple[Space, Callable[[Any], Any]]] = {
    "keys in another order": (MIXED, reversed_keys),
    "a list for an array": (Box(-9.0, 9.0, (3,)), lambda o: o.tolist()),
    "a list for a tuple": (Tuple((Discrete(2), Discrete(3))), list),
    "a number for an array of one": (Box(-9.0, 9.0, (1,)), lambda o: float(o[0])),
    "a column for a row": (Box(-9.0, 9.0, (3,)), lambda o: o[:, None]),
    "a wider type": (Box(-9.0, 9.0, (3,)), lambda o: o.astype(np.float64)),
    "whole numbers of another type": (Box(0, 255, (3,), dtype=np.uint8), lambda o: o.tolist()),
    "a NumPy integer for a choice": (Discrete(4), np.int32),
}


@pytest.mark.parametrize("name", LENIENT)
def test_what_can_only_mean_one_thing_is_taken(name: str) -> None:
    space, observe = LENIENT[name]
    check(observations=space, observe=observe)
    plain, other = made(observations=space), made(observations=space, observe=observe)
    np.testing.assert_array_equal(plain.reset(5), other.reset(5))


def with_choice(choice: Any) -> Callable[[dict], dict]:
    return lambda value: {**value, "gear": choice}


BROKEN: dict[str, tuple[Space, Callable[[Any], Any], str]] = {
    "too short": (Box(-9, 9, (3,)), lambda o: o[:2], r"shape \(2,\), its space \(3,\)"),
    "turned": (Box(-9, 9, (2, 3)), np.transpose, r"shape \(3, 2\), its space \(2, 3\)"),
    "none": (Box(-9, 9, (3,)), lambda _: None, r"shape \(\), its space \(3,\)"),
    "words": (Box(-9, 9, (1,)), lambda _: "fast", "holds <U4, its space float32"),
    "ragged": (Box(-9, 9, (2, 2)), lambda _: [[1.0], [1.0, 2.0]], "is no array"),
    "complex": (Box(-9, 9, (3,)), lambda o: o * 1j, "holds complex64"),
    "fractions for bytes": (
        Box(0, 255, (3,), dtype=np.uint8),
        lambda o: o / 3.14159,
        "holds float64 that uint8, its space's, cannot",
    ),
    "beyond the bytes": (
        Box(0, 255, (3,), dtype=np.uint8),
        lambda o: o.astype(np.int64) + 256,
        "holds int64 that uint8",
    ),
    "a missing part": (MIXED, lambda o: {"gear": o["gear"]}, r"has the parts \['gear'\], its"),
    "a part too many": (MIXED, lambda o: {**o, "fuel": 1.0}, "'fuel'"),
    "no parts": (MIXED, lambda o: np.zeros(12), "has the parts ndarray, its space"),
    "a choice that is none": (MIXED, with_choice(3), r"observation\['gear'\] is 3, which is not"),
    "a choice before the first": (MIXED, with_choice(-2), r"is -2, which is not in Discrete"),
    "a choice by halves": (MIXED, with_choice(0.5), r"is 0\.5, which is not in Discrete"),
    "within a part": (
        MIXED,
        lambda o: {**o, "inner": {**o["inner"], "a": (np.zeros(3), 1)}},
        r"observation\['inner'\]\['a'\]\[0\] has the shape \(3,\), its space \(2, 2\)",
    ),
    "a tuple too short": (Tuple((Discrete(2), Discrete(2))), lambda o: o[:1], "the parts 1, its"),
    "not a number": (Box(-9, 9, (3,)), lambda o: o * np.nan, "not finite in float32: nan at 0"),
    "infinite": (Box(-9, 9, (3,)), lambda _: np.array([1, np.inf, 2]), "inf at 1 of 3"),
    "beyond float32": (
        Box(-np.inf, np.inf, (3,), dtype=np.float64),
        lambda _: np.array([0.0, 0.0, 1e300]),
        "inf at 2 of 3",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_of_the_space_is_a_fault(name: str) -> None:
    space, observe, said = BROKEN[name]
    place = "environment: 'Made-v0' at the reset of the episode of seed 0: "
    with pytest.raises(EnvironmentFault, match=said) as caught:
        check(observations=space, observe=observe)
    assert str(caught.value).startswith(place)
    assert "\n" not in str(caught.value)


def test_a_fault_later_in_an_episode_names_its_step() -> None:
    environment = made(observations=Box(-9, 9, (3,)))
    environment.reset(11)
    environment.step(np.zeros(2))
    simulator(environment)._observe = lambda o: o[:1]
    with pytest.raises(EnvironmentFault, match="at control step 2 of the episode of seed 11: obs"):
        environment.step(np.zeros(2))


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (Sequence(Discrete(3)), "observation space Sequence"),
        (Graph(Box(-1, 1, (2,)), None), "observation space Graph"),
        (Dict({"a": Sequence(Discrete(3))}), "observation space Dict"),
        (Dict({}), r"observation space Dict\(\)"),
        (Box(-1, 1, (0,)), "of at least one number"),
        (Space(), "observation space"),
        (None, "observation space None"),
    ],
)
def test_spaces_without_a_flat_form_are_refused(space: Space | None, said: str) -> None:
    with pytest.raises(EnvironmentFault, match=f"{said}.*") as caught:
        made(observations=space)
    assert "gymnasium.spaces.flatten_space makes a Box" in str(caught.value)


def test_finite_numbers_whose_sum_is_not_are_taken() -> None:
    huge = np.full(3, 3e38, np.float32)
    environment = made(observations=Box(-np.inf, np.inf, (3,)), observe=lambda _: huge)
    np.testing.assert_array_equal(environment.reset(0), huge)
    np.testing.assert_array_equal(environment.step(np.zeros(2)).observation, huge)


def test_a_buffer_that_is_used_again_is_not_ours() -> None:
    buffer = np.zeros(3, np.float32)

    def observe(value: np.ndarray) -> np.ndarray:
        buffer[:] = value
        return buffer

    environment = made(observe=observe)
    first = environment.reset(0)
    kept = first.copy()
    second = environment.step(np.zeros(2)).observation
    np.testing.assert_array_equal(first, kept)
    assert not np.shares_memory(first, buffer)
    assert not np.array_equal(first, second)


def test_images_are_taken_flat_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    space = Dict({"camera": Box(0, 255, (4, 5, 3), dtype=np.uint8), "speed": Box(0, 255, (2,))})
    check(observations=space)
    (record,) = caplog.records
    assert "bytes of the shape (4, 5, 3), as images are, flattened to 60 numbers" in record.message
    environment: Environment = made(observations=space)
    assert environment.observation_size == 62
