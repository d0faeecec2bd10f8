"""Evaluate the target policy π_i, as P1 section 4 does."""

from jaxtyping import Float
from torch import Tensor


def value(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, " B"]:
    """V(s) = E_{π_i}[Q(s,a)], estimated by the mean over samples N (P1 section 4).

    P1 calls its E-step partial: q is set to π_i when Q is built. The temperature plays no part.
    """
    return q.mean(0)
