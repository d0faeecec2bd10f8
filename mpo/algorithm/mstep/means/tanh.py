"""The mean inside the box of actions by a hyperbolic tangent (Tonic)."""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.computing import operations


def mean(raw: Float[Tensor, "*B A"]) -> Float[Tensor, "*B A"]:
    """μ = tanh(m)."""
    return operations.tanh(raw)


def acted(raw: Float[np.ndarray, " A"]) -> Float[np.ndarray, " A"]:
    """μ = tanh(m), in NumPy and in place."""
    return np.tanh(raw, out=raw)
