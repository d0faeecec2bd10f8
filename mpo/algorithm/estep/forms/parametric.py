"""Parametric E-step: the policy network is q itself (P1 option 1, App. D.4, Alg. 3)."""

from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.gaussian import Covariance, Gaussian, kl_covariance_terms, kl_mean_terms

SAMPLES_ONLINE = True
HAS_TEMPERATURE = False


def weights(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, "N B"]:
    """Advantages (Q_j - mean_j Q_j) / (N - 1), so that Σ_j w_j log q(a_j) is App. D.4's objective.

    Its gradient is the score-function estimate of that of E_q[Q]. The mean as baseline holds the
    sample's own Q, which makes the estimate (N - 1)/N times too small where it is divided by N.
    The a_j are drawn from the current q, so the temperature plays no part.
    """
    return (q - q.mean(0)) / (q.shape[0] - 1)


def kl_terms(likelihood, covariance: Covariance, policy: Gaussian, target: Gaussian):
    """The terms of KL(q || π_i), the other direction than an M-step's (App. D.4).

    C_μ = 1/2 (μ - μ_i)ᵀ Σ_i^-1 (μ - μ_i),  C_Σ = 1/2 (tr(Σ_i^-1 Σ) - A + log(|Σ_i| / |Σ|)).
    """
    mean = kl_mean_terms(covariance, policy.mean - target.mean, target.scale)
    return mean, kl_covariance_terms(covariance, policy.scale, target.scale)
