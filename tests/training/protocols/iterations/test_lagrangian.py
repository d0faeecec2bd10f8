"""Each fault of SR's code by a number, beside the correct form."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from mpo.algorithm.gaussian import Gaussian
from mpo.algorithm.mstep import lagrangian as mstep
from mpo.algorithm.mstep.covariances import full
from mpo.algorithm.mstep.lagrangian import MStep
from mpo.algorithm.mstep.likelihoods import joint
from mpo.training.protocols.iterations import lagrangian
from mpo.training.protocols.iterations.lagrangian import (
    Multipliers,
    initial_multipliers,
    multiplier_step,
)

pytestmark = pytest.mark.usefixtures("double")


def gaussian(mean: list[float], deviations: list[float]) -> Gaussian:
    """One state's Gaussian of independent components."""
    return Gaussian(torch.tensor([mean]), torch.diag(torch.tensor(deviations))[None])


def divergence(target: Gaussian, policy: Gaussian) -> float:
    """KL(π_i || π_θ), by `torch.distributions`."""
    first, second = (MultivariateNormal(g.mean, scale_tril=g.scale) for g in (target, policy))
    return kl_divergence(first, second).mean().item()


def test_the_likelihood_is_64_times_too_small() -> None:
    log_likelihood = torch.randn(64, 7)
    weights = torch.softmax(torch.randn(64, 7), 0)
    correct = mstep.likelihood_loss(log_likelihood, weights, torch.full((7,), 1 / 7))
    faulty = lagrangian.likelihood_loss(log_likelihood, weights, averaged=True)
    assert float(correct / faulty) == pytest.approx(64.0)
    slow = -sum(float(weights[j, s] * log_likelihood[j, s]) for j in range(64) for s in range(7))
    assert float(faulty) == pytest.approx(slow / (64 * 7))
    mended = lagrangian.likelihood_loss(log_likelihood, weights, averaged=False)
    assert float(mended) == pytest.approx(float(correct))


def test_the_mean_s_kl_holds_the_target_s_covariance() -> None:
    """μ - μ_i = 1, Σ_i = 1/4, Σ = 1: C_μ = 2 in place of 1/2, deaf to Σ, and no longer a KL."""
    target, policy = gaussian([0.0], [0.5]), gaussian([1.0], [1.0])
    policy.scale.requires_grad_()
    faulty = lagrangian.kl_mean(full, policy, target)
    correct_mean, correct_covariance = joint.kl_terms(full, policy, target)
    assert (faulty.item(), correct_mean.item()) == pytest.approx((2.0, 0.5))
    (slope,) = torch.autograd.grad(correct_mean.sum(), policy.scale)
    assert float(slope) == pytest.approx(-1.0)
    assert not faulty.requires_grad
    assert (correct_mean + correct_covariance).item() == pytest.approx(divergence(target, policy))
    wrong = (faulty + lagrangian.kl_covariance(full, policy, target)).item()
    assert wrong == pytest.approx(divergence(target, policy) + 1.5)


def test_small_determinants_lose_the_logarithm_and_its_gradient() -> None:
    """Σ_i = 1e-4 I, Σ = 4e-4 I, A = 2: C_Σ = -3/4, a negative KL, in place of -3/4 + ln 4."""
    target, policy = gaussian([0.0, 0.0], [0.01, 0.01]), gaussian([0.0, 0.0], [0.02, 0.02])
    policy.scale.requires_grad_()
    faulty = lagrangian.kl_covariance(full, policy, target)
    correct = joint.kl_terms(full, policy, target)[1].sum()
    assert correct.item() == pytest.approx(divergence(target, policy))
    assert correct.item() == pytest.approx(-0.75 + math.log(4.0))
    assert faulty.item() == pytest.approx(-0.75)
    slopes = [
        torch.autograd.grad(loss, policy.scale, retain_graph=True)[0].diagonal(dim1=1, dim2=2)
        for loss in (faulty, correct)
    ]
    # d/dσ of σ_i²/(2σ²) is -σ_i²/σ³ = -12.5; the logarithm, where it counts, adds 1/σ = 50
    assert slopes[0].flatten().tolist() == pytest.approx([-12.5, -12.5])
    assert slopes[1].flatten().tolist() == pytest.approx([37.5, 37.5])


def test_above_the_clamp_the_covariance_s_kl_is_right() -> None:
    generator = torch.Generator().manual_seed(0)
    scales = [torch.randn(5, 3, 3, generator=generator).tril(-1) + torch.eye(3) for _ in range(2)]
    target, policy = (Gaussian(torch.zeros(5, 3), scale) for scale in scales)
    found = float(lagrangian.kl_covariance(full, policy, target))
    assert found == pytest.approx(divergence(target, policy))


def stepped(before: Multipliers, kl_mean: float, kl_covariance: float) -> Multipliers:
    """By bounds of 0.1 and 0.0001."""
    part = MStep(torch.tensor(0.0), torch.tensor([kl_mean]), torch.tensor([kl_covariance]))
    return multiplier_step(before, part, 0.1, 0.0001)


def test_multipliers_take_plain_steps_of_1_and_100_between_0_and_their_caps() -> None:
    start = initial_multipliers()
    assert start == (0.0, 0.0)
    first = stepped(start, 0.15, 0.0003)
    assert [float(alpha) for alpha in first] == pytest.approx([0.05, 0.02])
    assert stepped(first, 0.5, 0.5) == (0.1, 10.0)
    assert stepped(first, 0.0, -1.0) == (0.0, 0.0)
