"""Erratum 7: the Fisher prior of the M-step, whose matrix P1 inverts the wrong way.

A second-order expansion of the KL is (1/2) dᵀ F d with F the expected Fisher matrix. A Gaussian
prior that stands for it has the covariance F^-1/λ and the penalty (λ/2) dᵀ F d; P1 prints the
covariance F/λ and the penalty λ dᵀ F^-1 d.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from mpo.theory.check import Check

STATES = torch.tensor([[0.5, -1.0], [1.5, 0.3], [-0.7, 0.8]], dtype=torch.float64)
PARAMETERS = torch.tensor([0.4, -0.2, 0.1, -0.5], dtype=torch.float64)
"""Of N(w·s + c, σ²) with θ = (w_1, w_2, c, log σ)."""
STRENGTH = 3.0
"""λ."""


def policy(parameters: Tensor) -> Normal:
    """π_θ in each of the states."""
    return Normal(STATES @ parameters[:2] + parameters[2], parameters[3].exp())


def kl(parameters: Tensor) -> Tensor:
    """Mean over states of KL(π_i || π_θ), by torch.distributions."""
    return kl_divergence(policy(PARAMETERS), policy(parameters)).mean()


def fisher(nodes: int = 24) -> Tensor:
    """F = E[∇log π ∇log πᵀ] at θ_i: autodiff at each node of a Gauss-Hermite sum over actions."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = torch.from_numpy(weights / weights.sum())
    at_start = policy(PARAMETERS)
    actions = at_start.mean + at_start.stddev * torch.from_numpy(points)[:, None]

    def log_prob(parameters: Tensor) -> Tensor:
        return policy(parameters).log_prob(actions)

    score = torch.func.jacrev(log_prob)(PARAMETERS)
    assert isinstance(score, Tensor)
    return torch.einsum("n,nsi,nsj->ij", weights, score, score) / len(STATES)


def penalty_errors(seed: int = 7, size: float = 1e-5) -> tuple[float, float]:
    """Relative error of λ dᵀ F^-1 d and of (λ/2) dᵀ F d against λ KL at a small step d."""
    generator = torch.Generator().manual_seed(seed)
    step = torch.randn(4, generator=generator, dtype=torch.float64)
    step = size * step / step.norm()
    matrix, divergence = fisher(), float(kl(PARAMETERS + step))
    printed = float(step @ matrix.inverse() @ step)
    correct = float(0.5 * step @ matrix @ step)
    return abs(printed / divergence - 1.0), abs(correct / divergence - 1.0)


def covariance_errors() -> tuple[float, float]:
    """Relative error of the curvature of -log prior against that of λ KL, by autodiff.

    With the covariance F/λ as printed, and with F^-1/λ.
    """
    matrix = fisher()
    curvature = STRENGTH * torch.func.hessian(kl)(PARAMETERS)
    errors = []
    for covariance in (matrix / STRENGTH, matrix.inverse() / STRENGTH):
        prior = MultivariateNormal(PARAMETERS, covariance)
        found = -torch.func.hessian(prior.log_prob)(PARAMETERS)
        errors.append(float((found - curvature).norm() / curvature.norm()))
    return errors[0], errors[1]


def checks() -> list[Check]:
    """The penalty and the covariance."""
    penalty, covariance = penalty_errors(), covariance_errors()
    return [
        Check(
            7,
            "P1 3.3, Fisher prior",
            "λ dᵀ F^-1 d",
            "(λ/2) dᵀ F d",
            "penalty against λ KL at a step of 1e-5, relative",
            penalty[0],
            penalty[1],
            1e-3,
            "KL of torch.distributions; F by autodiff of log π summed over actions",
        ),
        Check(
            7,
            "P1 3.3, Fisher prior",
            "N(θ_i, F/λ)",
            "N(θ_i, F^-1/λ)",
            "curvature of the prior's logarithm against that of λ KL, relative",
            covariance[0],
            covariance[1],
            1e-8,
            "automatic differentiation, twice, of the KL and of the prior's density",
        ),
    ]
