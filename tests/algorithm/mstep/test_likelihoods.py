"""Joint and decoupled likelihoods: values, what each gradient reaches, and their KLs."""

import pytest
import torch
from hypothesis import given
from torch.distributions import kl_divergence

from mpo.algorithm.gaussian import Gaussian
from mpo.algorithm.mstep.likelihoods import decoupled, joint
from tests.draws import COVARIANCES, distribution, gaussian, normal, seeds

FORMS = pytest.mark.parametrize("form", COVARIANCES)
MODULES = pytest.mark.parametrize("module", [joint, decoupled])


def leaves(policy: Gaussian) -> Gaussian:
    return Gaussian(*(part.clone().requires_grad_() for part in policy))


@FORMS
@given(seed=seeds)
def test_values(form: str, seed: int) -> None:
    policy, target = gaussian(form, seed), gaussian(form, seed + 50)
    actions = normal(seed + 9, 4, 3, 2)
    mean_half = distribution(form, Gaussian(policy.mean, target.scale)).log_prob(actions)
    covariance_half = distribution(form, Gaussian(target.mean, policy.scale)).log_prob(actions)
    for module, expected in (
        (joint, distribution(form, policy).log_prob(actions)),
        (decoupled, mean_half + covariance_half),
    ):
        found = module.log_likelihood(COVARIANCES[form], policy, target, actions)
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)


@FORMS
@given(seed=seeds)
def test_joint_kl_terms_add_up_to_the_kl_of_target_and_policy(form: str, seed: int) -> None:
    policy, target = gaussian(form, seed), gaussian(form, seed + 50)
    mean, spread = joint.kl_terms(COVARIANCES[form], policy, target)
    forward = kl_divergence(distribution(form, target), distribution(form, policy))
    torch.testing.assert_close((mean + spread).sum(-1), forward, rtol=1e-8, atol=1e-9)


@FORMS
@given(seed=seeds)
def test_decoupled_kl_terms_each_move_one_parameter(form: str, seed: int) -> None:
    policy, target = gaussian(form, seed), gaussian(form, seed + 50)
    mean, spread = decoupled.kl_terms(COVARIANCES[form], policy, target)
    old = distribution(form, target)
    moved = distribution(form, Gaussian(policy.mean, target.scale))
    torch.testing.assert_close(mean.sum(-1), kl_divergence(old, moved), rtol=1e-8, atol=1e-9)
    reshaped = distribution(form, Gaussian(target.mean, policy.scale))
    torch.testing.assert_close(spread.sum(-1), kl_divergence(old, reshaped), rtol=1e-8, atol=1e-9)


@FORMS
def test_only_the_joint_mean_term_reaches_the_covariance(form: str) -> None:
    target = gaussian(form, 50)
    for module, reaches in ((joint, True), (decoupled, False)):
        policy = leaves(gaussian(form, 0))
        mean, _ = module.kl_terms(COVARIANCES[form], policy, target)
        gradients = torch.autograd.grad(mean.sum(), policy, allow_unused=True)
        assert gradients[0].abs().sum() > 0.0
        assert (gradients[1] is not None) is reaches


@FORMS
def test_decoupled_gradients_are_those_of_the_two_halves(form: str) -> None:
    policy, target = leaves(gaussian(form, 0)), gaussian(form, 50)
    actions = normal(9, 4, 3, 2)
    total = decoupled.log_likelihood(COVARIANCES[form], policy, target, actions).sum()
    found = torch.autograd.grad(total, policy)
    moved = distribution(form, Gaussian(policy.mean, target.scale)).log_prob(actions).sum()
    reshaped = distribution(form, Gaussian(target.mean, policy.scale)).log_prob(actions).sum()
    torch.testing.assert_close(found[0], torch.autograd.grad(moved, policy.mean)[0])
    (expected,) = torch.autograd.grad(reshaped, policy.scale)
    torch.testing.assert_close(found[1].tril(), expected.tril())


@FORMS
def test_joint_and_decoupled_mean_gradients_differ_by_the_covariance_alone(form: str) -> None:
    """Where policy and target share the covariance, the mean's gradients are equal."""
    target = gaussian(form, 50)
    policy = leaves(Gaussian(gaussian(form, 0).mean, target.scale))
    actions = normal(9, 4, 3, 2)
    gradients = [
        torch.autograd.grad(
            module.log_likelihood(COVARIANCES[form], policy, target, actions).sum(), policy.mean
        )[0]
        for module in (joint, decoupled)
    ]
    torch.testing.assert_close(*gradients)


@FORMS
@MODULES
def test_gradients(form: str, module) -> None:
    policy, target = leaves(gaussian(form, 0)), leaves(gaussian(form, 50))
    actions = normal(9, 4, 3, 2).requires_grad_()
    covariance = COVARIANCES[form]

    def likelihood(mean, scale, target_mean, target_scale, actions):
        given_ = Gaussian(mean, scale), Gaussian(target_mean, target_scale)
        return module.log_likelihood(covariance, *given_, actions)

    def kls(mean, scale, target_mean, target_scale):
        given_ = Gaussian(mean, scale), Gaussian(target_mean, target_scale)
        return module.kl_terms(covariance, *given_)

    assert torch.autograd.gradcheck(likelihood, (*policy, *target, actions))
    assert torch.autograd.gradcheck(kls, (*policy, *target))
