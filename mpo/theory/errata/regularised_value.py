"""Erratum 10: the regularised Q needs the expectation over s' and the term -α KL.

P1's sentence after (6) has Q = r + γ V(s), without the expectation over the successor; SR (4)
drops -α KL from the value. The truth here is the definition: rewards less α KL, added up along
all futures at once, with no Bellman equation in it.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from mpo.algorithm.policy_evaluation.backups import soft
from mpo.theory.check import Check
from mpo.theory.mdp import MDP, backed_up, random_mdps

ALPHA = 0.5
"""α, P1's weight of the KL, held fixed."""
STEPS = 400


def soft_fixed_point(mdp: MDP) -> tuple[Float[np.ndarray, "S A"], Float[np.ndarray, " S"]]:
    """(Q, V) with Q = r + γ E V and V the backup `soft` of Q, π_i uniform, by repeated backups."""
    q, temperature = np.zeros_like(mdp.reward), torch.tensor(ALPHA, dtype=torch.float64)
    values = np.zeros(len(q))
    for _ in range(STEPS):
        values = soft.value(torch.from_numpy(q.T.copy()), temperature).numpy()
        q = backed_up(mdp, values)
    return q, values


def summed(mdp: MDP, policy: Float[np.ndarray, "S A"], alpha: float) -> Float[np.ndarray, "S A"]:
    """Q(s,a) = r(s,a) + Σ_{t>=1} γ^t E[r_t - α KL(q(.|s_t) || uniform)], the sum to 400 terms.

    The distribution of s_t is carried forward from each pair (s, a).
    """
    actions = policy.shape[-1]
    kl = (policy * np.log(policy * actions)).sum(-1)
    gain = (policy * mdp.reward).sum(-1) - alpha * kl
    matrix = np.einsum("sa,sat->st", policy, mdp.transition)
    reached, total = mdp.transition, mdp.reward.copy()
    for t in range(1, STEPS):
        total = total + mdp.discount**t * reached @ gain
        reached = reached @ matrix
    return total


def problem() -> MDP:
    """A random process of 4 states and 3 actions at γ = 0.9."""
    return random_mdps(np.random.default_rng(10), 1, 4, 3, 0.9)[0]


def expectation_errors(mdp: MDP) -> tuple[float, float]:
    """Error of r + γ V without and with the expectation over s'.

    Without it two readings are open, V of the same state and V of one drawn successor; the one
    with the smaller error counts, the second by its root mean square over successors.
    """
    q, values = soft_fixed_point(mdp)
    truth = summed(mdp, best_policy(q), ALPHA)
    same_state = np.abs(mdp.reward + mdp.discount * values[:, None] - truth).max()
    drawn = mdp.reward[..., None] + mdp.discount * values
    spread = np.sqrt((mdp.transition * (drawn - truth[..., None]) ** 2).sum(-1)).max()
    return float(min(same_state, spread)), float(np.abs(q - truth).max())


def regulariser_errors(mdp: MDP) -> tuple[float, float]:
    """Error of the same policy's Q without -α KL, and of the fixed point of the backup `soft`."""
    q, _ = soft_fixed_point(mdp)
    policy = best_policy(q)
    truth = summed(mdp, policy, ALPHA)
    return float(np.abs(summed(mdp, policy, 0.0) - truth).max()), float(np.abs(q - truth).max())


def best_policy(q: Float[np.ndarray, "S A"]) -> Float[np.ndarray, "S A"]:
    """The maximiser of E_q[Q] - α KL(q || uniform)."""
    weights = np.exp((q - q.max(-1, keepdims=True)) / ALPHA)
    return weights / weights.sum(-1, keepdims=True)


def checks() -> list[Check]:
    """The expectation over s', then -α KL."""
    expectation, regulariser = expectation_errors(problem()), regulariser_errors(problem())
    method = f"discounted rewards and KLs of all futures summed over {STEPS} steps"
    return [
        Check(
            10,
            "P1, sentence after (6)",
            "Q = r + γ V(s)",
            "Q = r + γ E[V(s')]",
            "regularised Q, the nearer of two readings (V of s, V of one successor)",
            expectation[0],
            expectation[1],
            1e-8,
            method,
        ),
        Check(
            10,
            "SR (4)",
            "Q = E Σ γ^t r_t",
            "Q = E Σ γ^t (r_t - α KL_t)",
            f"regularised Q at α = {ALPHA:g}",
            regulariser[0],
            regulariser[1],
            1e-8,
            method,
        ),
    ]
