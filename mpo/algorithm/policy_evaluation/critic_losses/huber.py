"""Huber's loss: d²/2 up to |d| = 1, linear beyond (SR Fig. 5)."""

import torch
from torch import Tensor


def loss(error: Tensor) -> Tensor:
    """d²/2 where |d| <= 1, else |d| - 1/2, for each error d = target - Q (SR Fig. 5; δ = 1).

    Equal to the squared loss near zero, so that only the tails differ.
    """
    size = error.abs()
    return torch.where(size <= 1.0, 0.5 * error.square(), size - 0.5)
