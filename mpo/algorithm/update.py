"""One update of MPO: policy evaluation, E-step, M-step, and the optimisers' steps.

`update` is a pure function of the learner's state, a batch and noise; it compiles as one graph.
With a solver for the dual (`dual_solver: newton`, `slsqp`) the graph is cut in two, between
`evaluate` and `improve`, and the temperature is solved in between.
"""

from typing import Any, NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm import metrics
from mpo.algorithm.batch import Batch
from mpo.algorithm.computing.optimiser import Adam, adam_step, clip_by_norm
from mpo.algorithm.dual_variables import DualVariables
from mpo.algorithm.estep.weights import estep_weights, penalty_costs
from mpo.algorithm.gaussian import Gaussian
from mpo.algorithm.mstep.lagrangian import MStep, likelihood_loss, mean_over_states
from mpo.algorithm.multipliers import Multipliers, unpack
from mpo.algorithm.networks import Networks, Parameters, unflatten
from mpo.algorithm.policy_evaluation.evaluation import (
    Evaluation,
    PolicyEvaluation,
    state_weights,
    successor_weights,
)


class State(NamedTuple):
    """Everything that updates change: parameters with their optimisers, and the targets."""

    policy: Adam
    critic: Adam
    multipliers: Adam
    target_policy: Float[Tensor, " P"]
    target_critic: Float[Tensor, " Q"]


class Update:
    """The update of one run's settings; holds options and shapes, no state."""

    def __init__(self, networks: Networks) -> None:
        """Look up the options that the settings name."""
        self.networks = networks
        self.settings = s = networks.settings
        self.covariance = networks.covariance
        self.estep = s.option("estep")
        self.likelihood = s.option("likelihood")
        self.constraints = s.option("kl").constraints
        self.policy_evaluation = PolicyEvaluation(networks)
        self.dual_variables = DualVariables(s)
        self.policy_shapes = networks.policy_shapes()

    def __call__(
        self, state: State, batch: Batch, noise: Float[Tensor, "N B A"]
    ) -> tuple[State, Float[Tensor, " M"]]:
        """A whole update whose temperature is the multiplier as it stood before the step."""
        temperature = unpack(state.multipliers.parameters).temperature
        evaluation = self.evaluate(state, batch, noise)
        return self.improve(state, batch, evaluation, temperature, torch.zeros_like(temperature))

    def evaluate(self, state: State, batch: Batch, noise: Float[Tensor, "N B A"]) -> Evaluation:
        """Sample actions at the successors and value them, with the target networks."""
        policies = state.target_policy, state.target_critic, state.policy.parameters
        with torch.no_grad():
            return self.policy_evaluation.evaluate(*policies, batch, noise)

    def improve(
        self,
        state: State,
        batch: Batch,
        evaluation: Evaluation,
        temperature: Float[Tensor, ""],
        at_floor: Float[Tensor, ""],
    ) -> tuple[State, Float[Tensor, " M"]]:
        """Step critic, multipliers and policy on one evaluated batch; report `metrics`."""
        s = self.settings
        rho, living = state_weights(batch), successor_weights(batch)
        targets = self.policy_evaluation.targets(batch, evaluation, temperature)
        critic = self.policy_evaluation.step(state.critic, batch, targets.action_value, rho)

        weights = self.estep.weights(evaluation.fitted_q, temperature)
        multipliers = unpack(state.multipliers.parameters)
        penalty = penalty_costs(evaluation.actions)
        if s.action_penalty:
            weights = weights + estep_weights(penalty, multipliers.penalty_temperature)

        part, pull_back, policy = self._lagrangian(state.policy, batch, evaluation, weights, living)
        duals = self.dual_variables.step(state.multipliers, evaluation.q, penalty, part, living)
        alphas = unpack(
            duals.multipliers.parameters
            if s.multiplier_step == "before"
            else state.multipliers.parameters
        )
        if s.multipliers == "zero":
            alphas = Multipliers(*(torch.zeros_like(alpha) for alpha in alphas))
        one = torch.ones_like(part.likelihood_loss)
        (gradients,) = pull_back(MStep(one, alphas.alpha_mean, alphas.alpha_covariance))
        gradient = torch.cat([piece.reshape(-1) for piece in gradients.values()])
        gradient, policy_norm = clip_by_norm(gradient, s.policy_gradient_clip)

        reported = {
            **metrics.of_estep(
                s,
                self.estep.HAS_TEMPERATURE,
                evaluation.q,
                evaluation.actions,
                temperature,
                living,
            ),
            **metrics.of_mstep(s, multipliers, part, (alphas.alpha_mean, alphas.alpha_covariance)),
            **metrics.of_policy(self.covariance, policy, living),
            "loss_critic": critic.loss,
            "loss_temperature": duals.dual,
            "dual_overflows": duals.overflow,
            "dual_at_floor": at_floor,
            "value_mean": (living * targets.value).sum(),
            "look_ahead": (rho * targets.look_ahead).sum(),
            "bellman_residual": (rho * critic.error.square()).sum().sqrt(),
            "gradient_norm_policy": policy_norm,
            "gradient_norm_critic": critic.gradient_norm,
        }
        new = State(
            adam_step(state.policy, gradient, s.policy_learning_rate),
            critic.critic,
            duals.multipliers,
            state.target_policy,
            state.target_critic,
        )
        return new, torch.stack([reported[name] for name in metrics.METRICS])

    def _lagrangian(
        self,
        policy: Adam,
        batch: Batch,
        evaluation: Evaluation,
        weights: Float[Tensor, "N B"],
        rho: Float[Tensor, " B"],
    ) -> tuple[MStep, Any, Gaussian]:
        """The parts of the M-step's Lagrangian, their transposed Jacobian, and π_θ there."""
        successor = batch.observation[1:].flatten(0, 1)

        def parts(parameters: Parameters) -> tuple[MStep, Gaussian]:
            online = self.networks.policy(parameters, successor)
            likelihood = self.likelihood.log_likelihood(
                self.covariance, online, evaluation.target, evaluation.fitted_actions
            )
            terms = self.estep.kl_terms(self.likelihood, self.covariance, online, evaluation.target)
            kls = (mean_over_states(self.constraints(term), rho) for term in terms)
            return MStep(likelihood_loss(likelihood, weights, rho), *kls), online

        parameters = unflatten(policy.parameters, self.policy_shapes)
        return cast(Any, torch.func.vjp(parts, parameters, has_aux=True))
