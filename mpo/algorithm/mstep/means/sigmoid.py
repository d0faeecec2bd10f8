"""The mean inside the box of actions by a logistic function scaled to it (SR's code)."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def mean(raw: Float[Tensor, "*B A"]) -> Float[Tensor, "*B A"]:
    """μ = 2 σ(m) - 1."""
    return 2.0 * torch.sigmoid(raw) - 1.0


def acted(raw: Float[np.ndarray, " A"]) -> Float[np.ndarray, " A"]:
    """μ = tanh(m / 2), which is 2 σ(m) - 1, in NumPy and in place."""
    raw *= 0.5
    return np.tanh(raw, out=raw)
