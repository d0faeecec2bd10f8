"""One batch of SR's learner: TD(0) and the samples at s_t, then, at the solved η, the M-steps.

Pure functions of the learner's state, a batch and noise. Two graphs, `evaluate` and `improve`,
since the temperature is solved between them, as in `algorithm.update`.

| symbol | name | shape |
|---|---|---|
| s_t, a_t, r_t, s_{t+1} | `Pairs` | [B, ...] |
| a_j ~ π_i(.|s_t), Q'(s_t, a_j) | `Evaluated.samples.actions`, `.q` | [N, B, A], [N, B] |
| η | `EStep.temperature` | a number |
| η_μ, η_Σ | `State.multipliers` | [1] |
"""

from typing import Any, NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm import metrics, multipliers
from mpo.algorithm.batch import Batch
from mpo.algorithm.computing.optimiser import Adam, adam_step, clip_by_norm
from mpo.algorithm.estep.weights import estep_weights
from mpo.algorithm.gaussian import Gaussian, log_prob
from mpo.algorithm.mstep.lagrangian import MStep
from mpo.algorithm.networks import Parameters, unflatten
from mpo.algorithm.policy_evaluation.evaluation import CriticStep, Evaluation, PolicyEvaluation
from mpo.training.protocols.iterations.lagrangian import (
    Multipliers,
    kl_covariance,
    kl_mean,
    likelihood_loss,
    multiplier_step,
)
from mpo.training.protocols.iterations.networks import Networks


class Pairs(NamedTuple):
    """A batch of decisions."""

    observation_t: Float[Tensor, "B O"]
    action: Float[Tensor, "B A"]
    reward: Float[Tensor, " B"]
    observation_tp1: Float[Tensor, "B O"]
    terminated: Float[Tensor, " B"]

    def to(self, successor: Float[Tensor, "B O"], masked: bool) -> Batch:
        """As sequences of one step to `successor`.

        Unless they are `masked`, none of them terminates (SR's code; a fault).
        """
        zeros = torch.zeros_like(self.reward)[None]
        ends = self.terminated[None] if masked else zeros
        observation = torch.stack([self.observation_t, successor])
        return Batch(observation, self.action[None], self.reward[None], zeros, ends, zeros + 1.0)


class State(NamedTuple):
    """Everything that updates change, and the targets."""

    policy: Adam
    critic: Adam
    multipliers: Multipliers
    target_policy: Float[Tensor, " P"]
    target_critic: Float[Tensor, " Q"]


class Evaluated(NamedTuple):
    """What is known of a batch before the dual is solved."""

    critic: CriticStep
    value: Float[Tensor, " B"]
    """mean_j Q'(s_{t+1}, a_j)."""
    samples: Evaluation
    """Actions of the target policy at s_t."""


class EStep(NamedTuple):
    """A solved dual: η, g(η) or 0 where it overflows, whether it does, and whether η is least."""

    temperature: Float[Tensor, ""]
    dual: Float[Tensor, ""]
    overflow: Float[Tensor, ""]
    at_floor: Float[Tensor, ""]


class Update:
    """The update of one run's settings; holds options and shapes, no state."""

    def __init__(self, networks: Networks) -> None:
        """Look up the options that the settings name."""
        self.networks = networks
        self.settings = networks.settings
        self.covariance = networks.covariance
        self.policy_evaluation = PolicyEvaluation(networks)
        self.policy_shapes = networks.policy_shapes()

    def evaluate(self, state: State, pairs: Pairs, noise: Float[Tensor, "2 N B A"]) -> Evaluated:
        """Regress Q(s_t, a_t) on r_t + γ mean_j Q'(s_{t+1}, a_j); sample actions at s_t.

        The first noise is that of the samples at s_{t+1}.
        """
        evaluation, masked = self.policy_evaluation, not self.settings.ends_bootstrapped
        policies = state.target_policy, state.target_critic, state.policy.parameters
        ahead = pairs.to(pairs.observation_tp1, masked)
        here = pairs.to(pairs.observation_t, masked=False)
        with torch.no_grad():
            following = evaluation.evaluate(*policies, ahead, noise[0])
            samples = evaluation.evaluate(*policies, here, noise[1])
            targets = evaluation.targets(ahead, following, torch.zeros_like(pairs.reward[0]))
        critic = evaluation.step(state.critic, ahead, targets.action_value, _equal(pairs.reward))
        return Evaluated(critic, targets.value, samples)

    def improve(
        self, state: State, observation: Float[Tensor, "B O"], evaluated: Evaluated, estep: EStep
    ) -> tuple[State, Float[Tensor, " M"]]:
        """All M-steps on the samples at `observation`; report `metrics`, M-steps averaged."""
        critic, value, samples = evaluated
        rho = _equal(value)
        weights = estep_weights(samples.q, estep.temperature)
        policy, alphas = state.policy, state.multipliers
        steps: list[dict[str, Tensor]] = []
        for _ in range(self.settings.mstep_repeats):
            policy, alphas, step = self.mstep(policy, alphas, observation, samples, weights)
            steps.append(step)
        reported = {
            **metrics.of_estep(
                self.settings, True, samples.q, samples.actions, estep.temperature, rho
            ),
            **{name: torch.stack([step[name] for step in steps]).mean() for name in steps[0]},
            "loss_critic": critic.loss,
            "loss_temperature": estep.dual,
            "dual_overflows": estep.overflow,
            "dual_at_floor": estep.at_floor,
            "value_mean": (rho * value).sum(),
            "look_ahead": rho.sum(),
            "bellman_residual": (rho * critic.error.square()).sum().sqrt(),
            "gradient_norm_critic": critic.gradient_norm,
        }
        new = State(policy, critic.critic, alphas, state.target_policy, state.target_critic)
        return new, torch.stack([reported[name] for name in metrics.METRICS])

    def mstep(
        self,
        state: Adam,
        alphas: Multipliers,
        observation: Float[Tensor, "B O"],
        samples: Evaluation,
        weights: Float[Tensor, "N B"],
    ) -> tuple[Adam, Multipliers, dict[str, Tensor]]:
        """Step the multipliers, then the policy by the Lagrangian at their new values."""
        s, covariance, target = self.settings, self.covariance, samples.target

        def parts(parameters: Parameters) -> tuple[MStep, Gaussian]:
            policy = self.networks.policy(parameters, observation)
            likelihood = log_prob(covariance, policy, samples.actions)
            mean = kl_mean(covariance, policy, target)[None]
            spread = kl_covariance(covariance, policy, target)[None]
            return MStep(
                likelihood_loss(likelihood, weights, s.samples_averaged), mean, spread
            ), policy

        parameters = unflatten(state.parameters, self.policy_shapes)
        part, pull_back, policy = cast(Any, torch.func.vjp(parts, parameters, has_aux=True))
        alphas = multiplier_step(alphas, part, s.epsilon_mean, s.epsilon_covariance)
        (gradients,) = pull_back(MStep(torch.ones_like(part.likelihood_loss), *alphas))
        gradient = torch.cat([piece.reshape(-1) for piece in gradients.values()])
        gradient, norm = clip_by_norm(gradient, s.policy_gradient_clip)
        unused = multipliers.Multipliers(norm, norm, *alphas)
        return (
            adam_step(state, gradient, s.policy_learning_rate),
            alphas,
            {
                **metrics.of_mstep(s, unused, part, alphas),
                **metrics.of_policy(covariance, policy, _equal(observation[:, 0])),
                "gradient_norm_policy": norm,
            },
        )


def _equal(of_states: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    """ρ: the same for each state."""
    return torch.full_like(of_states, 1.0 / len(of_states))
