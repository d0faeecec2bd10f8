"""Whole updates against the reference implementation, and what must not influence them."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mpo.algorithm.batch import Batch
from mpo.algorithm.estep.weights import estep_weights
from mpo.algorithm.gaussian import Gaussian, sample
from mpo.algorithm.learner import Learner
from mpo.algorithm.metrics import METRICS
from mpo.algorithm.mstep.covariances import full
from mpo.algorithm.mstep.lagrangian import likelihood_loss
from mpo.algorithm.mstep.likelihoods import joint
from mpo.algorithm.networks import unflatten
from mpo.algorithm.policy_evaluation.evaluation import PolicyEvaluation, state_weights
from mpo.algorithm.update import State, Update
from mpo.settings import Settings
from tests.learning import ACTION, VARIANTS, drawn, filled, learner, small
from tests.reference import Reference


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    """Float64 throughout."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


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
        found: dict[str, float] = dict(zip(METRICS, made.take_sums().tolist(), strict=True))
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


def one_update(
    chosen: Settings, batch: Batch, state: State | None = None
) -> tuple[State, dict[str, float]]:
    """A pure update of a fixed learner, and its metrics."""
    made = learner(chosen)
    pairs = batch.action.shape[0] * batch.action.shape[1]
    shape = (chosen.action_samples, pairs, ACTION)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(9))
    new, reported = Update(made.networks)(state or made.state, batch, noise)
    return new, dict(zip(METRICS, reported.tolist(), strict=True))


