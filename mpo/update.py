"""One update of MPO: policy evaluation, E-step, M-step, and the optimisers' steps.

`update` is a pure function of the learner's state, a batch and noise; it compiles as one graph.
With a solver for the dual (`dual_solver: newton`, `slsqp`) the graph is cut in two, between
`evaluate` and `improve`, and the temperature is solved in between.

B = U·S successor states of a batch carry N action samples each; these same samples give V at the
successors, the E-step's weights and the M-step's likelihood.
"""

from types import ModuleType
from typing import Any, NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor

from mpo import estep, metrics, mstep
from mpo.duals.stable import dual as stable_dual
from mpo.gaussian import Gaussian, log_prob, sample
from mpo.networks import Networks, Parameters, unflatten
from mpo.optimiser import Adam, adam_step, clip_by_norm
from mpo.registry import option
from mpo.replay import Batch
from mpo.returns import Transitions


class State(NamedTuple):
    """Everything that updates change: parameters with their optimisers, and the targets."""

    policy: Adam
    critic: Adam
    multipliers: Adam
    target_policy: Float[Tensor, " P"]
    target_critic: Float[Tensor, " Q"]


class Evaluation(NamedTuple):
    """What the target networks say of a batch."""

    target: Gaussian
    """π_i(.|s) at the B successors."""
    actions: Float[Tensor, "N B A"]
    """a_j ~ π_i(.|s) there."""
    q: Float[Tensor, "N B"]
    """Q'(s, a_j)."""
    action_value: Float[Tensor, " B"]
    """Q'(s_t, a_t) of the batch's own pairs; zeros where the returns do without."""
    log_ratio: Float[Tensor, " B"]
    """log π_i(a_t|s_t) - log b(a_t|s_t); zeros where the returns do without."""
    fitted_actions: Float[Tensor, "N B A"]
    """The actions that the policy is fitted to: `actions`, or the online policy's."""
    fitted_q: Float[Tensor, "N B"]


def state_weights(batch: Batch) -> Float[Tensor, " B"]:
    """ρ: equal over the valid pairs of a batch, 0 for padding; adds up to 1."""
    valid = batch.valid[: batch.action.shape[0]].reshape(-1)
    return valid / valid.sum()


