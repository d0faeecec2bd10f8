"""Adam and clipping against PyTorch's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mpo.algorithm.computing.optimiser import Adam, adam, adam_step, clip_by_norm
from tests.draws import normal, seeds


@given(seeds, st.floats(-5.0, 0.0).map(lambda power: 10.0**power), st.floats(-4.0, 4.0))
def test_adam_is_pytorch_s(seed: int, rate: float, power: float) -> None:
    state = adam(normal(seed, 7))
    parameter = torch.nn.Parameter(normal(seed, 7))
    theirs = torch.optim.Adam([parameter], lr=rate)
    for step in range(6):
        gradient = 10.0**power * normal(seed + step + 1, 7)
        state = adam_step(state, gradient, rate)
        parameter.grad = gradient.clone()
        theirs.step()
        torch.testing.assert_close(state.parameters, parameter.detach(), rtol=1e-10, atol=1e-12)
    moments = theirs.state[parameter]
    torch.testing.assert_close(state.first, moments["exp_avg"])
    torch.testing.assert_close(state.second, moments["exp_avg_sq"])
    assert float(state.steps) == 6.0


def test_step_counts_of_elements_are_their_own() -> None:
    state = adam(normal(0, 3), (3,))
    state = state._replace(steps=torch.tensor([0.0, 4.0, 0.0], dtype=torch.float64))
    gradient = normal(1, 3)
    stepped = adam_step(state, gradient, 0.1)
    torch.testing.assert_close(stepped.steps, state.steps + 1.0)
    change = (stepped.parameters - state.parameters).abs()
    torch.testing.assert_close(change[0], torch.tensor(0.1, dtype=torch.float64), rtol=1e-6, atol=0)
    assert change[1] < change[0]


def test_a_step_leaves_the_old_state() -> None:
    state = adam(normal(0, 3))
    before = Adam(*(part.clone() for part in state))
    adam_step(state, normal(1, 3), 0.1)
    for old, new in zip(before, state, strict=True):
        torch.testing.assert_close(old, new)


@given(seeds, st.floats(0.01, 10.0))
def test_clip_is_pytorch_s(seed: int, bound: float) -> None:
    gradient = normal(seed, 9)
    parameter = torch.nn.Parameter(torch.zeros(9, dtype=torch.float64))
    parameter.grad = gradient.clone()
    norm = torch.nn.utils.clip_grad_norm_([parameter], bound)
    found, found_norm = clip_by_norm(gradient, bound)
    torch.testing.assert_close(found, parameter.grad, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(found_norm, norm)
    assert float(found.norm()) <= bound * (1.0 + 1e-9)


@pytest.mark.parametrize("bound", [None, 1e9])
def test_a_short_gradient_stays_as_it_is(bound: float | None) -> None:
    gradient = normal(0, 4)
    found, norm = clip_by_norm(gradient, bound)
    assert torch.equal(found, gradient)
    torch.testing.assert_close(norm, gradient.norm())


def test_a_zero_gradient_is_clipped_to_zero() -> None:
    found, norm = clip_by_norm(torch.zeros(4), 0.1)
    assert torch.equal(found, torch.zeros(4))
    assert float(norm) == 0.0
