"""The non-parametric E-step: weights of action samples at a given temperature.

Source: P1 section 3.2.1, eq. 7-9.

| symbol | name | shape |
|---|---|---|
| Q_sj | `q` | [N, B] |
| η | `temperature` | [] |
| w_sj = softmax_j(Q_sj / η) | `weights` | [N, B] |
| ρ_s | `state_weights` | [B], adds up to 1 |
"""

from jaxtyping import Float
from torch import Tensor


def exponents(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, "N B"]:
    """(Q_j - max_j Q_j) / η, at most 0: whose exponentials cannot overflow."""
    return (q - q.detach().amax(0)) / temperature


def estep_weights(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, "N B"]:
    """Weights of the E-step's solution, P1 eq. 8: w_j = softmax_j(Q_j / η), summing to 1 over N.

    q*(a|s) ∝ π_i(a|s) exp(Q(s,a)/η); the samples come from π_i, so their weights need Q alone.
    """
    exponentials = exponents(q, temperature).exp()
    return exponentials / exponentials.sum(0)


def kl_to_uniform(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, " B"]:
    """Sample estimate of KL(q* || π_i) in each state, the left side of the E-step's constraint.

    KL = Σ_j w_j (Q_j/η - logsumexp_j(Q_j/η) + log N), between 0 and log N. The logarithm comes
    from Q, never from the weight: log w is -inf, and w log w not a number, where w underflows.
    """
    exponent = exponents(q, temperature)
    log_ratio = exponent - exponent.exp().mean(0).log()
    return (estep_weights(q, temperature) * log_ratio).sum(0)


def effective_sample_size(weights: Float[Tensor, "N B"]) -> Float[Tensor, " B"]:
    """Kish's effective number of samples in each state: (Σ w)² / Σ w², from 1 to N."""
    return weights.sum(0).square() / weights.square().sum(0)


def log_mean_exp(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, " B"]:
    """η log( (1/N) Σ_j exp(Q_j / η) ), the soft value of each state (P1 eq. 4 at α = η)."""
    highest = q.detach().amax(0)
    return highest + temperature * exponents(q, temperature).exp().mean(0).log()


def penalty_costs(actions: Float[Tensor, "N B A"]) -> Float[Tensor, "N B"]:
    """-||a - clip(a, -1, 1)||_2, the action penalty's stand-in for Q (MO-MPO; Acme)."""
    outside = actions - actions.clamp(-1.0, 1.0)
    return -outside.square().sum(-1).sqrt()
