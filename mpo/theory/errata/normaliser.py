"""Errata 1 and 2: the sign of the normaliser's exponent in P1's appendix D.2.

Both are alternatives, according to the sign that γ has in the Lagrangian. With γ as in the
Lagrangian that P1 prints, ∂L/∂q = Q - η log(q/π) - (η + γ), so that exp(+(η + γ)/η) = Z, with
Z = Σ_a π exp(Q/η). P1's derivative holds -(η - γ) instead, which is the sign of γ flipped; then
the normaliser is exp(+(η - γ)/η). P1 prints exp(-(η - γ)/η), which is neither.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from mpo.theory.check import Check
from mpo.theory.primal import Primal, Problem, Solver, log_normaliser, mass_rate, random_problem

PROBLEMS = 40
SOLVER_TOLERANCE = 1e-4
METHOD = "primal solved by CVXPY and Clarabel, its multipliers read off; Z by summing"


def exponents(problems: int = PROBLEMS, seed: int = 1) -> pd.DataFrame:
    """The exponents that should equal log Z, on random problems of one state.

    Columns: temperature, normaliser (γ of the printed Lagrangian), mass_rate (the same, measured
    by solving again with another mass), log_z, and the exponents. P1 prints -(η - γ)/η:
    `flipped_printed` with γ's sign flipped and `lagrangian_printed` with γ's sign as in the
    Lagrangian. `flipped_correct` and `lagrangian_correct` are +(η - γ)/η and +(η + γ)/η.
    """
    rng, solver = np.random.default_rng(seed), Solver(states=1, actions=6)
    rows = []
    for _ in range(problems):
        problem = random_problem(rng, states=1, actions=6)
        primal = solver.solve(problem)
        eta, gamma = primal.temperature, float(primal.normaliser[0])
        flipped = -gamma
        rows.append(
            {
                "temperature": eta,
                "normaliser": gamma,
                "mass_rate": mass_rate(solver, problem),
                "log_z": float(log_normaliser(problem, eta)[0]),
                "flipped_printed": -(eta - flipped) / eta,
                "flipped_correct": (eta - flipped) / eta,
                "lagrangian_printed": -(eta - gamma) / eta,
                "lagrangian_correct": (eta + gamma) / eta,
            }
        )
    return pd.DataFrame(rows)


def derivative_errors(problems: int = 8, seed: int = 2) -> tuple[float, float]:
    """Largest error of the constant in ∂L/∂q, as -(η - γ) and as -(η + γ), by autodiff.

    The Lagrangian is differentiated as printed, at a random q and at random multipliers.
    """
    rng = np.random.default_rng(seed)
    printed, correct = [], []
    for _ in range(problems):
        problem = random_problem(rng, states=1, actions=6)
        eta, gamma = rng.uniform(0.2, 2.0, size=2)
        point = rng.dirichlet(np.ones(6), size=1)
        q = torch.tensor(point, requires_grad=True)
        guess = Primal(0.0, point, float(eta), np.array([gamma]))
        (gradient,) = torch.autograd.grad(lagrangian(problem, guess, q), q)
        rest = problem.q - eta * np.log(point / problem.policy)
        constant = gradient.numpy() - rest
        printed.append(np.abs(constant + (eta - gamma)).max())
        correct.append(np.abs(constant + (eta + gamma)).max())
    return float(max(printed)), float(max(correct))


def lagrangian(problem: Problem, at: Primal, q: torch.Tensor) -> torch.Tensor:
    """L(q, η, γ) as P1 prints it, of one state: E_q[Q] + η (ε - KL) + γ (1 - Σ q)."""
    divergence = (q * (q / torch.from_numpy(problem.policy)).log()).sum()
    expected = (q * torch.from_numpy(problem.q)).sum()
    bound = at.temperature * (problem.epsilon - divergence)
    return expected + bound + float(at.normaliser[0]) * (1.0 - q.sum())


def checks() -> list[Check]:
    """The exponent under both signs of γ, the derivative, and γ itself."""
    found = exponents()
    largest = {name: float((found[name] - found["log_z"]).abs().max()) for name in found}
    eta, rate = found["temperature"], found["mass_rate"]
    printed = eta + eta * found["log_z"]
    correct = -eta + eta * found["log_z"]
    derivative = derivative_errors()
    return [
        Check(
            1,
            "P1 App. D.2",
            "exp(-(η-γ)/η) = ∫ π exp(Q/η) da",
            "exp(+(η-γ)/η)",
            f"exponent against log Z, γ's sign flipped as in P1's derivative, {PROBLEMS} problems",
            largest["flipped_printed"],
            largest["flipped_correct"],
            SOLVER_TOLERANCE,
            METHOD,
        ),
        Check(
            2,
            "P1 App. D.2",
            "exp(-(η-γ)/η) = ∫ π exp(Q/η) da",
            "exp(+(η+γ)/η)",
            f"exponent against log Z, γ's sign as in the Lagrangian, {PROBLEMS} problems",
            largest["lagrangian_printed"],
            largest["lagrangian_correct"],
            SOLVER_TOLERANCE,
            METHOD,
        ),
        Check(
            2,
            "P1 App. D.2",
            "∂L/∂q = Q - η log(q/π) - (η-γ)",
            "∂L/∂q = Q - η log(q/π) - (η+γ)",
            "constant term of the derivative of the printed Lagrangian",
            derivative[0],
            derivative[1],
            1e-10,
            "automatic differentiation of the Lagrangian at random q, η, γ",
        ),
        Check(
            2,
            "P1 App. D.2",
            "γ = η + η log Z",
            "γ = -η + η log Z",
            "γ by the normaliser against the rate at which the optimum rises with the mass of q",
            float((printed - rate).abs().max()),
            float((correct - rate).abs().max()),
            1e-3,
            "primal solved again with mass 1 ± 0.001; no multiplier, so no sign convention",
        ),
    ]
