"""Non-parametric E-step, then a weighted maximum-likelihood fit (P1 eq. 7-12)."""

from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.estep.weights import estep_weights
from mpo.algorithm.gaussian import Covariance, Gaussian

SAMPLES_ONLINE = False
HAS_TEMPERATURE = True


def weights(q: Float[Tensor, "N B"], temperature: Float[Tensor, ""]) -> Float[Tensor, "N B"]:
    """w_j = softmax_j(Q_j / η), summing to 1 over samples N (P1 eq. 8)."""
    return estep_weights(q, temperature)


def kl_terms(likelihood, covariance: Covariance, policy: Gaussian, target: Gaussian):
    """The M-step's constraints: the terms of KL(π_i || π_θ) as the likelihood's form has them."""
    return likelihood.kl_terms(covariance, policy, target)
