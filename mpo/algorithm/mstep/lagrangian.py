"""The M-step: weighted maximum likelihood under KL constraints, by its Lagrangian.

Source: P1 eq. 10-12 and App. D.3.

| symbol | name | shape |
|---|---|---|
| η_μ, η_Σ | `Multipliers.alpha_mean`, `.alpha_covariance` | [C], C = 1 or A |
| ε, ε_μ, ε_Σ | `epsilon`, `epsilon_mean`, `epsilon_covariance` | |
| C_μ, C_Σ | `MStep.kl_mean`, `.kl_covariance` | [C], means over states |

The gradient of the Lagrangian with respect to the policy is the transposed Jacobian of
(likelihood loss, C_μ, C_Σ) applied to (1, η_μ, η_Σ); `algorithm.update` computes it so, whether
the multipliers step before the policy or together with it.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor


class MStep(NamedTuple):
    """The parts of the M-step's Lagrangian."""

    likelihood_loss: Float[Tensor, ""]
    kl_mean: Float[Tensor, " C"]
    kl_covariance: Float[Tensor, " C"]


def likelihood_loss(
    log_likelihood: Float[Tensor, "N B"],
    weights: Float[Tensor, "N B"],
    state_weights: Float[Tensor, " B"],
) -> Float[Tensor, ""]:
    """-Σ_s ρ_s Σ_j w_sj log π_θ(a_j|s), P1 eq. 10.

    Sum over samples N, since the weights already add up to 1; mean over states B. Averaging over
    samples too would shrink this N-fold against the KL terms.
    """
    return -(state_weights * (weights * log_likelihood).sum(0)).sum()


def mean_over_states(
    terms: Float[Tensor, "B C"], state_weights: Float[Tensor, " B"]
) -> Float[Tensor, " C"]:
    """Σ_s ρ_s C_s for each constraint."""
    return state_weights @ terms


def multiplier_loss(
    alpha: Float[Tensor, " C"], epsilon: float, kl: Float[Tensor, " C"]
) -> Float[Tensor, ""]:
    """Σ_c α_c (ε - C_c), minimised over α with the KL held fixed (P1 eq. 12)."""
    return (alpha * (epsilon - kl.detach())).sum()
