"""From actions in [-1, 1] to those of an environment's Box, -1 and 1 being exactly its bounds."""

import textwrap

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Space
from gymnasium.wrappers import ClipAction
from jaxtyping import Float

from mpo.training.environment.faults import Breach

LARGEST_BOUND = 1e9
"""A bound beyond it stands for none, as the largest float32 does in many spaces."""
ELSEWHERE = {
    Discrete: "DQN, PPO and MPO with a categorical policy",
    MultiDiscrete: "PPO",
    MultiBinary: "PPO",
}
"""Which algorithms learn to choose from spaces that are no Box."""


class Actions:
    """The actions of one environment. Raises `Breach` where a Gaussian policy cannot act in it."""

    def __init__(self, environment: gymnasium.Env) -> None:
        self.space = space = _space(environment)
        low, high = (bound.reshape(-1).astype(np.float64) for bound in (space.low, space.high))
        self.size = int(low.size)
        self._low, self._high = low, high
        self._half_low, self._half_high = low / 2.0, high / 2.0
        self._one, self._minus_one = np.ones(low.size, np.float32), -np.ones(low.size)
        self._shape, self._dtype = space.shape, space.dtype
        self._is_whole = np.issubdtype(space.dtype, np.integer)
        short = (high > 0.0) & (high == -low) & (high == high.astype(np.float32))
        self._is_symmetric = bool(np.all(short))
        self._is_plain = space.dtype == np.float64 and space.shape == low.shape

    def native(self, action: Float[np.ndarray, " A"]) -> np.ndarray:
        """The action of the space for one in [-1, 1], to which `action` is clipped. A new array.

        low (1 - t) + high t at t = (a + 1) / 2, so arranged that both ends come out exactly.
        Between -high and high that is high (2t - 1), to the same bit where high has the 24 bits of
        a float32, as t has. Integers are rounded to.
        """
        twice = (action + self._one).astype(np.float64)  # arrays of one type: half the time
        if self._is_symmetric:
            native = self._high * (twice + self._minus_one)
        else:
            native = (self._low - self._half_low * twice) + self._half_high * twice
        native = np.minimum(np.maximum(native, self._low), self._high)  # np.clip takes three times
        if self._is_plain:
            return native
        if self._is_whole:
            native = np.rint(native)
        return native.astype(self._dtype).reshape(self._shape)


def _space(environment: gymnasium.Env) -> Box:
    space = _declared(_bounding(environment))
    if not isinstance(space, Box):
        told = textwrap.shorten(repr(space), 120)
        others = next((names for kind, names in ELSEWHERE.items() if isinstance(space, kind)), "")
        hint = f"; {others} choose from such actions" if others else ""
        raise Breach(f"has the action space {told}; accepted is a Box with finite bounds{hint}")
    if space.low.size == 0 or space.dtype.kind not in "fiu":
        raise Breach(f"has the action space {space}; accepted is a Box of at least one number")
    largest = np.maximum(*(np.abs(bound.astype(np.float64)) for bound in (space.low, space.high)))
    free = np.argwhere(~(largest <= LARGEST_BOUND))
    if len(free):
        at = tuple(int(index) for index in free[0])
        raise Breach(
            f"has actions in [{space.low[at]:g}, {space.high[at]:g}] at {list(at)} of its Box; "
            f"accepted are finite bounds up to {LARGEST_BOUND:g}, to which [-1, 1] is scaled: "
            "a wrapper such as TransformAction can declare some"
        )
    return space


def _bounding(environment: gymnasium.Env) -> gymnasium.Env:
    """The layer whose actions count: the outermost, but for a `ClipAction`, which declares none.

    That wrapper takes any action and clips it to the bounds of what it wraps.
    """
    layer = environment
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, ClipAction):
            return layer.env
        if isinstance(layer, gymnasium.ActionWrapper):
            break
        if _declared(layer) is not _declared(layer.env):
            break
        layer = layer.env
    return environment


def _declared(layer: gymnasium.Env) -> Space | None:
    return getattr(layer, "action_space", None)
