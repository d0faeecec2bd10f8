"""Exact minimisation of the dual on each batch by a safeguarded Newton iteration (P1 eq. 9)."""

import math

import numpy as np
from jaxtyping import Float

from mpo.algorithm.estep.dual_solvers import MINIMUM_TEMPERATURE, Solution

SOLVES = True
TOLERANCE = 1e-10
ITERATIONS = 200


def slope_and_curvature(
    q: Float[np.ndarray, "N B"],
    temperature: float,
    epsilon: float,
    state_weights: Float[np.ndarray, " B"],
) -> tuple[float, float]:
    """g'(η) = ε - Σ_s ρ_s KL(w_s || uniform) and g''(η) = Σ_s ρ_s Var_w(Q_s) / η³.

    `q` must have its maximum in each state taken off.
    """
    scaled = q / temperature
    exponentials = np.exp(scaled)
    total = exponentials.sum(0)
    weights = exponentials / total
    first = (weights * scaled).sum(0)
    variance = (weights * (scaled - first) ** 2).sum(0)
    kl = first - np.log(total) + math.log(q.shape[0])
    slope = epsilon - float(state_weights @ kl)
    return slope, float(state_weights @ variance) / temperature


def solve(
    dual,
    q: Float[np.ndarray, "N B"],
    epsilon: float,
    state_weights: Float[np.ndarray, " B"],
    temperature: float,
) -> Solution:
    """The η >= 1e-6 that minimises the convex dual, P1 eq. 9, in float64.

    Newton's steps are taken in log η, in which g' falls and rises over decades alike, and
    replaced by bisection wherever one leaves the bracket of the minimiser. Where g' >= 0 at the
    floor no interior minimiser exists (the tied maxima alone hold the KL below ε).

    Written here because a library's bracketing root finder needs some 40 evaluations and this
    needs about 6. `dual` is not evaluated: raw and stable form have the same minimiser.
    """
    shifted = q - q.max(0)
    low = MINIMUM_TEMPERATURE
    if slope_and_curvature(shifted, low, epsilon, state_weights)[0] >= 0.0:
        return Solution(low, True)
    high = max(temperature, 10.0 * low)
    while slope_and_curvature(shifted, high, epsilon, state_weights)[0] < 0.0:
        low, high = high, 10.0 * high
    eta = min(max(temperature, low), high)
    for _ in range(ITERATIONS):
        slope, curvature = slope_and_curvature(shifted, eta, epsilon, state_weights)
        if abs(slope) <= TOLERANCE * epsilon or high <= low * (1.0 + 1e-14):
            break
        low, high = (eta, high) if slope < 0.0 else (low, eta)
        in_log = curvature * eta
        step = eta * math.exp(max(-20.0, min(20.0, -slope / in_log))) if in_log > 0 else 0.0
        eta = step if low < step < high else math.sqrt(low * high)
    return Solution(eta, False)
