"""Move a little towards the online network, by the share `polyak` (Tonic)."""

from torch import Tensor


def refresh(target: Tensor, online: Tensor, polyak: float) -> None:
    """target <- target + polyak (online - target) (Tonic: 0.005 at every update)."""
    target.lerp_(online, polyak)
