"""Erratum 6: Retrace with and without γ before E_π[Q'(s_{j+1}, .)].

On a random process every trajectory of T steps can be written down, with its probability under
the behaviour policy, so that the expectation of the target is a finite sum. Q^π comes from a
linear solve. Training's own `retrace.targets` computes both: without γ by way of V/γ.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from mpo.algorithm.policy_evaluation.returns import Transitions, retrace
from mpo.theory.check import Check
from mpo.theory.mdp import MDP, action_values, random_mdps

STATES, ACTIONS, STEPS = 3, 2, 4
SWEEPS = 100


class Trajectories(NamedTuple):
    """Every (s_0, a_0, s_1, ..., s_T), K in all, and its probability given (s_0, a_0)."""

    states: Int[np.ndarray, "T+1 K"]
    actions: Int[np.ndarray, "T K"]
    probability: Float[np.ndarray, " K"]


class Evaluation(NamedTuple):
    """A process, the policy to evaluate, the one that behaves, and its trajectories."""

    mdp: MDP
    policy: Float[np.ndarray, "S A"]
    behaviour: Float[np.ndarray, "S A"]
    paths: Trajectories


def evaluation(seed: int = 6) -> Evaluation:
    """A random one, at γ = 0.9."""
    rng = np.random.default_rng(seed)
    mdp = random_mdps(rng, 1, STATES, ACTIONS, 0.9)[0]
    policy, behaviour = rng.dirichlet(np.ones(ACTIONS), size=(2, STATES))
    return Evaluation(mdp, policy, behaviour, enumerate_trajectories(mdp, behaviour))


def enumerate_trajectories(mdp: MDP, behaviour: Float[np.ndarray, "S A"]) -> Trajectories:
    """All trajectories of T steps."""
    pairs = list(itertools.product(range(STATES), range(ACTIONS)))
    paths = itertools.product(itertools.product(pairs, repeat=STEPS), range(STATES))
    columns = np.array([[*itertools.chain(*steps), last] for steps, last in paths]).T
    states, actions = columns[0::2], columns[1::2]
    probability = np.ones(columns.shape[1])
    for t in range(STEPS):
        probability *= mdp.transition[states[t], actions[t], states[t + 1]]
        if t > 0:
            probability *= behaviour[states[t], actions[t]]
    return Trajectories(states, actions, probability)


def expected_targets(
    problem: Evaluation, q: Float[np.ndarray, "S A"], discounted: bool = True
) -> Float[np.ndarray, "S A"]:
    """E_b[Q_ret(s_0, a_0)] for every pair, with γ before V or without."""
    mdp, policy, behaviour, paths = problem
    first, after = paths.states[:-1], paths.states[1:]
    values = (policy * q).sum(-1) / (1.0 if discounted else mdp.discount)
    ratio = np.log(policy) - np.log(behaviour)
    batch = Transitions(
        reward=torch.from_numpy(mdp.reward[first, paths.actions]),
        terminated=torch.zeros(first.shape, dtype=torch.float64),
        valid=torch.ones(first.shape, dtype=torch.float64),
        value=torch.from_numpy(values[after]),
        action_value=torch.from_numpy(q[first, paths.actions]),
        log_ratio=torch.from_numpy(ratio[first, paths.actions]),
    )
    target = retrace.targets(batch, mdp.discount)[0].numpy()
    expected = np.zeros_like(q)
    np.add.at(expected, (paths.states[0], paths.actions[0]), paths.probability * target)
    return expected


def errors(sweeps: int) -> tuple[float, float]:
    """Largest |Q - Q^π| without γ and with it, after `sweeps` updates from Q = 0.

    With 0 sweeps: what one update makes of Q^π itself, which must stay as it is.
    """
    problem = evaluation()
    truth = action_values(problem.mdp, problem.policy)
    found = []
    for discounted in (False, True):
        q = np.zeros_like(truth) if sweeps else truth
        for _ in range(max(sweeps, 1)):
            q = expected_targets(problem, q, discounted)
        found.append(float(np.abs(q - truth).max()))
    return found[0], found[1]


def checks() -> list[Check]:
    """Whether Q^π is a fixed point, and where updates lead."""
    fixed, led = errors(0), errors(SWEEPS)
    printed, correct = "r_j + E_π Q'(s_{j+1}, .) - Q'", "r_j + γ E_π Q'(s_{j+1}, .) - Q'"
    method = "Q^π by a linear solve; the target summed over every trajectory of 4 steps"
    return [
        Check(
            6,
            "P1 (13), SR (11)",
            printed,
            correct,
            "expected Retrace target at Q' = Q^π against Q^π",
            *fixed,
            1e-8,
            method,
        ),
        Check(
            6,
            "P1 (13), SR (11)",
            printed,
            correct,
            f"Q after {SWEEPS} updates from 0 against Q^π",
            *led,
            1e-6,
            method,
        ),
    ]
