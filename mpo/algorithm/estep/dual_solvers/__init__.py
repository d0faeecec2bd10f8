"""How the temperature that minimises the dual is found, one module each.

`SOLVES` says whether `solve(dual, q, epsilon, state_weights, temperature)` finds it anew for each
batch; otherwise it follows the dual's gradient, one Adam step a batch.
"""

from typing import NamedTuple

MINIMUM_TEMPERATURE = 1e-6
"""Where a solver stops when no interior minimiser exists (SR's bound)."""


class Solution(NamedTuple):
    """A solved temperature, and whether it is the floor."""

    temperature: float
    at_floor: bool
