"""Critic losses against PyTorch's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mpo.algorithm.policy_evaluation.critic_losses import huber, squared
from mpo.settings import settings
from tests.draws import normal, seeds

functional = torch.nn.functional
DELTAS = pytest.mark.parametrize("delta", [0.3, 1.0, 2.5])


def of(delta: float):
    """Huber's loss as a run's settings give it."""
    return settings({"critic_loss": "huber", "critic_loss.delta": delta}).option("critic_loss").loss


@given(seeds, st.floats(0.1, 4.0))
def test_huber_and_squared_are_pytorch_s(seed: int, delta: float) -> None:
    error = 2.0 * normal(seed, 50)
    zero = torch.zeros_like(error)
    expected = functional.huber_loss(error, zero, reduction="none", delta=delta)
    torch.testing.assert_close(of(delta)(error), expected)
    expected = functional.mse_loss(error, zero, reduction="none") / 2.0
    torch.testing.assert_close(squared.loss(error), expected)


@DELTAS
def test_they_agree_within_delta_and_differ_beyond(delta: float) -> None:
    error = torch.linspace(-3.0, 3.0, 26, dtype=torch.float64)
    inside, loss = error.abs() <= delta, of(delta)(error)
    torch.testing.assert_close(loss[inside], squared.loss(error)[inside])
    assert (loss[~inside] < squared.loss(error)[~inside]).all()


def test_delta_is_one_where_it_is_not_set_and_its_bytes_are_those_of_the_plain_form() -> None:
    error = torch.linspace(-3.0, 3.0, 1000).requires_grad_()
    size = error.abs()
    plain = torch.where(size <= 1.0, 0.5 * error.square(), size - 0.5)
    found = huber.loss(error, huber.Parameters())
    assert torch.equal(found, plain)
    gradients = [torch.autograd.grad(loss.sum(), error)[0] for loss in (found, plain)]
    assert torch.equal(*gradients)


@DELTAS
def test_gradients(delta: float) -> None:
    error = (2.0 * normal(0, 20)).requires_grad_()
    assert torch.autograd.gradcheck(of(delta), (error,))
    assert torch.autograd.gradcheck(squared.loss, (error,))
