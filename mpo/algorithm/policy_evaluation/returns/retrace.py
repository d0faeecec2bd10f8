"""Retrace(λ = 1): safe off-policy multi-step targets (Munos et al. 2016; P1 eq. 13)."""

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.policy_evaluation.returns import Transitions
from mpo.settings import Settings

ENDPOINTS = False
NEEDS_ACTION_VALUE = True


def length(settings: Settings) -> int:
    """Steps of a sequence: T."""
    return settings.sequence_length


def sequences(settings: Settings) -> int:
    """Starts in a batch: B / T, since every pair of a sequence is regressed."""
    return settings.batch_size // settings.sequence_length


def traces(transitions: Transitions) -> Float[Tensor, "T S"]:
    """c_t = min(1, π(a_t|s_t) / b(a_t|s_t))."""
    return transitions.log_ratio.clamp(max=0.0).exp()


def look_ahead(transitions: Transitions) -> Float[Tensor, "T S"]:
    """Σ_{j>=t} Π_{k=t+1..j} c_k over the steps that exist: 1 to the steps left in the sequence."""
    trace = transitions.valid * traces(transitions)
    steps = [torch.ones_like(trace[-1])]
    for t in range(len(trace) - 2, -1, -1):
        steps.append(1.0 + trace[t + 1] * steps[-1])
    return torch.stack(steps[::-1])


def targets(transitions: Transitions, discount: float) -> Float[Tensor, "T S"]:
    """Q_ret(s_t,a_t) = Q'(s_t,a_t) + acc_t, backwards over the sequence (P1 eq. 13).

    acc_t = δ_t + γ live_t c_{t+1} acc_{t+1},   c_t = min(1, π(a_t|s_t) / b(a_t|s_t)),
    δ_t = r_t + γ (1 - terminated_t) V(s_{t+1}) - Q'(s_t,a_t),
    live_t = 1 where step t + 1 exists in the same episode.

    Deviation: γ stands before V, which the print lost (an erratum; SR eq. 11 copies it).
    """
    value, action_value = transitions.value, transitions.action_value
    alive = 1.0 - transitions.terminated
    error = transitions.reward + discount * alive * value - action_value
    trace = traces(transitions)
    steps = error.shape[0]
    accumulated = error[-1]
    corrections = [accumulated]
    for t in range(steps - 2, -1, -1):
        live = transitions.valid[t + 1]
        accumulated = error[t] + discount * live * trace[t + 1] * accumulated
        corrections.append(accumulated)
    return action_value + torch.stack(corrections[::-1])
