"""SR's learner: its order of steps, its temperature, its networks."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from mpo.algorithm.batch import Batch
from mpo.algorithm.estep.dual_solvers import newton
from mpo.algorithm.metrics import METRICS
from mpo.algorithm.networks import Networks as Shared
from mpo.algorithm.networks import unflatten
from mpo.algorithm.policy_evaluation import evaluation
from mpo.algorithm.policy_evaluation.evaluation import PolicyEvaluation
from mpo.training.actor import Actor
from mpo.training.protocols.iterations import update as module
from mpo.training.protocols.iterations.lagrangian import Multipliers
from mpo.training.protocols.iterations.learner import Learner
from mpo.training.protocols.iterations.networks import Networks, initialise
from mpo.training.protocols.iterations.update import Pairs, Update
from tests.training.protocols.iterations.iterating import learner, tiny


def batch(reward: float = 1.0) -> Pairs:
    """Eight made-up decisions."""
    generator = torch.Generator().manual_seed(3)
    observation_t, observation_tp1 = (torch.randn(8, 3, generator=generator) for _ in range(2))
    action = torch.randn(8, 2, generator=generator)
    return Pairs(observation_t, action, torch.full((8,), reward), observation_tp1, torch.zeros(8))


def raised(made: Learner, value: float) -> Learner:
    """The learner with its target critic `value` higher everywhere."""
    made.state.target_critic[-1] += value
    return made


def metric(made: Learner, name: str) -> float:
    """A metric of the updates since the last look, summed."""
    return float(made.take_sums()[0][METRICS.index(name)])


# --- the temperature ------------------------------------------------------------------------
def test_the_first_temperature_is_uniform_between_0_and_1() -> None:
    found = np.array([learner(tiny(), seed).temperature for seed in range(60)])
    assert 0.0 < found.min() < 0.15
    assert 0.85 < found.max() < 1.0
    assert found.mean() == pytest.approx(0.5, abs=3 * math.sqrt(1 / 12 / 60))


def test_slsqp_starts_from_the_last_temperature_and_its_result_is_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, starts, ends = learner(tiny("seed_report_stable")), [], []
    solve = made._solve

    def recording(dual: Any, q: Any, epsilon: float, rho: Any, temperature: float):
        assert q.dtype == rho.dtype == np.float64
        starts.append(temperature)
        ends.append(solve(dual, q, epsilon, rho, temperature))
        exact = newton.solve(dual, q, epsilon, rho, temperature)
        assert ends[-1].temperature == pytest.approx(exact.temperature, rel=0.1)
        return ends[-1]

    monkeypatch.setattr(made, "_solve", recording)
    first = made.temperature
    for _ in range(3):
        made.update(batch())
    assert starts == [first, *(solution.temperature for solution in ends[:-1])]
    assert made.temperature == ends[-1].temperature != first


@pytest.mark.parametrize(("value", "overflows"), [(700.0, False), (720.0, True)])
def test_the_raw_dual_freezes_at_float64_s_limit(value: float, overflows: bool) -> None:
    """exp overflows at 709.78 in float64; at 88.7 in float32, which is not used here."""
    frozen = raised(learner(tiny()), value)
    moving = raised(learner(tiny("seed_report_stable")), value)
    for made in (frozen, moving):
        made.temperature = 1.0
        made.update(batch())
    assert metric(frozen, "dual_overflows") == float(overflows)
    assert metric(moving, "dual_overflows") == 0.0
    assert (frozen.temperature == 1.0) == overflows
    assert moving.temperature < 0.1


# --- the order of things ----------------------------------------------------------------------
def test_the_estep_is_at_s_t_and_the_value_at_its_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Batch] = []
    evaluate = PolicyEvaluation.evaluate

    def recording(self: PolicyEvaluation, *policies_batch_and_noise: Any):
        seen.extend(given for given in policies_batch_and_noise if isinstance(given, Batch))
        return evaluate(self, *policies_batch_and_noise)

    monkeypatch.setattr(PolicyEvaluation, "evaluate", recording)
    pairs = batch()
    learner(tiny()).update(pairs)
    assert [bool((given.observation[-1] == pairs.observation_t).all()) for given in seen] == [
        False,
        True,
    ]
    assert torch.equal(seen[0].observation[-1], pairs.observation_tp1)


def noise() -> torch.Tensor:
    """For the samples at eight successors and at eight states."""
    return torch.randn(2, 8, 8, 2, generator=torch.Generator().manual_seed(5))


def test_the_critic_s_target_is_td_0_of_the_target_networks() -> None:
    """r + γ mean_j Q'(s', a_j), whether the episode ended or not."""
    made, pairs = learner(tiny()), batch(reward=2.0)
    update, networks, critic = Update(made.networks), made.networks, made.networks.critic_shapes()
    evaluated = update.evaluate(made.state, pairs, noise())
    policy = unflatten(made.state.target_policy, networks.policy_shapes())
    mean, scale = networks.policy(policy, pairs.observation_tp1)
    actions = mean + (scale @ noise()[0].unsqueeze(-1)).squeeze(-1)
    target = unflatten(made.state.target_critic, critic)
    value = networks.q_values(target, pairs.observation_tp1, actions).mean(0)
    online = unflatten(made.state.critic.parameters, critic)
    error = 2.0 + 0.99 * value - networks.q_values(online, pairs.observation_t, pairs.action)
    assert float(evaluated.critic.loss) == pytest.approx(float(0.5 * error.square().mean()))


def test_five_msteps_an_estep_and_the_multipliers_step_before_the_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, order = learner(tiny(policy_learning_rate=0.01)), []
    step, adam = module.multiplier_step, module.adam_step

    def multipliers(*given: Any):
        order.append("multipliers")
        return step(*given)

    def stepping(state: Any, gradient: Any, rate: float):
        order.append("policy" if rate == 0.01 else "critic")
        return adam(state, gradient, rate)

    monkeypatch.setattr(module, "multiplier_step", multipliers)
    monkeypatch.setattr(module, "adam_step", stepping)
    monkeypatch.setattr(evaluation, "adam_step", stepping)
    made.update(batch())
    assert order == ["critic", *["multipliers", "policy"] * 5]


def test_the_policy_s_gradient_is_that_of_the_lagrangian_by_hand() -> None:
    """-(1/NB) Σ w log π + η_μ C_μ + η_Σ C_Σ at the multipliers just stepped, by torch.optim."""
    from torch.distributions import MultivariateNormal

    made, pairs = learner(tiny(policy_gradient_clip=0.001)), batch()
    update = Update(made.networks)
    samples = update.evaluate(made.state, pairs, noise()).samples
    weights = torch.softmax(samples.q / 0.01, 0)
    before = Multipliers(torch.tensor([0.1]), torch.tensor([3.0]))
    made.state.policy.parameters.add_(0.05)
    flat = torch.nn.Parameter(made.state.policy.parameters.clone())
    stepped, alphas, _ = update.mstep(
        made.state.policy, before, pairs.observation_t, samples, weights
    )
    target, actions = samples.target, samples.actions
    named = unflatten(flat, made.networks.policy_shapes())
    mean, scale = made.networks.policy(named, pairs.observation_t)
    policy = MultivariateNormal(mean, scale_tril=scale)
    away = (mean - target.mean).unsqueeze(-1)
    first, second = (x @ x.mT for x in (target.scale, scale))
    kl_mean = 0.5 * (away.mT @ first.inverse() @ away).mean()
    trace = (second.inverse() @ first).diagonal(dim1=1, dim2=2).sum(-1)
    kl_covariance = 0.5 * (trace - 2 + torch.log(second.det() / first.det())).mean()
    loss = -(weights * policy.log_prob(actions)).mean()
    (loss + alphas[0][0] * kl_mean + alphas[1][0] * kl_covariance).backward()
    torch.nn.utils.clip_grad_norm_([flat], 0.001)
    torch.optim.Adam([flat], lr=made.settings.policy_learning_rate).step()
    assert 0.0 < alphas[0] <= 0.1
    assert 0.0 < alphas[1] <= 10.0
    assert torch.allclose(stepped.parameters, flat.detach(), atol=2e-6)


# --- networks ---------------------------------------------------------------------------------
def test_the_actor_plays_the_target_policy() -> None:
    made = learner(tiny())
    actor = Actor(made.networks, made.evaluated_parameters())
    observation = torch.randn(3)
    named = unflatten(made.state.target_policy, made.networks.policy_shapes())
    policy = made.networks.policy(named, observation[None])
    mean, scale = actor.distribution(observation.numpy())
    assert mean == pytest.approx(policy.mean[0].numpy(), abs=1e-6)
    assert np.allclose(scale, policy.scale[0].numpy(), atol=1e-6)
    assert actor.mean(observation.numpy()) == pytest.approx(mean)


def test_the_critic_sees_actions_that_the_simulator_clips() -> None:
    made = learner(tiny())
    named = unflatten(made.state.critic.parameters, made.networks.critic_shapes())
    observation, actions = torch.randn(1, 3), torch.tensor([[[1.0, 1.0]], [[3.0, 3.0]]])
    first, second = made.networks.q_values(named, observation, actions).flatten().tolist()
    clipped = Shared(made.settings, 3, 2).q_values(named, observation, actions).flatten().tolist()
    assert first != second
    assert clipped == pytest.approx([first, first])
    value = made.value(observation[0].numpy(), np.array([3.0, 3.0]))
    assert value == pytest.approx(second)


def test_initialisation_is_uniform_within_the_root_of_the_fan_in() -> None:
    networks = Networks(tiny(critic_hidden=(40, 50)), 3, 2)
    shapes = networks.critic_shapes()
    named = unflatten(initialise(shapes, torch.Generator().manual_seed(0)), shapes)
    for name, fan_in in {"0": 5, "1": 40, "head": 50}.items():
        bound = 1 / math.sqrt(fan_in)
        for part in (part for key, part in named.items() if key.split(".")[0] == name):
            assert float(part.abs().max()) <= bound
        assert float(named[f"{name}.weight"].std()) == pytest.approx(bound / math.sqrt(3), rel=0.2)
