"""Evaluate the improved policy q of the E-step, without its regulariser (SR's proposal)."""

from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.estep.weights import estep_weights


def value(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, " B"]:
    """V(s) = E_q[Q(s,a)] = Σ_j w_j Q_j, sum over samples N (SR's proposal; RegMDP type 2).

    As an operator on Q this is no contraction: the weights depend on Q.
    """
    return (estep_weights(q, temperature) * q).sum(0)
