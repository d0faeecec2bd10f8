"""The dual with the maximum taken out of the exponential, which never overflows (SR 4.2)."""

from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.estep.weights import log_mean_exp


def dual(
    q: Float[Tensor, "N B"],
    temperature: Float[Tensor, ""],
    epsilon: float,
    state_weights: Float[Tensor, " B"],
) -> Float[Tensor, ""]:
    """Dual of the E-step, P1 eq. 9, by the log-sum-exp trick (SR 4.2, erratum 8 mended).

    g(η) = η ε + Σ_s ρ_s [ max_j Q_sj + η log( (1/N) Σ_j exp((Q_sj - max_j Q_sj) / η) ) ]

    Equal to the raw form wherever that is finite; every exponent here is at most 0.

    Args:
        q: Q of N action samples in each of B states.
        temperature: η > 0.
        epsilon: ε, bound on the mean KL(q || π).
        state_weights: ρ, one weight a state, adding up to 1 (0 for padding).

    Returns:
        g(η): mean over samples N inside the logarithm, weighted mean over states B outside.
    """
    return temperature * epsilon + (state_weights * log_mean_exp(q, temperature)).sum()
