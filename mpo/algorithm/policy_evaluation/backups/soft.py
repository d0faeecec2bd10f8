"""Evaluate the improved policy q together with its KL regulariser (P1 eq. 4)."""

from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.estep.weights import log_mean_exp


def value(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, " B"]:
    """V(s) = η log( (1/N) Σ_j exp(Q_j/η) ) = V_improved - η KL(w || uniform), per state.

    P1's regularised Q (eq. 4) with α = η held fixed and q its maximiser (RegMDP type 1). A
    γ-contraction at fixed η. With N samples it is biased downward, the more so the larger
    the spread of Q/η: N = 20 and a deviation of 3.3 give 1.13 for 1.67.
    """
    return log_mean_exp(q, temperature)
