"""Mean and covariance improved apart, each beside the target's other one (P2; Acme, Tonic)."""

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
    """log N(a; μ, Σ_i) + log N(a; μ_i, Σ): each half moves one parameter, the other's as it was.

    P2: the joint form "always shrinks variance, causing premature convergence".
    """
    mean_half = log_prob(covariance, Gaussian(policy.mean, target.scale), actions)
    covariance_half = log_prob(covariance, Gaussian(target.mean, policy.scale), actions)
    return mean_half + covariance_half


def kl_terms(
    covariance: Covariance, policy: Gaussian, target: Gaussian
) -> tuple[Float[Tensor, "B D"], Float[Tensor, "B D"]]:
    """(KL(N(μ_i,Σ_i) || N(μ,Σ_i)), KL(N(μ_i,Σ_i) || N(μ_i,Σ))); the first holds Σ_i^-1."""
    mean = kl_mean_terms(covariance, policy.mean - target.mean, target.scale)
    return mean, kl_covariance_terms(covariance, target.scale, policy.scale)