class Update:
    """The update of one run's settings; holds options and shapes, no state."""

    def __init__(self, networks: Networks) -> None:
        """Look up the options that the settings name."""
        self.networks = networks
        self.settings = s = networks.settings
        self.covariance = networks.covariance
        self.estep = option("estep", s.estep)
        self.dual = option("dual", s.dual).dual
        self.solver: ModuleType = option("dual_solver", s.dual_solver)
        self.likelihood = option("likelihood", s.likelihood)
        self.constraints = option("kl", s.kl).constraints
        self.backup = option("backup", s.backup)
        self.returns = option("returns", s.returns)
        self.critic_loss = option("critic_loss", s.critic_loss).loss
        self.policy_shapes = networks.policy_shapes()
        self.critic_shapes = networks.critic_shapes()

    # --- policy evaluation, with the target networks --------------------------------------
    def evaluate(self, state: State, batch: Batch, noise: Float[Tensor, "N B A"]) -> Evaluation:
        """Sample actions at the successors and value them; no gradient flows through it."""
        networks, covariance = self.networks, self.covariance
        policy = unflatten(state.target_policy, self.policy_shapes)
        critic = unflatten(state.target_critic, self.critic_shapes)
        pairs = batch.action.shape[0] * batch.action.shape[1]
        observation = batch.observation.flatten(0, 1)
        if self.returns.NEEDS_ACTION_VALUE:
            taken = batch.action.flatten(0, 1)
            everywhere = networks.policy(policy, observation)
            state_part = networks.critic_state_part(critic, observation)
            before = Gaussian(everywhere.mean[:pairs], everywhere.scale[:pairs])
            target = Gaussian(everywhere.mean[-pairs:], everywhere.scale[-pairs:])
            action_value = networks.critic_values(critic, state_part[:pairs], taken)
            behaviour = batch.behaviour_log_prob.flatten()
            log_ratio = log_prob(covariance, before, taken) - behaviour
            state_part = state_part[-pairs:]
        else:
            target = networks.policy(policy, observation[-pairs:])
            state_part = networks.critic_state_part(critic, observation[-pairs:])
            action_value = log_ratio = torch.zeros_like(observation[:pairs, 0])
        actions = sample(covariance, target, noise)
        q = networks.critic_values(critic, state_part, actions)
        fitted_actions, fitted_q = actions, q
        if self.estep.SAMPLES_ONLINE:
            online = unflatten(state.policy.parameters, self.policy_shapes)
            fitted_actions = sample(
                covariance, networks.policy(online, observation[-pairs:]), noise
            )
            fitted_q = networks.critic_values(critic, state_part, fitted_actions)
        return Evaluation(target, actions, q, action_value, log_ratio, fitted_actions, fitted_q)

    # --- targets --------------------------------------------------------------------------
    def targets(
        self, batch: Batch, evaluation: Evaluation, temperature: Float[Tensor, ""]
    ) -> tuple[Float[Tensor, " B"], Float[Tensor, " B"]]:
        """The critic's targets, and V at the successors (mpo.backups, mpo.returns)."""
        shape = batch.action.shape[:2]
        value = self.backup.value(evaluation.q, temperature).unflatten(0, shape)
        action_value = evaluation.action_value.unflatten(0, shape)
        log_ratio = evaluation.log_ratio.unflatten(0, shape)
        if self.backup.EVALUATES_Q:
            soft = estep.log_mean_exp(evaluation.q, temperature).unflatten(0, shape)
            advantage = (action_value[1:] - soft[:-1]) / temperature
            log_ratio = torch.cat([log_ratio[:1], log_ratio[1:] + advantage])
        transitions = Transitions(
            batch.reward, batch.terminated, batch.valid, value, action_value, log_ratio
        )
        targets = self.returns.targets(transitions, self.settings.discount)
        return targets.flatten(), value.flatten()

    def __call__(
        self, state: State, batch: Batch, noise: Float[Tensor, "N B A"]
    ) -> tuple[State, Float[Tensor, " M"]]:
        """A whole update whose temperature is the multiplier as it stood before the step."""
        temperature = mstep.unpack(state.multipliers.parameters).temperature
        evaluation = self.evaluate(state, batch, noise)
        return self.improve(state, batch, evaluation, temperature, torch.zeros_like(temperature))

    # --- improvement ----------------------------------------------------------------------
    def improve(
        self,
        state: State,
        batch: Batch,
        evaluation: Evaluation,
        temperature: Float[Tensor, ""],
        at_floor: Float[Tensor, ""],
    ) -> tuple[State, Float[Tensor, " M"]]:
        """Step critic, multipliers and policy on one evaluated batch; report `mpo.metrics`."""
        s = self.settings
        rho = state_weights(batch)
        targets, value = self.targets(batch, evaluation, temperature)
        critic, critic_loss, error, critic_norm = self._critic_step(state, batch, targets, rho)

        weights = self.estep.weights(evaluation.fitted_q, temperature)
        multipliers = mstep.unpack(state.multipliers.parameters)
        fitted = weights
        penalty = estep.penalty_costs(evaluation.actions)
        if s.action_penalty:
            fitted = weights + estep.estep_weights(penalty, multipliers.penalty_temperature)

        successor = batch.observation[1:].flatten(0, 1)

        def parts(parameters: Parameters) -> tuple[mstep.MStep, Gaussian]:
            policy = self.networks.policy(parameters, successor)
            likelihood = self.likelihood.log_likelihood(
                self.covariance, policy, evaluation.target, evaluation.fitted_actions
            )
            terms = self.estep.kl_terms(self.likelihood, self.covariance, policy, evaluation.target)
            kls = (mstep.mean_over_states(self.constraints(term), rho) for term in terms)
            return mstep.MStep(mstep.likelihood_loss(likelihood, fitted, rho), *kls), policy

        online = unflatten(state.policy.parameters, self.policy_shapes)
        part, pull_back, policy = cast(Any, torch.func.vjp(parts, online, has_aux=True))

        stepped, dual_loss, overflow = self._multiplier_step(
            state.multipliers, evaluation.q, penalty, part, rho
        )
        alphas = mstep.unpack(
            stepped.parameters if s.multiplier_step == "before" else state.multipliers.parameters
        )
        alpha_mean, alpha_covariance = alphas.alpha_mean, alphas.alpha_covariance
        if s.multipliers == "zero":
            alpha_mean, alpha_covariance = (
                torch.zeros_like(alpha_mean),
                torch.zeros_like(alpha_mean),
            )
        one = torch.ones_like(part.likelihood_loss)
        (gradients,) = pull_back(mstep.MStep(one, alpha_mean, alpha_covariance))
        gradient = torch.cat([piece.reshape(-1) for piece in gradients.values()])
        gradient, policy_norm = clip_by_norm(gradient, s.policy_gradient_clip)

        reported = {
            **metrics.of_estep(
                s, self.estep.HAS_TEMPERATURE, evaluation.q, evaluation.actions, temperature, rho
            ),
            **metrics.of_mstep(s, multipliers, part, (alpha_mean, alpha_covariance)),
            **metrics.of_policy(self.covariance, policy, rho),
            "loss_critic": critic_loss,
            "loss_temperature": dual_loss,
            "dual_overflows": overflow,
            "dual_at_floor": at_floor,
            "value_mean": (rho * value).sum(),
            "bellman_residual": (rho * error.square()).sum().sqrt(),
            "gradient_norm_policy": policy_norm,
            "gradient_norm_critic": critic_norm,
        }
        new = State(
            adam_step(state.policy, gradient, s.policy_learning_rate),
            critic,
            stepped,
            state.target_policy,
            state.target_critic,
        )
        return new, torch.stack([reported[name] for name in metrics.METRICS])

    def _critic_step(
        self, state: State, batch: Batch, targets: Float[Tensor, " B"], rho: Float[Tensor, " B"]
    ) -> tuple[Adam, Tensor, Tensor, Tensor]:
        """Regress Q(s_t, a_t) on the targets: new state, loss, errors [B], gradient norm."""
        observation = batch.observation[:-1].flatten(0, 1)
        taken = batch.action.flatten(0, 1)

        def loss(parameters: Parameters) -> tuple[Tensor, Tensor]:
            error = targets - self.networks.q_values(parameters, observation, taken)
            return (rho * self.critic_loss(error)).sum(), error

        parameters = unflatten(state.critic.parameters, self.critic_shapes)
        gradients, (value, error) = torch.func.grad_and_value(loss, has_aux=True)(parameters)
        gradient = torch.cat([piece.reshape(-1) for piece in gradients.values()])
        gradient, norm = clip_by_norm(gradient, self.settings.critic_gradient_clip)
        stepped = adam_step(state.critic, gradient, self.settings.critic_learning_rate)
        return stepped, value, error, norm

    def _multiplier_step(
        self,
        multipliers: Adam,
        q: Float[Tensor, "N B"],
        penalty: Float[Tensor, "N B"],
        part: mstep.MStep,
        rho: Float[Tensor, " B"],
    ) -> tuple[Adam, Tensor, Tensor]:
        """Step temperature, penalty temperature and multipliers: new state, dual, overflow.

        Where the dual or its gradient is not finite, which the raw form's float32 exponential
        brings about, the temperature with its moments and step count stays as it was; `overflow`
        is then 1. The weights are computed shifted in any case and do not suffer.
        """
        s = self.settings

        def loss(raw: Float[Tensor, " M"]) -> tuple[Tensor, Tensor]:
            values = mstep.unpack(raw)
            total = dual = torch.zeros_like(raw[0])
            if self.estep.HAS_TEMPERATURE and not self.solver.SOLVES:
                total = dual = self.dual(q, values.temperature, s.epsilon, rho)
            if s.action_penalty:
                eta = values.penalty_temperature
                total = total + stable_dual(penalty, eta, s.epsilon_penalty, rho)
            if s.multipliers == "learned":
                mean = mstep.multiplier_loss(values.alpha_mean, s.epsilon_mean, part.kl_mean)
                covariance = mstep.multiplier_loss(
                    values.alpha_covariance, s.epsilon_covariance, part.kl_covariance
                )
                total = total + mean + covariance
            return total, dual

        gradient, (_, dual) = torch.func.grad_and_value(loss, has_aux=True)(multipliers.parameters)
        finite = torch.isfinite(dual) & torch.isfinite(gradient[0])
        first = torch.arange(gradient.shape[0], device=gradient.device) == 0
        frozen = first & ~finite
        gradient = torch.where(frozen, 0.0, gradient)
        stepped = adam_step(multipliers, gradient, s.dual_learning_rate)
        stepped = Adam(
            *(torch.where(frozen, old, new) for old, new in zip(multipliers, stepped, strict=True))
        )
        bounded = stepped.parameters.clamp(min=estep.MINIMUM_RAW)
        overflow = 1.0 - finite.to(dual.dtype)
        return stepped._replace(parameters=bounded), torch.where(finite, dual, 0.0), overflow
