"""Errata 4 and 5: which part of the KL is C_μ, and the determinants in its logarithm.

P1 (27) and SR (12) give the name C_μ to the half that depends on the covariances alone, and C_Σ
to the half that the mean's move makes; P1 prints ln(Σ/Σ_i) where the determinants belong.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.linalg import logm
from scipy.optimize import minimize
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from mpo.algorithm.gaussian import kl_covariance_terms, kl_mean_terms
from mpo.algorithm.mstep.covariances import full
from mpo.theory.check import Check

MEANS = torch.tensor([[0.0, 0.0], [0.7, -0.4]], dtype=torch.float64)
SCALES = torch.tensor([[[0.9, 0.0], [0.3, 0.7]], [[0.6, 0.0], [0.4, 1.1]]], dtype=torch.float64)
"""Two Gaussians, Σ = L Lᵀ; the products have positive entries, so that ln(Σ/Σ_i) is a number."""
EPSILON_MEAN, EPSILON_COVARIANCE = 0.1, 1e-4


def summed_kl(first: MultivariateNormal, second: MultivariateNormal, points: int = 401) -> float:
    """KL(first || second) in two dimensions, p log(p/q) summed over a grid of the plane."""
    axis = torch.linspace(-9.0, 9.0, points, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    log_first = first.log_prob(grid)
    cell = float(axis[1] - axis[0]) ** 2
    return float((log_first.exp() * (log_first - second.log_prob(grid))).sum()) * cell


def label_errors() -> tuple[float, float]:
    """Error of "the KL when only the mean moves": by the printed C_μ and by ours."""
    before = MultivariateNormal(MEANS[0], scale_tril=SCALES[0])
    after = MultivariateNormal(MEANS[1], scale_tril=SCALES[0])
    divergence = summed_kl(before, after)
    ours = float(kl_mean_terms(full, MEANS[1] - MEANS[0], SCALES[0]).sum())
    printed = float(kl_covariance_terms(full, SCALES[0], SCALES[0]).sum())
    return abs(printed - divergence), abs(ours - divergence)


def fitted(bound_mean: float, bound_covariance: float) -> tuple[float, float]:
    """The M-step from N(0, 1) towards N(3, 2²), by SLSQP: KLs that mean and variance caused.

    max over (μ, log σ) of E log N(a; μ, σ), a ~ N(3, 2²), under both bounds. Each part is
    KL(N(0,1) || N(μ,σ)) less what it is with the other parameter left as it was.
    """

    def parts(x: np.ndarray) -> tuple[float, float]:
        start, end = Normal(0.0, 1.0), Normal(torch.tensor(x[0]), torch.tensor(x[1]).exp())
        without_mean = float(kl_divergence(start, Normal(torch.tensor(0.0).double(), end.scale)))
        return float(kl_divergence(start, end)) - without_mean, without_mean

    def loss(x: np.ndarray) -> float:
        return float(x[1] + ((3.0 - x[0]) ** 2 + 4.0) / (2.0 * np.exp(2.0 * x[1])))

    bounds = [
        {"type": "ineq", "fun": lambda x: 1.0 - parts(x)[0] / bound_mean},
        {"type": "ineq", "fun": lambda x: 1.0 - parts(x)[1] / bound_covariance},
    ]
    start = np.array([1e-3, 1e-3])
    options = {"ftol": 1e-10, "maxiter": 500}
    result = minimize(loss, start, method="SLSQP", constraints=bounds, options=options)
    if not result.success:
        raise RuntimeError(f"the M-step by SLSQP ended with: {result.message}")
    return parts(result.x)


def determinant_errors() -> tuple[float, float]:
    """Error of the KL of two Gaussians with ln(Σ/Σ_i) and with ln(|Σ|/|Σ_i|).

    A quotient of matrices has no one meaning. Of three readings, the one that comes nearest
    counts: the logarithms of the elements' quotients added up, those on the diagonal alone, and
    the elements of the matrix logarithm of Σ Σ_i^-1 added up.
    """
    first = MultivariateNormal(MEANS[0], scale_tril=SCALES[0])
    second = MultivariateNormal(MEANS[1], scale_tril=SCALES[1])
    divergence = summed_kl(first, second)
    mean = float(kl_mean_terms(full, MEANS[1] - MEANS[0], SCALES[1]).sum())
    ours = mean + float(kl_covariance_terms(full, SCALES[0], SCALES[1]).sum())
    matrices: Tensor = SCALES @ SCALES.mT
    ratio = (matrices[1] / matrices[0]).log()
    matrix = np.asarray(logm((matrices[1] @ matrices[0].inverse()).numpy()))
    trace = float(torch.trace(matrices[1].inverse() @ matrices[0]))
    readings = [float(ratio.sum()), float(ratio.diagonal().sum()), float(np.real(matrix).sum())]
    printed = [abs(mean + 0.5 * (trace - 2.0 + reading) - divergence) for reading in readings]
    return min(printed), abs(ours - divergence)


def checks() -> list[Check]:
    """What C_μ measures, what the swap does to the M-step, and the determinants."""
    labels, determinants = label_errors(), determinant_errors()
    right = fitted(EPSILON_MEAN, EPSILON_COVARIANCE)[0]
    swapped = fitted(EPSILON_COVARIANCE, EPSILON_MEAN)[0]
    source = "P1 (27), SR (12)"
    return [
        Check(
            4,
            source,
            "C_μ = 1/2 (tr(Σ^-1 Σ_i) - n + ln ...)",
            "C_μ = 1/2 (μ - μ_i)ᵀ Σ^-1 (μ - μ_i)",
            "C_μ against the KL of two Gaussians that differ in the mean alone",
            labels[0],
            labels[1],
            1e-8,
            "p log(p/q) summed over a grid of 401 x 401 actions",
        ),
        Check(
            4,
            source,
            "C_Σ < ε_μ, C_μ < ε_Σ",
            "C_μ < ε_μ, C_Σ < ε_Σ",
            "KL that the mean's move causes in an M-step, relative to ε_μ = 0.1, against 1",
            abs(swapped / EPSILON_MEAN - 1.0),
            abs(right / EPSILON_MEAN - 1.0),
            1e-3,
            "M-step solved by SciPy's SLSQP; KL of torch.distributions",
        ),
        Check(
            5,
            "P1 (27)",
            "ln(Σ/Σ_i)",
            "ln(|Σ|/|Σ_i|)",
            "C_μ + C_Σ against the KL of two Gaussians; the nearest of three readings",
            determinants[0],
            determinants[1],
            1e-8,
            "p log(p/q) summed over a grid of 401 x 401 actions",
        ),
    ]
