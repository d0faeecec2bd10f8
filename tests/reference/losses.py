"""The terms of the E- and M-step's losses; a Gaussian is its mean and its Cholesky factor."""

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from mpo.settings import Settings

Gaussian = tuple[Tensor, Tensor]


def kls(s: Settings, policy: Gaussian, target: Gaussian) -> list[Tensor]:
    """C_μ and C_Σ of each state, [B, C]."""
    (mean, factor), (old_mean, old_factor) = policy, target
    if s.estep == "parametric":  # KL(q || π_i)
        pairs = [
            ((mean, old_factor), (old_mean, old_factor)),
            ((mean, factor), (mean, old_factor)),
        ]
    else:  # KL(π_i || π_θ)
        held = old_factor if s.likelihood == "decoupled" else factor
        pairs = [
            ((old_mean, held), (mean, held)),
            ((old_mean, old_factor), (old_mean, factor)),
        ]
    return [_kl(s, *pair) for pair in pairs]


def _kl(s: Settings, first: Gaussian, second: Gaussian) -> Tensor:
    if s.kl == "per_dimension":
        normals = (Normal(m, f.diagonal(dim1=-2, dim2=-1)) for m, f in (first, second))
        return kl_divergence(*normals)
    full = (MultivariateNormal(m, scale_tril=f) for m, f in (first, second))
    return kl_divergence(*full).unsqueeze(-1)


def log_likelihood(s: Settings, policy: Gaussian, target: Gaussian, actions: Tensor) -> Tensor:
    """Of each action sample, [N, B]."""
    (mean, factor), (old_mean, old_factor) = policy, target
    if s.likelihood == "joint":
        return MultivariateNormal(mean, scale_tril=factor).log_prob(actions)
    moved = MultivariateNormal(mean, scale_tril=old_factor).log_prob(actions)
    return moved + MultivariateNormal(old_mean, scale_tril=factor).log_prob(actions)


def positive(raw: Tensor) -> Tensor:
    return torch.logaddexp(raw, torch.zeros_like(raw)) + 1e-8


def soft_value(q: Tensor, eta: Tensor) -> Tensor:
    """η log mean exp(Q/η) over the samples."""
    return eta * (torch.logsumexp(q / eta, 0) - math.log(q.shape[0]))


def dual(form: str, q: Tensor, eta: Tensor, epsilon: float, rho: Tensor) -> Tensor:
    """P1 eq. 9."""
    if form == "raw":
        return eta * epsilon + eta * (rho * (q / eta).exp().mean(0).log()).sum()
    return eta * epsilon + (rho * soft_value(q, eta)).sum()


def solved(q: Tensor, epsilon: float, rho: Tensor) -> float:
    """The η at which the dual is least, by search."""
    values, weights, count = q.numpy(), rho.numpy(), q.shape[0]

    def dual(power: float) -> float:
        eta = 10.0**power
        soft = eta * (np.asarray(logsumexp(values / eta, axis=0)) - math.log(count))
        return eta * epsilon + float(weights @ soft)

    powers = np.linspace(-6.0, 6.0, 241)
    best = powers[int(np.argmin([dual(power) for power in powers]))]
    found = minimize_scalar(
        dual, bounds=(best - 0.1, best + 0.1), method="bounded", options={"xatol": 1e-12}
    )
    return 10.0 ** float(found.x)
