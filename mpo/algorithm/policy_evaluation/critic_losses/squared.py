"""Squared error."""

from torch import Tensor


def loss(error: Tensor) -> Tensor:
    """d²/2 for each error d = target - Q."""
    return 0.5 * error.square()
