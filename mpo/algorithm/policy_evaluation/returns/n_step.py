"""Uncorrected n-step returns (Acme, Tonic)."""

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.policy_evaluation.returns import Transitions
from mpo.settings import Settings

ENDPOINTS = True
NEEDS_ACTION_VALUE = False


def length(settings: Settings) -> int:
    """Steps of a sequence: n."""
    return settings.sequence_length


def sequences(settings: Settings) -> int:
    """Starts in a batch: B, since each sequence regresses its first pair alone."""
    return settings.batch_size


def look_ahead(transitions: Transitions) -> Float[Tensor, "1 S"]:
    """k: n, or the steps left in the episode."""
    return transitions.valid.sum(0, keepdim=True)


def targets(transitions: Transitions, discount: float) -> Float[Tensor, "1 S"]:
    """Σ_{i<k} γ^i r_{t+i} + γ^k V(s_{t+k}), k = n or the steps left in the episode.

    Off-policy without correction (Acme, Tonic). Not Retrace with c = 1: the two differ by
    Σ γ^{k-t} [V(s_k) - Q'(s_k, a_k)]. A termination within the k steps drops V; a truncation
    keeps it, at the true last observation.
    """
    reward, terminated, valid = transitions.reward, transitions.terminated, transitions.valid
    total = torch.zeros_like(reward[0])
    factor = torch.ones_like(reward[0])
    alive = torch.ones_like(reward[0])
    for t in range(reward.shape[0]):
        total = total + factor * valid[t] * reward[t]
        factor = torch.where(valid[t] > 0, factor * discount, factor)
        alive = alive * (1.0 - valid[t] * terminated[t])
    return (total + factor * alive * transitions.value[0]).unsqueeze(0)