@pytest.mark.parametrize("backup", ["policy", "improved", "soft"])
def test_padding_has_no_influence(backup: str) -> None:
    """Whatever stands in padded steps, parameters and metrics come out the same."""
    chosen = small({"backup": backup, "dual": "stable"})
    batch = drawn(filled(0), chosen, 0)
    padded = batch.valid == 0
    assert padded.any()
    assert not padded.all(1).any()
    rng = torch.Generator().manual_seed(3)

    def spoilt(tensor: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
        where = where.reshape(*where.shape, *[1] * (tensor.ndim - where.ndim))
        return torch.where(where, 0.5 * torch.randn(tensor.shape, generator=rng), tensor)

    beyond = torch.cat([torch.zeros_like(padded[:1]), padded])  # not the last observation
    other = Batch(
        observation=spoilt(batch.observation, beyond),
        action=spoilt(batch.action, padded),
        reward=spoilt(batch.reward, padded),
        behaviour_log_prob=spoilt(batch.behaviour_log_prob, padded),
        terminated=batch.terminated,
        valid=batch.valid,
    )
    before, metrics = one_update(chosen, batch)
    after, other_metrics = one_update(chosen, other)
    for name in ("policy", "critic", "multipliers"):
        ours, theirs = getattr(before, name), getattr(after, name)
        torch.testing.assert_close(ours.parameters, theirs.parameters, rtol=1e-9, atol=1e-12)
    assert metrics == pytest.approx(other_metrics, rel=1e-9, nan_ok=True)


def test_state_weights_are_equal_over_valid_pairs() -> None:
    batch = drawn(filled(0), small({}), 0)
    rho = state_weights(batch)
    assert float(rho.sum()) == pytest.approx(1.0)
    valid = batch.valid.flatten() > 0
    assert (rho[~valid] == 0.0).all()
    torch.testing.assert_close(rho[valid], torch.full_like(rho[valid], 1.0 / float(valid.sum())))
    endpoints = state_weights(drawn(filled(0), small({"returns": "n_step"}), 0))
    torch.testing.assert_close(endpoints, torch.full_like(endpoints, 1.0 / 16))


def trainable(state: State) -> State:
    """The state as leaves that ask for gradients."""
    leaf = torch.Tensor.requires_grad_
    policy, critic, multipliers = (
        part._replace(parameters=leaf(part.parameters.clone())) for part in state[:3]
    )
    targets = leaf(state.target_policy.clone()), leaf(state.target_critic.clone())
    return State(policy, critic, multipliers, *targets)


@pytest.mark.parametrize("name", VARIANTS)
def test_evaluation_depends_on_targets_alone(name: str) -> None:
    """Q, V and ratios move with the targets, and with no online parameter or multiplier."""
    chosen = small(VARIANTS[name])
    made, batch = learner(chosen), drawn(filled(0), chosen, 0)
    state = trainable(made.state)
    pairs = batch.action.shape[0] * batch.action.shape[1]
    noise = torch.randn(chosen.action_samples, pairs, ACTION)
    evaluator = PolicyEvaluation(made.networks)
    parameters = state.target_policy, state.target_critic, state.policy.parameters
    evaluation = evaluator.evaluate(*parameters, batch, noise)
    targets, _ = evaluator.targets(batch, evaluation, torch.tensor(0.7))
    online = (state.policy.parameters, state.critic.parameters, state.multipliers.parameters)
    gradients = torch.autograd.grad(
        targets.sum(), (*online, state.target_policy, state.target_critic), allow_unused=True
    )
    assert all(gradient is None for gradient in gradients[:3])
    assert gradients[3] is not None
    assert gradients[4] is not None


@pytest.mark.parametrize("name", VARIANTS)
def test_targets_are_constants_to_the_critic(name: str) -> None:
    """The critic's gradient is that of a regression on numbers: moving its targets' parameters
    changes the numbers, and the gradient exactly as a regression on those numbers says.
    """
    chosen = small(VARIANTS[name], critic_gradient_clip=None)
    made, batch = learner(chosen), drawn(filled(0), chosen, 0)
    update = Update(made.networks)
    pairs = batch.action.shape[0] * batch.action.shape[1]
    noise = torch.randn(chosen.action_samples, pairs, ACTION)
    state = made.state
    # one network as online and target: were the target differentiated, the gradient would show it
    shared = state._replace(target_critic=state.critic.parameters)
    temperature = torch.tensor(0.7)
    evaluation = update.evaluate(shared, batch, noise)
    targets, _ = update.policy_evaluation.targets(batch, evaluation, temperature)
    new, _ = update.improve(shared, batch, evaluation, temperature, torch.tensor(0.0))
    leaf = state.critic.parameters.clone().requires_grad_()
    parameters = unflatten(leaf, made.networks.critic_shapes())
    observation = batch.observation[:-1].flatten(0, 1)
    values = made.networks.q_values(parameters, observation, batch.action.flatten(0, 1))
    error = targets.detach() - values
    loss = error.square() / 2
    if chosen.critic_loss == "huber":
        loss = torch.where(error.abs() > 1, error.abs() - 0.5, loss)
    (gradient,) = torch.autograd.grad((state_weights(batch) * loss).sum(), leaf)
    torch.testing.assert_close(10.0 * new.critic.first, gradient, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("step", ["before", "together"])
def test_multipliers_step_before_or_together_with_the_policy(step: str) -> None:
    chosen = small({"multiplier_step": step, "dual_learning_rate": 0.5})
    made = learner(chosen)
    old = made.state.multipliers.parameters.clone()
    batch = drawn(filled(0), chosen, 0)
    new, metrics = one_update(chosen, batch)
    used = new.multipliers.parameters if step == "before" else old
    assert not torch.allclose(new.multipliers.parameters, old)
    alpha = torch.nn.functional.softplus(used[2]) + 1e-8
    assert metrics["alpha_mean"] == pytest.approx(float(alpha))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_raw_overflow_freezes_the_temperature_alone(sign: float) -> None:
    """Value, moments and step count of the temperature stay; everything else goes on."""
    torch.set_default_dtype(torch.float32)
    chosen = small({"dual": "raw", "action_penalty": True})
    made, replay = learner(chosen), filled(0)
    made.update(drawn(replay, chosen, 0))
    before = [part.clone() for part in made.state.multipliers]
    head = unflatten(made.state.target_critic, made.networks.critic_shapes())["head.bias"]
    head.fill_(sign * 1000.0)
    made.take_sums()
    made.update(drawn(replay, chosen, 1))
    found = dict(zip(METRICS, made.take_sums().tolist(), strict=True))
    assert found["dual_overflows"] == 1.0
    assert found["loss_temperature"] == 0.0
    after = made.state.multipliers
    for old, new in zip(before, after, strict=True):
        assert old[0] == new[0]
        assert (old[1:] != new[1:]).all()
        assert torch.isfinite(new).all()
    assert all(math.isfinite(found[name]) for name in METRICS if name != "temperature")
    head.fill_(0.0)
    made.update(drawn(replay, chosen, 2))
    assert float(made.take_sums()[METRICS.index("dual_overflows")]) == 0.0
    assert float(made.state.multipliers.steps[0]) == 2.0
    assert float(made.state.multipliers.steps[1]) == 3.0


def test_stable_dual_does_not_overflow_where_raw_does() -> None:
    torch.set_default_dtype(torch.float32)
    chosen = small({"dual": "stable"})
    made = learner(chosen)
    unflatten(made.state.target_critic, made.networks.critic_shapes())["head.bias"].fill_(1000.0)
    made.update(drawn(filled(0), chosen, 0))
    assert float(made.take_sums()[METRICS.index("dual_overflows")]) == 0.0
    assert float(made.state.multipliers.steps[0]) == 1.0


def test_raw_parameters_never_fall_below_the_minimum() -> None:
    chosen = small({"initial_alpha_mean": 1e-8, "epsilon_mean": 50.0})
    batch = drawn(filled(0), chosen, 0)
    new, _ = one_update(chosen, batch)
    assert float(new.multipliers.parameters[2]) == -18.0


def test_parts_of_the_loss_add_up() -> None:
    for name in VARIANTS:
        chosen = small(VARIANTS[name])
        _, found = one_update(chosen, drawn(filled(0), chosen, 0))
        parts = found["loss_likelihood"] + found["loss_kl_mean"] + found["loss_kl_covariance"]
        assert found["loss_policy"] == pytest.approx(parts)


def test_one_iteration_moves_the_policy_to_the_exact_q() -> None:
    """Without KL constraints the fit to many samples of a quadratic Q is the Gaussian with
    precision Σ_i^-1 + K/η and mean P^-1 (Σ_i^-1 μ_i + b/η): mean and covariance.
    """
    hessian = torch.tensor([[1.0, 0.4], [0.4, 0.6]])
    linear, eta = torch.tensor([0.8, -0.5]), torch.tensor(0.7)
    target = Gaussian(torch.tensor([[0.2, 0.1]]), torch.tensor([[[0.9, 0.0], [0.3, 0.7]]]))
    actions = sample(full, target, torch.randn(400_000, 1, 2))
    q = actions @ linear - 0.5 * torch.einsum("nbi,ij,nbj->nb", actions, hessian, actions)
    weights = estep_weights(q, eta)
    mean, raw = target.mean.clone().requires_grad_(), torch.zeros(1, 4, requires_grad=True)
    optimiser = torch.optim.LBFGS([mean, raw], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        policy = Gaussian(mean, full.scale(raw, 0.5, 0.0))
        likelihood = joint.log_likelihood(full, policy, target, actions)
        loss = likelihood_loss(likelihood, weights, torch.ones(1))
        loss.backward()
        return loss

    optimiser.step(closure)
    prior = torch.linalg.inv(target.scale[0] @ target.scale[0].T)
    precision = prior + hessian / eta
    exact = torch.linalg.solve(precision, prior @ target.mean[0] + linear / eta)
    torch.testing.assert_close(mean.detach()[0], exact, rtol=0.02, atol=0.005)
    factor = full.scale(raw.detach(), 0.5, 0.0)[0]
    found, expected = factor @ factor.T, torch.linalg.inv(precision)
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.005)
