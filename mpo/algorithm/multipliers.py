"""The dual variables of E- and M-step: raw, as Adam steps them, and positive.

| symbol | name | shape |
|---|---|---|
| η | `Multipliers.temperature` | [] |
| η_μ, η_Σ | `Multipliers.alpha_mean`, `.alpha_covariance` | [C], C = 1 or A |
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.settings import Settings

MINIMUM_RAW = -18.0
"""Lower bound of raw multipliers, below which softplus is zero in float32."""
POSITIVE_FLOOR = 1e-8


def positive(raw: Tensor) -> Tensor:
    """The positive multiplier of an unconstrained parameter: softplus(raw) + 1e-8."""
    return torch.nn.functional.softplus(raw) + POSITIVE_FLOOR


def raw_of(multiplier: float) -> float:
    """The unconstrained parameter whose `positive` is `multiplier` (at least the floor)."""
    value = max(multiplier - POSITIVE_FLOOR, 0.0)
    if value == 0.0:
        return MINIMUM_RAW
    return max(MINIMUM_RAW, value + math.log(-math.expm1(-value)))


class Multipliers(NamedTuple):
    """Every dual variable of the E- and M-step; raw (unconstrained) or positive alike."""

    temperature: Float[Tensor, ""]
    penalty_temperature: Float[Tensor, ""]
    alpha_mean: Float[Tensor, " C"]
    alpha_covariance: Float[Tensor, " C"]


def initial_raw(settings: Settings, constraints: int) -> Float[Tensor, " M"]:
    """The flat raw vector at the start, M = 2 + 2C, in the order of `Multipliers`."""
    temperature = raw_of(settings.initial_temperature)
    means = [raw_of(settings.initial_alpha_mean)] * constraints
    covariances = [raw_of(settings.initial_alpha_covariance)] * constraints
    return torch.tensor([temperature, temperature, *means, *covariances])


def unpack(raw: Float[Tensor, " M"]) -> Multipliers:
    """The positive multipliers of a flat raw vector, M = 2 + 2C."""
    values = positive(raw)
    count = (raw.shape[0] - 2) // 2
    return Multipliers(values[0], values[1], values[2 : 2 + count], values[2 + count :])
