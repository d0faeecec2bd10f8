"""Erratum 9: the condition of P1 Alg. 2 line 5, `while L_curr > L_max`, run as it stands."""

from __future__ import annotations

import operator
from collections.abc import Callable

from mpo.theory.check import Check

LIMIT = 1000
"""L_max: gradient steps between two refreshes of the target networks (P1)."""


def inner_steps(holds: Callable[[int, int], bool], limit: int, most: int = 10**5) -> int:
    """Gradient steps that the loop `while L_curr holds L_max` makes before the targets refresh.

    L_curr starts at 0 and goes up by one a step; a loop longer than `most` is cut off.
    """
    current = 0
    while holds(current, limit) and current < most:
        current += 1
    return current


def checks() -> list[Check]:
    """How often the body of the loop runs."""
    return [
        Check(
            9,
            "P1 Alg. 2 line 5",
            "while L_curr > L_max",
            "while L_curr < L_max",
            f"gradient steps before the targets are refreshed, against L_max = {LIMIT}",
            float(abs(inner_steps(operator.gt, LIMIT) - LIMIT)),
            float(abs(inner_steps(operator.lt, LIMIT) - LIMIT)),
            0.5,
            "the loop run with either sign, its steps counted",
        )
    ]
