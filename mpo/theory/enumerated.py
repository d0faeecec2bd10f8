"""E-step and backups on finite action sets, by the very functions that training uses.

Those functions take Q of N samples of π, each counting 1/N. On a finite set every action is one
sample, and its probability goes into Q instead: with x = Q/η + log(A π), a softmax of x at
temperature 1 is π exp(Q/η) normalised, and its log-mean-exp is log Σ_a π exp(Q/η). So η and π may
differ between states, and many processes are one batch.

| symbol | name | shape |
|---|---|---|
| Q, π, q | `q`, `policy`, `weights` | [M, S, A] |
| η | `temperature` | [M] |
"""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.estep.weights import estep_weights, kl_to_uniform
from mpo.algorithm.policy_evaluation.backups import improved, soft
from mpo.algorithm.policy_evaluation.backups import policy as policy_backup

BACKUPS: dict[str, ModuleType] = {"policy": policy_backup, "improved": improved, "soft": soft}
LEAST_PROBABILITY = 1e-300
LEAST, MOST = 1e-6, 1e6
"""Range of temperatures; the least is the solvers' floor."""

ONE = torch.ones((), dtype=torch.float64)

Values = Float[np.ndarray, "M S A"]


class Tilted(NamedTuple):
    """Q and log(A π) as [N, B] = [A, M S]."""

    q: Float[Tensor, "N B"]
    log_ratio: Float[Tensor, "N B"]

    def at(self, temperature: Float[np.ndarray, " M"]) -> Float[Tensor, "N B"]:
        """x = Q/η + log(A π)."""
        states = self.q.shape[1] // len(temperature)
        return self.q / torch.from_numpy(np.repeat(temperature, states)) + self.log_ratio

    def added(self, scaled: Float[Tensor, "N B"]) -> Float[Tensor, " B"]:
        """Σ_a q* log(A π): what the tilt adds to Σ_a q* x."""
        return (estep_weights(scaled, ONE) * self.log_ratio).sum(0)


def weights(q: Values, policy: Values, temperature: Float[np.ndarray, " M"]) -> Values:
    """q*(a|s) ∝ π(a|s) exp(Q(s,a)/η), by `mpo.algorithm.estep.weights.estep_weights`."""
    found = estep_weights(tilted(q, policy).at(temperature), ONE)
    return np.ascontiguousarray(found.numpy().T).reshape(q.shape)


def kl(pair: Tilted, temperature: Float[np.ndarray, " M"]) -> Float[np.ndarray, " M"]:
    """Mean over states of KL(q* || π), by `mpo.algorithm.estep.weights.kl_to_uniform`.

    KL(q* || π) = KL(q* || uniform) - Σ_a q* log(A π).
    """
    scaled = pair.at(temperature)
    found = kl_to_uniform(scaled, ONE) - pair.added(scaled)
    return found.numpy().reshape(len(temperature), -1).mean(-1)


def value(
    backup: str, q: Values, policy: Values, temperature: Float[np.ndarray, " M"]
) -> Float[np.ndarray, "M S"]:
    """V(s) of a backup, by its `value` in `mpo.algorithm.policy_evaluation.backups`.

    `policy` is a mean over actions of A π Q. `soft` is η times that of x. So is `improved`, less
    what the tilt added, since Σ q* x = Σ q* Q/η + Σ q* log(A π).
    """
    module = BACKUPS[backup]
    if module is policy_backup:
        found = module.value(by_sample(policy.shape[-1] * policy * q), ONE)
        return found.numpy().reshape(q.shape[:2])
    pair = tilted(q, policy)
    scaled = pair.at(temperature)
    found = module.value(scaled, ONE)
    if module is improved:
        found = found - pair.added(scaled)
    return temperature[:, None] * found.numpy().reshape(q.shape[:2])


def solve_temperature(
    q: Values, policy: Values, epsilon: float, halvings: int = 30
) -> Float[np.ndarray, " M"]:
    """The η at which the mean KL(q* || π) is ε, by bisection in log η; the floor if there is none.

    The KL falls with η. Training's solvers do the same for samples; here π is part of x.
    """
    pair = tilted(q, policy)
    low, high = np.full(len(q), np.log(LEAST)), np.full(len(q), np.log(MOST))
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        above = kl(pair, np.exp(middle)) > epsilon
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.exp(low)


def tilted(q: Values, policy: Values) -> Tilted:
    """Q and log(A π), a probability of zero taken as 1e-300."""
    ratio = np.log(policy.shape[-1] * np.maximum(policy, LEAST_PROBABILITY))
    return Tilted(by_sample(q), by_sample(ratio))


def by_sample(values: Values) -> Float[Tensor, "N B"]:
    """[M, S, A] as [N, B] = [A, M S]."""
    return torch.from_numpy(np.ascontiguousarray(values.reshape(-1, values.shape[-1]).T))
