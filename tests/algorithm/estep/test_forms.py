"""Forms of the E-step: weights, what they optimise, and the direction of the KL."""

import pytest
import torch
from hypothesis import given
from torch.distributions import kl_divergence

from mpo.algorithm.estep.forms import nonparametric, parametric
from mpo.algorithm.gaussian import Gaussian, log_prob
from mpo.algorithm.mstep.lagrangian import likelihood_loss
from mpo.algorithm.mstep.likelihoods import decoupled, joint
from tests.draws import COVARIANCES, distribution, gaussian, normal, number, q_values, seeds

FORMS = pytest.mark.parametrize("form", COVARIANCES)


@given(q_values())
def test_nonparametric_weights_are_the_softmax(q) -> None:
    found = nonparametric.weights(q, number(0.7))
    torch.testing.assert_close(found, torch.softmax(q / 0.7, 0))


@given(q_values())
def test_parametric_weights_are_mean_advantages(q) -> None:
    found = parametric.weights(q, number(0.7))
    torch.testing.assert_close(found, parametric.weights(q, number(70.0)))
    for s in range(q.shape[1]):
        column = q[:, s].tolist()
        mean = sum(column) / len(column)
        expected = torch.tensor([(value - mean) / (len(column) - 1) for value in column])
        torch.testing.assert_close(found[:, s], expected.double(), rtol=1e-6, atol=1e-9)
    assert float(found.sum(0).abs().max()) <= 1e-9 * (1.0 + float(q.abs().max()))


@FORMS
@given(seed=seeds)
def test_parametric_kl_terms_add_up_to_the_kl_of_policy_and_target(form: str, seed: int) -> None:
    policy, target = gaussian(form, seed), gaussian(form, seed + 50)
    mean, spread = parametric.kl_terms(joint, COVARIANCES[form], policy, target)
    backward = kl_divergence(distribution(form, policy), distribution(form, target))
    torch.testing.assert_close((mean + spread).sum(-1), backward, rtol=1e-8, atol=1e-9)
    moved = distribution(form, Gaussian(policy.mean, target.scale))
    only_mean = kl_divergence(moved, distribution(form, target))
    torch.testing.assert_close(mean.sum(-1), only_mean, rtol=1e-8, atol=1e-9)


@FORMS
@pytest.mark.parametrize("module", [joint, decoupled])
def test_nonparametric_kl_terms_are_the_likelihood_s(form: str, module) -> None:
    policy, target = gaussian(form, 0), gaussian(form, 50)
    found = nonparametric.kl_terms(module, COVARIANCES[form], policy, target)
    expected = module.kl_terms(COVARIANCES[form], policy, target)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_parametric_objective_climbs_the_expected_q() -> None:
    """The score-function gradient of E_q[b·a - a·a/2] is b - μ for the mean."""
    covariance, samples = COVARIANCES["diagonal"], 400_000
    mean = torch.tensor([[0.3, -0.2]], dtype=torch.float64, requires_grad=True)
    scale = torch.tensor([[0.8, 0.5]], dtype=torch.float64)
    slope = torch.tensor([1.0, -0.5], dtype=torch.float64)
    actions = mean.detach() + scale * normal(0, samples, 1, 2)
    q = actions @ slope - 0.5 * actions.square().sum(-1)
    likelihood = log_prob(covariance, Gaussian(mean, scale), actions)
    one = torch.ones(1, dtype=torch.float64)
    loss = likelihood_loss(likelihood, parametric.weights(q, number(1.0)), one)
    (gradient,) = torch.autograd.grad(loss, mean)
    torch.testing.assert_close(-gradient[0], slope - mean.detach()[0], rtol=0.02, atol=0.02)


def test_parametric_gradient_is_unbiased_with_few_samples() -> None:
    """The mean over draws of three samples is the true gradient, not two thirds of it."""
    covariance, draws = COVARIANCES["diagonal"], 200_000
    mean = torch.zeros(draws, 1, dtype=torch.float64, requires_grad=True)
    scale = torch.ones(draws, 1, dtype=torch.float64)
    actions = normal(0, 3, draws, 1)
    likelihood = log_prob(covariance, Gaussian(mean, scale), actions)
    weights = parametric.weights(actions[..., 0], number(1.0))
    every = torch.full((draws,), 1.0 / draws, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(likelihood_loss(likelihood, weights, every), mean)
    assert float(-gradient.sum()) == pytest.approx(1.0, abs=0.02)  # d E[a] / dμ


def test_flags() -> None:
    assert (nonparametric.SAMPLES_ONLINE, nonparametric.HAS_TEMPERATURE) == (False, True)
    assert (parametric.SAMPLES_ONLINE, parametric.HAS_TEMPERATURE) == (True, False)


def test_gradients() -> None:
    q, eta = normal(0, 4, 3).requires_grad_(), number(0.7).requires_grad_()
    assert torch.autograd.gradcheck(nonparametric.weights, (q, eta))
    assert torch.autograd.gradcheck(lambda q: parametric.weights(q, number(1.0)), (q,))
