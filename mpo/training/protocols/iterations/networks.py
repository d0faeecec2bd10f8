"""SR's networks: the mean through a sigmoid, the critic of unclipped actions.

| symbol | name | shape |
|---|---|---|
| m, the policy's output for the mean | `raw` | [..., A] |
| μ = low + (high - low) σ(m) | `mean` | [..., A] |

Actions are scaled to [-1, 1] everywhere in the package, so that μ = 2 σ(m) - 1.
"""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm import networks
from mpo.algorithm.gaussian import Gaussian
from mpo.algorithm.networks import Parameters, Shapes
from mpo.training import actor


def squash(raw: Float[Tensor, "*B A"]) -> Float[Tensor, "*B A"]:
    """2 σ(m) - 1: the sigmoid scaled to the action range."""
    return 2.0 * torch.sigmoid(raw) - 1.0


class Networks(networks.Networks):
    """Shapes as everywhere; the policy's mean squashed, and the critic's action not clipped."""

    def policy(self, parameters: Parameters, observation: Float[Tensor, "B O"]) -> Gaussian:
        """π_θ(.|s): mean [B, A] inside the action range, and scale."""
        raw, scale = super().policy(parameters, observation)
        return Gaussian(squash(raw), scale)

    def _bounded(self, actions: Float[Tensor, "*N B A"]) -> Float[Tensor, "*N B A"]:
        """The action as sampled, not clipped to the range that the simulator keeps."""
        return actions


class Actor(actor.Actor):
    """The same policy in NumPy, for one observation at a time."""

    def _head(self, observation: Float[np.ndarray, " O"]) -> np.ndarray:
        head = super()._head(observation)
        head[: self._size] = np.tanh(0.5 * head[: self._size])  # which is 2 σ(m) - 1
        return head


def initialise(shapes: Shapes, generator: torch.Generator) -> Float[Tensor, " P"]:
    """A new flat parameter vector, weights and biases in U(-1/√fan_in, 1/√fan_in).

    PyTorch's default for a linear layer, which SR leaves as it is. The fan-in of a layer that
    takes the action is that of hidden units (or observation) and action together.
    """
    pieces: list[Tensor] = []
    for name, shape in shapes.items():
        layer = name.split(".")[0]
        fan_in = shapes[f"{layer}.weight"][1] + shapes.get(f"{layer}.action", (0, 0))[0]
        uniform = 2.0 * torch.rand(shape, generator=generator) - 1.0
        pieces.append((uniform / math.sqrt(fan_in)).reshape(-1))
    return torch.cat(pieces)
