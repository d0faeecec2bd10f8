"""The M-step's loss: reductions, hand-derived gradients, stop-gradients, the exact fit."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mpo.algorithm.gaussian import Gaussian
from mpo.algorithm.mstep.lagrangian import likelihood_loss, mean_over_states, multiplier_loss
from mpo.algorithm.mstep.likelihoods import decoupled, joint
from mpo.algorithm.multipliers import MINIMUM_RAW, POSITIVE_FLOOR, initial_raw, unpack
from mpo.settings import settings
from tests.draws import COVARIANCES, gaussian, matrices, normal, seeds, state_weights

FORMS = pytest.mark.parametrize("form", COVARIANCES)


def drawn_weights(seed: int, samples: int, states: int) -> Tensor:
    return torch.softmax(normal(seed, samples, states), 0)


@given(seeds, st.integers(2, 8), st.integers(1, 5))
def test_likelihood_loss_sums_over_samples_and_averages_over_states(
    seed: int, samples: int, states: int
) -> None:
    log_likelihood = normal(seed, samples, states)
    weights = drawn_weights(seed + 1, samples, states)
    equal = torch.full((states,), 1.0 / states, dtype=torch.float64)
    total = 0.0
    for s in range(states):
        for j in range(samples):
            total += float(weights[j, s]) * float(log_likelihood[j, s])
    found = float(likelihood_loss(log_likelihood, weights, equal))
    assert found == pytest.approx(-total / states, rel=1e-9, abs=1e-12)


@given(seeds, st.integers(1, 5))
def test_repeating_every_sample_does_not_change_the_loss(seed: int, times: int) -> None:
    """As a mean over samples would not either, but a mean of weighted terms would shrink it."""
    log_likelihood, weights = normal(seed, 4, 3), drawn_weights(seed + 1, 4, 3)
    rho = state_weights(seed, 3)
    once = likelihood_loss(log_likelihood, weights, rho)
    many = likelihood_loss(log_likelihood.repeat(times, 1), weights.repeat(times, 1) / times, rho)
    torch.testing.assert_close(once, many)


@given(seeds, st.integers(1, 5), st.integers(1, 3))
def test_mean_over_states_keeps_constraints_apart(seed: int, states: int, kinds: int) -> None:
    terms, rho = normal(seed, states, kinds), state_weights(seed, states)
    expected = [
        sum(float(rho[s]) * float(terms[s, c]) for s in range(states)) for c in range(kinds)
    ]
    found = mean_over_states(terms, rho)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_states_without_weight_have_no_influence() -> None:
    rho = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    likelihood, weights, terms = normal(0, 4, 3), drawn_weights(1, 4, 3), normal(2, 3, 2)
    other = torch.cat([likelihood[:, :2], 1e3 * likelihood[:, 2:]], 1)
    before, after = (likelihood_loss(given_, weights, rho) for given_ in (likelihood, other))
    torch.testing.assert_close(before, after)
    other = torch.cat([terms[:2], 1e3 * terms[2:]])
    torch.testing.assert_close(mean_over_states(terms, rho), mean_over_states(other, rho))


@given(seeds, st.integers(1, 4), st.floats(0.0, 1.0))
def test_multiplier_loss_gives_the_slack_to_alpha_and_nothing_to_the_kl(
    seed: int, kinds: int, epsilon: float
) -> None:
    alpha = normal(seed, kinds).abs().requires_grad_()
    kl = normal(seed + 1, kinds).abs().requires_grad_()
    loss = multiplier_loss(alpha, epsilon, kl)
    loss.backward()
    assert alpha.grad is not None
    torch.testing.assert_close(alpha.grad, epsilon - kl.detach())
    assert kl.grad is None
    by_hand = sum(float(a) * (epsilon - float(k)) for a, k in zip(alpha, kl, strict=True))
    assert float(loss) == pytest.approx(by_hand)


def test_a_multiplier_grows_where_its_kl_is_above_the_bound() -> None:
    alpha = torch.ones(2, dtype=torch.float64, requires_grad=True)
    multiplier_loss(alpha, 0.1, torch.tensor([0.2, 0.05], dtype=torch.float64)).backward()
    assert alpha.grad is not None
    stepped = alpha.detach() - alpha.grad
    assert stepped[0] > 1.0
    assert stepped[1] < 1.0


def test_unpack_gives_the_positive_multipliers_in_order() -> None:
    raw = torch.tensor([0.3, -1.0, 0.0, 1.0, 2.0, 3.0], dtype=torch.float64)
    found = unpack(raw)
    positive = torch.log1p(raw.exp()) + POSITIVE_FLOOR
    torch.testing.assert_close(found.temperature, positive[0])
    torch.testing.assert_close(found.penalty_temperature, positive[1])
    torch.testing.assert_close(found.alpha_mean, positive[2:4])
    torch.testing.assert_close(found.alpha_covariance, positive[4:])


def test_initial_raw_gives_the_settings_multipliers() -> None:
    chosen = settings(
        {
            "initial_temperature": 3.0,
            "initial_alpha_mean": 0.5,
            "initial_alpha_covariance": 1e-9,
        }
    )
    raw = initial_raw(chosen, 2)
    found = unpack(raw)
    torch.testing.assert_close(found.temperature, torch.tensor(3.0))
    torch.testing.assert_close(found.penalty_temperature, torch.tensor(3.0))
    torch.testing.assert_close(found.alpha_mean, torch.full((2,), 0.5))
    assert (raw[4:] == MINIMUM_RAW).all()


@FORMS
@given(seed=seeds)
def test_hand_derived_gradient_of_the_loss(form: str, seed: int) -> None:
    """dL/dμ_s = -ρ_s Σ_s^-1 Σ_j w_sj (a_j - μ_s)."""
    policy, actions = gaussian(form, seed), normal(seed + 9, 4, 3, 2)
    weights, rho = drawn_weights(seed + 1, 4, 3), state_weights(seed, 3)
    mean = policy.mean.clone().requires_grad_()
    moved = Gaussian(mean, policy.scale)
    likelihood = joint.log_likelihood(COVARIANCES[form], moved, policy, actions)
    (found,) = torch.autograd.grad(likelihood_loss(likelihood, weights, rho), mean)
    pull = (weights.unsqueeze(-1) * (actions - policy.mean)).sum(0)
    solved = torch.linalg.solve(matrices(form, policy.scale), pull.unsqueeze(-1)).squeeze(-1)
    expected = -rho.unsqueeze(-1) * solved
    scale = 1.0 + float(expected.abs().max())
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6 * scale)


def fitted(form: str, module, target: Gaussian, actions: Tensor, weights: Tensor) -> Gaussian:
    """The unconstrained M-step, solved by L-BFGS over raw parameters."""
    covariance, batch = COVARIANCES[form], target.mean.shape[0]
    mean = target.mean.clone().requires_grad_()
    raw = torch.zeros(batch, covariance.outputs(2), dtype=torch.float64, requires_grad=True)
    rho = torch.full((batch,), 1.0 / batch, dtype=torch.float64)
    optimiser = torch.optim.LBFGS(
        [mean, raw], max_iter=500, line_search_fn="strong_wolfe", tolerance_grad=1e-10
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        policy = Gaussian(mean, covariance.scale(raw, 0.5, 0.0))
        likelihood = module.log_likelihood(covariance, policy, target, actions)
        loss = likelihood_loss(likelihood, weights, rho)
        loss.backward()
        return loss

    optimiser.step(closure)
    return Gaussian(mean.detach(), covariance.scale(raw.detach(), 0.5, 0.0))


@FORMS
@pytest.mark.parametrize("module", [joint, decoupled])
def test_unconstrained_fit_is_the_weighted_moments(form: str, module) -> None:
    """The mean is the weighted mean; the covariance is taken about it if joint, and about the
    target's mean if decoupled, which is why the joint one shrinks (P2).
    """
    samples, batch = 200, 2
    target = gaussian(form, 3, batch=batch)
    actions = target.mean + normal(4, samples, batch, 2)
    weights = drawn_weights(5, samples, batch)
    found = fitted(form, module, target, actions, weights)
    mean = (weights.unsqueeze(-1) * actions).sum(0)
    centre = mean if module is joint else target.mean
    spread = torch.einsum("nb,nbi,nbj->bij", weights, actions - centre, actions - centre)
    if form == "diagonal":
        spread = torch.diag_embed(spread.diagonal(dim1=-2, dim2=-1))
    torch.testing.assert_close(found.mean, mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(matrices(form, found.scale), spread, rtol=1e-3, atol=1e-3)


def test_gradients() -> None:
    likelihood, weights = normal(0, 4, 3).requires_grad_(), drawn_weights(1, 4, 3)
    rho = state_weights(2, 3)
    inputs = (likelihood, weights.requires_grad_(), rho.requires_grad_())
    assert torch.autograd.gradcheck(likelihood_loss, inputs)
    assert torch.autograd.gradcheck(mean_over_states, (normal(3, 3, 2).requires_grad_(), rho))
    kl = normal(4, 2).abs()
    alpha = normal(5, 2).abs().requires_grad_()
    assert torch.autograd.gradcheck(lambda a: multiplier_loss(a, 0.1, kl), (alpha,))
    assert torch.autograd.gradcheck(
        lambda raw: tuple(unpack(raw)), (normal(6, 6).requires_grad_(),)
    )
