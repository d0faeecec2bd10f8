"""MPO on finite processes: exact E-step, exact M-step and any backup, for M processes at once.

An iteration is: sweeps Q ← r + γ E[V(s')] with V the backup of Q at π_i and η, η solved so that
the E-step's mean KL is ε; the E-step's q; the M-step's π_{i+1}. States count alike.

| symbol | name | shape |
|---|---|---|
| Q, π_i | `q`, `policy` | [M, S, A] |
| η | `temperature` | [M] |
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mpo.theory import enumerated
from mpo.theory.enumerated import Values
from mpo.theory.mdp import MDP, action_values, backed_up, optimal_values, state_values

EXACT = 0
"""Number of sweeps that stands for: as many as Q needs to settle."""
MOST_SWEEPS = 300
RESOLVE = 20
"""Sweeps between two solutions of the temperature where Q is made to settle."""
SETTLED = 1e-7
SMALLEST = 1e-12
"""Suboptimality below this is rounding."""


class Schedule(NamedTuple):
    """How an iteration goes."""

    backup: str
    sweeps: int
    iterations: int
    epsilon: float = 0.1
    """Bound of the E-step's mean KL(q || π_i) (P1)."""
    epsilon_mstep: float = 0.1
    """Bound of the M-step's mean KL(π_i || π) (P1's of the mean)."""


def suboptimality(mdp: MDP, schedule: Schedule) -> Float[np.ndarray, "iterations+1 M"]:
    """Mean over states of V* - V^{π_i}, relative to the uniform policy's, by iteration.

    V* and V^{π_i} are exact, whatever Q the iteration had.
    """
    best = optimal_values(mdp)
    policy = np.full_like(mdp.reward, 1.0 / mdp.reward.shape[-1])
    q = np.zeros_like(mdp.reward)
    gaps = [(best - state_values(mdp, policy)).mean(-1)]
    for _ in range(schedule.iterations):
        q, policy = iterate(mdp, schedule, q, policy)
        gaps.append((best - state_values(mdp, policy)).mean(-1))
    return np.maximum(np.stack(gaps) / gaps[0], SMALLEST)


def iterate(mdp: MDP, schedule: Schedule, q: Values, policy: Values) -> tuple[Values, Values]:
    """One iteration: (Q, π_{i+1}) from (Q, π_i)."""
    q = evaluate(mdp, schedule, q, policy)
    temperature = enumerated.solve_temperature(q, policy, schedule.epsilon)
    target = enumerated.weights(q, policy, temperature)
    return q, mstep(target, policy, schedule.epsilon_mstep)


def evaluate(mdp: MDP, schedule: Schedule, q: Values, policy: Values) -> Values:
    """Q after the schedule's sweeps; η is solved anew on Q before each, as training does."""
    if schedule.sweeps == EXACT:
        if schedule.backup == "policy":
            return action_values(mdp, policy)
        return settle(mdp, schedule, q, policy)
    temperature = np.ones(len(q))
    for _ in range(schedule.sweeps):
        if schedule.backup != "policy":  # whose value has no temperature
            temperature = enumerated.solve_temperature(q, policy, schedule.epsilon)
        q = backed_up(mdp, enumerated.value(schedule.backup, q, policy, temperature))
    return q


def settle(mdp: MDP, schedule: Schedule, q: Values, policy: Values) -> Values:
    """Q of many sweeps, until no entry changes by more than 1e-7 or the sweeps run out.

    η is solved every few sweeps, so that at the end Q = r + γ E V(Q) and KL = ε hold together.
    """
    temperature = enumerated.solve_temperature(q, policy, schedule.epsilon)
    for sweep in range(1, MOST_SWEEPS + 1):
        new = backed_up(mdp, enumerated.value(schedule.backup, q, policy, temperature))
        change, q = np.abs(new - q).max(), new
        if sweep % RESOLVE == 0:
            temperature = enumerated.solve_temperature(q, policy, schedule.epsilon)
            if change < SETTLED:
                break
    return q


def mstep(target: Values, policy: Values, epsilon: float, halvings: int = 40) -> Values:
    """max over π of Σ q log π subject to mean KL(π_i || π) <= ε, on tables (P1 eq. 10-12).

    The Lagrangian's solution is π = (q + α π_i) / (1 + α), α = 0 where the bound is slack. The
    KL falls with the share α / (1 + α), which bisection finds.
    """
    low, high = np.zeros(len(target)), np.ones(len(target))
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        above = kl(policy, mixture(target, policy, middle)) > epsilon
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    slack = kl(policy, target) <= epsilon
    return mixture(target, policy, np.where(slack, 0.0, high))


def mixture(target: Values, policy: Values, share: Float[np.ndarray, " M"]) -> Values:
    """(1 - share) q + share π_i."""
    part = share[:, None, None]
    return (1.0 - part) * target + part * policy


def kl(first: Values, second: Values) -> Float[np.ndarray, " M"]:
    """Mean over states of KL(first || second)."""
    least = enumerated.LEAST_PROBABILITY
    ratio = np.log(np.maximum(first, least)) - np.log(np.maximum(second, least))
    return (first * ratio).sum(-1).mean(-1)
