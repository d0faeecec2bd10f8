"""Finite Markov decision processes, solved exactly; M of them at once where axes lead.

| symbol | name | shape |
|---|---|---|
| P(s'|s,a) | `transition` | [..., S, A, S] |
| r(s,a) | `reward` | [..., S, A] |
| π(a|s) | `policy` | [..., S, A] |
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class MDP:
    """One process, or several of equal size along leading axes."""

    transition: Float[np.ndarray, "*M S A S"]
    reward: Float[np.ndarray, "*M S A"]
    discount: float

    def __getitem__(self, index) -> MDP:
        """The processes at `index` of the leading axes."""
        return MDP(self.transition[index], self.reward[index], self.discount)


def random_mdps(
    rng: np.random.Generator,
    count: int,
    states: int,
    actions: int,
    discount: float,
    concentration: float = 1.0,
) -> MDP:
    """Rewards from N(0, 1), successors' probabilities from a symmetric Dirichlet.

    A small `concentration` makes transitions nearly deterministic.
    """
    shape = (count, states, actions)
    transition = rng.dirichlet(np.full(states, concentration), size=shape)
    return MDP(transition, rng.normal(size=shape), discount)


def garnet_mdps(
    rng: np.random.Generator,
    count: int,
    states: int,
    actions: int,
    discount: float,
    successors: int,
    density: float,
) -> MDP:
    """Garnet problems (Archibald, McKinnon and Thomas 1995): few successors, few rewards.

    Each pair (s, a) has `successors` drawn states with probabilities from a flat Dirichlet, and
    a share `density` of the pairs has a reward from N(0, 1), the others none.
    """
    shape = (count, states, actions)
    keys = rng.random((*shape, states)).argsort(-1)[..., :successors]
    transition = np.zeros((*shape, states))
    np.put_along_axis(transition, keys, rng.dirichlet(np.ones(successors), size=shape), -1)
    reward = rng.normal(size=shape) * (rng.random(shape) < density)
    return MDP(transition, reward, discount)


def action_values(mdp: MDP, policy: Float[np.ndarray, "*M S A"]) -> Float[np.ndarray, "*M S A"]:
    """Q^π by solving (1 - γ P_π) V = r_π."""
    values = state_values(mdp, policy)
    return backed_up(mdp, values)


def state_values(mdp: MDP, policy: Float[np.ndarray, "*M S A"]) -> Float[np.ndarray, "*M S"]:
    """V^π, by a linear solve."""
    matrix = np.einsum("...sa,...sat->...st", policy, mdp.transition)
    reward = (policy * mdp.reward).sum(-1)
    system = np.eye(matrix.shape[-1]) - mdp.discount * matrix
    return np.linalg.solve(system, reward[..., None])[..., 0]


def backed_up(mdp: MDP, values: Float[np.ndarray, "*M S"]) -> Float[np.ndarray, "*M S A"]:
    """r + γ E[V(s')]."""
    return mdp.reward + mdp.discount * np.einsum("...sat,...t->...sa", mdp.transition, values)


def optimal_values(mdp: MDP, iterations: int = 100) -> Float[np.ndarray, "*M S"]:
    """V*, by Howard's policy iteration, which ends after finitely many.

    Raises RuntimeError where the greedy policy still changes values after `iterations`.
    """
    actions = mdp.reward.shape[-1]
    q = mdp.reward
    last = None
    for _ in range(iterations):
        values = state_values(mdp, np.eye(actions)[q.argmax(-1)])
        if last is not None and np.abs(values - last).max() <= 1e-9:
            return values
        q, last = backed_up(mdp, values), values
    raise RuntimeError(f"policy iteration did not end in {iterations} iterations")
