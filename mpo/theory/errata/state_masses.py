"""Erratum 3: one normalisation constraint for all states gives each a mass other than one."""

from __future__ import annotations

import numpy as np

from mpo.theory.check import Check
from mpo.theory.primal import Solver, random_problem

PROBLEMS = 12


def mass_errors(problems: int = PROBLEMS, seed: int = 3) -> tuple[float, float]:
    """Largest |Σ_a q(a|s) - 1| under the joint constraint, and under one constraint a state."""
    rng = np.random.default_rng(seed)
    jointly, separately = Solver(4, 5, joint=True), Solver(4, 5)
    joint, apart = [], []
    for _ in range(problems):
        problem = random_problem(rng, states=4, actions=5)
        joint.append(np.abs(jointly.solve(problem).distribution.sum(1) - 1.0).max())
        apart.append(np.abs(separately.solve(problem).distribution.sum(1) - 1.0).max())
    return float(max(joint)), float(max(apart))


def checks() -> list[Check]:
    """The mass that the optimal q has in each state."""
    printed, correct = mass_errors()
    return [
        Check(
            3,
            "P1 App. D.2",
            "∫ μ ∫ q da ds = 1, γ",
            "∫ q(a|s) da = 1, γ(s)",
            f"mass of q in a state against 1, {PROBLEMS} problems of 4 states",
            printed,
            correct,
            1e-6,
            "primal solved by CVXPY and Clarabel under either constraint",
        )
    ]
