"""One constraint for each action dimension (Acme, Tonic); needs a diagonal covariance."""

from jaxtyping import Float
from torch import Tensor


def count(action_dimension: int) -> int:
    """Number of multipliers of each kind: A."""
    return action_dimension


def constraints(terms: Float[Tensor, "B A"]) -> Float[Tensor, "B A"]:
    """The terms as they are, each bounded by itself."""
    return terms
