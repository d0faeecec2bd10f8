"""V_policy <= V_soft <= V_improved, and the gap between the last two at the exact temperature.

At the η that solves the E-step, the mean over states of V_improved - V_soft = η KL is η ε. That
η is the multiplier of the KL's bound in the primal, as the convex solver gives it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from mpo.algorithm.policy_evaluation.backups import improved, policy, soft
from mpo.theory.primal import Solver, random_problem

BACKUPS = {"policy": policy, "soft": soft, "improved": improved}
TEMPERATURES = np.logspace(-2.0, 2.0, 81)
STATES, ACTIONS, PROBLEMS = 6, 20, 40


def values_by_temperature(seed: int = 12) -> pd.DataFrame:
    """V of one state with 20 samples of Q from N(0, 1): temperature, backup, value."""
    q = torch.from_numpy(np.random.default_rng(seed).normal(size=(ACTIONS, 1)))
    rows = []
    for temperature in TEMPERATURES:
        eta = torch.tensor(temperature, dtype=torch.float64)
        for name, module in BACKUPS.items():
            value = float(module.value(q, eta)[0])
            rows.append({"temperature": temperature, "backup": name, "value": value})
    return pd.DataFrame(rows)


def gaps(problems: int = PROBLEMS, seed: int = 13) -> pd.DataFrame:
    """Of random problems: epsilon, temperature (the solver's multiplier), expected η ε, gap.

    The policy is uniform, so that actions count as samples do.
    """
    rng, solver = np.random.default_rng(seed), Solver(STATES, ACTIONS)
    rows = []
    for _ in range(problems):
        problem = random_problem(rng, STATES, ACTIONS)
        problem = problem._replace(
            policy=np.full((STATES, ACTIONS), 1.0 / ACTIONS),
            epsilon=float(np.exp(rng.uniform(np.log(0.01), np.log(1.0)))),
        )
        eta = solver.solve(problem).temperature
        q, temperature = torch.from_numpy(problem.q.T.copy()), torch.tensor(eta).double()
        gap = (improved.value(q, temperature) - soft.value(q, temperature)).numpy()
        rows.append(
            {
                "epsilon": problem.epsilon,
                "temperature": eta,
                "expected": eta * problem.epsilon,
                "gap": float(problem.state_weights @ gap),
            }
        )
    return pd.DataFrame(rows)
