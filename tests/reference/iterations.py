"""The learner of SR's code by the book, its faults included (mpo.training.protocols.iterations)."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.distributions import MultivariateNormal

from mpo.settings import Settings

from .losses import Gaussian, dual
from .networks import Critic, Policy


class Unclipped(Critic):
    """Q(s, a) of actions as they are."""

    def value(self, observation: Tensor, action: Tensor) -> Tensor:
        return self(observation, action).squeeze(-1)


class Iterations:
    """Everything that an update on one batch changes; targets stay."""

    def __init__(
        self,
        settings: Settings,
        action_size: int,
        networks: Mapping[str, Mapping[str, Tensor]],
        temperature: float,
    ) -> None:
        """`networks`: policy, critic and their targets by name."""
        self.s = s = settings
        self.policy = Policy(s, networks["policy"], action_size)
        self.critic = Unclipped(s, networks["critic"])
        self.target_policy = Policy(s, networks["target_policy"], action_size)
        self.target_critic = Unclipped(s, networks["target_critic"])
        self.temperature = temperature
        self.alpha_mean = self.alpha_covariance = 0.0
        self.policy_step = torch.optim.Adam(self.policy.parameters(), s.policy_learning_rate)
        self.critic_step = torch.optim.Adam(self.critic.parameters(), s.critic_learning_rate)
        self.report: dict[str, float] = {}

    def update(
        self,
        observation: Tensor,
        action: Tensor,
        reward: Tensor,
        successor: Tensor,
        terminated: Tensor,
        noise: Tensor,
    ) -> None:
        """Critic by the first noise; E-step and M-steps by the second, at the observations."""
        with torch.no_grad():
            value = self._sampled(successor, noise[0])[2].mean(0)
            target, actions, q = self._sampled(observation, noise[1])
        follows = 1.0 if self.s.ends_bootstrapped else 1.0 - terminated
        self._step_critic(observation, action, reward + self.s.discount * follows * value)
        self._solve(q.double())
        weights = (q / self.temperature).softmax(0)
        steps = [
            self._mstep(observation, target, actions, weights) for _ in range(self.s.mstep_repeats)
        ]
        self.report |= {name: float(np.mean([step[name] for step in steps])) for name in steps[0]}
        outside = (actions.abs() > 1.0).to(q.dtype)
        self.report |= {
            "temperature": self.temperature,
            "value_mean": float(value.mean()),
            "q_mean": float(q.mean()),
            "q_deviation": float(q.std(0).mean()),
            "outside_box": float(outside.mean()),
            "look_ahead": 1.0,
            "effective_sample_size": float((1.0 / weights.square().sum(0)).mean()),
            "kl_estep_relative": float(
                (math.log(len(q)) + torch.xlogy(weights, weights).sum(0)).mean() / self.s.epsilon
            ),
        }

    def _sampled(self, observation: Tensor, noise: Tensor) -> tuple[Gaussian, Tensor, Tensor]:
        mean, factor = self.target_policy.gaussian(observation)
        actions = mean + (factor @ noise.unsqueeze(-1)).squeeze(-1)
        return (mean, factor), actions, self.target_critic.value(observation, actions)

    def _step_critic(self, observation: Tensor, action: Tensor, targets: Tensor) -> None:
        errors = targets - self.critic.value(observation, action)
        sizes = errors.abs()
        losses = sizes.square() / 2.0
        if self.s.critic_loss == "huber":
            losses = torch.where(sizes > 1.0, sizes - 0.5, losses)
        self.critic_step.zero_grad()
        losses.mean().backward()
        norm = self.critic.scale_gradient_to(self.s.critic_gradient_clip)
        self.critic_step.step()
        self.report |= {
            "loss_critic": float(losses.mean().detach()),
            "bellman_residual": float(errors.detach().square().mean().sqrt()),
            "gradient_norm_critic": norm,
        }

    def _solve(self, q: Tensor) -> None:
        """SLSQP in float64, by automatic differentiation."""
        rho = torch.full(q.shape[1:], 1.0 / q.shape[1], dtype=q.dtype)

        def value_and_slope(eta: np.ndarray) -> tuple[float, np.ndarray]:
            variable = torch.tensor(float(eta[0]), dtype=q.dtype, requires_grad=True)
            value = dual(self.s.dual, q, variable, self.s.epsilon, rho)
            (slope,) = torch.autograd.grad(value, variable)
            return value.item(), np.array([slope.item()])

        overflow = not math.isfinite(value_and_slope(np.array([self.temperature]))[0])
        reached = 0.0
        if not overflow:
            found = minimize(
                value_and_slope, [self.temperature], jac=True, method="SLSQP", bounds=[(1e-6, None)]
            )
            self.temperature = float(found.x[0])
            reached = value_and_slope(found.x)[0]
        at_floor = not overflow and self.temperature <= 1e-6 * (1.0 + 1e-9)
        self.report |= {
            "loss_temperature": reached,
            "dual_overflows": float(overflow),
            "dual_at_floor": float(at_floor),
        }

    def _mstep(
        self, observation: Tensor, target: Gaussian, actions: Tensor, weights: Tensor
    ) -> dict[str, float]:
        """Multipliers, then the policy."""
        s = self.s
        mean, factor = self.policy.gaussian(observation)
        policy = MultivariateNormal(mean, scale_tril=factor)
        weighted = weights * policy.log_prob(actions)
        likelihood = -weighted.sum(0).mean() / (len(weights) if s.samples_averaged else 1)
        whole, old = (f @ f.mT for f in (factor, target[1]))
        away = (mean - target[0]).unsqueeze(-1)
        kl_mean = 0.5 * (away.mT @ torch.linalg.solve(old, away)).mean()
        trace = torch.linalg.solve(whole, old).diagonal(dim1=1, dim2=2).sum(-1)
        logs = [2.0 * f.diagonal(dim1=1, dim2=2).log().sum(-1) for f in (factor, target[1])]
        new_log, old_log = (log.clamp(min=math.log(1e-6)) for log in logs)
        kl_covariance = 0.5 * (trace - mean.shape[-1] + new_log - old_log).mean()
        self.alpha_mean += float(kl_mean.detach()) - s.epsilon_mean
        self.alpha_covariance += 100.0 * (float(kl_covariance.detach()) - s.epsilon_covariance)
        self.alpha_mean = min(max(self.alpha_mean, 0.0), 0.1)
        self.alpha_covariance = min(max(self.alpha_covariance, 0.0), 10.0)
        loss = likelihood + self.alpha_mean * kl_mean + self.alpha_covariance * kl_covariance
        self.policy_step.zero_grad()
        loss.backward()
        norm = self.policy.scale_gradient_to(s.policy_gradient_clip)
        self.policy_step.step()
        return {
            "loss_policy": float(loss.detach()),
            "loss_likelihood": float(likelihood.detach()),
            "loss_kl_mean": self.alpha_mean * float(kl_mean.detach()),
            "loss_kl_covariance": self.alpha_covariance * float(kl_covariance.detach()),
            "kl_mean_relative": float(kl_mean.detach()) / s.epsilon_mean,
            "kl_covariance_relative": float(kl_covariance.detach()) / s.epsilon_covariance,
            "alpha_mean": self.alpha_mean,
            "alpha_covariance": self.alpha_covariance,
            "gradient_norm_policy": norm,
            "mean_outside_box": float((mean.abs() > 1.0).to(mean.dtype).mean()),
            "policy_deviation": float(whole.diagonal(dim1=1, dim2=2).sqrt().mean().detach()),
            "policy_entropy": float(policy.entropy().mean().detach()),
        }
