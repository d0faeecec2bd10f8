"""Whole updates: what must not influence them, what depends on what, in which order."""

import pytest
import torch

from mpo.algorithm.batch import Batch
from mpo.algorithm.estep.weights import estep_weights
from mpo.algorithm.gaussian import Gaussian, sample
from mpo.algorithm.mstep.covariances import full
from mpo.algorithm.mstep.lagrangian import likelihood_loss
from mpo.algorithm.mstep.likelihoods import joint
from mpo.algorithm.networks import unflatten
from mpo.algorithm.policy_evaluation.evaluation import state_weights
from mpo.algorithm.update import State, Update
from tests.learning import ACTION, VARIANTS, drawn, filled, learner, one_update, small

pytestmark = pytest.mark.usefixtures("double")


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
    """Q, V and ratios move with each target, and stay to the bit with what learns; the samples that
    an E-step fits move with the online policy, where it draws them from that.
    """
    chosen = small(VARIANTS[name])
    made, batch = learner(chosen), drawn(filled(0), chosen, 0)
    update, state = Update(made.networks), made.state
    pairs = batch.action.shape[0] * batch.action.shape[1]
    noise = torch.randn(chosen.action_samples, pairs, ACTION)

    def found(changed: State) -> dict[str, torch.Tensor]:
        evaluation = update.evaluate(changed, batch, noise)
        targets = update.policy_evaluation.targets(batch, evaluation, torch.tensor(0.7))
        target = torch.cat([part.flatten() for part in evaluation.target])
        return evaluation._asdict() | {"target": target, "targets": targets.action_value}

    def moved(part: torch.Tensor) -> torch.Tensor:
        return part + 0.1 * torch.randn_like(part)

    def of(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
        return {key for key, value in before.items() if not torch.equal(value, after[key])}

    before = found(state)
    for learnt in ("critic", "multipliers"):
        part = getattr(state, learnt)
        other = state._replace(**{learnt: part._replace(parameters=moved(part.parameters))})
        assert of(before, found(other)) == set()
    policy = state.policy._replace(parameters=moved(state.policy.parameters))
    fitted = {"fitted_q", "fitted_actions"} if chosen.option("estep").SAMPLES_ONLINE else set()
    assert of(before, found(state._replace(policy=policy))) == fitted
    for target in ("target_policy", "target_critic"):
        other = state._replace(**{target: moved(getattr(state, target))})
        assert {"q", "targets"} <= of(before, found(other))


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
    targets = update.policy_evaluation.targets(batch, evaluation, temperature).action_value
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
