"""Networks against the same layers written with torch.nn, and their initialisation."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mpo.algorithm.networks import Networks, initialise, size, unflatten
from mpo.settings import settings
from tests.draws import generator

OBSERVATION, ACTION = 4, 2
CASES: dict[str, dict[str, Any]] = {
    "late": {},
    "late normalised": {"layer_norm": True},
    "early": {"action_entry": "input"},
    "early normalised": {"action_entry": "input", "layer_norm": True},
    "deep diagonal": {"covariance": "diagonal", "critic_hidden": (5, 4, 3)},
    "third": {"critic_hidden": (5, 4, 3), "layer_norm": True},
}


def networks(**fields: Any) -> Networks:
    chosen = settings({"policy_hidden": (5, 4), "critic_hidden": (6, 5), **fields})
    return Networks(chosen, OBSERVATION, ACTION)


def parameters(shapes, seed: int = 0) -> dict[str, Tensor]:
    flat = torch.randn(size(shapes), generator=generator(seed), dtype=torch.float64)
    return unflatten(flat, shapes)


def layer(named: dict[str, Tensor], key: str) -> nn.Linear:
    weight, bias = named[f"{key}.weight"], named[f"{key}.bias"]
    made = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
    made.load_state_dict({"weight": weight, "bias": bias})
    return made


def activation(named: dict[str, Tensor], index: int) -> nn.Module:
    if index == 0 and "norm.weight" in named:
        norm = nn.LayerNorm(named["norm.weight"].shape[0], dtype=torch.float64)
        norm.load_state_dict({"weight": named["norm.weight"], "bias": named["norm.bias"]})
        return nn.Sequential(norm, nn.Tanh())
    return nn.ReLU()


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES)
def test_policy_is_the_layers_one_by_one(fields: dict[str, Any]) -> None:
    made = networks(**fields)
    named = parameters(made.policy_shapes())
    observation = torch.randn(4, OBSERVATION, generator=generator(1), dtype=torch.float64)
    hidden = observation
    for index in range(2):
        hidden = activation(named, index)(layer(named, str(index))(hidden))
    head = layer(named, "head")(hidden)
    found = made.policy(named, observation)
    torch.testing.assert_close(found.mean, head[:, :ACTION])
    scale = made.covariance.scale(head[:, ACTION:], made.scale_offset, 1e-3)
    torch.testing.assert_close(found.scale, scale)


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES)
def test_critic_is_the_layers_one_by_one(fields: dict[str, Any]) -> None:
    """Clipped actions are concatenated to what enters their layer."""
    made = networks(**fields)
    named = parameters(made.critic_shapes())
    entry = 0 if fields.get("action_entry") == "input" else 1
    observation = torch.randn(4, OBSERVATION, generator=generator(1), dtype=torch.float64)
    actions = 2.0 * torch.randn(6, 4, ACTION, generator=generator(2), dtype=torch.float64)
    hidden = observation.expand(6, 4, OBSERVATION)
    depth = len(made.settings.critic_hidden)
    for index in range(depth):
        weight, bias = named[f"{index}.weight"], named[f"{index}.bias"]
        if index == entry:
            hidden = torch.cat([hidden, actions.clamp(-1.0, 1.0)], -1)
            weight = torch.cat([weight, named[f"{index}.action"].T], 1)
        hidden = activation(named, index)(hidden @ weight.T + bias)
    expected = layer(named, "head")(hidden).squeeze(-1)
    torch.testing.assert_close(made.q_values(named, observation, actions), expected)
    alone = made.q_values(named, observation, actions[0])
    torch.testing.assert_close(alone, expected[0])
    part = made.critic_state_part(named, observation)
    torch.testing.assert_close(made.critic_values(named, part, actions), expected)


def test_critic_sees_actions_clipped() -> None:
    made = networks()
    named = parameters(made.critic_shapes())
    observation = torch.zeros(1, OBSERVATION, dtype=torch.float64)
    far, edge = (torch.full((1, ACTION), value, dtype=torch.float64) for value in (7.0, 1.0))
    torch.testing.assert_close(
        made.q_values(named, observation, far), made.q_values(named, observation, edge)
    )


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES)
def test_gradients(fields: dict[str, Any]) -> None:
    made = networks(**fields)
    observation = torch.randn(2, OBSERVATION, generator=generator(1), dtype=torch.float64)
    actions = 0.5 * torch.randn(3, 2, ACTION, generator=generator(2), dtype=torch.float64)
    actions = actions.clamp(-0.9, 0.9).requires_grad_()
    for shapes, function in (
        (made.policy_shapes(), lambda named: tuple(made.policy(named, observation))),
        (made.critic_shapes(), lambda named: made.q_values(named, observation, actions)),
    ):
        drawn = torch.randn(size(shapes), generator=generator(3), dtype=torch.float64)
        flat = (0.5 * drawn).requires_grad_()
        assert torch.autograd.gradcheck(
            lambda flat, s=shapes, f=function: f(unflatten(flat, s)), (flat,)
        )
    named = parameters(made.critic_shapes())
    assert torch.autograd.gradcheck(lambda a: made.q_values(named, observation, a), (actions,))


def test_unflatten_gives_views_that_cover_the_vector() -> None:
    shapes = networks().critic_shapes()
    flat = torch.arange(size(shapes), dtype=torch.float64)
    views = unflatten(flat, shapes)
    assert list(views) == list(shapes)
    torch.testing.assert_close(torch.cat([view.reshape(-1) for view in views.values()]), flat)
    views["0.weight"].zero_()
    assert (flat[: views["0.weight"].numel()] == 0.0).all()


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("deviation", [0.1, 0.5, 2.0])
def test_a_new_policy_has_mean_zero_and_the_initial_deviation(
    covariance: str, deviation: float
) -> None:
    made = networks(covariance=covariance, initial_deviation=deviation)
    flat = initialise(made.policy_shapes(), generator(0), 0.01)
    observation = torch.randn(50, OBSERVATION, generator=generator(1))
    found = made.policy(unflatten(flat, made.policy_shapes()), observation)
    assert float(found.mean.abs().max()) < 0.1
    spread = made.covariance.deviation(found.scale)
    torch.testing.assert_close(spread, torch.full_like(spread, deviation), rtol=0.1, atol=0.02)


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES)
def test_weights_start_uniform_with_variance_of_one_over_fan_in(fields: dict[str, Any]) -> None:
    made = networks(**{"critic_hidden": (90, 80), **fields})
    shapes = made.critic_shapes()
    named = unflatten(initialise(shapes, generator(0), 1.0), shapes)
    entry = 0 if fields.get("action_entry") == "input" else 1
    for name, tensor in named.items():
        if name == "norm.weight":
            assert (tensor == 1.0).all()
        elif tensor.ndim == 1:
            assert (tensor == 0.0).all()
        else:
            fan_in = tensor.shape[1]
            if name.endswith("action"):  # the units count too beside which it enters
                fan_in = tensor.shape[0] + named[f"{entry}.weight"].shape[1]
            bound = math.sqrt(3.0 / fan_in)
            assert float(tensor.abs().max()) <= bound
            if tensor.numel() > 100:
                assert float(tensor.std()) == pytest.approx(bound / math.sqrt(3.0), rel=0.15)


def test_initialisation_is_the_generator_s_alone() -> None:
    shapes = networks().policy_shapes()
    first, second = (initialise(shapes, generator(5), 0.01) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, initialise(shapes, generator(6), 0.01))
