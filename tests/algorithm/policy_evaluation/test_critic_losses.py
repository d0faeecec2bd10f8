"""Critic losses against PyTorch's."""

import torch
from hypothesis import given

from mpo.algorithm.policy_evaluation.critic_losses import huber, squared
from tests.draws import normal, seeds

functional = torch.nn.functional


@given(seeds)
def test_huber_and_squared_are_pytorch_s(seed: int) -> None:
    error = 2.0 * normal(seed, 50)
    zero = torch.zeros_like(error)
    expected = functional.huber_loss(error, zero, reduction="none", delta=1.0)
    torch.testing.assert_close(huber.loss(error), expected)
    expected = functional.mse_loss(error, zero, reduction="none") / 2.0
    torch.testing.assert_close(squared.loss(error), expected)


def test_they_agree_within_one_and_differ_beyond() -> None:
    error = torch.linspace(-3.0, 3.0, 25, dtype=torch.float64)
    inside = error.abs() <= 1.0
    torch.testing.assert_close(huber.loss(error)[inside], squared.loss(error)[inside])
    assert (huber.loss(error)[~inside] < squared.loss(error)[~inside]).all()


def test_gradients() -> None:
    error = (2.0 * normal(0, 20)).requires_grad_()
    assert torch.autograd.gradcheck(huber.loss, (error,))
    assert torch.autograd.gradcheck(squared.loss, (error,))
