"""Copy the online network (P1)."""

from torch import Tensor


def refresh(target: Tensor, online: Tensor, polyak: float) -> None:
    """target <- online (P1: every 1,000 gradient steps)."""
    target.copy_(online)
