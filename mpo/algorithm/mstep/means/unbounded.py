"""The outputs themselves (P1; Acme): the mean may leave the box of actions."""

import numpy as np
from jaxtyping import Float
from torch import Tensor


def mean(raw: Float[Tensor, "*B A"]) -> Float[Tensor, "*B A"]:
    """μ = m."""
    return raw


def acted(raw: Float[np.ndarray, " A"]) -> Float[np.ndarray, " A"]:
    """μ = m, in NumPy."""
    return raw
