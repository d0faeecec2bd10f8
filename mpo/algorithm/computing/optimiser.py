"""Adam on flat vectors, and clipping by global norm, as pure functions.

Written here, on flat vectors, because the step then compiles into the graph of the update as
one loop over memory; tests hold it to `torch.optim.Adam`.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.computing.operations import materialised

BETA1, BETA2, STABILISER = 0.9, 0.999, 1e-8


class Adam(NamedTuple):
    """A parameter vector with its moments and step counts (one, or one an element)."""

    parameters: Float[Tensor, " P"]
    first: Float[Tensor, " P"]
    second: Float[Tensor, " P"]
    steps: Tensor


def adam(parameters: Float[Tensor, " P"], step_shape: tuple[int, ...] = ()) -> Adam:
    """Adam's state at the start: moments and step counts zero."""
    zeros = torch.zeros_like(parameters)
    steps = torch.zeros(step_shape, dtype=parameters.dtype, device=parameters.device)
    return Adam(parameters, zeros, zeros.clone(), steps)


def adam_step(state: Adam, gradient: Float[Tensor, " P"], learning_rate: float) -> Adam:
    """One step of Kingma and Ba 2015, Algorithm 1, with bias correction."""
    steps = state.steps + 1.0
    first = BETA1 * state.first + (1.0 - BETA1) * gradient
    second = BETA2 * state.second + (1.0 - BETA2) * gradient.square()
    first_unbiased = first * materialised(1.0 / (1.0 - BETA1**steps))
    second_unbiased = second * materialised(1.0 / (1.0 - BETA2**steps))
    change = learning_rate * first_unbiased / (second_unbiased.sqrt() + STABILISER)
    return Adam(state.parameters - change, first, second, steps)


def clip_by_norm(
    gradient: Float[Tensor, " P"], bound: float | None
) -> tuple[Float[Tensor, " P"], Float[Tensor, ""]]:
    """The gradient scaled down to norm `bound` where it is longer, and its norm before that."""
    norm = gradient.square().sum().sqrt()
    if bound is None:
        return gradient, norm
    return gradient * torch.clamp(bound / norm.clamp(min=1e-12), max=1.0), norm
