"""Means of the policy: the same in PyTorch and NumPy, and where they may lie."""

import numpy as np
import pytest
import torch

from mpo.algorithm.mstep.means import sigmoid, tanh, unbounded
from tests.draws import normal

RAW = torch.tensor([-50.0, -1.0, 0.0, 0.3, 50.0])


@pytest.mark.parametrize("module", [unbounded, tanh, sigmoid])
def test_the_actor_s_mean_is_the_update_s(module) -> None:
    expected = module.mean(RAW).numpy()
    found = module.acted(RAW.numpy().copy())
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert found.dtype == np.float32
    assert torch.autograd.gradcheck(module.mean, (normal(0, 4).requires_grad_(),))


def test_values() -> None:
    torch.testing.assert_close(unbounded.mean(RAW), RAW)
    torch.testing.assert_close(tanh.mean(RAW), torch.tanh(RAW))
    torch.testing.assert_close(sigmoid.mean(RAW), -1.0 + 2.0 / (1.0 + torch.exp(-RAW)))
