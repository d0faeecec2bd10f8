"""Whole updates against the reference implementation."""

import json
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mpo.algorithm.batch import Batch
from mpo.algorithm.learner import Learner
from mpo.algorithm.metrics import METRICS
from mpo.algorithm.mstep.covariances import full
from mpo.algorithm.networks import unflatten
from mpo.settings import Settings
from tests.learning import ACTION, VARIANTS, drawn, filled, learner, small
from tests.reference import Reference

pytestmark = pytest.mark.usefixtures("double")


def named(made: Learner) -> dict[str, dict[str, torch.Tensor]]:
    policy, critic = made.networks.policy_shapes(), made.networks.critic_shapes()
    state = made.state
    return {
        "policy": unflatten(state.policy.parameters, policy),
        "critic": unflatten(state.critic.parameters, critic),
        "target_policy": unflatten(state.target_policy, policy),
        "target_critic": unflatten(state.target_critic, critic),
    }


def reference(made: Learner) -> Reference:
    copies = {k: {n: t.clone() for n, t in v.items()} for k, v in named(made).items()}
    multipliers = made.state.multipliers.parameters.clone()
    return Reference(made.settings, made.networks.action_size, copies, multipliers)


def next_noise(made: Learner, batch: Batch) -> torch.Tensor:
    """The noise that the learner's next update will draw."""
    twin = torch.Generator().manual_seed(0)
    twin.set_state(made.noise.get_state())
    pairs = batch.action.shape[0] * batch.action.shape[1]
    shape = (made.networks.action_size, made.settings.action_samples, pairs)
    return torch.randn(shape, generator=twin).permute(1, 2, 0)


def compare(
    chosen: Settings, updates: int, seed: int = 0, scale: float = 1.0, action_size: int = ACTION
) -> None:
    made = learner(chosen, seed, action_size=action_size)
    book, replay = reference(made), filled(seed, scale=scale, action_size=action_size)
    for index in range(updates):
        batch = drawn(replay, chosen, seed + index)
        noise = next_noise(made, batch)
        made.update(batch)
        book.update(batch, noise)
        found: dict[str, float] = dict(zip(METRICS, made.take_sums()[0].tolist(), strict=True))
        untold = {name for name in METRICS if not math.isnan(found[name])} - set(book.report)
        assert untold <= {"penalty_temperature", "dual_overflows", "dual_at_floor"}
        for name, value in book.report.items():
            assert found[name] == pytest.approx(value, rel=1e-5, abs=1e-8), (index, name)
        if index == 0:  # Adam's first moment is a tenth of the gradient
            moments = unflatten(made.state.policy.first, made.networks.policy_shapes())
            gradients = book.policy.named(action_size, gradient=True)
            for name, moment in moments.items():
                torch.testing.assert_close(10.0 * moment, gradients[name], rtol=1e-5, atol=1e-8)
        for network, ours in named(made).items():
            theirs = getattr(book, network).named(action_size)
            assert set(ours) == set(theirs)
            for name, tensor in ours.items():
                torch.testing.assert_close(
                    tensor,
                    theirs[name],
                    rtol=1e-5,
                    atol=1e-7,
                    msg=lambda m, n=network, k=name, i=index: f"update {i}: {n}.{k}: {m}",
                )
        raw = torch.cat([part.detach() for part in book.raw])
        torch.testing.assert_close(made.state.multipliers.parameters, raw, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_is_the_reference(name: str) -> None:
    """Four updates, through refreshes of policy and critic targets at different times."""
    periods = {"policy_target_period": 3, "critic_target_period": 2}
    compare(small({**VARIANTS[name], **periods}), updates=4)


@pytest.mark.parametrize("extra", [{}, {"likelihood": "decoupled"}], ids=json.dumps)
def test_many_action_dimensions_are_the_reference(extra: dict[str, Any]) -> None:
    compare(small(extra), updates=2, action_size=full.WRITTEN_OUT + 1)


options = st.fixed_dictionaries(
    {
        "covariance": st.sampled_from(["full", "diagonal"]),
        "mean": st.sampled_from(["unbounded", "tanh", "sigmoid"]),
        "minimum_alpha": st.sampled_from([0.0, 0.9]),
        "likelihood": st.sampled_from(["joint", "decoupled"]),
        "backup": st.sampled_from(["policy", "improved", "soft"]),
        "returns": st.sampled_from(["td0", "n_step", "retrace"]),
        "dual": st.sampled_from(["raw", "stable"]),
        "dual_solver": st.sampled_from(["gradient", "newton"]),
        "critic_loss": st.sampled_from(["squared", "huber"]),
        "target_update": st.sampled_from(["hard", "polyak"]),
        "action_entry": st.sampled_from(["input", "second"]),
        "layer_norm": st.booleans(),
        "action_penalty": st.booleans(),
        "multipliers": st.sampled_from(["learned", "zero"]),
        "multiplier_step": st.sampled_from(["before", "together"]),
        "policy_gradient_clip": st.sampled_from([None, 0.1]),
        "critic_gradient_clip": st.sampled_from([None, 0.05]),
        "per_dimension": st.booleans(),
    }
)


@examples(max_examples=25)
@given(options, st.integers(0, 1000))
def test_any_combination_of_options_is_the_reference(fields: dict[str, Any], seed: int) -> None:
    fields = dict(fields)
    if fields.pop("per_dimension") and fields["covariance"] == "diagonal":
        fields["kl"] = "per_dimension"
    compare(small(fields, policy_target_period=2, critic_target_period=1, polyak=0.3), 2, seed)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
@pytest.mark.parametrize("clip", [None, 0.1])
def test_parametric_estep_is_the_reference(covariance: str, clip: float | None) -> None:
    fields = {"estep": "parametric", "covariance": covariance, "policy_gradient_clip": clip}
    compare(small(fields, dual_solver="newton"), updates=2, seed=5)
