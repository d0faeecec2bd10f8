"""The likelihood of the policy itself, P1 eq. 10-12."""

from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.gaussian import (
    Covariance,
    Gaussian,
    kl_covariance_terms,
    kl_mean_terms,
    log_prob,
)


def log_likelihood(
    covariance: Covariance, policy: Gaussian, target: Gaussian, actions: Float[Tensor, "N B A"]
) -> Float[Tensor, "N B"]:
    """log π_θ(a|s)."""
    return log_prob(covariance, policy, actions)


def kl_terms(
    covariance: Covariance, policy: Gaussian, target: Gaussian
) -> tuple[Float[Tensor, "B D"], Float[Tensor, "B D"]]:
    """(C_μ, C_Σ), which add up to KL(π_i || π_θ); C_μ holds Σ^-1, so its gradient reaches Σ."""
    mean = kl_mean_terms(covariance, policy.mean - target.mean, policy.scale)
    return mean, kl_covariance_terms(covariance, target.scale, policy.scale)
