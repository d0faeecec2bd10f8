"""Policy evaluation: sample at a batch's states, value the samples, and regress the critic.

Source: P1 section 4 and eq. 13. A batch is S sequences of U decisions, B = U·S pairs
(s_t, a_t). N actions are sampled at each of its B successor states; these same samples give V
there, the E-step's weights and the M-step's likelihood.

| symbol | name | shape |
|---|---|---|
| π_i(.|s), a_j ~ π_i(.|s) | `Evaluation.target`, `.actions` | [B, A], [N, B, A] |
| Q'(s, a_j) | `Evaluation.q` | [N, B] |
| ρ_s of pairs, of successors | `state_weights`, `successor_weights` | [B] |
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.computing.optimiser import Adam, adam_step, clip_by_norm
from mpo.algorithm.gaussian import Gaussian, log_prob, sample
from mpo.algorithm.networks import Networks, Parameters, unflatten
from mpo.algorithm.policy_evaluation.returns import Transitions


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


class Targets(NamedTuple):
    """What the critic regresses on, and V at the successors (backups, returns)."""

    action_value: Float[Tensor, " B"]
    value: Float[Tensor, " B"]
    look_ahead: Float[Tensor, " B"]
    """Steps whose rewards a target counts, each in so far as its trace is left."""


class CriticStep(NamedTuple):
    """The critic after its step, with what the step saw."""

    critic: Adam
    loss: Float[Tensor, ""]
    error: Float[Tensor, " B"]
    """Target - Q(s_t, a_t)."""
    gradient_norm: Float[Tensor, ""]
    """Before clipping."""


def state_weights(batch: Batch) -> Float[Tensor, " B"]:
    """ρ: equal over the valid pairs of a batch, 0 for padding; adds up to 1."""
    valid = batch.valid[: batch.action.shape[0]].reshape(-1)
    return valid / valid.sum()


def successor_weights(batch: Batch) -> Float[Tensor, " B"]:
    """ρ over the successors that are states: 0 too where the episode terminated on the way there.

    What E-step, dual and M-step average over; adds up to 1, or to 0 where all have terminated.
    """
    regressed = batch.action.shape[0]
    ended = batch.valid * batch.terminated
    if regressed < len(ended):  # one successor for all steps of a sequence
        ended = ended.amax(0, keepdim=True)
    living = (batch.valid[:regressed] * (1.0 - ended)).reshape(-1)
    return living / living.sum().clamp(min=1.0)


class PolicyEvaluation:
    """The critic's side of one run's settings; holds options and shapes, no state."""

    def __init__(self, networks: Networks) -> None:
        """Look up the options that the settings name."""
        self.networks = networks
        self.settings = s = networks.settings
        self.covariance = networks.covariance
        self.samples_online = s.option("estep").SAMPLES_ONLINE
        self.backup = s.option("backup")
        self.returns = s.option("returns")
        self.critic_loss = s.option("critic_loss").loss
        self.policy_shapes = networks.policy_shapes()
        self.critic_shapes = networks.critic_shapes()

    def evaluate(
        self,
        target_policy: Float[Tensor, " P"],
        target_critic: Float[Tensor, " Q"],
        online_policy: Float[Tensor, " P"],
        batch: Batch,
        noise: Float[Tensor, "N B A"],
    ) -> Evaluation:
        """Sample actions at the successors and value them; no gradient flows through it.

        Only an E-step that samples from the policy it fits reads `online_policy`.
        """
        networks, covariance = self.networks, self.covariance
        policy = unflatten(target_policy, self.policy_shapes)
        critic = unflatten(target_critic, self.critic_shapes)
        pairs = batch.action.shape[0] * batch.action.shape[1]
        observation = batch.observation.flatten(0, 1)
        if self.returns.NEEDS_ACTION_VALUE:
            taken = batch.action.flatten(0, 1)
            everywhere = networks.policy(policy, observation)
            state_part = networks.critic_state_part(critic, observation)
            before = Gaussian(everywhere.mean[:pairs], everywhere.scale[:pairs])
            target = Gaussian(everywhere.mean[-pairs:], everywhere.scale[-pairs:])
            action_value = networks.critic_values(critic, state_part[:, :pairs], taken)
            behaviour = batch.behaviour_log_prob.flatten()
            log_ratio = log_prob(covariance, before, taken) - behaviour
            state_part = state_part[:, -pairs:]
        else:
            target = networks.policy(policy, observation[-pairs:])
            state_part = networks.critic_state_part(critic, observation[-pairs:])
            action_value = log_ratio = torch.zeros_like(observation[:pairs, 0])
        actions = sample(covariance, target, noise)
        q = networks.critic_values(critic, state_part, actions)
        fitted_actions, fitted_q = actions, q
        if self.samples_online:
            online = unflatten(online_policy, self.policy_shapes)
            fitted_actions = sample(
                covariance, networks.policy(online, observation[-pairs:]), noise
            )
            fitted_q = networks.critic_values(critic, state_part, fitted_actions)
        return Evaluation(target, actions, q, action_value, log_ratio, fitted_actions, fitted_q)

    def targets(
        self, batch: Batch, evaluation: Evaluation, temperature: Float[Tensor, ""]
    ) -> Targets:
        """The critic's targets under the backup and the returns of the settings.

        Traces are cut by π_i's ratio whatever the backup evaluates (P1 eq. 13), so that variants
        that differ in the backup look ahead equally far. Where Q = E[r + γ V(s')], each error δ has
        mean zero given its state and action, so that Q stays whatever the traces are; that it is
        reached was shown for traces up to the ratio of the policy evaluated (Munos et al. 2016),
        which for q is π_i's but for the bound ε on KL(q || π_i).
        """
        shape = batch.action.shape[:2]
        value = self.backup.value(evaluation.q, temperature).unflatten(0, shape)
        action_value = evaluation.action_value.unflatten(0, shape)
        log_ratio = evaluation.log_ratio.unflatten(0, shape)
        transitions = Transitions(
            batch.reward, batch.terminated, batch.valid, value, action_value, log_ratio
        )
        targets = self.returns.targets(transitions, self.settings.discount)
        look_ahead = self.returns.look_ahead(transitions)
        return Targets(targets.flatten(), value.flatten(), look_ahead.flatten())

    def step(
        self, critic: Adam, batch: Batch, targets: Float[Tensor, " B"], rho: Float[Tensor, " B"]
    ) -> CriticStep:
        """Regress Q(s_t, a_t) on the targets."""
        observation = batch.observation[:-1].flatten(0, 1)
        taken = batch.action.flatten(0, 1)

        def loss(parameters: Parameters) -> tuple[Tensor, Tensor]:
            error = targets - self.networks.q_values(parameters, observation, taken)
            return (rho * self.critic_loss(error)).sum(), error

        parameters = unflatten(critic.parameters, self.critic_shapes)
        gradients, (value, error) = torch.func.grad_and_value(loss, has_aux=True)(parameters)
        gradient = torch.cat([piece.reshape(-1) for piece in gradients.values()])
        gradient, norm = clip_by_norm(gradient, self.settings.critic_gradient_clip)
        stepped = adam_step(critic, gradient, self.settings.critic_learning_rate)
        return CriticStep(stepped, value, error, norm)
