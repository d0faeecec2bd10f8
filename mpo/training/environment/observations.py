"""From an environment's observations to flat float32 arrays, as `gymnasium.spaces.flatten` does.

An observation that is not one of its space is a fault: flattening would pass over some of those
(a wrong size in one part, a number cut to fit an integer), and what is learnt would be a lie.
"""

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Space, Tuple
from jaxtyping import Float

from mpo.training.environment.faults import Breach

NATIVE = "fd"
"""float32 and float64, as numpy's characters: to float32 from either without a detour."""


class Observations:
    """The observations of one space. Raises `Breach` where the space has no flat form."""

    def __init__(self, space: Space | None) -> None:
        told = textwrap.shorten(repr(space), 120)
        try:
            size = gymnasium.spaces.flatdim(space) if isinstance(space, Space) else 0
        except (NotImplementedError, ValueError):
            size = 0
        if not isinstance(space, Space) or not size:
            raise Breach(
                f"has the observation space {told}; accepted is one that "
                "gymnasium.spaces.flatten_space makes a Box of at least one number"
            )
        self.space, self.size = space, int(size)
        plain = isinstance(space, Box) and len(space.shape) == 1 and space.dtype.char in NATIVE
        self._plain_shape = space.shape if plain else None

    def flat(self, observation: Any) -> Float[np.ndarray, " O"]:
        """The observation, in a new array. Raises `Breach` where it is none of the space's.

        A vector of the space's shape is flat already: taken as it is, which costs a quarter.
        """
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and told
            if (
                type(observation) is np.ndarray
                and observation.shape == self._plain_shape
                and observation.dtype.char in NATIVE
            ):
                return observation.astype(np.float32)
            require(self.space, observation, "observation")
            flat = np.asarray(gymnasium.spaces.flatten(self.space, observation))
            return flat.astype(np.float32)

    def warnings(self) -> Iterator[str]:
        """That images are taken flat, of each part that looks like one."""
        for part in _boxes(self.space):
            if part.dtype == np.uint8 and len(part.shape) > 1:
                yield (
                    f"observes bytes of the shape {part.shape}, as images are, flattened to "
                    f"{math.prod(part.shape)} numbers: networks here have no convolutions"
                )


def require(space: Space, value: Any, where: str) -> None:
    """Raises `Breach` where `value` is not one of the space's, bounds of a Box left aside."""
    if isinstance(space, Box):
        _require_array(space, value, where)
    elif isinstance(space, Dict):
        if not isinstance(value, Mapping) or set(value) != set(space.spaces):
            found = list(value) if isinstance(value, Mapping) else type(value).__name__
            raise Breach(f"{where} has the parts {found}, its space {list(space.spaces)}")
        for key, part in space.spaces.items():
            require(part, value[key], f"{where}[{key!r}]")
    elif isinstance(space, Tuple):
        if not isinstance(value, tuple | list) or len(value) != len(space.spaces):
            found = len(value) if isinstance(value, tuple | list) else type(value).__name__
            raise Breach(f"{where} has the parts {found}, its space {len(space.spaces)} of them")
        for index, part in enumerate(space.spaces):
            require(part, value[index], f"{where}[{index}]")
    elif not space.contains(value):
        raise Breach(f"{where} is {textwrap.shorten(repr(value), 60)}, which is not in {space}")


def _require_array(space: Box, value: Any, where: str) -> None:
    try:
        array = np.asarray(value)
    except ValueError as error:  # a ragged list
        raise Breach(f"{where} is no array: {error}") from None
    if array.shape != space.shape and _long_axes(array.shape) != _long_axes(space.shape):
        raise Breach(f"{where} has the shape {array.shape}, its space {space.shape}")
    if array.dtype == space.dtype:
        return
    if array.dtype.kind not in "biuf":
        raise Breach(f"{where} holds {array.dtype}, its space {space.dtype}")
    if space.dtype.kind != "f":
        with np.errstate(invalid="ignore"):
            kept = array.astype(space.dtype)
        if not np.array_equal(kept, array):
            raise Breach(f"{where} holds {array.dtype} that {space.dtype}, its space's, cannot")


def _long_axes(shape: tuple[int, ...]) -> list[int]:
    return [length for length in shape if length != 1]


def _boxes(space: Space) -> Iterator[Box]:
    if isinstance(space, Box):
        yield space
    elif isinstance(space, Dict):
        for part in space.spaces.values():
            yield from _boxes(part)
    elif isinstance(space, Tuple):
        for part in space.spaces:
            yield from _boxes(part)
