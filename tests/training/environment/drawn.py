"""Spaces, what is observed, rewards and wrappers, drawn with whether an environment is sound."""

from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    MultiBinary,
    MultiDiscrete,
    Sequence,
    Space,
    Tuple,
)
from gymnasium.wrappers import (
    ClipAction,
    FlattenObservation,
    FrameStackObservation,
    RescaleAction,
    TimeAwareObservation,
    TimeLimit,
)
from hypothesis import event
from hypothesis import strategies as st

FLOATS = (np.float32, np.float64, np.float16)
INTEGERS = (np.int64, np.int32, np.uint8)
SHAPES: st.SearchStrategy[tuple[int, ...]] = st.sampled_from([(), (1,), (2,), (3,), (2, 2)])


class Drawn(NamedTuple):
    """A value, and whether an environment with it is sound."""

    value: Any
    sound: bool


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """A Box with finite bounds, each of its own, low and high in any order of magnitude."""
    dtype, shape = draw(st.sampled_from([*FLOATS, *INTEGERS])), draw(SHAPES)
    whole = np.issubdtype(dtype, np.integer)
    least = 0 if dtype == np.uint8 else -200
    numbers = st.integers(least, 200) if whole else st.floats(-200, 200, width=16)
    count = int(np.prod(shape))
    ends = draw(st.lists(st.tuples(numbers, numbers), min_size=count, max_size=count))
    low, high = (np.array([pick(end) for end in ends], dtype).reshape(shape) for pick in (min, max))
    return Box(low, high, dtype=dtype)


LEAVES: st.SearchStrategy[Space] = st.one_of(
    boxes(),
    st.builds(Discrete, st.integers(1, 4), start=st.integers(-3, 3)),
    st.builds(MultiDiscrete, st.lists(st.integers(1, 3), min_size=1, max_size=3)),
    st.builds(MultiBinary, st.integers(1, 3)),
)
FLAT_SPACES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(Tuple),
        st.dictionaries(st.sampled_from("zebra"), inner, min_size=1, max_size=3).map(Dict),
    ),
    max_leaves=5,
)


def mostly(sound: st.SearchStrategy, other: st.SearchStrategy) -> st.SearchStrategy[Drawn]:
    """Sound eight times out of nine."""
    return st.integers(0, 8).flatmap(
        lambda number: (
            sound.map(lambda value: Drawn(value, True))
            if number
            else other.map(lambda value: Drawn(value, False))
        )
    )


ACTION_SPACES = mostly(
    boxes(),
    st.sampled_from(
        [
            Box(np.array([low, -1.0]), np.array([1.0, high]), dtype=np.float64)
            for low, high in ((-np.inf, np.inf), (-1.0, np.inf), (-1.0, 3.4e38), (-1e10, 1.0))
        ]
        + [Discrete(3), MultiDiscrete([2, 2]), MultiBinary(2), Dict({"a": Box(0, 1)})]
    ),
)
OBSERVATION_SPACES = mostly(
    FLAT_SPACES,
    st.sampled_from(
        [Sequence(Discrete(2)), Graph(Box(-1, 1, (2,)), None), Dict({"a": Sequence(Box(0, 1))})]
    ),
)
REWARDS = mostly(
    st.sampled_from([1.0, np.float16(0.5), np.array([2.0]), np.array(3.0), 1, True]),
    st.sampled_from([None, float("nan"), -np.inf, np.zeros(2), "1", 1e39]),
)


def loosened(space: Space, value: Any) -> Any:
    """The same observation, written as environments do that take it lightly."""
    if isinstance(space, Dict):
        parts = reversed(space.spaces.items())
        return {key: loosened(part, value[key]) for key, part in parts}
    if isinstance(space, Tuple):
        return [loosened(part, value[index]) for index, part in enumerate(space.spaces)]
    if isinstance(space, Box):
        return value.tolist()
    return int(value) if isinstance(space, Discrete) else value.astype(np.int64)


def broken(space: Space, value: Any) -> Any:
    """An observation of another size, with a part less, or outside of its choices."""
    if isinstance(space, Dict):
        first = next(iter(space.spaces))
        return {key: part for key, part in value.items() if key != first}
    if isinstance(space, Tuple):
        return value[1:]
    if isinstance(space, Discrete):
        return value + space.n
    if isinstance(space, Box | MultiBinary):
        return np.zeros((*np.shape(value), 2), space.dtype)
    return value + 9


def spoiled(space: Space, value: Any) -> Any:
    """The first number that may be a fraction is not one; `value` where there is none."""
    if isinstance(space, Box) and space.dtype.kind == "f":
        return np.full_like(value, np.nan)
    if isinstance(space, Dict | Tuple):
        parts = space.spaces.items() if isinstance(space, Dict) else enumerate(space.spaces)
        for key, part in parts:
            other = spoiled(part, value[key])
            if other is not value[key]:
                if isinstance(value, dict):
                    return {**value, key: other}
                return tuple(other if index == key else v for index, v in enumerate(value))
    return value


class Buffered:
    """Gives each observation in the arrays that it gave the first one in."""

    def __init__(self, space: Space) -> None:
        self._buffer = np.empty_like(space.sample()) if isinstance(space, Box) else None

    def __call__(self, value: Any) -> Any:
        if self._buffer is None:
            return value
        self._buffer[...] = value
        return self._buffer


@st.composite
def observed(draw: st.DrawFn, space: Space) -> Drawn:
    """What becomes of observations on their way out."""
    kind = draw(st.sampled_from(["as it is"] * 4 + ["loosened", "buffered", "broken", "spoiled"]))
    event(kind)
    if kind == "as it is":
        return Drawn(None, True)
    if kind == "buffered":
        return Drawn(Buffered(space), True)
    if kind == "spoiled":
        sample = space.sample()
        return Drawn(lambda value: spoiled(space, value), spoiled(space, sample) is sample)
    change = loosened if kind == "loosened" else broken
    return Drawn(lambda value: change(space, value), kind == "loosened")


WRAPPERS = {
    "nothing": lambda env: env,
    "clipping": ClipAction,
    "rescaling": lambda env: RescaleAction(env, np.float32(-1.0), np.float32(1.0)),
    "flattening": FlattenObservation,
    "stacking": lambda env: FrameStackObservation(env, 2),
    "timing": lambda env: TimeAwareObservation(TimeLimit(env, 50), flatten=False),
}


@st.composite
def wrappings(draw: st.DrawFn, actions: Space, observations: Space, plain: bool) -> str:
    """A wrapper that takes such spaces; where observations are changed, none of those."""
    names = ["nothing"]
    if (
        isinstance(actions, Box)
        and actions.dtype == np.float32
        and np.all(np.isfinite(actions.low))
    ):
        names += ["clipping"] + ["rescaling"] * bool(np.all(actions.low < actions.high))
    if plain and not isinstance(observations, Sequence | Graph):
        names += ["flattening"] if observations.is_np_flattenable else []
        names += ["stacking"] if isinstance(observations, Box | Discrete) else []
        names += ["timing"] if isinstance(observations, Box | Dict) else []
    return draw(st.sampled_from(names))
