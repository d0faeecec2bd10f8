"""The dual as P1 eq. 9 prints it; in float32 it overflows near Q/η = 88."""

from jaxtyping import Float
from torch import Tensor


def dual(
    q: Float[Tensor, "N B"],
    temperature: Float[Tensor, ""],
    epsilon: float,
    state_weights: Float[Tensor, " B"],
) -> Float[Tensor, ""]:
    """Dual of the E-step, P1 eq. 9, as printed.

    g(η) = η ε + η Σ_s ρ_s log( (1/N) Σ_j exp(Q_sj / η) )

    In float32 the exponential overflows where Q/η exceeds 88 and its gradient where it exceeds
    about 86; the caller decides what becomes of a value that is not finite.

    Args:
        q: Q of N action samples in each of B states.
        temperature: η > 0.
        epsilon: ε, bound on the mean KL(q || π).
        state_weights: ρ, one weight a state, adding up to 1 (0 for padding).

    Returns:
        g(η): mean over samples N inside the logarithm, weighted mean over states B outside.
    """
    log_mean_exp = (q / temperature).exp().mean(0).log()
    return temperature * epsilon + temperature * (state_weights * log_mean_exp).sum()
