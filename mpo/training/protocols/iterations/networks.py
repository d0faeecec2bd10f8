"""SR's networks: the critic of unclipped actions, and PyTorch's initialisation."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm import networks
from mpo.algorithm.networks import Shapes


class Networks(networks.Networks):
    """Shapes and policy as everywhere; the critic's action is not clipped."""

    def _bounded(self, actions: Float[Tensor, "*N B A"]) -> Float[Tensor, "*N B A"]:
        """The action as sampled, not clipped to the range that the simulator keeps."""
        return actions


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
