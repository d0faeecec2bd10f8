"""A whole update of MPO, straight from the papers' equations, to hold the fast one to.

Written apart from `algorithm.update`: torch.nn modules, torch.distributions, loops over sequences,
`loss.backward()` on the Lagrangian written out, torch.optim.Adam, and SciPy's bounded search for
the temperature where it is solved for. Of `mpo` it uses the settings, the batch and the names of
parameters, nothing that computes.
"""

import math
from collections.abc import Mapping

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from mpo.algorithm.batch import Batch
from mpo.settings import Settings


def _layer(named: Mapping[str, Tensor], key: str, action: str = "") -> nn.Linear:
    weight = named[f"{key}.weight"]
    if action:
        weight = torch.cat([weight, named[action].T], 1)
    made = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    made.load_state_dict({"weight": weight, "bias": named[f"{key}.bias"]})
    return made


class _Hidden(nn.Module):
    """Hidden layers; before layer `entry`, if any, an action is concatenated."""

    def __init__(self, named: Mapping[str, Tensor], count: int, entry: int | None) -> None:
        super().__init__()
        self.entry = entry
        action = {entry: f"{entry}.action"}
        self.layers = nn.ModuleList(
            _layer(named, str(k), action.get(k, "") if entry is not None else "")
            for k in range(count)
        )
        self.norm = None
        if "norm.weight" in named:
            self.norm = nn.LayerNorm(named["norm.weight"].shape[0])
            self.norm.load_state_dict({k: named[f"norm.{k}"] for k in ("weight", "bias")})
        self.head = _layer(named, "head")

    def forward(self, hidden: Tensor, action: Tensor | None = None) -> Tensor:
        for index, layer in enumerate(self.layers):
            if index == self.entry:
                assert action is not None
                hidden = torch.cat([hidden.expand(*action.shape[:-1], -1), action], -1)
            hidden = layer(hidden)
            first = index == 0 and self.norm is not None
            hidden = torch.tanh(self.norm(hidden)) if first and self.norm else hidden.relu()
        return self.head(hidden)

    def named(self, action_size: int, gradient: bool = False) -> dict[str, Tensor]:
        """Parameters, or gradients, under the names that `mpo.algorithm.networks` gives them."""
        found: dict[str, Tensor] = {}
        for index, layer in enumerate(self.layers):
            weight, bias = (p.grad if gradient else p.detach() for p in layer.parameters())
            assert weight is not None
            assert bias is not None
            if index == self.entry:
                found[f"{index}.action"] = weight[:, -action_size:].T
                weight = weight[:, :-action_size]
            found[f"{index}.weight"], found[f"{index}.bias"] = weight, bias
        for key, module in (("norm", self.norm), ("head", self.head)):
            for name, p in module.named_parameters() if module else ():
                tensor = p.grad if gradient else p.detach()
                assert tensor is not None
                found[f"{key}.{name}"] = tensor
        return found


def _scaled_to(module: nn.Module, bound: float | None) -> float:
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    norm = math.sqrt(sum(float(g.square().sum()) for g in gradients))
    if bound is not None and norm > bound:
        for gradient in gradients:
            gradient.mul_(bound / norm)
    return norm


