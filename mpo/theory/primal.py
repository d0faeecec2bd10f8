"""The E-step's primal problem on finite sets, solved by a general convex solver.

Source: P1 eq. 7 and App. D.2. CVXPY hands the problem to Clarabel, an interior-point method for
cones, which is given objective and constraints and knows nothing of their closed-form solution.

| symbol | name | shape |
|---|---|---|
| μ(s) | `state_weights` | [S], adds up to 1 |
| π(a|s), Q(s,a) | `policy`, `q` | [S, A] |
| η, γ(s) | `temperature`, `normaliser` | [], [S] |

Sign convention: that of the Lagrangian which P1 prints, + η (ε - KL) + Σ_s μ(s) γ(s) (1 - Σ_a q).
It is CVXPY's too, whose multiplier ν of `left - right == 0` enters a Lagrangian to be minimised as
+ ν (left - right), thus one to be maximised as + ν (right - left). Under it γ(s) is the rate at
which the optimum rises with the mass of q, which needs no convention: `mass_rate` measures it.
"""

from __future__ import annotations

from typing import NamedTuple

import cvxpy as cp
import numpy as np
from cvxpy.constraints.zero import Zero
from jaxtyping import Float

ACCURACY = 1e-8
"""Of the solver's duality gap and residuals."""


class Problem(NamedTuple):
    """A discrete E-step: S states, A actions each."""

    state_weights: Float[np.ndarray, " S"]
    policy: Float[np.ndarray, "S A"]
    q: Float[np.ndarray, "S A"]
    epsilon: float


class Primal(NamedTuple):
    """The solver's optimum and its multipliers, in the sign convention above."""

    value: float
    distribution: Float[np.ndarray, "S A"]
    temperature: float
    normaliser: Float[np.ndarray, " S"]


def random_problem(rng: np.random.Generator, states: int, actions: int) -> Problem:
    """A problem whose numbers are all drawn: weights, policy, Q (mean and spread) and ε."""
    q = rng.normal(scale=1.5) + rng.uniform(0.3, 2.0) * rng.normal(size=(states, actions))
    return Problem(
        rng.dirichlet(np.full(states, 3.0)),
        rng.dirichlet(np.full(actions, 2.0), size=states),
        q,
        float(rng.uniform(0.05, 0.3)),
    )


class Solver:
    """The primal of S states and A actions, stated once and solved for many problems.

    max_x Σ x Q subject to Σ x log(x / (μ π)) <= ε, where x = μ(s) q(a|s), and a fixed mass of q:
    Σ_a x = mass μ(s) in every state or, with `joint`, Σ_s Σ_a x = mass alone, as P1 prints.
    """

    def __init__(self, states: int, actions: int, joint: bool = False) -> None:
        shape = (states, actions)
        self._x = cp.Variable(shape)
        self._q, self._reference = cp.Parameter(shape), cp.Parameter(shape, pos=True)
        self._epsilon = cp.Parameter(nonneg=True)
        self._mass = cp.Parameter() if joint else cp.Parameter(states)
        self._joint = joint
        divergence = cp.sum(cp.rel_entr(self._x, self._reference))
        masses = cp.sum(self._x) if joint else cp.sum(self._x, axis=1)
        self._bound = divergence <= self._epsilon
        self._normalised = Zero(masses - self._mass)
        objective = cp.Maximize(cp.sum(cp.multiply(self._q, self._x)))
        self._task = cp.Problem(objective, [self._bound, self._normalised])

    def solve(self, problem: Problem, mass: float = 1.0) -> Primal:
        """The optimum of `problem`. Raises RuntimeError where the solver does not converge."""
        mu = problem.state_weights
        self._q.value, self._epsilon.value = problem.q, problem.epsilon
        self._reference.value = mu[:, None] * problem.policy
        self._mass.value = mass if self._joint else mass * mu
        accuracy = {f"tol_{name}": ACCURACY for name in ("gap_abs", "gap_rel", "feas")}
        self._task.solve(solver=cp.CLARABEL, **accuracy)
        if self._task.status != cp.OPTIMAL or self._x.value is None:
            raise RuntimeError(
                f"the solver ended with {self._task.status} at epsilon = {problem.epsilon}"
            )
        multipliers = np.asarray(self._normalised.dual_value, dtype=float)
        return Primal(
            float(self._task.value),  # pyright: ignore[reportArgumentType]
            np.asarray(self._x.value) / mu[:, None],
            float(self._bound.dual_value),  # pyright: ignore[reportArgumentType]
            np.broadcast_to(multipliers, mu.shape),
        )


def mass_rate(solver: Solver, problem: Problem, step: float = 1e-3) -> float:
    """d optimum / d mass by central differences: Σ_s μ(s) γ(s), free of any sign convention."""
    high = solver.solve(problem, 1.0 + step).value
    low = solver.solve(problem, 1.0 - step).value
    return (high - low) / (2.0 * step)


def log_normaliser(problem: Problem, temperature: float) -> Float[np.ndarray, " S"]:
    """log Σ_a π(a|s) exp(Q(s,a)/η), the sum written out."""
    return np.log((problem.policy * np.exp(problem.q / temperature)).sum(1))
