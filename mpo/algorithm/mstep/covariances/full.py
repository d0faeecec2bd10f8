"""Full covariance by its Cholesky factor (P1 App. D): L lower triangular, diagonal > 0."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

WRITTEN_OUT = 6
"""Largest A whose forward substitution is written out row by row.

A compiler fuses what is written out into its neighbours, where a library's solve of thousands of
tiny systems costs more than everything around it. It is A² operations though, which from twelve
action dimensions on take minutes to compile and then longer than the library.
"""


def outputs(action_dimension: int) -> int:
    """Network outputs that the scale needs: A², of which those above the diagonal are unused."""
    return action_dimension**2


def scale(
    raw_scale: Float[Tensor, "*B AA"], offset: float, minimum_deviation: float
) -> Float[Tensor, "*B A A"]:
    """L, with diagonal softplus(raw + offset) + minimum and free entries below it."""
    size = round(raw_scale.shape[-1] ** 0.5)
    square = raw_scale.unflatten(-1, (size, size))
    diagonal = softplus(square + offset) + minimum_deviation
    identity = torch.eye(size, dtype=torch.bool, device=raw_scale.device)
    return torch.where(identity, diagonal, square).tril()


def deviation(scale: Float[Tensor, "*B A A"]) -> Float[Tensor, "*B A"]:
    """Marginal standard deviation of each action dimension: row norms of L."""
    return scale.square().sum(-1).sqrt()


def transform(scale: Float[Tensor, "*B A A"], noise: Float[Tensor, "*N A"]) -> Tensor:
    """L ε."""
    return (scale * noise.unsqueeze(-2)).sum(-1)


def whiten(scale: Float[Tensor, "*B A A"], difference: Float[Tensor, "*N A"]) -> Tensor:
    """L^-1 d by forward substitution, broadcast over leading dimensions."""
    if scale.shape[-1] > WRITTEN_OUT:
        return _solved(scale, difference)
    rows: list[Tensor] = []
    for i in range(scale.shape[-1]):
        rest = difference[..., i]
        for j, row in enumerate(rows):
            rest = rest - scale[..., i, j] * row
        rows.append(rest / scale[..., i, i])
    return torch.stack(rows, -1)


def _solved(scale: Float[Tensor, "*B A A"], difference: Float[Tensor, "*N A"]) -> Tensor:
    """The same by the library; one solve a state, its differences as right-hand sides."""
    leading = difference.ndim - scale.ndim + 1
    sides = difference.flatten(0, leading - 1) if leading else difference.unsqueeze(0)
    found = torch.linalg.solve_triangular(scale, sides.movedim(0, -1), upper=False)
    return found.movedim(-1, 0).reshape(difference.shape)


def half_log_determinant(scale: Float[Tensor, "*B A A"]) -> Float[Tensor, "*B D"]:
    """log|Σ| / 2 = Σ log L_ii; D = 1."""
    return scale.diagonal(dim1=-2, dim2=-1).log().sum(-1, keepdim=True)


def mahalanobis_terms(
    scale: Float[Tensor, "*B A A"], difference: Float[Tensor, "*B A"]
) -> Float[Tensor, "*B D"]:
    """dᵀ Σ^-1 d; D = 1."""
    return whiten(scale, difference).square().sum(-1, keepdim=True)


def trace_terms(
    scale: Float[Tensor, "*B A A"], other: Float[Tensor, "*B A A"]
) -> Float[Tensor, "*B D"]:
    """tr(Σ^-1 Σ_other) = ||L^-1 L_other||_F²; D = 1."""
    columns = other.movedim(-1, 0)
    return whiten(scale, columns).square().sum((0, -1)).unsqueeze(-1)
