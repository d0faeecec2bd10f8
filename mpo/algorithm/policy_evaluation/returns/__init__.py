"""Targets of the critic, one module each.

`targets(transitions, discount)` turns a batch of sequences into one target for each regressed
pair, and `look_ahead(transitions)` says how many steps' rewards it counts. `ENDPOINTS` says what
of a sequence's observations the estimator needs: only the first and the one that it bootstraps
from, or all of them. `length(settings)` gives the steps T of a sequence, and
`sequences(settings)` how many make a batch of B states.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor


class Transitions(NamedTuple):
    """Sequences of T steps from S starts, with what the target networks say of them.

    U is T, or 1 for an estimator that regresses only the first pair of each sequence.
    """

    reward: Float[Tensor, "T S"]
    """r_t."""
    terminated: Float[Tensor, "T S"]
    """1 where the environment ended the episode by its own rules, so that nothing follows."""
    valid: Float[Tensor, "T S"]
    """1 where step t exists, 0 beyond the episode's end."""
    value: Float[Tensor, "U S"]
    """V(s_{t+1}); for U = 1, V at the observation after the sequence's last valid step."""
    action_value: Float[Tensor, "U S"]
    """Q'(s_t, a_t) of the target critic."""
    log_ratio: Float[Tensor, "U S"]
    """log of evaluated over behaviour density of a_t; entry 0 is never used."""
