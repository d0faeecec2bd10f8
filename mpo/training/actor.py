"""Acting: the policy network for one observation at a time, in NumPy.

One forward pass of a small network through torch costs five times its arithmetic in dispatch, at
every step of the environment. A test holds this to `algorithm.networks`. The parameters are views
of the learner's own memory, so that an update needs no copy.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mpo.algorithm.networks import Networks, Shapes
from mpo.training.environment import Diverged

LAYER_NORM_EPSILON = 1e-5
LOG_TWO_PI = math.log(2.0 * math.pi)


class Action(NamedTuple):
    """An unclipped action and the log of its density under the policy that acted."""

    action: Float[np.ndarray, " A"]
    log_prob: float


def views(flat: Float[np.ndarray, " P"], shapes: Shapes) -> dict[str, np.ndarray]:
    """Named views of a flat parameter vector."""
    parts: dict[str, np.ndarray] = {}
    start = 0
    for name, shape in shapes.items():
        count = math.prod(shape)
        parts[name] = flat[start : start + count].reshape(shape)
        start += count
    return parts


class Actor:
    """The policy as a function from an observation to an action."""

    def __init__(self, networks: Networks, parameters: Float[np.ndarray, " P"]) -> None:
        """Act by the flat `parameters`, which are viewed, not copied."""
        self._size = networks.action_size
        self._offset = networks.scale_offset
        self._diagonal = networks.settings.covariance == "diagonal"
        self._normalises = networks.settings.layer_norm
        self._acted = networks.settings.option("mean").acted
        self._minimum = networks.settings.minimum_deviation
        named = views(parameters, networks.policy_shapes())
        count = len(networks.settings.policy_hidden)
        self._layers = [(named[f"{k}.weight"], named[f"{k}.bias"]) for k in range(count)]
        self._head_weight, self._head_bias = named["head.weight"], named["head.bias"]
        if self._normalises:
            self._norm_weight, self._norm_bias = named["norm.weight"], named["norm.bias"]

    def _head(self, observation: Float[np.ndarray, " O"]) -> np.ndarray:
        hidden = observation
        for index, (weight, bias) in enumerate(self._layers):
            hidden = weight.dot(hidden)
            hidden += bias
            if index == 0 and self._normalises:
                self._layer_norm(hidden)
                np.tanh(hidden, out=hidden)
            else:
                np.maximum(hidden, 0.0, out=hidden)
        head = self._head_weight.dot(hidden)
        head += self._head_bias
        return head

    def _layer_norm(self, hidden: np.ndarray) -> None:
        """Normalise over units, in place."""
        hidden -= np.add.reduce(hidden) / hidden.size
        variance = hidden.dot(hidden) / hidden.size
        hidden *= 1.0 / math.sqrt(variance + LAYER_NORM_EPSILON)
        hidden *= self._norm_weight
        hidden += self._norm_bias

    def distribution(
        self, observation: Float[np.ndarray, " O"]
    ) -> tuple[Float[np.ndarray, " A"], np.ndarray]:
        """Mean [A] and scale ([A] or [A, A]) of the policy at one observation."""
        head = self._head(observation)
        mean, raw = self._acted(head[: self._size]), head[self._size :]
        if self._diagonal:
            return mean, np.logaddexp(raw + self._offset, 0.0) + self._minimum
        square = np.tril(raw.reshape(self._size, self._size), -1)
        diagonal = np.logaddexp(raw[:: self._size + 1] + self._offset, 0.0) + self._minimum
        square.flat[:: self._size + 1] = diagonal
        return mean, square

    def mean(self, observation: Float[np.ndarray, " O"]) -> Float[np.ndarray, " A"]:
        """The mean action. Raises `Diverged` where it is not finite."""
        mean = self._acted(self._head(observation)[: self._size])
        if not math.isfinite(np.add.reduce(mean)):
            raise Diverged("action", "policy mean")
        return mean

    def sample(
        self, observation: Float[np.ndarray, " O"], generator: np.random.Generator
    ) -> Action:
        """Draw an action. Raises `Diverged` where it or its density is not finite."""
        mean, scale = self.distribution(observation)
        noise = generator.standard_normal(self._size, dtype=np.float32)
        if self._diagonal:
            action, diagonal = mean + scale * noise, scale
        else:
            action, diagonal = mean + scale @ noise, scale.flat[:: self._size + 1]
        halves = float(np.add.reduce(np.log(diagonal)))
        log_prob = -0.5 * float(noise.dot(noise)) - halves - 0.5 * self._size * LOG_TWO_PI
        if not math.isfinite(log_prob + float(np.add.reduce(action))):
            raise Diverged("action", "behaviour policy")
        return Action(action, log_prob)


class UniformActor:
    """Actions uniform in [-1, 1]: the random policy that scores are measured against."""

    def __init__(self, action_size: int, generator: np.random.Generator) -> None:
        """Actions of `action_size` dimensions drawn from `generator`."""
        self._size, self._generator = action_size, generator

    def mean(self, observation: Float[np.ndarray, " O"]) -> Float[np.ndarray, " A"]:
        """An action, whatever the observation."""
        return self._generator.uniform(-1.0, 1.0, self._size).astype(np.float32)
