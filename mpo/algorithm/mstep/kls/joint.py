"""One constraint over all action dimensions, P1 eq. 10."""

from jaxtyping import Float
from torch import Tensor


def count(action_dimension: int) -> int:
    """Number of multipliers of each kind: 1."""
    return 1


def constraints(terms: Float[Tensor, "B D"]) -> Float[Tensor, "B 1"]:
    """The KL of a state: sum over the dimensions D."""
    return terms.sum(-1, keepdim=True)
