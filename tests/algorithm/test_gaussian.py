"""Gaussian policies against torch.distributions, diagonal and full."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import kl_divergence

from mpo.algorithm.gaussian import (
    Gaussian,
    entropy,
    kl_covariance_terms,
    kl_mean_terms,
    log_prob,
    sample,
)
from tests.draws import COVARIANCES, distribution, gaussian, matrices, normal, seeds

sizes = st.integers(1, 4)
FORMS = pytest.mark.parametrize("form", COVARIANCES)


@FORMS
@given(seed=seeds, size=sizes)
def test_log_prob_and_entropy(form: str, seed: int, size: int) -> None:
    policy = gaussian(form, seed, size=size)
    actions = normal(seed + 9, 5, 3, size)
    expected = distribution(form, policy)
    found = log_prob(COVARIANCES[form], policy, actions)
    torch.testing.assert_close(found, expected.log_prob(actions), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(entropy(COVARIANCES[form], policy), expected.entropy())


@FORMS
@given(seed=seeds, size=sizes)
def test_kl_is_the_sum_of_mean_and_covariance_terms(form: str, seed: int, size: int) -> None:
    """C_μ + C_Σ = KL(first || second), with C_μ in the second's covariance."""
    covariance = COVARIANCES[form]
    first, second = gaussian(form, seed, size=size), gaussian(form, seed + 50, size=size)
    mean = kl_mean_terms(covariance, second.mean - first.mean, second.scale)
    spread = kl_covariance_terms(covariance, first.scale, second.scale)
    expected = kl_divergence(distribution(form, first), distribution(form, second))
    torch.testing.assert_close((mean + spread).sum(-1), expected, rtol=1e-8, atol=1e-9)
    dimensions = size if form == "diagonal" else 1
    assert mean.shape == spread.shape == (3, dimensions)


@FORMS
@given(seed=seeds, size=sizes)
def test_each_kl_term_is_the_kl_with_the_other_parameter_equal(
    form: str, seed: int, size: int
) -> None:
    covariance = COVARIANCES[form]
    first, second = gaussian(form, seed, size=size), gaussian(form, seed + 50, size=size)
    mean = kl_mean_terms(covariance, second.mean - first.mean, first.scale).sum(-1)
    moved = Gaussian(second.mean, first.scale)
    expected = kl_divergence(distribution(form, first), distribution(form, moved))
    torch.testing.assert_close(mean, expected, rtol=1e-8, atol=1e-9)
    spread = kl_covariance_terms(covariance, first.scale, second.scale).sum(-1)
    reshaped = Gaussian(first.mean, second.scale)
    expected = kl_divergence(distribution(form, first), distribution(form, reshaped))
    torch.testing.assert_close(spread, expected, rtol=1e-8, atol=1e-9)


@given(seeds)
def test_diagonal_terms_are_the_kls_of_the_dimensions(seed: int) -> None:
    covariance = COVARIANCES["diagonal"]
    first, second = gaussian("diagonal", seed), gaussian("diagonal", seed + 50)
    terms = kl_mean_terms(covariance, second.mean - first.mean, second.scale)
    terms = terms + kl_covariance_terms(covariance, first.scale, second.scale)
    normals = (torch.distributions.Normal(g.mean, g.scale) for g in (first, second))
    torch.testing.assert_close(terms, kl_divergence(*normals), rtol=1e-8, atol=1e-9)


@FORMS
@given(seed=seeds)
def test_kl_terms_are_zero_only_at_equality(form: str, seed: int) -> None:
    covariance = COVARIANCES[form]
    first, second = gaussian(form, seed), gaussian(form, seed + 50)
    zero = torch.zeros_like(first.mean)
    assert (kl_mean_terms(covariance, zero, first.scale) == 0.0).all()
    same = kl_covariance_terms(covariance, first.scale, first.scale)
    torch.testing.assert_close(same, torch.zeros_like(same), rtol=0, atol=1e-9)
    assert (kl_covariance_terms(covariance, first.scale, second.scale).sum(-1) > 0.0).all()


@FORMS
def test_samples_have_the_distribution_s_moments(form: str) -> None:
    policy = gaussian(form, 3, batch=2, size=3)
    actions = sample(COVARIANCES[form], policy, normal(4, 200_000, 2, 3))
    centred = actions - actions.mean(0)
    found = torch.einsum("nbi,nbj->bij", centred, centred) / actions.shape[0]
    expected = matrices(form, policy.scale)
    torch.testing.assert_close(actions.mean(0), policy.mean, rtol=0.02, atol=0.02)
    torch.testing.assert_close(found, expected, rtol=0.03, atol=0.03)


@FORMS
@given(seed=seeds)
def test_sample_moves_the_noise_by_the_scale(form: str, seed: int) -> None:
    """log π(μ + L ε) is the density of ε less log|L|."""
    covariance = COVARIANCES[form]
    policy, noise = gaussian(form, seed), normal(seed + 1, 5, 3, 2)
    found = log_prob(covariance, policy, sample(covariance, policy, noise))
    standard = -0.5 * noise.square().sum(-1) - math.log(2 * math.pi)
    expected = standard - 0.5 * torch.logdet(matrices(form, policy.scale))
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-7)


def test_detach_cuts_both_parameters() -> None:
    policy = Gaussian(*(part.clone().requires_grad_() for part in gaussian("full", 0)))
    cut = policy.detach()
    assert not cut.mean.requires_grad
    assert not cut.scale.requires_grad
    torch.testing.assert_close(cut.scale, policy.scale)


@FORMS
def test_gradients(form: str) -> None:
    covariance = COVARIANCES[form]
    first, second = gaussian(form, 0), gaussian(form, 1)
    actions = normal(2, 4, 3, 2).requires_grad_()
    leaves = [part.clone().requires_grad_() for part in (*first, *second)]
    mean, scale, other_mean, other_scale = leaves

    def density(mean, scale, actions):
        return log_prob(covariance, Gaussian(mean, scale), actions)

    assert torch.autograd.gradcheck(density, (mean, scale, actions))
    assert torch.autograd.gradcheck(
        lambda scale: entropy(covariance, Gaussian(first.mean, scale)), (scale,)
    )
    assert torch.autograd.gradcheck(
        lambda a, b, scale: kl_mean_terms(covariance, a - b, scale), (mean, other_mean, scale)
    )
    assert torch.autograd.gradcheck(
        lambda a, b: kl_covariance_terms(covariance, a, b), (scale, other_scale)
    )
    assert torch.autograd.gradcheck(
        lambda mean, scale: sample(covariance, Gaussian(mean, scale), actions), (mean, scale)
    )


@FORMS
@given(seed=seeds)
def test_hand_derived_gradients_of_the_log_density(form: str, seed: int) -> None:
    """d log π / dμ = Σ^-1 (a - μ), and of C_μ it is Σ^-1 (μ - μ_i)."""
    covariance, policy = COVARIANCES[form], gaussian(form, seed)
    actions = normal(seed + 1, 3, 2)
    mean = policy.mean.clone().requires_grad_()
    density = log_prob(covariance, Gaussian(mean, policy.scale), actions).sum()
    (found,) = torch.autograd.grad(density, mean)
    matrix = matrices(form, policy.scale)
    expected = torch.linalg.solve(matrix, (actions - policy.mean).unsqueeze(-1)).squeeze(-1)
    scale = 1.0 + float(expected.abs().max())
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6 * scale)
    term = kl_mean_terms(covariance, mean - actions, policy.scale).sum()
    (found,) = torch.autograd.grad(term, mean)
    torch.testing.assert_close(found, -expected, rtol=1e-6, atol=1e-6 * scale)
