"""SR's learner: TD(0), an E-step at s_t by SLSQP, several M-steps; targets once an iteration.

| symbol | name | shape |
|---|---|---|
| s_t, a_t, r_t, s_{t+1} | `Pairs` | [B, ...] |
| a_j ~ π_i(s) | `actions` | [N, B, A] |
| Q'(s, a_j) | `q` | [N, B] |
| η | `temperature` | a number, float64 |
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm import metrics, multipliers
from mpo.algorithm.computing.optimiser import Adam, adam, adam_step, clip_by_norm
from mpo.algorithm.estep.dual_solvers import MINIMUM_TEMPERATURE
from mpo.algorithm.estep.weights import estep_weights
from mpo.algorithm.gaussian import Gaussian, log_prob, sample
from mpo.algorithm.mstep.lagrangian import MStep
from mpo.algorithm.networks import unflatten
from mpo.training.protocols.iterations.lagrangian import (
    Multipliers,
    averaged_likelihood_loss,
    kl_covariance,
    kl_mean,
    multiplier_step,
)
from mpo.training.protocols.iterations.networks import Networks, initialise


class Pairs(NamedTuple):
    """A batch of decisions."""

    observation_t: Float[Tensor, "B O"]
    action: Float[Tensor, "B A"]
    reward: Float[Tensor, " B"]
    observation_tp1: Float[Tensor, "B O"]


class State(NamedTuple):
    """The networks with their optimisers, and the targets."""

    policy: Adam
    critic: Adam
    target_policy: Float[Tensor, " P"]
    target_critic: Float[Tensor, " Q"]


class Learner:
    """One `update` a batch, one `refresh` an iteration. Runs eagerly."""

    compiled = False

    def __init__(self, networks: Networks, initialisation_seed: int, noise_seed: int) -> None:
        """Networks and η ~ U(0, 1) from the first seed; the second drives the action samples."""
        self.networks = networks
        self.settings = s = networks.settings
        generator = torch.Generator().manual_seed(initialisation_seed)
        policy = initialise(networks.policy_shapes(), generator)
        critic = initialise(networks.critic_shapes(), generator)
        self.state = State(adam(policy), adam(critic), policy.clone(), critic.clone())
        uniform = float(torch.rand((), dtype=torch.float64, generator=generator))
        self.temperature = max(uniform, MINIMUM_TEMPERATURE)
        self.multipliers = Multipliers()
        self.noise = torch.Generator().manual_seed(noise_seed)
        self.updates = 0
        self.sums = metrics.no_sums()
        """Of the metrics, over the updates since `take_sums`."""
        self._dual = s.option("dual").dual
        self._solve = s.option("dual_solver").solve
        self._critic_loss = s.option("critic_loss").loss
        self._refresh = s.option("target_update").refresh

    # --- one batch --------------------------------------------------------------------------
    def update(self, pairs: Pairs) -> None:
        """Critic, E-step and the M-steps on one batch."""
        reported = self._critic_step(pairs)
        target, actions, q = self._evaluate(pairs.observation_t)
        reported |= self._estep(q, actions)
        weights = estep_weights(q, torch.tensor(self.temperature, dtype=q.dtype))
        steps = [
            self._mstep(pairs.observation_t, target, actions, weights)
            for _ in range(self.settings.mstep_repeats)
        ]
        reported |= {name: sum(step[name] for step in steps) / len(steps) for name in steps[0]}
        self.updates += 1
        nothing = torch.tensor(torch.nan)
        row = [torch.as_tensor(reported.get(name, nothing)) for name in metrics.METRICS]
        metrics.add(self.sums, torch.stack([value.to(self.sums.dtype) for value in row]))

    def _evaluate(
        self, observation: Float[Tensor, "B O"]
    ) -> tuple[Gaussian, Float[Tensor, "N B A"], Float[Tensor, "N B"]]:
        """π_i(.|s), N samples of it, and Q' of them."""
        networks = self.networks
        policy = unflatten(self.state.target_policy, networks.policy_shapes())
        critic = unflatten(self.state.target_critic, networks.critic_shapes())
        target = networks.policy(policy, observation)
        shape = (self.settings.action_samples, *target.mean.shape)
        noise = torch.randn(shape, generator=self.noise)
        actions = sample(networks.covariance, target, noise)
        return target, actions, networks.q_values(critic, observation, actions)

    def _critic_step(self, pairs: Pairs) -> dict[str, Tensor]:
        """Regress Q(s_t, a_t) on r_t + γ mean_j Q'(s_{t+1}, a_j), terminated or not."""
        s, networks = self.settings, self.networks
        value = self._evaluate(pairs.observation_tp1)[2].mean(0)
        targets = pairs.reward + s.discount * value
        variable = self.state.critic.parameters.clone().requires_grad_()
        parameters = unflatten(variable, networks.critic_shapes())
        error = targets - networks.q_values(parameters, pairs.observation_t, pairs.action)
        loss = self._critic_loss(error).mean()
        (gradient,) = torch.autograd.grad(loss, variable)
        gradient, norm = clip_by_norm(gradient, s.critic_gradient_clip)
        critic = adam_step(self.state.critic, gradient, s.critic_learning_rate)
        self.state = self.state._replace(critic=critic)
        return {
            "loss_critic": loss.detach(),
            "value_mean": value.mean(),
            "look_ahead": torch.tensor(1.0),
            "bellman_residual": error.detach().square().mean().sqrt(),
            "gradient_norm_critic": norm,
        }

    def _estep(self, q: Float[Tensor, "N B"], actions: Tensor) -> dict[str, Tensor]:
        """Solve the dual on this batch in float64, from the last η.

        `dual_overflows` is 1 where the dual is not finite at the last η, which then stays.
        """
        s = self.settings
        exact = q.double()
        rho = torch.full(q.shape[1:], 1.0 / q.shape[1], dtype=exact.dtype)
        start = torch.tensor(self.temperature, dtype=exact.dtype)
        overflow = not torch.isfinite(self._dual(exact, start, s.epsilon, rho))
        solution = self._solve(self._dual, exact.numpy(), s.epsilon, rho.numpy(), self.temperature)
        self.temperature = solution.temperature
        eta = torch.tensor(solution.temperature, dtype=exact.dtype)
        dual = torch.tensor(0.0) if overflow else self._dual(exact, eta, s.epsilon, rho)
        return {
            **metrics.of_estep(s, True, exact, actions.double(), eta, rho),
            "loss_temperature": dual,
            "dual_overflows": torch.tensor(float(overflow)),
            "dual_at_floor": torch.tensor(float(solution.at_floor)),
        }

    def _mstep(
        self, observation: Tensor, target: Gaussian, actions: Tensor, weights: Tensor
    ) -> dict[str, Tensor]:
        """Step the multipliers, then the policy by the Lagrangian at their new values."""
        s, networks, covariance = self.settings, self.networks, self.networks.covariance
        variable = self.state.policy.parameters.clone().requires_grad_()
        policy = networks.policy(unflatten(variable, networks.policy_shapes()), observation)
        likelihood = averaged_likelihood_loss(log_prob(covariance, policy, actions), weights)
        mean = kl_mean(covariance, policy, target)
        spread = kl_covariance(covariance, policy, target)
        self.multipliers = multiplier_step(
            self.multipliers, (mean.item(), spread.item()), s.epsilon_mean, s.epsilon_covariance
        )
        alphas = torch.tensor(self.multipliers, dtype=likelihood.dtype)
        loss = likelihood + alphas[0] * mean + alphas[1] * spread
        (gradient,) = torch.autograd.grad(loss, variable)
        gradient, norm = clip_by_norm(gradient, s.policy_gradient_clip)
        stepped = adam_step(self.state.policy, gradient, s.policy_learning_rate)
        self.state = self.state._replace(policy=stepped)
        part = MStep(likelihood.detach(), mean.detach()[None], spread.detach()[None])
        rho = torch.full(observation.shape[:1], 1.0 / len(observation))
        unused = multipliers.Multipliers(alphas[0], alphas[0], alphas[:1], alphas[1:])
        return {
            **metrics.of_mstep(s, unused, part, (alphas[:1], alphas[1:])),
            **metrics.of_policy(covariance, policy.detach(), rho),
            "gradient_norm_policy": norm,
        }

    # --- between iterations -----------------------------------------------------------------
    def refresh(self) -> None:
        """Copy the online networks into the targets, whose memory stays where it is."""
        polyak = self.settings.polyak
        self._refresh(self.state.target_policy, self.state.policy.parameters, polyak)
        self._refresh(self.state.target_critic, self.state.critic.parameters, polyak)

    def take_sums(self) -> Float[Tensor, "2 M"]:
        """The metrics' sums since the last call, which are set to zero."""
        sums = self.sums.clone()
        self.sums.zero_()
        return sums

    def evaluated_parameters(self) -> Float[np.ndarray, " P"]:
        """The target policy's flat parameters, which collect too; they follow every `refresh`."""
        return self.state.target_policy.numpy()

    def value(self, observation: np.ndarray, action: np.ndarray) -> float:
        """Q_φ(s, a) of the online critic for one pair."""
        parameters = unflatten(self.state.critic.parameters, self.networks.critic_shapes())
        state, taken = (torch.from_numpy(x.astype(np.float32))[None] for x in (observation, action))
        return float(self.networks.q_values(parameters, state, taken)[0])

    # --- checkpoints ------------------------------------------------------------------------
    def checkpoint(self) -> dict:
        """Everything that the next update depends on, as tensors and numbers."""
        state = self.state
        return {
            "policy": list(state.policy),
            "critic": list(state.critic),
            "target_policy": state.target_policy,
            "target_critic": state.target_critic,
            "temperature": self.temperature,
            "multipliers": list(self.multipliers),
            "noise": self.noise.get_state(),
            "updates": self.updates,
            "sums": self.sums,
        }

    def restore(self, checkpoint: dict) -> None:
        """Back to a `checkpoint()`."""
        self.state.target_policy.copy_(checkpoint["target_policy"])
        self.state.target_critic.copy_(checkpoint["target_critic"])
        self.state = self.state._replace(
            policy=Adam(*checkpoint["policy"]), critic=Adam(*checkpoint["critic"])
        )
        self.temperature = float(checkpoint["temperature"])
        self.multipliers = Multipliers(*checkpoint["multipliers"])
        self.noise.set_state(checkpoint["noise"])
        self.updates = int(checkpoint["updates"])
        self.sums.copy_(checkpoint["sums"])
