"""Diagonal covariance: one standard deviation a dimension (P2, Acme, Tonic)."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus


def outputs(action_dimension: int) -> int:
    """Network outputs that the scale needs: A."""
    return action_dimension


def scale(
    raw_scale: Float[Tensor, "*B A"], offset: float, minimum_deviation: float
) -> Float[Tensor, "*B A"]:
    """Standard deviations softplus(raw + offset) + minimum."""
    return softplus(raw_scale + offset) + minimum_deviation


def deviation(scale: Float[Tensor, "*B A"]) -> Float[Tensor, "*B A"]:
    """Standard deviation of each action dimension."""
    return scale


def transform(scale: Float[Tensor, "*B A"], noise: Float[Tensor, "*N A"]) -> Tensor:
    """L ε."""
    return scale * noise


def whiten(scale: Float[Tensor, "*B A"], difference: Float[Tensor, "*N A"]) -> Tensor:
    """L^-1 d."""
    return difference / scale


def half_log_determinant(scale: Float[Tensor, "*B A"]) -> Float[Tensor, "*B D"]:
    """log of each standard deviation; D = A, their sum is log|Σ| / 2."""
    return scale.log()


def mahalanobis_terms(
    scale: Float[Tensor, "*B A"], difference: Float[Tensor, "*B A"]
) -> Float[Tensor, "*B D"]:
    """dᵀ Σ^-1 d by dimension; D = A."""
    return whiten(scale, difference).square()


def trace_terms(
    scale: Float[Tensor, "*B A"], other: Float[Tensor, "*B A"]
) -> Float[Tensor, "*B D"]:
    """tr(Σ^-1 Σ_other) by dimension; D = A."""
    return torch.square(other / scale)
