"""Faults put into the mathematics by hand: a sign, a reduction, a stop-gradient, an index.

Each is an edit of one place in one module, the tests of whose room must notice it.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """In `mpo/<module>`, the text `old`, which stands there once, becomes `new`."""

    module: str
    old: str
    new: str
    fault: str
    """What the edit breaks, in words."""


MUTANTS = (
    Mutant(
        "algorithm/estep/weights.py",
        "exponentials = exponents(q, temperature)",
        "exponentials = exponents(-q, temperature)",
        "sign of Q in the weights, as printed in P1's appendix",
    ),
    Mutant(
        "algorithm/estep/weights.py",
        "exponentials / exponentials.sum(0)",
        "exponentials / exponentials.sum(1, keepdim=True)",
        "weights normalised over states instead of samples",
    ),
    Mutant(
        "algorithm/estep/weights.py",
        "exponentials = exponents(q, temperature)",
        "exponentials = exponents(q, 1.0 / temperature)",
        "weights of Q times the temperature",
    ),
    Mutant(
        "algorithm/estep/weights.py",
        "exponents(q, temperature).exp().mean(0).log()",
        "exponents(q, temperature).exp().sum(0).log()",
        "sum for mean in the soft value",
    ),
    Mutant(
        "algorithm/estep/weights.py",
        "exponent - exponent.exp().mean(0).log()",
        "exponent - (exponent.exp().mean(0) * q.shape[0] ** 2).log()",
        "sign of log N in the KL of the weights",
    ),
    Mutant(
        "algorithm/estep/weights.py",
        "outside.square().sum(-1).sqrt()",
        "outside.square().mean(-1).sqrt()",
        "mean for sum in the action penalty",
    ),
    Mutant(
        "algorithm/estep/weights.py",
        "return -outside.square()",
        "return outside.square()",
        "sign of the action penalty",
    ),
    Mutant(
        "algorithm/estep/forms/parametric.py",
        "(q - q.mean(0)) / (q.shape[0] - 1)",
        "(q + q.mean(0)) / (q.shape[0] - 1)",
        "sign of the parametric E-step's baseline",
    ),
    Mutant(
        "algorithm/estep/forms/parametric.py",
        "kl_covariance_terms(covariance, policy.scale, target.scale)",
        "kl_covariance_terms(covariance, target.scale, policy.scale)",
        "direction of the parametric E-step's KL",
    ),
    Mutant(
        "algorithm/mstep/lagrangian.py",
        "(weights * log_likelihood).sum(0)",
        "(weights * log_likelihood).mean(0)",
        "likelihood meant over samples",
    ),
    Mutant(
        "algorithm/mstep/lagrangian.py",
        "return -(state_weights * (weights",
        "return (state_weights * (weights",
        "sign of the likelihood",
    ),
    Mutant(
        "algorithm/mstep/lagrangian.py",
        "(alpha * (epsilon - kl.detach()))",
        "(alpha * (kl.detach() - epsilon))",
        "sign of a multiplier's loss",
    ),
    Mutant(
        "algorithm/mstep/lagrangian.py",
        "(epsilon - kl.detach())",
        "(epsilon - kl)",
        "no stop-gradient on the KL in a multiplier's loss",
    ),
    Mutant(
        "algorithm/mstep/lagrangian.py",
        "(alpha * (epsilon",
        "(alpha.detach() * (epsilon",
        "a stop-gradient on the multiplier in its own loss",
    ),
    Mutant(
        "algorithm/mstep/lagrangian.py",
        "state_weights @ terms",
        "state_weights @ terms / terms.shape[0]",
        "KL divided by the number of states twice",
    ),
    Mutant(
        "algorithm/mstep/likelihoods/decoupled.py",
        "Gaussian(policy.mean, target.scale)",
        "Gaussian(policy.mean, policy.scale)",
        "the mean's half moves the covariance too",
    ),
    Mutant(
        "algorithm/mstep/likelihoods/decoupled.py",
        "policy.mean - target.mean, target.scale)",
        "policy.mean - target.mean, policy.scale)",
        "the decoupled mean's KL in the online covariance",
    ),
    Mutant(
        "algorithm/mstep/likelihoods/joint.py",
        "policy.mean - target.mean, policy.scale)",
        "policy.mean - target.mean, target.scale)",
        "the joint mean's KL in the target's covariance",
    ),
    Mutant(
        "algorithm/gaussian.py",
        "log_ratio = halves(second) - halves(first)",
        "log_ratio = halves(first) - halves(second)",
        "sign of the log-determinants in C_Σ",
    ),
    Mutant(
        "algorithm/policy_evaluation/backups/policy.py",
        "return q.mean(0)",
        "return q.sum(0)",
        "sum for mean in the policy backup",
    ),
    Mutant(
        "algorithm/policy_evaluation/backups/improved.py",
        "(estep_weights(q, temperature) * q).sum(0)",
        "(estep_weights(q, temperature) * q).mean(0)",
        "mean for sum in the improved backup",
    ),
    Mutant(
        "algorithm/policy_evaluation/backups/soft.py",
        "return log_mean_exp(q, temperature)",
        "return log_mean_exp(q, temperature.detach())",
        "a stop-gradient on the temperature in the soft value",
    ),
    Mutant(
        "algorithm/policy_evaluation/backups/soft.py",
        "return log_mean_exp(q, temperature)",
        "return -log_mean_exp(-q, temperature)",
        "sign: the soft minimum",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/retrace.py",
        "transitions.reward + discount * alive * value - action_value",
        "transitions.reward + alive * value - action_value",
        "no discount before V in Retrace, as printed in P1",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/retrace.py",
        "live * trace[t + 1] * accumulated",
        "live * trace[t] * accumulated",
        "Retrace cut by the ratio of the wrong step",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/retrace.py",
        "transitions.log_ratio.clamp(max=0.0).exp()",
        "transitions.log_ratio.exp()",
        "ratios of Retrace not cut at 1",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/retrace.py",
        "alive * value - action_value",
        "alive * value + action_value",
        "sign of Q' in Retrace's error",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/retrace.py",
        "error[t] + discount * live * trace",
        "error[t] + discount * trace",
        "Retrace goes on beyond an episode's end",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/n_step.py",
        "total + factor * alive * transitions.value[0]",
        "total + factor * transitions.value[0]",
        "a value behind a termination in n-step returns",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/n_step.py",
        "torch.where(valid[t] > 0, factor * discount, factor)",
        "factor * discount",
        "n-step returns discount steps that do not exist",
    ),
    Mutant(
        "algorithm/policy_evaluation/returns/td0.py",
        "alive = 1.0 - transitions.terminated",
        "alive = transitions.terminated",
        "TD(0) bootstraps where the episode terminated, and there alone",
    ),
    Mutant(
        "algorithm/estep/duals/stable.py",
        "(state_weights * log_mean_exp(q, temperature)).sum()",
        "(state_weights * temperature * (q / temperature).exp().sum(0).log()).sum()",
        "sum for mean in the dual",
    ),
    Mutant(
        "algorithm/estep/duals/stable.py",
        "log_mean_exp(q, temperature)",
        "log_mean_exp(q.detach(), temperature)",
        "a stop-gradient on Q in the dual",
    ),
    Mutant(
        "algorithm/policy_evaluation/evaluation.py",
        "log_prob(covariance, before, taken) - behaviour",
        "behaviour - log_prob(covariance, before, taken)",
        "the importance ratio of Retrace upside down",
    ),
    Mutant(
        "algorithm/policy_evaluation/evaluation.py",
        "error = targets - self.networks.q_values(parameters, observation, taken)",
        "error = targets - self.networks.q_values(parameters, observation, taken).detach()",
        "a stop-gradient on the critic",
    ),
    Mutant(
        "algorithm/update.py",
        'if s.multiplier_step == "before"',
        'if s.multiplier_step == "together"',
        "order of the multipliers' and the policy's step",
    ),
)
