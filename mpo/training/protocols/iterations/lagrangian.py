"""SR's M-step and its multipliers, faults included, as pure functions.

| symbol | name | shape |
|---|---|---|
| w_sj | `weights` | [N, B], adding up to 1 over N |
| log π_θ(a_j), at s | `log_likelihood` | [N, B] |
| η_μ, η_Σ | `Multipliers` | [1] |
| ε_μ, ε_Σ; C_μ, C_Σ | `epsilon_*`; `kl_mean`, `kl_covariance` | numbers |

What is right is in `algorithm.mstep` and `algorithm.gaussian`; tests hold
each fault to it by a number.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.gaussian import Covariance, Gaussian, kl_mean_terms
from mpo.algorithm.mstep.lagrangian import MStep

DETERMINANT_FLOOR = 1e-6
MEAN_RATE, COVARIANCE_RATE = 1.0, 100.0
MEAN_LIMIT, COVARIANCE_LIMIT = 0.1, 10.0


class Multipliers(NamedTuple):
    """η_μ and η_Σ."""

    alpha_mean: Float[Tensor, " 1"]
    alpha_covariance: Float[Tensor, " 1"]


def initial_multipliers() -> Multipliers:
    """Both start at 0."""
    return Multipliers(torch.zeros(1), torch.zeros(1))


def likelihood_loss(
    log_likelihood: Float[Tensor, "N B"], weights: Float[Tensor, "N B"], averaged: bool
) -> Float[Tensor, ""]:
    """-(1/B) Σ_s Σ_j w_sj log π_θ(a_j|s) (P1 eq. 10), divided by N where it is `averaged`.

    Deviation: the weights add up to 1 over the samples already; the mean over them makes this term
    N times too small against the KL terms (SR's code; a fault).
    """
    weighted = weights * log_likelihood
    return -(weighted.mean() if averaged else weighted.sum(0).mean())


def kl_mean(covariance: Covariance, policy: Gaussian, target: Gaussian) -> Float[Tensor, ""]:
    """C_μ = 1/2 (μ - μ_i)ᵀ Σ_i^-1 (μ - μ_i), mean over states B.

    Deviation: beside the joint likelihood it should hold Σ^-1 (P1 eq. 26); so its gradient does
    not reach Σ, and C_μ + C_Σ is no longer KL(π_i || π_θ) (SR's code; a fault).
    """
    return kl_mean_terms(covariance, policy.mean - target.mean, target.scale).sum(-1).mean()


def kl_covariance(covariance: Covariance, policy: Gaussian, target: Gaussian) -> Float[Tensor, ""]:
    """C_Σ = 1/2 (tr(Σ^-1 Σ_i) - A + ln(|Σ| / |Σ_i|)), mean over states B.

    Deviation: both determinants are clamped to 1e-6 from below, under which the logarithm's value
    and its gradient are lost (SR's code; a fault).
    """
    trace = covariance.trace_terms(policy.scale, target.scale).sum(-1)
    log_ratio = _log_determinant(covariance, policy) - _log_determinant(covariance, target)
    return 0.5 * (trace - policy.mean.shape[-1] + log_ratio).mean()


def _log_determinant(covariance: Covariance, gaussian: Gaussian) -> Float[Tensor, " B"]:
    """ln max(|Σ|, 1e-6)."""
    log_determinant = 2.0 * covariance.half_log_determinant(gaussian.scale).sum(-1)
    return torch.clamp_min(log_determinant, math.log(DETERMINANT_FLOOR))


def multiplier_step(
    multipliers: Multipliers, part: MStep, epsilon_mean: float, epsilon_covariance: float
) -> Multipliers:
    """η_μ - 1 (ε_μ - C_μ) within [0, 0.1] and η_Σ - 100 (ε_Σ - C_Σ) within [0, 10]."""
    mean = multipliers.alpha_mean - MEAN_RATE * (epsilon_mean - part.kl_mean)
    slack = epsilon_covariance - part.kl_covariance
    covariance = multipliers.alpha_covariance - COVARIANCE_RATE * slack
    return Multipliers(mean.clamp(0.0, MEAN_LIMIT), covariance.clamp(0.0, COVARIANCE_LIMIT))
