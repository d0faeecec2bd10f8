"""Huber's loss: d²/2 up to |d| = δ, linear beyond (SR Fig. 5)."""

import torch
from pydantic import Field
from torch import Tensor

from mpo.settings import OptionParameters


class Parameters(OptionParameters):
    """What the loss depends on."""

    delta: float = Field(default=1.0, gt=0)
    """δ: size of an error from which the loss grows linearly (SR Fig. 5: 1)."""


def loss(error: Tensor, parameters: Parameters) -> Tensor:
    """d²/2 where |d| <= δ, else δ (|d| - δ/2), for each error d = target - Q (SR Fig. 5).

    Equal to the squared loss near zero, so that only the tails differ.
    """
    size, delta = error.abs(), parameters.delta
    return torch.where(size <= delta, 0.5 * error.square(), delta * (size - 0.5 * delta))