class Reference:
    """Networks, targets, multipliers and optimisers, updated by the book."""

    def __init__(
        self,
        settings: Settings,
        action_size: int,
        networks: Mapping[str, Mapping[str, Tensor]],
        raw: Tensor,
    ) -> None:
        """`networks`: policy, critic and their targets by name; `raw`: the multipliers."""
        self.s, self.size = settings, action_size
        entry = {"input": 0, "second": 1}[settings.action_entry]
        hidden = len(settings.policy_hidden), len(settings.critic_hidden)
        self.policy = _Hidden(networks["policy"], hidden[0], None)
        self.critic = _Hidden(networks["critic"], hidden[1], entry)
        self.target_policy = _Hidden(networks["target_policy"], hidden[0], None)
        self.target_critic = _Hidden(networks["target_critic"], hidden[1], entry)
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

    # --- distributions ------------------------------------------------------------------------
    def _gaussian(self, network: _Hidden, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Mean [B, A] and Cholesky factor [B, A, A]."""
        head = network(observation)
        mean, raw = head[..., : self.size], head[..., self.size :]
        minimum = self.s.minimum_deviation
        offset = math.log(math.expm1(self.s.initial_deviation - minimum))
        if self.s.covariance == "diagonal":
            return mean, torch.diag_embed(torch.log1p((raw + offset).exp()) + minimum)
        square = raw.reshape(*raw.shape[:-1], self.size, self.size)
        deviations = torch.log1p((square.diagonal(dim1=-2, dim2=-1) + offset).exp()) + minimum
        return mean, square.tril(-1) + torch.diag_embed(deviations)

    def _kls(self, policy: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]):
        """C_μ and C_Σ of each state, [B, C]."""
        (mean, factor), (old_mean, old_factor) = policy, target
        if self.s.estep == "parametric":  # KL(q || π_i)
            pairs = [
                ((mean, old_factor), (old_mean, old_factor)),
                ((mean, factor), (mean, old_factor)),
            ]
        else:  # KL(π_i || π_θ)
            held = old_factor if self.s.likelihood == "decoupled" else factor
            pairs = [
                ((old_mean, held), (mean, held)),
                ((old_mean, old_factor), (old_mean, factor)),
            ]
        return [self._kl(*pair) for pair in pairs]

    def _kl(self, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> Tensor:
        if self.s.kl == "per_dimension":
            normals = (Normal(m, f.diagonal(dim1=-2, dim2=-1)) for m, f in (first, second))
            return kl_divergence(*normals)
        full = (MultivariateNormal(m, scale_tril=f) for m, f in (first, second))
        return kl_divergence(*full).unsqueeze(-1)

    def _log_likelihood(self, policy, target, actions: Tensor) -> Tensor:
        (mean, factor), (old_mean, old_factor) = policy, target
        if self.s.likelihood == "joint":
            return MultivariateNormal(mean, scale_tril=factor).log_prob(actions)
        moved = MultivariateNormal(mean, scale_tril=old_factor).log_prob(actions)
        return moved + MultivariateNormal(old_mean, scale_tril=factor).log_prob(actions)

    # --- temperature --------------------------------------------------------------------------
    @staticmethod
    def _positive(raw: Tensor) -> Tensor:
        return torch.log1p(raw.exp()) + 1e-8

    def _dual(self, form: str, q: Tensor, eta: Tensor, epsilon: float, rho: Tensor) -> Tensor:
        if form == "raw":
            return eta * epsilon + eta * (rho * (q / eta).exp().mean(0).log()).sum()
        soft = eta * (torch.logsumexp(q / eta, 0) - math.log(q.shape[0]))
        return eta * epsilon + (rho * soft).sum()

    def _solved(self, q: Tensor, rho: Tensor) -> float:
        values, weights, count = q.numpy(), rho.numpy(), q.shape[0]

        def dual(power: float) -> float:
            eta = 10.0**power
            soft = eta * (np.asarray(logsumexp(values / eta, axis=0)) - math.log(count))
            return eta * self.s.epsilon + float(weights @ soft)

        powers = np.linspace(-6.0, 6.0, 241)
        best = powers[int(np.argmin([dual(power) for power in powers]))]
        found = minimize_scalar(
            dual, bounds=(best - 0.1, best + 0.1), method="bounded", options={"xatol": 1e-12}
        )
        return 10.0 ** float(found.x)

    # --- the critic's targets -----------------------------------------------------------------
    def _backup(self, q: Tensor, eta: Tensor) -> Tensor:
        if self.s.backup == "policy":
            return q.mean(0)
        if self.s.backup == "improved":
            return ((q / eta).softmax(0) * q).sum(0)
        return eta * (torch.logsumexp(q / eta, 0) - math.log(q.shape[0]))

    def _targets(self, batch: Batch, q: Tensor, eta: Tensor) -> Tensor:
        """One target for each regressed pair [U, S], by loops over sequences and steps."""
        gamma, (pairs, starts) = self.s.discount, batch.action.shape[:2]
        value = self._backup(q, eta).reshape(pairs, starts)
        found = torch.zeros(pairs, starts)
        for s in range(starts):
            length = int(batch.valid[:, s].sum())
            if self.s.returns == "retrace":
                for t in range(length):
                    found[t, s] = self._retrace(batch, value, q, eta, s, t, length)
                continue
            rewards = sum(gamma**i * float(batch.reward[i, s]) for i in range(length))
            ended = bool(batch.terminated[:length, s].any())
            found[0, s] = rewards + (0.0 if ended else gamma**length * float(value[0, s]))
        return found

    def _retrace(
        self, batch: Batch, value: Tensor, q: Tensor, eta: Tensor, s: int, t: int, length: int
    ) -> float:
        """P1 eq. 13 with the discount that its print lost."""
        gamma, starts = self.s.discount, batch.action.shape[1]

        def action_value(k: int) -> float:
            pair = batch.observation[k, s], batch.action[k, s].clamp(-1.0, 1.0)
            return float(self.target_critic(*pair))

        def cut(k: int) -> float:
            mean, factor = self._gaussian(self.target_policy, batch.observation[k, s])
            log_ratio = MultivariateNormal(mean, scale_tril=factor).log_prob(batch.action[k, s])
            log_ratio = float(log_ratio) - float(batch.behaviour_log_prob[k, s])
            if self.s.backup != "policy":  # log q(a|s) = log π_i(a|s) + (Q'(s,a) - V_soft(s))/η
                column = q.reshape(q.shape[0], -1, starts)[:, k - 1, s]  # samples at s_k
                soft = eta * (torch.logsumexp(column / eta, 0) - math.log(len(column)))
                log_ratio += (action_value(k) - float(soft)) / float(eta)
            return min(1.0, math.exp(log_ratio))

        total, trace = action_value(t), 1.0
        for j in range(t, length):
            if j > t:
                trace *= cut(j)
            bootstrap = 0.0 if batch.terminated[j, s] else float(value[j, s])
            error = float(batch.reward[j, s]) + gamma * bootstrap - action_value(j)
            total += gamma ** (j - t) * trace * error
        return total

    # --- one update ---------------------------------------------------------------------------
    def update(self, batch: Batch, noise: Tensor) -> None:
        """Critic, multipliers and policy, each by its own loss, then the targets' refresh."""
        s = self.s
        successor = batch.observation[1:].flatten(0, 1)
        valid = batch.valid[: batch.action.shape[0]].flatten()
        rho = valid / valid.sum()
        with torch.no_grad():
            target = self._gaussian(self.target_policy, successor)
            actions = target[0] + (target[1] @ noise.unsqueeze(-1)).squeeze(-1)
            q = self.target_critic(successor, actions.clamp(-1.0, 1.0)).squeeze(-1)
            if s.dual_solver != "gradient" and s.estep == "nonparametric":
                self.raw[0].fill_(math.log(math.expm1(self._solved(q, rho) - 1e-8)))
            eta = self._positive(self.raw[0])[0]
            targets = self._targets(batch, q, eta)
        self._step_critic(batch, targets, rho)
        self._improve(successor, target, actions, q, eta, noise, rho)
        self.updates += 1
        self._refresh(self.target_policy, self.policy, s.policy_target_period)
        self._refresh(self.target_critic, self.critic, s.critic_target_period)

    def _step_critic(self, batch: Batch, targets: Tensor, rho: Tensor) -> None:
        taken = batch.action.clamp(-1.0, 1.0)
        errors = targets - self.critic(batch.observation[:-1], taken).squeeze(-1)
        sizes = errors.flatten().abs()
        losses = sizes.square() / 2.0
        if self.s.critic_loss == "huber":
            losses = torch.where(sizes > 1.0, sizes - 0.5, losses)
        loss = (rho * losses).sum()
        self.critic_step.zero_grad()
        loss.backward()
        norm = _scaled_to(self.critic, self.s.critic_gradient_clip)
        self.critic_step.step()
        self.report |= {"loss_critic": float(loss.detach()), "gradient_norm_critic": norm}

    def _improve(
        self,
        successor: Tensor,
        target: tuple[Tensor, Tensor],
        actions: Tensor,
        q: Tensor,
        eta: Tensor,
        noise: Tensor,
        rho: Tensor,
    ) -> None:
        s = self.s
        policy = self._gaussian(self.policy, successor)
        if s.estep == "parametric":
            with torch.no_grad():
                actions = policy[0] + (policy[1] @ noise.unsqueeze(-1)).squeeze(-1)
                q = self.target_critic(successor, actions.clamp(-1.0, 1.0)).squeeze(-1)
                weights = (q - q.mean(0)) / q.shape[0]
        else:
            weights = (q / eta).softmax(0)
        outside = -(actions - actions.clamp(-1.0, 1.0)).square().sum(-1).sqrt()
        if s.action_penalty:
            weights = weights + (outside / self._positive(self.raw[1])[0].detach()).softmax(0)
        likelihood = self._log_likelihood(policy, target, actions)
        objective = (rho * (weights * likelihood).sum(0)).sum()
        kl_mean, kl_covariance = (
            (rho.unsqueeze(-1) * kl).sum(0) for kl in self._kls(policy, target)
        )
        before = [self._positive(part).detach() for part in self.raw[2:]]
        self._step_multipliers(q, outside, kl_mean.detach(), kl_covariance.detach(), rho)
        after = [self._positive(part).detach() for part in self.raw[2:]]
        alphas = after if s.multiplier_step == "before" else before
        if s.multipliers == "zero":
            alphas = [torch.zeros_like(alpha) for alpha in alphas]
        bounds = (s.epsilon_mean - kl_mean, s.epsilon_covariance - kl_covariance)
        slack = sum((a * bound).sum() for a, bound in zip(alphas, bounds, strict=True))
        lagrangian = objective + slack  # P1 eq. 12, which θ maximises
        self.policy_step.zero_grad()
        (-lagrangian).backward()
        norm = _scaled_to(self.policy, s.policy_gradient_clip)
        self.policy_step.step()
        self.report |= {
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
        eta, eta_penalty, alpha_mean, alpha_covariance = (self._positive(r) for r in self.raw)
        losses: list[Tensor | None] = [None] * 4
        if s.dual_solver == "gradient" and s.estep == "nonparametric":
            losses[0] = self._dual(s.dual, q, eta[0], s.epsilon, rho)
            self.report["loss_temperature"] = float(losses[0].detach())
        if s.action_penalty:
            losses[1] = self._dual("stable", outside, eta_penalty[0], s.epsilon_penalty, rho)
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
                part.clamp_(min=-18.0)

    @torch.no_grad()
    def _refresh(self, target: nn.Module, online: nn.Module, period: int) -> None:
        if self.updates % period:
            return
        share = self.s.polyak if self.s.target_update == "polyak" else 1.0
        for old, new in zip(target.parameters(), online.parameters(), strict=True):
            old.mul_(1.0 - share).add_(new, alpha=share)
