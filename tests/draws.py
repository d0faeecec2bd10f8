"""Random tensors and hypothesis strategies that the tests draw their problems from."""

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mpo.algorithm.gaussian import Covariance, Gaussian
from mpo.algorithm.mstep.covariances import diagonal, full

COVARIANCES: dict[str, Covariance] = {"diagonal": diagonal, "full": full}

seeds = st.integers(0, 2**32 - 1)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(seed: int, *shape: int) -> Tensor:
    """Standard normal numbers in float64."""
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def state_weights(seed: int, states: int) -> Tensor:
    """Positive weights of states that add up to 1."""
    drawn = torch.rand(states, generator=generator(seed), dtype=torch.float64) + 0.1
    return drawn / drawn.sum()


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


@st.composite
def q_values(draw, tied: bool = False) -> Tensor:
    """Q [N, B] of 2 to 12 samples in 1 to 5 states, over scales of 1e-3 to 1e3.

    With `tied`, whole numbers, so that samples share values and maxima.
    """
    samples, states = draw(st.integers(2, 12)), draw(st.integers(1, 5))
    drawn = normal(draw(seeds), samples, states)
    if tied:
        return (2.0 * drawn).round()
    offset = normal(draw(seeds), states) * draw(st.sampled_from([0.0, 1.0, 100.0]))
    return drawn * 10.0 ** draw(st.floats(-3.0, 3.0)) + offset


def gaussian(form: str, seed: int, batch: int = 3, size: int = 2) -> Gaussian:
    """Gaussians [B, A] whose scales differ between states and, if full, correlate."""
    covariance = COVARIANCES[form]
    mean = normal(seed, batch, size)
    raw = normal(seed + 1, batch, covariance.outputs(size))
    return Gaussian(mean, covariance.scale(raw, 0.3, 1e-3))


def distribution(form: str, policy: Gaussian) -> torch.distributions.Distribution:
    """The same Gaussians as PyTorch has them."""
    if form == "diagonal":
        normals = torch.distributions.Normal(policy.mean, policy.scale)
        return torch.distributions.Independent(normals, 1)
    return torch.distributions.MultivariateNormal(policy.mean, scale_tril=policy.scale)


def matrices(form: str, scale: Tensor) -> Tensor:
    """Covariance matrices [B, A, A] of scales."""
    return torch.diag_embed(scale.square()) if form == "diagonal" else scale @ scale.mT


def random_process(seed: int, states: int, actions: int) -> tuple[np.ndarray, np.ndarray]:
    """Transition probabilities [S, A, S] and rewards [S, A] of a random decision process."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(states), (states, actions)), rng.normal(size=(states, actions))
