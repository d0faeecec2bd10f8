"""One-step temporal-difference targets (SR 3.2.2)."""

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.policy_evaluation.returns import Transitions
from mpo.settings import Settings

ENDPOINTS = True
NEEDS_ACTION_VALUE = False


def length(settings: Settings) -> int:
    """Steps of a sequence: 1."""
    return 1


def sequences(settings: Settings) -> int:
    """Starts in a batch: B."""
    return settings.batch_size


def look_ahead(transitions: Transitions) -> Float[Tensor, "1 S"]:
    """One step."""
    return torch.ones_like(transitions.reward)


def targets(transitions: Transitions, discount: float) -> Float[Tensor, "1 S"]:
    """r + γ V(s'), with no V after a termination (SR 3.2.2; Retrace with T = 1)."""
    alive = 1.0 - transitions.terminated
    return transitions.reward + discount * alive * transitions.value
