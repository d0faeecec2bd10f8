"""Networks, targets, multipliers and optimisers, updated by the book."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from mpo.algorithm.batch import Batch
from mpo.settings import Settings

from .losses import Gaussian, dual, kls, log_likelihood, positive, solved
from .networks import Critic, Policy
from .targets import Targets


class Reference:
    """Everything that an update changes, as the optimisers of PyTorch step it."""

    def __init__(
        self,
        settings: Settings,
        action_size: int,
        networks: Mapping[str, Mapping[str, Tensor]],
        raw: Tensor,
    ) -> None:
        """`networks`: policy, critic and their targets by name; `raw`: the multipliers."""
        self.s = settings
        self.policy = Policy(settings, networks["policy"], action_size)
        self.critic = Critic(settings, networks["critic"])
        self.target_policy = Policy(settings, networks["target_policy"], action_size)
        self.target_critic = Critic(settings, networks["target_critic"])
        kinds = (raw.shape[0] - 2) // 2
        self.raw = [raw[:1], raw[1:2], raw[2 : 2 + kinds], raw[2 + kinds :]]
        self.raw = [part.clone().requires_grad_() for part in self.raw]
        rate = settings.dual_learning_rate
        self.multiplier_steps = [torch.optim.Adam([part], lr=rate) for part in self.raw]
        self.policy_step = torch.optim.Adam(
            self.policy.parameters(), lr=settings.policy_learning_rate
        )
        self.critic_step = torch.optim.Adam(
            self.critic.parameters(), lr=settings.critic_learning_rate
        )
        self.updates = 0
        self.report: dict[str, float] = {}

    def update(self, batch: Batch, noise: Tensor) -> None:
        """Critic, multipliers and policy, each by its own loss, then the targets' refresh."""
        s = self.s
        successor = batch.observation[1:].flatten(0, 1)
        valid = batch.valid[: batch.action.shape[0]].flatten()
        rho = valid / valid.sum()
        living = _living(batch)
        with torch.no_grad():
            target = self.target_policy.gaussian(successor)
            actions = _sampled(target, noise)
            q = self.target_critic.value(successor, actions)
            if s.dual_solver != "gradient" and s.estep == "nonparametric":
                eta = solved(q, s.epsilon, living)
                self.raw[0].fill_(math.log(math.expm1(eta - 1e-8)))
            eta = positive(self.raw[0])[0]
            evaluated = Targets(s, self.target_policy, self.target_critic, batch, q, eta)
            targets = evaluated.all()
            self.report = {
                "loss_temperature": 0.0,  # where no gradient steps it
                "value_mean": float(living @ evaluated.value.flatten()),
                "look_ahead": float(rho @ evaluated.look_ahead().flatten()),
                **self._of_samples(q, actions, eta, living),
            }
        self._step_critic(batch, targets, rho)
        self._improve(successor, target, actions, q, eta, noise, living)
        self.updates += 1
        self._refresh(self.target_policy, self.policy, s.policy_target_period)
        self._refresh(self.target_critic, self.critic, s.critic_target_period)

    def _of_samples(
        self, q: Tensor, actions: Tensor, eta: Tensor, living: Tensor
    ) -> dict[str, float]:
        """What is said of the target policy's samples and, where there are some, their weights."""
        said = {
            "outside_box": float(living @ (actions.abs() > 1.0).double().mean((0, 2)).to(q.dtype)),
            "q_mean": float(living @ q.mean(0)),
            "q_deviation": float(living @ q.std(0)),
        }
        if self.s.estep == "parametric":
            return said
        weights = (q / eta).softmax(0)
        count = q.shape[0]
        kl = (weights * (weights * count).clamp_min(1e-300).log()).sum(0)
        return said | {
            "temperature": float(eta),
            "kl_estep_relative": float(living @ kl) / self.s.epsilon,
            "effective_sample_size": float(living @ (1.0 / weights.square().sum(0))),
        }

    def _step_critic(self, batch: Batch, targets: Tensor, rho: Tensor) -> None:
        errors = targets - self.critic.value(batch.observation[:-1], batch.action)
        sizes = errors.flatten().abs()
        losses = sizes.square() / 2.0
        if self.s.critic_loss == "huber":
            losses = torch.where(sizes > 1.0, sizes - 0.5, losses)
        loss = (rho * losses).sum()
        self.critic_step.zero_grad()
        loss.backward()
        norm = self.critic.scale_gradient_to(self.s.critic_gradient_clip)
        self.critic_step.step()
        self.report |= {
            "loss_critic": float(loss.detach()),
            "gradient_norm_critic": norm,
            "bellman_residual": float((rho @ errors.detach().flatten().square()).sqrt()),
        }

    def _improve(
        self,
        successor: Tensor,
        target: Gaussian,
        actions: Tensor,
        q: Tensor,
        eta: Tensor,
        noise: Tensor,
        rho: Tensor,
    ) -> None:
        s = self.s
        policy = self.policy.gaussian(successor)
        if s.estep == "parametric":
            with torch.no_grad():
                actions = _sampled(policy, noise)
                q = self.target_critic.value(successor, actions)
                weights = (q - q.mean(0)) / (q.shape[0] - 1)
        else:
            weights = (q / eta).softmax(0)
        outside = -(actions - actions.clamp(-1.0, 1.0)).square().sum(-1).sqrt()
        if s.action_penalty:
            weights = weights + (outside / positive(self.raw[1])[0].detach()).softmax(0)
        likelihood = log_likelihood(s, policy, target, actions)
        objective = (rho * (weights * likelihood).sum(0)).sum()
        kl_mean, kl_covariance = ((rho.unsqueeze(-1) * kl).sum(0) for kl in kls(s, policy, target))
        before = [positive(part).detach() for part in self.raw[2:]]
        self._step_multipliers(q, outside, kl_mean.detach(), kl_covariance.detach(), rho)
        after = [positive(part).detach() for part in self.raw[2:]]
        alphas = after if s.multiplier_step == "before" else before
        if s.multipliers == "zero":
            alphas = [torch.zeros_like(alpha) for alpha in alphas]
        bounds = (s.epsilon_mean - kl_mean, s.epsilon_covariance - kl_covariance)
        slack = sum((a * bound).sum() for a, bound in zip(alphas, bounds, strict=True))
        lagrangian = objective + slack  # P1 eq. 12, which θ maximises
        self.policy_step.zero_grad()
        (-lagrangian).backward()
        norm = self.policy.scale_gradient_to(s.policy_gradient_clip)
        self.policy_step.step()
        mean, factor = (part.detach() for part in policy)
        parts = [
            float((a * kl.detach()).sum())
            for a, kl in zip(alphas, (kl_mean, kl_covariance), strict=True)
        ]
        deviations = (factor @ factor.mT).diagonal(dim1=-2, dim2=-1).sqrt()
        self.report |= {
            "loss_policy": -float(objective.detach()) + sum(parts),
            "loss_kl_mean": parts[0],
            "loss_kl_covariance": parts[1],
            "mean_outside_box": float(rho @ (mean.abs() > 1.0).to(rho.dtype).mean(-1)),
            "policy_deviation": float(rho @ deviations.mean(-1)),
            "policy_entropy": float(rho @ MultivariateNormal(mean, scale_tril=factor).entropy()),
            "loss_likelihood": -float(objective.detach()),
            "gradient_norm_policy": norm,
            "kl_mean_relative": float(kl_mean.detach().mean()) / s.epsilon_mean,
            "kl_covariance_relative": float(kl_covariance.detach().mean()) / s.epsilon_covariance,
            "alpha_mean": float(alphas[0].mean()),
            "alpha_covariance": float(alphas[1].mean()),
        }

    def _step_multipliers(
        self, q: Tensor, outside: Tensor, kl_mean: Tensor, kl_covariance: Tensor, rho: Tensor
    ) -> None:
        s = self.s
        eta, eta_penalty, alpha_mean, alpha_covariance = (positive(r) for r in self.raw)
        losses: list[Tensor | None] = [None] * 4
        if s.dual_solver == "gradient" and s.estep == "nonparametric":
            losses[0] = dual(s.dual, q, eta[0], s.epsilon, rho)
            self.report["loss_temperature"] = float(losses[0].detach())
        if s.action_penalty:
            losses[1] = dual("stable", outside, eta_penalty[0], s.epsilon_penalty, rho)
        if s.multipliers == "learned":
            losses[2] = (alpha_mean * (s.epsilon_mean - kl_mean)).sum()
            losses[3] = (alpha_covariance * (s.epsilon_covariance - kl_covariance)).sum()
        for loss, part, step in zip(losses, self.raw, self.multiplier_steps, strict=True):
            if loss is None:
                continue
            (part.grad,) = torch.autograd.grad(loss, part)
            if not (torch.isfinite(loss) and torch.isfinite(part.grad).all()):
                continue
            step.step()
            with torch.no_grad():
                lowest = s.minimum_alpha if any(part is alpha for alpha in self.raw[2:]) else 0.0
                part.clamp_(min=math.log(math.expm1(lowest - 1e-8)) if lowest else -18.0)

    @torch.no_grad()
    def _refresh(self, target: nn.Module, online: nn.Module, period: int) -> None:
        if self.updates % period:
            return
        share = self.s.polyak if self.s.target_update == "polyak" else 1.0
        for old, new in zip(target.parameters(), online.parameters(), strict=True):
            old.mul_(1.0 - share).add_(new, alpha=share)


def _living(batch: Batch) -> Tensor:
    """Equal weights of the successors that are states: reached, and not by a termination."""
    pairs, starts = batch.action.shape[:2]
    weights = torch.zeros(pairs, starts)
    for s in range(starts):
        for t in range(pairs):
            steps = slice(t, t + 1) if pairs == len(batch.valid) else slice(None)
            reached = bool(batch.valid[t, s])
            ended = bool((batch.valid[steps, s] * batch.terminated[steps, s]).any())
            weights[t, s] = float(reached and not ended)
    return weights.flatten() / max(1.0, float(weights.sum()))


def _sampled(gaussian: Gaussian, noise: Tensor) -> Tensor:
    """μ + L ε, [N, B, A]."""
    mean, factor = gaussian
    return mean + (factor @ noise.unsqueeze(-1)).squeeze(-1)
