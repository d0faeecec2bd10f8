"""What an update learns from: sequences of decisions, as the replay fills them.

| name | shape | meaning |
|---|---|---|
| `observation` | [U + 1, S, O] | s_t and its successors; U as in `policy_evaluation.returns` |
| `action`, `behaviour_log_prob` | [U, S, A], [U, S] | unclipped action, its log-density |
| `reward`, `terminated`, `valid` | [T, S] | of all T steps |
"""

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """S sequences of T steps; U = T, or 1 where the endpoints alone are needed."""

    observation: Tensor
    action: Tensor
    reward: Tensor
    behaviour_log_prob: Tensor
    terminated: Tensor
    valid: Tensor
