"""Gaussian policies: log-density, entropy and the two halves of their KL divergence.

Source: P1 App. D.3, eq. 25-27. Every function takes the covariance option first (a module of
`mstep.covariances`) and keeps KL terms of the D dimensions apart (D = A diagonal, D = 1 full).

| symbol | name | shape |
|---|---|---|
| μ, L with Σ = L Lᵀ | `Gaussian.mean`, `.scale` | [..., A], [..., A] or [..., A, A] |
| C_μ, C_Σ | `kl_mean_terms`, `kl_covariance_terms` | [..., D] |
"""

import math
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor


class Gaussian(NamedTuple):
    """A batch of Gaussians; the form of `scale` is the covariance option's."""

    mean: Tensor
    scale: Tensor

    def detach(self) -> "Gaussian":
        """The same distributions without their gradients."""
        return Gaussian(self.mean.detach(), self.scale.detach())


@runtime_checkable
class Covariance(Protocol):
    """What a module of `mstep.covariances` offers."""

    def outputs(self, action_dimension: int) -> int: ...
    def scale(self, raw_scale: Tensor, offset: float, minimum_deviation: float) -> Tensor: ...
    def deviation(self, scale: Tensor) -> Tensor: ...
    def transform(self, scale: Tensor, noise: Tensor) -> Tensor: ...
    def whiten(self, scale: Tensor, difference: Tensor) -> Tensor: ...
    def half_log_determinant(self, scale: Tensor) -> Tensor: ...
    def mahalanobis_terms(self, scale: Tensor, difference: Tensor) -> Tensor: ...
    def trace_terms(self, scale: Tensor, other: Tensor) -> Tensor: ...


def sample(covariance: Covariance, policy: Gaussian, noise: Float[Tensor, "N B A"]) -> Tensor:
    """μ + L ε for standard normal noise ε: actions [N, B, A]."""
    return policy.mean + covariance.transform(policy.scale, noise)


def log_prob(covariance: Covariance, policy: Gaussian, actions: Float[Tensor, "*N A"]) -> Tensor:
    """log N(a; μ, Σ), summed over dimensions A, of unclipped actions."""
    whitened = covariance.whiten(policy.scale, actions - policy.mean)
    normaliser = covariance.half_log_determinant(policy.scale).sum(-1)
    constant = 0.5 * actions.shape[-1] * math.log(2.0 * math.pi)
    return -0.5 * whitened.square().sum(-1) - normaliser - constant


def entropy(covariance: Covariance, policy: Gaussian) -> Tensor:
    """Differential entropy, summed over dimensions A."""
    constant = 0.5 * policy.mean.shape[-1] * (1.0 + math.log(2.0 * math.pi))
    return covariance.half_log_determinant(policy.scale).sum(-1) + constant


def kl_mean_terms(covariance: Covariance, difference: Tensor, scale: Tensor) -> Tensor:
    """C_μ = 1/2 (μ - μ_i)ᵀ Σ^-1 (μ - μ_i), P1 eq. 26, for the Σ whose `scale` is given."""
    return 0.5 * covariance.mahalanobis_terms(scale, difference)


def kl_covariance_terms(covariance: Covariance, first: Tensor, second: Tensor) -> Tensor:
    """C_Σ = 1/2 (tr(Σ_2^-1 Σ_1) - A + log(|Σ_2| / |Σ_1|)), P1 eq. 27, of KL(N_1 || N_2).

    Deviation: the logarithm is of determinants; P1 prints ln(Σ/Σ_i), and swaps the labels of
    C_μ and C_Σ (errata).
    """
    halves = covariance.half_log_determinant
    log_ratio = halves(second) - halves(first)
    trace = covariance.trace_terms(second, first)
    share = first.shape[-1] / trace.shape[-1]
    return 0.5 * (trace - share) + log_ratio
