"""Erratum 8: the stable form of the dual as SR (14) prints it, without η before the log and μ(s).

With SR's Q_max read as max_a Q/η its term η ∫ Q_max is right. Without η before the logarithm the
whole grows with η, so that its minimiser is the lower end of the range: a temperature of zero.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from mpo.algorithm.estep.duals import stable
from mpo.theory.check import Check
from mpo.theory.primal import Problem, Solver, random_problem

PROBLEMS = 16
LEAST, MOST = 1e-3, 1e2
"""Range in which a dual is minimised."""
METHOD = "optimum and multiplier of the primal, solved by CVXPY and Clarabel"


def printed_dual(problem: Problem, eta: float) -> float:
    """SR (14): η ε + η Σ_s Q_max(s) + Σ_s log Σ_a π exp(Q/η - Q_max(s)), Q_max = max_a Q/η."""
    highest = (problem.q / eta).max(1)
    sums = (problem.policy * np.exp(problem.q / eta - highest[:, None])).sum(1)
    return float(eta * problem.epsilon + eta * highest.sum() + np.log(sums).sum())


def unweighted_dual(problem: Problem, eta: float) -> float:
    """The same with η put back before the logarithm, so that μ(s) alone is missing."""
    highest = (problem.q / eta).max(1)
    sums = (problem.policy * np.exp(problem.q / eta - highest[:, None])).sum(1)
    return float(eta * problem.epsilon + eta * highest.sum() + eta * np.log(sums).sum())


def trained_dual(problem: Problem, eta: float) -> float:
    """The stable dual that training uses; the policy is uniform, actions are its samples."""
    value = stable.dual(
        torch.from_numpy(problem.q.T.copy()),
        torch.tensor(eta, dtype=torch.float64),
        problem.epsilon,
        torch.from_numpy(problem.state_weights),
    )
    return float(value)


def minimum(dual: Callable[[Problem, float], float], problem: Problem) -> tuple[float, float]:
    """(η, value) where `dual` is least for η in the range, by SciPy's bounded search in log η."""
    found = minimize_scalar(
        lambda log_eta: dual(problem, float(np.exp(log_eta))),
        bounds=(np.log(LEAST), np.log(MOST)),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(np.exp(found.x)), float(found.fun)


def errors(
    dual: Callable[[Problem, float], float], states: int, seed: int = 8
) -> tuple[float, float]:
    """Largest error over random problems of the minimum, and of log η there (natural units)."""
    rng, solver = np.random.default_rng(seed), Solver(states, 6)
    values, temperatures = [], []
    for _ in range(PROBLEMS):
        problem = random_problem(rng, states, 6)._replace(policy=np.full((states, 6), 1.0 / 6.0))
        primal = solver.solve(problem)
        eta, least = minimum(dual, problem)
        values.append(abs(least - primal.value))
        temperatures.append(abs(np.log(eta / primal.temperature)))
    return float(max(values)), float(max(temperatures))


def checks() -> list[Check]:
    """Minimum and minimiser of one state, then the missing μ(s) of four."""
    printed, correct = errors(printed_dual, 1), errors(trained_dual, 1)
    unweighted, weighted = errors(unweighted_dual, 4), errors(trained_dual, 4)
    lost = "ηε + η∫Q_max + ∫ log ∫ π exp(Q/η - Q_max)"
    right = "ηε + η∫Q_max + η ∫ log ∫ π exp(Q/η - Q_max)"
    return [
        Check(
            8,
            "SR (14)",
            lost,
            right,
            f"minimum of the dual against the primal's optimum, {PROBLEMS} problems of one state",
            printed[0],
            correct[0],
            1e-4,
            METHOD,
        ),
        Check(
            8,
            "SR (14)",
            lost,
            right,
            "logarithm of the η of that minimum against the bound's multiplier "
            f"(η searched from {LEAST:g})",
            printed[1],
            correct[1],
            1e-3,
            METHOD,
        ),
        Check(
            8,
            "SR (14)",
            "η ∫ log ∫ π exp(Q/η - Q_max) da ds",
            "η ∫ μ(s) log ∫ π exp(Q/η - Q_max) da ds",
            f"minimum of the dual against the primal's optimum, {PROBLEMS} problems of 4 states",
            unweighted[0],
            weighted[0],
            1e-4,
            METHOD,
        ),
    ]
