"""Minimisation of the dual on each batch by SciPy's sequential least squares (SR)."""

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import minimize

from mpo.algorithm.estep.dual_solvers import MINIMUM_TEMPERATURE, Solution

SOLVES = True


def solve(
    dual,
    q: Float[np.ndarray, "N B"],
    epsilon: float,
    state_weights: Float[np.ndarray, " B"],
    temperature: float,
) -> Solution:
    """The η >= 1e-6 at which SLSQP, started from the last η, ends on the given form of the dual.

    Float64 throughout. The value is the form's own; the slope is that of P1 eq. 9 in any form,
    g'(η) = ε - Σ_s ρ_s KL(w_s || uniform), where the value is finite. Where the raw form is
    infinite the search does not move and the old temperature comes back, as in SR's code.
    """
    q_tensor, weights = torch.from_numpy(q), torch.from_numpy(state_weights)
    shifted = q - q.max(0)

    def value_and_slope(at: np.ndarray) -> tuple[float, np.ndarray]:
        eta = float(at[0])
        value = dual(q_tensor, torch.tensor(eta, dtype=torch.float64), epsilon, weights).item()
        if not np.isfinite(value):
            return value, np.array([np.nan])
        exponentials = np.exp(shifted / eta)
        total = exponentials.sum(0)
        kl = (exponentials * shifted).sum(0) / (eta * total) - np.log(total / len(q))
        return value, np.array([epsilon - state_weights @ kl])

    if not np.isfinite(value_and_slope(np.array([temperature]))[0]):
        return Solution(temperature, False)
    bounds = [(MINIMUM_TEMPERATURE, None)]
    result = minimize(
        value_and_slope, np.array([temperature]), jac=True, method="SLSQP", bounds=bounds
    )
    solved = float(result.x[0])
    if not np.isfinite(solved):
        return Solution(temperature, False)
    return Solution(solved, solved <= MINIMUM_TEMPERATURE * (1.0 + 1e-9))
