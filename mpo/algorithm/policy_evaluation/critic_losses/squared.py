"""Squared error, d²/2 (P1 section 4)."""

from torch import Tensor


def loss(error: Tensor) -> Tensor:
    """d²/2 for each error d = target - Q."""
    return 0.5 * error.square()
